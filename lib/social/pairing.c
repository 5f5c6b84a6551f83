#include "social/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "node/lines.h"

#include "banned.h"

#define REQUEST "mn-device-request:"
#define ANSWER "mn-device-answer:"
#define VERSION "1:"
#define CHECK_PREFIX "mn:pairing-check:1\n"
#define PROOF_PREFIX "mn:device-request:1\n"
#define CHECK_SIZE 4			/* bytes */

/* ------------------------------------------------------------------- words */

static int is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		(c >= 'a' && c <= 'z') || (c && strchr("-._~/@", c));
}

/* Everything but what is_plain as %XX, so that a line has no space, and no
 * colon but those between its parts. */
static void add_word(struct mn_buf *out, const char *s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (is_plain(*s)) {
			mn_buf_addc(out, *s);
			continue;
		}
		mn_buf_addc(out, '%');
		mn_buf_addc(out, digits[c >> 4]);
		mn_buf_addc(out, digits[c & 15]);
	}
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Into out, of max bytes and a NUL. 0, or -1 for what add_word would not
 * write, or what is no text. */
static int read_word(char *out, struct mn_str s, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (n == max)
			return -1;
		if (c == '%') {
			int whole = s.len - i > 2;
			int hi = whole ? digit(s.p[i + 1]) : -1;
			int lo = whole ? digit(s.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return -1;
			c = (char)(hi << 4 | lo);
			if (is_plain(c))
				return -1;
			i += 2;
		} else if (!is_plain(c)) {
			return -1;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return mn_text_check((struct mn_str){ out, n }, max);
}

/* The part up to the next colon, or to the end. 0, or -1 where nothing is
 * left. */
static int next_part(struct mn_str *part, struct mn_str *line)
{
	const char *colon;

	if (!line->p)
		return -1;
	part->p = line->p;
	colon = memchr(line->p, ':', line->len);
	if (!colon) {
		part->len = line->len;
		line->p = NULL;
		return 0;
	}
	part->len = (size_t)(colon - line->p);
	line->len -= part->len + 1;
	line->p = colon + 1;
	return 0;
}

static int next_hex(void *out, size_t size, struct mn_str *line)
{
	struct mn_str part;

	if (next_part(&part, line) < 0 || part.len != 2 * size)
		return -1;
	return mn_hex_decode(out, part.p, size);
}

/* ------------------------------------------------------------------- lines */

static void add_check(struct mn_buf *out, size_t from)
{
	struct mn_id sum;

	mn_hash(&sum, CHECK_PREFIX, out->p + from, out->len - from);
	mn_buf_addc(out, ':');
	mn_buf_addhex(out, sum.b, CHECK_SIZE);
}

static int not_whole(struct mn_err *err)
{
	return mn_err_set(err, MN_EINVALID, "the line was not copied whole, or "
			  "has a typing error");
}

static int malformed(struct mn_err *err)
{
	return mn_err_set(err, MN_EINVALID, "the line has not the form of "
			  "mnformat-pairing(5)");
}

/* Name, version and check; what stands between is left in *line. */
static int open_line(struct mn_str *line, const char *name,
		     const char *what, struct mn_err *err)
{
	const size_t tail = 1 + 2 * CHECK_SIZE;
	unsigned char check[CHECK_SIZE];
	const size_t head = strlen(name);
	struct mn_id sum;
	size_t n;

	if (!mn_str_starts(*line, name))
		return mn_err_set(err, MN_EINVALID, "that is no %s: it has to "
				  "begin with '%s'", what, name);
	n = head;
	while (n < line->len && line->p[n] >= '0' && line->p[n] <= '9')
		n++;
	if (n > head && n < line->len && line->p[n] == ':' &&
	    (n > head + 1 || line->p[head] != '1'))
		return mn_err_set(err, MN_EVERSION, "the %s was made by "
				  "another version of mn", what);
	if (line->len > MN_PAIRING_MAX)
		return mn_err_set(err, MN_ELIMIT, "a %s has at most %d bytes",
				  what, MN_PAIRING_MAX);
	n = line->len - tail;
	if (line->len < head + sizeof(VERSION) - 1 + tail ||
	    line->p[n] != ':' ||
	    mn_hex_decode(check, line->p + n + 1, CHECK_SIZE) < 0)
		return not_whole(err);
	mn_hash(&sum, CHECK_PREFIX, line->p, n);
	if (memcmp(sum.b, check, CHECK_SIZE))
		return not_whole(err);
	line->len = n;
	if (memcmp(line->p + head, VERSION, sizeof(VERSION) - 1))
		return malformed(err);
	line->p += head + sizeof(VERSION) - 1;
	line->len -= head + sizeof(VERSION) - 1;
	return 0;
}

/* ----------------------------------------------------------------- request */

int mn_pairing_request_add(struct mn_buf *out, const struct mn_secret *device,
			   const char *label, struct mn_err *err)
{
	const size_t from = out->len;
	struct mn_pub key;
	struct mn_sig proof;
	struct mn_id digest;

	if (mn_text_check(mn_str(label), MN_LABEL_MAX) < 0)
		return mn_err_set(err, MN_EINVALID, "a label is 1 to %d bytes "
				  "of UTF-8 without control characters and "
				  "without blanks at its ends: '%s'",
				  MN_LABEL_MAX, label);
	mn_secret_pub(&key, device);
	mn_buf_adds(out, REQUEST VERSION);
	mn_buf_addhex(out, key.b, sizeof(key.b));
	mn_buf_addc(out, ':');
	add_word(out, label);
	mn_hash(&digest, "", out->p + from, out->len - from);
	mn_sign(&proof, device, PROOF_PREFIX, digest.b, sizeof(digest.b));
	mn_buf_addc(out, ':');
	mn_buf_addhex(out, proof.b, sizeof(proof.b));
	add_check(out, from);
	return 0;
}

int mn_pairing_request_parse(struct mn_pairing_request *out,
			     struct mn_str line, struct mn_err *err)
{
	const char *begin = line.p;
	struct mn_str label;
	struct mn_sig proof;
	struct mn_id digest;
	size_t signed_len;
	int r = open_line(&line, REQUEST, "request of a device", err);

	if (r < 0)
		return r;
	if (next_hex(out->key.b, sizeof(out->key.b), &line) < 0 ||
	    next_part(&label, &line) < 0 ||
	    read_word(out->label, label, MN_LABEL_MAX) < 0 ||
	    next_hex(proof.b, sizeof(proof.b), &line) < 0 || line.p)
		return malformed(err);
	signed_len = (size_t)(label.p + label.len - begin);
	mn_hash(&digest, "", begin, signed_len);
	if (!mn_verify(&proof, &out->key, PROOF_PREFIX, digest.b,
		       sizeof(digest.b)))
		return mn_err_set(err, MN_ESIGNATURE, "the request is forged: "
				  "it is not signed by the key that it names");
	return 0;
}

/* ------------------------------------------------------------------ answer */

void mn_pairing_answer_add(struct mn_buf *out, const struct mn_id *profile,
			   const struct mn_pub *key, const char *const *urls,
			   size_t nurls)
{
	const size_t from = out->len, tail = 1 + 2 * CHECK_SIZE;
	size_t n = 0;

	mn_buf_adds(out, ANSWER VERSION);
	mn_buf_addhex(out, profile->b, sizeof(profile->b));
	mn_buf_addc(out, ':');
	mn_buf_addhex(out, key->b, sizeof(key->b));
	for (size_t i = 0; i < nurls && n < MN_PAIRING_URLS_MAX; i++) {
		const size_t before = out->len;

		if (mn_text_check(mn_str(urls[i]), MN_PAIRING_URL_MAX) < 0)
			continue;
		mn_buf_addc(out, ':');
		add_word(out, urls[i]);
		if (out->len - from + tail > MN_PAIRING_MAX)
			mn_buf_setlen(out, before);
		else
			n++;
	}
	add_check(out, from);
}

int mn_pairing_answer_parse(struct mn_pairing_answer *out, struct mn_str line,
			    struct mn_err *err)
{
	struct mn_str part;
	int r;

	out->nurls = 0;
	r = open_line(&line, ANSWER, "answer to a device", err);
	if (r < 0)
		return r;
	if (next_hex(out->profile.b, sizeof(out->profile.b), &line) < 0 ||
	    next_hex(out->key.b, sizeof(out->key.b), &line) < 0)
		return malformed(err);
	while (next_part(&part, &line) == 0) {
		char *url;

		if (out->nurls == MN_PAIRING_URLS_MAX || !part.len)
			return malformed(err);
		url = mn_xmalloc(MN_PAIRING_URL_MAX + 1);
		out->urls[out->nurls++] = url;
		if (read_word(url, part, MN_PAIRING_URL_MAX) < 0)
			return malformed(err);
	}
	return 0;
}

void mn_pairing_answer_release(struct mn_pairing_answer *a)
{
	for (size_t i = 0; i < a->nurls; i++)
		free(a->urls[i]);
	a->nurls = 0;
}

int mn_pairing_is_answer(const char *word)
{
	return !strncmp(word, ANSWER, sizeof(ANSWER) - 1);
}

void mn_pairing_fingerprint(struct mn_buf *out, const struct mn_pub *key)
{
	for (size_t i = 0; i < 12; i += 2) {
		if (i)
			mn_buf_addc(out, ' ');
		mn_buf_addhex(out, key->b + i, 2);
	}
}
