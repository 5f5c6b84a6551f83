/* hash-object: computes the ids of files, and stores them if asked. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/io.h"
#include "git/loose.h"
#include "node/content.h"
#include "node/identity.h"
#include "node/meta.h"
#include "profile.h"
#include "social/draft.h"
#include "banned.h"

static const char usage[] =
	"mn hash-object [-t TYPE] [--node] [-w] (--stdin | FILE...)\n"
	"mn hash-object --digest --salt HEX (--stdin | FILE...)\n";

struct opts {
	const char *type, *salt;
	int node, digest, write, from_stdin;
};

static const struct mn_opt options[] = {
	MN_OPT_STR('t', "type", struct opts, type, "TYPE",
		   "what it must be: blob, meta, identity or text"),
	MN_OPT_BOOL(0, "node", struct opts, node, "print the node id of a meta"),
	MN_OPT_BOOL('w', "write", struct opts, write,
		    "store it as a blob in the profile's repository"),
	MN_OPT_BOOL(0, "digest", struct opts, digest,
		    "print the digest of a content, as a meta names it"),
	MN_OPT_STR(0, "salt", struct opts, salt, "HEX",
		   "the salt of the content: 32 digits"),
	MN_OPT_BOOL(0, "stdin", struct opts, from_stdin,
		    "read standard input, not files"),
	MN_OPT_END
};

struct hashing {
	struct mn_cmd *c;
	const struct opts *o;
	struct mn_salt salt;
	struct mn_loose *loose;		/* -w */
	struct mn_buf out;
};

static int broken(enum mn_rule rule, struct mn_err *err)
{
	return mn_err_set(err, MN_EINVALID, "%s (%s)", mn_rule_words(rule),
			  mn_rule_name(rule));
}

static int check_meta(struct mn_str s, struct mn_err *err)
{
	struct mn_meta m;
	enum mn_rule rule = mn_meta_decode(&m, s);

	return rule == MN_RULE_NONE ? 0 : broken(rule, err);
}

static int check_identity(struct mn_str s, struct mn_err *err)
{
	struct mn_identity id;
	enum mn_rule rule;

	mn_identity_init(&id);
	rule = mn_identity_parse(&id, s);
	mn_identity_release(&id);
	return rule == MN_RULE_NONE ? 0 : broken(rule, err);
}

/* As the text of a post. */
static int check_text(struct mn_str s, struct mn_err *err)
{
	struct mn_draft d;
	int r;

	mn_draft_init(&d);
	r = mn_draft_text(&d, s, err);
	mn_draft_release(&d);
	return r;
}

static int check(const struct opts *o, struct mn_str s, struct mn_err *err)
{
	if (o->node || !strcmp(o->type, "meta"))
		return check_meta(s, err);
	if (!strcmp(o->type, "identity"))
		return check_identity(s, err);
	return !strcmp(o->type, "text") ? check_text(s, err) : 0;
}

static void add_line(struct hashing *h, const void *id, size_t len)
{
	mn_buf_addhex(&h->out, id, len);
	mn_buf_addc(&h->out, '\n');
}

static int hash_whole(struct hashing *h, struct mn_str s, struct mn_err *err)
{
	struct mn_oid oid;
	struct mn_id id;
	int r = check(h->o, s, err);

	if (r < 0)
		return r;
	if (h->loose)
		r = mn_loose_add(h->loose, &oid, MN_BLOB, s.p, s.len, err);
	else
		mn_oid_of(&oid, MN_BLOB, s.p, s.len);
	if (r < 0)
		return r;
	if (h->o->node) {
		mn_node_id(&id, s);
		add_line(h, id.b, sizeof(id.b));
	} else {
		add_line(h, oid.b, sizeof(oid.b));
	}
	return 0;
}

/* Appends the digests of the chunks of what fd gives, of which the first n
 * bytes are in data already. */
static int digest_chunks(struct mn_buf *list, const struct mn_salt *salt,
			 char *data, size_t n, int fd, struct mn_err *err)
{
	struct mn_id id;
	size_t got;
	int r;

	for (;;) {
		r = mn_io_read_full(fd, data + n, MN_CHUNK_SIZE - n, &got, err);
		n += got;
		if (r < 0 || !n)
			return r;
		if (list->len == MN_CHUNKS_MAX * sizeof(id.b))
			return mn_err_set(err, MN_ELIMIT,
					  "a content has at most 64 GiB");
		mn_content_digest(&id, salt, data, n);
		mn_buf_add(list, id.b, sizeof(id.b));
		n = 0;
	}
}

/* mnformat-node(5), CONTENTS: one digest, or that of the chunks' digests. */
static int digest(struct mn_id *out, const struct mn_salt *salt, int fd,
		  struct mn_err *err)
{
	char *data = mn_xmalloc(MN_WHOLE_MAX + 1);
	struct mn_buf list = MN_BUF_INIT;
	struct mn_id id;
	size_t got, at;
	int r = mn_io_read_full(fd, data, MN_WHOLE_MAX + 1, &got, err);

	if (r < 0 || got <= MN_WHOLE_MAX) {
		mn_content_digest(out, salt, data, got);
		goto out;
	}
	for (at = 0; at < MN_WHOLE_MAX; at += MN_CHUNK_SIZE) {
		mn_content_digest(&id, salt, data + at, MN_CHUNK_SIZE);
		mn_buf_add(&list, id.b, sizeof(id.b));
	}
	data[0] = data[MN_WHOLE_MAX];
	r = digest_chunks(&list, salt, data, 1, fd, err);
	mn_content_digest(out, salt, list.p, list.len);
out:
	mn_buf_release(&list);
	free(data);
	return r;
}

static int hash_digest(struct hashing *h, int fd, struct mn_err *err)
{
	struct mn_id id;
	int r = digest(&id, &h->salt, fd, err);

	if (!r)
		add_line(h, id.b, sizeof(id.b));
	return r;
}

static int hash_stdin(struct hashing *h, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int r;

	if (h->o->digest)
		return hash_digest(h, STDIN_FILENO, err);
	r = mn_io_read_fd(&b, STDIN_FILENO, MN_OBJECT_MAX, err);
	if (!r)
		r = hash_whole(h, (struct mn_str){ b.p, b.len }, err);
	mn_buf_release(&b);
	return r;
}

static int hash_file(struct hashing *h, const char *path, struct mn_err *err)
{
	struct mn_map_file m;
	int fd, r;

	if (!h->o->digest) {
		r = mn_io_map(&m, path, err);
		if (r < 0)
			return r;
		r = hash_whole(h, (struct mn_str){ m.len ? (const char *)m.p :
						   "", m.len }, err);
		mn_io_unmap(&m);
		return r < 0 ? mn_err_wrap(err, r, "'%s'", path) : 0;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return mn_err_sys(err, "cannot open '%s'", path);
	r = hash_digest(h, fd, err);
	close(fd);
	return r < 0 ? mn_err_wrap(err, r, "'%s'", path) : 0;
}

static int hash_all(struct hashing *h, struct mn_err *err)
{
	struct mn_cmd *c = h->c;
	int r = h->o->from_stdin ? hash_stdin(h, err) : 0;

	for (int i = 0; i < c->argc && !r; i++)
		r = hash_file(h, c->argv[i], err);
	return r;
}

static int hash_and_store(struct hashing *h, struct mn_err *err)
{
	struct mn_home home;
	struct mn_profile p;
	int wait_ms, r = mn_cmd_open(h->c, &home, &p, err);

	if (r < 0)
		return r;
	r = mn_cmd_lock_wait(&wait_ms, h->c, err);
	if (!r)
		r = mn_repo_lock(&p.repo, wait_ms, err);
	if (r < 0)
		goto out;
	r = mn_loose_begin(&h->loose, p.repo.path, err);
	if (!r)
		r = hash_all(h, err);
	if (!r)
		r = mn_loose_commit(h->loose, err);
	mn_loose_free(h->loose);
	mn_repo_unlock(&p.repo);
out:
	mn_profile_close(&p);
	mn_home_release(&home);
	return r;
}

static void check_opts(struct mn_cmd *c, const struct opts *o,
		       struct hashing *h)
{
	static const char *const types[] = { "blob", "meta", "identity",
					     "text" };
	size_t i;

	for (i = 0; i < 4 && strcmp(o->type, types[i]); i++)
		;
	if (i == 4)
		mn_usage(c, "'%s' is none of blob, meta, identity, text",
			 o->type);
	if (o->from_stdin ? c->argc : !c->argc)
		mn_usage(c, "either --stdin or files");
	if (o->digest != !!o->salt || (o->salt && (o->node || o->write || i)))
		mn_usage(c, "--digest goes with --salt, and alone");
	if (o->node && i > 1)
		mn_usage(c, "--node is of a meta");
	if (o->salt && (strlen(o->salt) != 2 * MN_SALT_SIZE ||
			mn_hex_decode(h->salt.b, o->salt, MN_SALT_SIZE) < 0))
		mn_usage(c, "a salt has 32 digits of 0-9 a-f");
}

int cmd_hash_object(struct mn_cmd *c)
{
	struct opts o = { .type = "blob" };
	struct hashing h = { .c = c, .o = &o, .out = MN_BUF_INIT };
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (!o.type)
		o.type = "blob";
	check_opts(c, &o, &h);
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	r = o.write ? hash_and_store(&h, &err) : hash_all(&h, &err);
	if (r == 0 || !o.write)	/* what is stored is printed when it is */
		mn_out_buf(c, &h.out);
	mn_buf_release(&h.out);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
