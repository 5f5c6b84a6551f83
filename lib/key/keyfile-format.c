#include "key/keyfile-format.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"

#include "banned.h"

#define CHECK_PREFIX "mn:key-file:1\n"
#define TAG_SIZE 16
#define NUMBER_MAX UINT64_C(9007199254740991)	/* 2^53 - 1 */

static const char type_device[] = "device";
static const char type_root[] = "root";

size_t mn_keyfile_secret_len(const struct mn_keyfile *k)
{
	return k->type == MN_KEY_ROOT ? MN_ROOT_SIZE : 32;
}

/* Takes the line "<key> <value>\n" off text; -1 if another comes first. */
static int take_line(struct mn_str *text, const char *key,
		     struct mn_str *value)
{
	const char *nl = text->len ? memchr(text->p, '\n', text->len) : NULL;
	size_t klen = strlen(key), len;

	if (!nl)
		return -1;
	len = (size_t)(nl - text->p);
	if (len <= klen || memcmp(text->p, key, klen) || text->p[klen] != ' ')
		return -1;
	value->p = text->p + klen + 1;
	value->len = len - klen - 1;
	text->p += len + 1;
	text->len -= len + 1;
	return 0;
}

/* Takes what stands before the next space, or the rest, off s. */
static struct mn_str take_word(struct mn_str *s)
{
	const char *sp = s->len ? memchr(s->p, ' ', s->len) : NULL;
	struct mn_str word = { s->p, sp ? (size_t)(sp - s->p) : s->len };
	size_t used = word.len + (sp != NULL);

	s->p += used;
	s->len -= used;
	return word;
}

static int get_hex(void *out, struct mn_str s, size_t n)
{
	return s.len == 2 * n ? mn_hex_decode(out, s.p, n) : -1;
}

/* Decimal, no leading zero, min to max; max below 10^18. */
static int get_number(uint64_t *out, struct mn_str s, uint64_t min,
		      uint64_t max)
{
	uint64_t n = 0;

	if (!s.len || s.len > 18 || (s.p[0] == '0' && s.len > 1))
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = n;
	return n < min || n > max ? -1 : 0;
}

static int get_type(enum mn_key_type *out, struct mn_str s)
{
	if (mn_str_eq(s, type_device))
		*out = MN_KEY_DEVICE;
	else if (mn_str_eq(s, type_root))
		*out = MN_KEY_ROOT;
	else
		return -1;
	return 0;
}

static int get_wrapped(struct mn_keyfile *k, struct mn_str s)
{
	size_t boxlen = TAG_SIZE + mn_keyfile_secret_len(k);

	/* A value too few is an empty word; one too many is in the box. */
	if (get_number(&k->ops, take_word(&s), 1, MN_KEYFILE_OPS_MAX) < 0 ||
	    get_number(&k->mem, take_word(&s), MN_KEYFILE_MEM_MIN,
		       MN_KEYFILE_MEM_MAX) < 0 || k->mem % 1024 ||
	    get_hex(k->salt, take_word(&s), sizeof(k->salt)) < 0 ||
	    get_hex(k->nonce, take_word(&s), sizeof(k->nonce)) < 0)
		return -1;
	k->wrapped = 1;
	return get_hex(k->box, s, boxlen);
}

static void check_of(struct mn_id *out, const char *text, size_t len)
{
	mn_hash(out, CHECK_PREFIX, text, len);
}

static int damaged(struct mn_err *err, const char *line)
{
	return mn_err_set(err, MN_EINVALID,
			  "the key file is damaged, at its line '%s'", line);
}

static int parse_version(struct mn_str *text, struct mn_err *err)
{
	struct mn_str v;
	uint64_t n;

	if (take_line(text, "mn-key", &v) < 0 ||
	    get_number(&n, v, 0, NUMBER_MAX) < 0)
		return mn_err_set(err, MN_EINVALID, "this is not a key file");
	if (n != 1)
		return mn_err_set(err, MN_EVERSION,
				  "the key file is of another version of mn "
				  "(its format is %.*s)", (int)v.len, v.p);
	return 0;
}

static int parse_fields(struct mn_keyfile *k, struct mn_str *text,
			struct mn_err *err)
{
	struct mn_str v;

	if (take_line(text, "type", &v) < 0 || get_type(&k->type, v) < 0)
		return damaged(err, "type");
	if (take_line(text, "profile", &v) < 0 ||
	    get_hex(k->profile.b, v, sizeof(k->profile.b)) < 0)
		return damaged(err, "profile");
	if (k->type == MN_KEY_DEVICE &&
	    (take_line(text, "public", &v) < 0 ||
	     get_hex(k->pub.b, v, sizeof(k->pub.b)) < 0))
		return damaged(err, "public");
	if (!take_line(text, "argon2id", &v))
		return get_wrapped(k, v) < 0 ? damaged(err, "argon2id") : 0;
	if (take_line(text, "plain", &v) < 0 ||
	    get_hex(k->secret, v, mn_keyfile_secret_len(k)) < 0)
		return damaged(err, "plain");
	return 0;
}

int mn_keyfile_parse(struct mn_keyfile *out, struct mn_str text,
		     struct mn_err *err)
{
	struct mn_str rest = text, v;
	struct mn_id sum, want;
	int r;

	memset(out, 0, sizeof(*out));
	if (text.len > MN_KEYFILE_MAX)
		return mn_err_set(err, MN_EINVALID,
				  "this is not a key file: it is larger than "
				  "%d bytes", MN_KEYFILE_MAX);
	r = parse_version(&rest, err);
	if (!r)
		r = parse_fields(out, &rest, err);
	if (r < 0)
		return r;
	check_of(&want, text.p, text.len - rest.len);
	if (take_line(&rest, "check", &v) < 0 ||
	    get_hex(sum.b, v, sizeof(sum.b)) < 0 || rest.len ||
	    !mn_id_eq(&sum, &want))
		return damaged(err, "check");
	return 0;
}

static char *put(char *p, const char *s)
{
	size_t n = strlen(s);

	memcpy(p, s, n);
	return p + n;
}

/* Not snprintf, so that no copy of a secret stays in libc's memory. */
static char *put_hex(char *p, const char *before, const void *bytes, size_t n)
{
	p = put(p, before);
	mn_hex_encode(p, bytes, n);
	return p + 2 * n;
}

size_t mn_keyfile_format(char out[MN_KEYFILE_MAX], const struct mn_keyfile *k)
{
	size_t len = mn_keyfile_secret_len(k);
	struct mn_id sum;
	char *p = out;

	p = put(p, "mn-key 1\ntype ");
	p = put(p, k->type == MN_KEY_ROOT ? type_root : type_device);
	p = put_hex(p, "\nprofile ", k->profile.b, sizeof(k->profile.b));
	if (k->type == MN_KEY_DEVICE)
		p = put_hex(p, "\npublic ", k->pub.b, sizeof(k->pub.b));
	if (k->wrapped) {
		char cost[64];

		snprintf(cost, sizeof(cost), "\nargon2id %llu %llu ",
			 (unsigned long long)k->ops,
			 (unsigned long long)k->mem);
		p = put_hex(p, cost, k->salt, sizeof(k->salt));
		p = put_hex(p, " ", k->nonce, sizeof(k->nonce));
		p = put_hex(p, " ", k->box, TAG_SIZE + len);
	} else {
		p = put_hex(p, "\nplain ", k->secret, len);
	}
	p = put(p, "\n");
	check_of(&sum, out, (size_t)(p - out));
	p = put_hex(p, "check ", sum.b, sizeof(sum.b));
	p = put(p, "\n");
	return (size_t)(p - out);
}
