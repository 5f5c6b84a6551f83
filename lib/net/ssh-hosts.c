#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/io.h"
#include "git/oid.h"
#include "key/hash.h"
#include "net/ssh.h"

#include "banned.h"

#define FILE_MAX_BYTES (16 * 1024 * 1024)
#define NAME_HASH 20		/* bytes of salt and of digest */

/* The kinds of host keys that libssh2 checks with a digest of today. */
static const char *const kinds[] = {
	"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521"
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

void mn_ssh_known_init(struct mn_ssh_known *k)
{
	*k = (struct mn_ssh_known){ .mem = MN_ARENA_INIT };
}

void mn_ssh_known_release(struct mn_ssh_known *k)
{
	mn_vec_release(&k->e);
	mn_arena_release(&k->mem);
}

struct mn_str mn_ssh_blob_type(struct mn_str blob)
{
	const unsigned char *p = (const unsigned char *)blob.p;
	size_t n;

	if (blob.len < 4)
		return (struct mn_str){ blob.p, 0 };
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (n > blob.len - 4 || n > 63)
		return (struct mn_str){ blob.p, 0 };
	return (struct mn_str){ blob.p + 4, n };
}

/* -- names -- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "*" and "?"; without recursion: only the last star is ever gone back to. */
static int glob_matches(struct mn_str pattern, const char *name)
{
	size_t i = 0, star = SIZE_MAX;
	const char *back = name;

	while (*name) {
		if (i < pattern.len && pattern.p[i] == '*') {
			star = i++;
			back = name;
		} else if (i < pattern.len && (pattern.p[i] == '?' ||
					       lower(pattern.p[i]) == *name)) {
			i++;
			name++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			name = ++back;
		} else {
			return 0;
		}
	}
	while (i < pattern.len && pattern.p[i] == '*')
		i++;
	return i == pattern.len;
}

/* "|1|salt|digest" */
static int hash_matches(struct mn_str s, const char *name)
{
	struct mn_buf salt = MN_BUF_INIT, want = MN_BUF_INIT;
	unsigned char got[NAME_HASH];
	const char *bar;
	int same = 0;

	s.p += 3;
	s.len -= 3;
	bar = memchr(s.p, '|', s.len);
	if (!bar)
		return 0;
	if (!mn_base64_decode(&salt, (struct mn_str){ s.p,
						(size_t)(bar - s.p) }) &&
	    !mn_base64_decode(&want, (struct mn_str){ bar + 1,
				(size_t)(s.p + s.len - bar - 1) }) &&
	    salt.len == NAME_HASH && want.len == NAME_HASH) {
		mn_hmac_sha1(got, salt.p, salt.len, name, strlen(name));
		same = !memcmp(got, want.p, NAME_HASH);
	}
	mn_buf_release(&salt);
	mn_buf_release(&want);
	return same;
}

/* Patterns between commas; one with "!" that fits says no to all. */
static int names_match(struct mn_str s, const char *name)
{
	int found = 0;

	if (mn_str_starts(s, "|1|"))
		return hash_matches(s, name);
	while (s.len) {
		const char *comma = memchr(s.p, ',', s.len);
		struct mn_str one = { s.p, comma ? (size_t)(comma - s.p) :
				      s.len };
		int never = one.len && one.p[0] == '!';

		s.p += one.len + (comma != NULL);
		s.len -= one.len + (comma != NULL);
		one.p += never;
		one.len -= (size_t)never;
		if (!one.len || !glob_matches(one, name))
			continue;
		if (never)
			return 0;
		found = 1;
	}
	return found;
}

/* -- files -- */

/* The next word of a line; the blanks in front of it are passed over. */
static struct mn_str word(struct mn_str *s)
{
	struct mn_str w;

	while (s->len && (s->p[0] == ' ' || s->p[0] == '\t')) {
		s->p++;
		s->len--;
	}
	w.p = s->p;
	w.len = 0;
	while (w.len < s->len && w.p[w.len] != ' ' && w.p[w.len] != '\t')
		w.len++;
	s->p += w.len;
	s->len -= w.len;
	return w;
}

/* 1 if the line is an entry of name. */
static int read_line(struct mn_ssh_known_entry *e, struct mn_buf *blob,
		     struct mn_str s, const char *name)
{
	struct mn_str names;

	if (s.len && s.p[s.len - 1] == '\r')
		s.len--;
	names = word(&s);
	if (!names.len || names.p[0] == '#')
		return 0;
	e->mark = MN_SSH_KEY;
	if (names.p[0] == '@') {
		if (mn_str_eq(names, "@revoked"))
			e->mark = MN_SSH_REVOKED;
		else if (mn_str_eq(names, "@cert-authority"))
			e->mark = MN_SSH_AUTHORITY;
		else
			return 0;
		names = word(&s);
	}
	if (!names_match(names, name))
		return 0;
	e->type = word(&s);
	mn_buf_clear(blob);
	if (!e->type.len || mn_base64_decode(blob, word(&s)) < 0)
		return 0;
	e->blob = (struct mn_str){ blob->p, blob->len };
	return mn_ssh_blob_type(e->blob).len &&
		!mn_str_cmp(mn_ssh_blob_type(e->blob), e->type);
}

int mn_ssh_known_add(struct mn_ssh_known *k, struct mn_str text,
		     const char *name, const char *file, struct mn_err *err)
{
	struct mn_ssh_known_entry e;
	struct mn_buf blob = MN_BUF_INIT;
	size_t at = 0;
	int r = 0;

	e.file = file;
	e.line = 0;
	while (at < text.len) {
		const char *p = text.p + at;
		const char *nl = memchr(p, '\n', text.len - at);
		size_t n = nl ? (size_t)(nl - p) : text.len - at;

		at += n + 1;
		e.line++;
		if (!read_line(&e, &blob, (struct mn_str){ p, n }, name))
			continue;
		if (k->e.n == MN_SSH_KNOWN_MAX) {
			r = mn_err_set(err, MN_ELIMIT,
				       "'%s' has too many keys of '%s'", file,
				       name);
			break;
		}
		e.type = mn_arena_str(&k->mem, e.type);
		e.blob = mn_arena_str(&k->mem, e.blob);
		*mn_vec_push(&k->e) = e;
	}
	mn_buf_release(&blob);
	return r;
}

static int add_files(struct mn_ssh_known *k, const struct mn_ssh_conf *c,
		     const char *name, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int r = 0;

	for (size_t i = 0; !r && i < c->known_files.n; i++) {
		const char *file = c->known_files.p[i];

		mn_buf_clear(&b);
		r = mn_io_read_file(&b, file, FILE_MAX_BYTES, err);
		if (r == MN_ENOTFOUND) {
			mn_err_clear(err);
			r = 0;
			continue;
		}
		if (!r)
			r = mn_ssh_known_add(k, (struct mn_str){ b.p, b.len },
					     name, file, err);
	}
	mn_buf_release(&b);
	return r;
}

int mn_ssh_known_load(struct mn_ssh_known *k, const struct mn_ssh_conf *c,
		      struct mn_err *err)
{
	return add_files(k, c, c->known_as, err);
}

/* -- what to make of them -- */

enum mn_ssh_answer mn_ssh_known_check(const struct mn_ssh_known *k,
				      struct mn_str blob,
				      const struct mn_ssh_known_entry **which)
{
	enum mn_ssh_answer a = MN_SSH_NEW;
	struct mn_str type = mn_ssh_blob_type(blob);

	for (size_t i = 0; i < k->e.n; i++) {
		const struct mn_ssh_known_entry *e = &k->e.p[i];
		int same = !mn_str_cmp(e->blob, blob);

		if (e->mark == MN_SSH_REVOKED && same) {
			*which = e;
			return MN_SSH_IS_REVOKED;
		}
		if (e->mark != MN_SSH_KEY)
			continue;
		if (same) {
			a = MN_SSH_SAME;
		} else if (a == MN_SSH_NEW && !mn_str_cmp(e->type, type)) {
			a = MN_SSH_CHANGED;
			*which = e;
		}
	}
	return a;
}

/* Is the kind in the list "a,b,c"? NULL: all are. */
static int allowed(const char *list, const char *kind)
{
	size_t len = strlen(kind);

	for (const char *p = list; p && (p = strstr(p, kind)); p += len)
		if ((p == list || p[-1] == ',') && (!p[len] || p[len] == ','))
			return 1;
	return !list;
}

int mn_ssh_known_kinds(struct mn_buf *out, const struct mn_ssh_known *k,
		       const struct mn_ssh_conf *c, struct mn_err *err)
{
	size_t keys = 0, usable = 0, i, j;
	int known[NKINDS] = { 0 };

	for (i = 0; i < k->e.n; i++) {
		const struct mn_ssh_known_entry *e = &k->e.p[i];

		if (e->mark == MN_SSH_AUTHORITY)
			return mn_err_set(err, MN_SSH_UNABLE,
					  "the host is known by a certificate");
		if (e->mark != MN_SSH_KEY)
			continue;
		keys++;
		for (j = 0; j < NKINDS; j++)
			if (mn_str_eq(e->type, kinds[j]) &&
			    allowed(c->host_keys, kinds[j])) {
				known[j] = 1;
				usable++;
			}
	}
	if (keys && !usable)
		return mn_err_set(err, MN_SSH_UNABLE, "the host is known by "
				  "keys that libssh2 can't check");
	for (int pass = 1; pass >= 0; pass--)
		for (j = 0; j < NKINDS; j++)
			if (known[j] == pass && allowed(c->host_keys, kinds[j]))
				mn_buf_addf(out, "%s%s", out->len ? "," : "",
					    kinds[j]);
	if (!out->len)
		return mn_err_set(err, MN_SSH_UNABLE, "no kind of host key "
				  "that is allowed can be checked by libssh2");
	return 0;
}

void mn_ssh_known_line(struct mn_buf *out, const char *name,
		       struct mn_str blob, int hashed)
{
	unsigned char salt[NAME_HASH], digest[NAME_HASH];

	if (hashed) {
		mn_random(salt, sizeof(salt));
		mn_hmac_sha1(digest, salt, sizeof(salt), name, strlen(name));
		mn_buf_adds(out, "|1|");
		mn_base64_encode(out, salt, sizeof(salt));
		mn_buf_addc(out, '|');
		mn_base64_encode(out, digest, sizeof(digest));
	} else {
		mn_buf_adds(out, name);
	}
	mn_buf_addc(out, ' ');
	mn_buf_addstr(out, mn_ssh_blob_type(blob));
	mn_buf_addc(out, ' ');
	mn_base64_encode(out, blob.p, blob.len);
	mn_buf_addc(out, '\n');
}

/* Whoever edited the file last may have left its last line open. */
static int ends_open(int fd)
{
	struct stat st;
	char last;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
		pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static int remember(const struct mn_ssh_conf *c, struct mn_str blob,
		    struct mn_err *err)
{
	const char *file = c->known_files.p[0];
	const char *slash = strrchr(file, '/');
	struct mn_buf b = MN_BUF_INIT;
	int fd, r = 0;

	if (slash && slash > file) {
		mn_buf_add(&b, file, (size_t)(slash - file));
		r = mn_io_mkdirs(b.p, 0700, err);
		mn_buf_clear(&b);
	}
	fd = r < 0 ? -1 : open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC,
			       0600);
	if (fd < 0) {
		mn_buf_release(&b);
		return r < 0 ? r : mn_err_sys(err, "cannot open '%s'", file);
	}
	if (ends_open(fd))
		mn_buf_addc(&b, '\n');
	mn_ssh_known_line(&b, c->known_as, blob, c->hash_names);
	r = mn_io_write_full(fd, b.p, b.len, err);
	close(fd);
	mn_buf_release(&b);
	return r < 0 ? mn_err_wrap(err, r, "cannot write '%s'", file) : 0;
}

/* "ED25519", as ssh calls it */
static const char *short_name(struct mn_str type)
{
	if (mn_str_eq(type, "ssh-ed25519"))
		return "ED25519";
	return mn_str_starts(type, "ecdsa-") ? "ECDSA" : "unknown";
}

static void fingerprint(struct mn_buf *out, struct mn_str blob,
			const unsigned char sha256[32])
{
	mn_buf_addf(out, "%s SHA256:", short_name(mn_ssh_blob_type(blob)));
	mn_base64_encode(out, sha256, 32);
	mn_buf_setlen(out, out->len - 1);	/* the "=" */
}

static int ask(const struct mn_ssh_conf *c, struct mn_net *net,
	       const char *print, int others)
{
	struct mn_buf q = MN_BUF_INIT;
	int yes;

	if (!net->opt.ask)
		return 0;
	mn_buf_addf(&q, "The key of host '%s' is not known:\n  %s\n%s"
		    "Is this the right one? It will be remembered.",
		    c->known_as, print,
		    others ? "Other keys of it are known, but not this one.\n" :
		    "");
	yes = net->opt.ask(net->opt.ctx, q.p) == 1;
	mn_buf_release(&q);
	return yes;
}

static int is_known_without_port(const struct mn_ssh_conf *c,
				 struct mn_str blob)
{
	const struct mn_ssh_known_entry *which = NULL;
	struct mn_ssh_known k;
	int same = 0;

	if (!strcmp(c->known_as, c->known_plain))
		return 0;
	mn_ssh_known_init(&k);
	if (!add_files(&k, c, c->known_plain, NULL))
		same = mn_ssh_known_check(&k, blob, &which) == MN_SSH_SAME;
	mn_ssh_known_release(&k);
	return same;
}

static int decide_new(const struct mn_ssh_known *k,
		      const struct mn_ssh_conf *c, struct mn_net *net,
		      struct mn_str blob, const char *print,
		      struct mn_err *err)
{
	struct mn_err why = MN_ERR_INIT;

	if (is_known_without_port(c, blob))
		return 0;
	if (c->strict == MN_SSH_STRICT ||
	    (c->strict == MN_SSH_ASK && !ask(c, net, print, k->e.n > 0)))
		return mn_err_set(err, MN_EDENIED, "the key of host '%s' is "
				  "not known (%s): connect once with ssh to "
				  "accept it, or add it to '%s'",
				  c->known_as, print, c->user_files ?
				  c->known_files.p[0] : "~/.ssh/known_hosts");
	if (c->user_files && remember(c, blob, &why) < 0 && net->opt.say) {
		struct mn_buf b = MN_BUF_INIT;

		mn_buf_addf(&b, "the key of host '%s' can't be remembered: %s",
			    c->known_as, why.msg);
		net->opt.say(net->opt.ctx, b.p, b.len);
		mn_buf_release(&b);
	}
	return 0;
}

int mn_ssh_known_decide(struct mn_ssh_known *k, const struct mn_ssh_conf *c,
			struct mn_net *net, struct mn_str blob,
			const unsigned char sha256[32], struct mn_err *err)
{
	const struct mn_ssh_known_entry *which = NULL;
	struct mn_buf print = MN_BUF_INIT;
	int r = 0;

	fingerprint(&print, blob, sha256);
	switch (mn_ssh_known_check(k, blob, &which)) {
	case MN_SSH_SAME:
		break;
	case MN_SSH_NEW:
		r = decide_new(k, c, net, blob, print.p, err);
		break;
	case MN_SSH_CHANGED:
		r = mn_err_set(err, MN_EDENIED, "the key of host '%s' has "
			       "changed (it shows %s; another is in '%s', line "
			       "%zu): somebody may be listening; if it was "
			       "changed rightly, remove that line", c->known_as,
			       print.p, which->file, which->line);
		break;
	case MN_SSH_IS_REVOKED:
		r = mn_err_set(err, MN_EDENIED, "the key of host '%s' (%s) is "
			       "revoked in '%s', line %zu", c->known_as,
			       print.p, which->file, which->line);
		break;
	}
	mn_buf_release(&print);
	return r;
}
