#include "repl/auth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/hex.h"

#include "banned.h"

#define PREFIX "mn:http-request:1\n"
#define METHOD_MAX 16
#define PATH_TEXT_MAX 256

/* Letters of a host in lower case, and without the usual port. */
static int add_host(struct mn_buf *out, const struct mn_auth_request *rq,
		    struct mn_err *err)
{
	const char *h = rq->host ? rq->host : "";
	size_t n = strlen(h);
	char port[16];

	snprintf(port, sizeof(port), ":%u", rq->default_port);
	if (rq->default_port && n > strlen(port) &&
	    !strcmp(h + n - strlen(port), port))
		n -= strlen(port);
	if (!n || n >= MN_AUTH_HOST_MAX)
		return mn_err_set(err, MN_EINVALID, "no host is named");
	for (size_t i = 0; i < n; i++) {
		char c = h[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    !strchr("-._:[]%", c))
			return mn_err_set(err, MN_EINVALID,
					  "'%s' is no name of a host", h);
		mn_buf_addc(out, c);
	}
	return 0;
}

/*
 * The last part of the path that is a profile, and what follows: a server may
 * stand at any place of another's paths without knowing it.
 */
static int add_path(struct mn_buf *out, const struct mn_auth_request *rq,
		    struct mn_err *err)
{
	const char *path = rq->path, *found = NULL;
	size_t len = strcspn(path, "?#");

	for (size_t i = 0; i + 1 + MN_ID_HEX <= len; i++) {
		const char *p = path + i;

		if (*p == '/' && mn_hex_span(p + 1, MN_ID_HEX) == MN_ID_HEX)
			found = p;
	}
	if (!found)
		return mn_err_set(err, MN_EINVALID,
				  "the path names no profile");
	len -= (size_t)(found - path);
	if (len > PATH_TEXT_MAX)
		return mn_err_set(err, MN_EINVALID, "the path is too long");
	for (size_t i = 0; i < len; i++)
		if (found[i] <= ' ' || found[i] > '~')
			return mn_err_set(err, MN_EINVALID,
					  "the path is not encoded");
	mn_buf_add(out, found, len);
	return 0;
}

static int method_ok(const char *m)
{
	size_t n = strspn(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n && n <= METHOD_MAX && !m[n];
}

int mn_auth_text(struct mn_buf *out, const struct mn_auth_request *rq,
		 int64_t date, const struct mn_id *body, struct mn_err *err)
{
	int r;

	if (!method_ok(rq->method))
		return mn_err_set(err, MN_EINVALID, "not a method of HTTP");
	mn_buf_addf(out, "method %s\nhost ", rq->method);
	r = add_host(out, rq, err);
	if (r < 0)
		return r;
	mn_buf_adds(out, "\npath ");
	r = add_path(out, rq, err);
	if (r < 0)
		return r;
	mn_buf_addf(out, "\ndate %" PRId64 "\nbody ", date);
	mn_buf_addhex(out, body->b, sizeof(body->b));
	mn_buf_addc(out, '\n');
	return 0;
}

static int digest_of(struct mn_id *out, const struct mn_auth_request *rq,
		     int64_t date, const struct mn_id *body,
		     struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	int r = mn_auth_text(&text, rq, date, body, err);

	if (r == 0)
		mn_hash(out, PREFIX, text.p, text.len);
	mn_buf_release(&text);
	return r;
}

int mn_auth_make(char *out, const struct mn_secret *s,
		 const struct mn_auth_request *rq, int64_t date,
		 const struct mn_id *body, struct mn_err *err)
{
	char key[65], hex[MN_ID_HEX + 1], sig[2 * MN_SIG_SIZE + 1];
	struct mn_pub pub;
	struct mn_sig signature;
	struct mn_id digest;
	int r;

	if (date < 0 || date > MN_DATE_MAX)
		return mn_err_set(err, MN_EINVALID, "a date out of range");
	r = digest_of(&digest, rq, date, body, err);
	if (r < 0)
		return r;
	mn_sign(&signature, s, PREFIX, digest.b, sizeof(digest.b));
	mn_secret_pub(&pub, s);
	mn_hex_encode(key, pub.b, sizeof(pub.b));
	mn_id_hex(hex, body);
	mn_hex_encode(sig, signature.b, sizeof(signature.b));
	snprintf(out, MN_AUTH_MAX, MN_AUTH_SCHEME " key=%s, date=%" PRId64
		 ", body=%s, sig=%s", key, date, hex, sig);
	return 0;
}

int mn_auth_make_url(char *out, const struct mn_secret *s, const char *method,
		     const char *url, int64_t date, const struct mn_id *body,
		     struct mn_err *err)
{
	const int tls = !strncmp(url, "https://", 8);
	const char *from = url + (tls ? 8 : 7);
	char host[MN_AUTH_HOST_MAX];
	struct mn_auth_request rq = {
		method, host, tls ? 443 : 80, NULL
	};
	size_t n;

	if (!tls && strncmp(url, "http://", 7))
		return mn_err_set(err, MN_EINVALID, "not an address of HTTP");
	n = strcspn(from, "/?#");
	if (memchr(from, '@', n) || n >= sizeof(host))
		return mn_err_set(err, MN_EINVALID, "not a host alone");
	memcpy(host, from, n);
	host[n] = '\0';
	rq.path = from + n;
	return mn_auth_make(out, s, &rq, date, body, err);
}

/* "name=" and n bytes in hexadecimal; 0, -1. */
static int take_hex(struct mn_str *s, const char *name, void *out, size_t n)
{
	size_t len = strlen(name);

	if (!mn_str_starts(*s, name) || s->len < len + 2 * n ||
	    mn_hex_decode(out, s->p + len, n) < 0)
		return -1;
	s->p += len + 2 * n;
	s->len -= len + 2 * n;
	return 0;
}

static int take_date(struct mn_str *s, const char *name, int64_t *out)
{
	size_t i = strlen(name), digits = 0;
	int64_t v = 0;

	if (!mn_str_starts(*s, name))
		return -1;
	for (; i < s->len && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
		if (++digits > 15 || (digits == 2 && !v))
			return -1;
		v = 10 * v + (s->p[i] - '0');
	}
	if (!digits || v > MN_DATE_MAX)
		return -1;
	*out = v;
	s->p += i;
	s->len -= i;
	return 0;
}

int mn_auth_parse(struct mn_auth *a, struct mn_str v, struct mn_err *err)
{
	const size_t n = sizeof(MN_AUTH_SCHEME) - 1;

	if (!mn_str_starts(v, MN_AUTH_SCHEME) || v.len == n || v.p[n] != ' ')
		return mn_err_set(err, MN_ENOTFOUND,
				  "not signed by a device");
	v.p += n;
	v.len -= n;
	if (take_hex(&v, " key=", a->key.b, sizeof(a->key.b)) < 0 ||
	    take_date(&v, ", date=", &a->date) < 0 ||
	    take_hex(&v, ", body=", a->body.b, sizeof(a->body.b)) < 0 ||
	    take_hex(&v, ", sig=", a->sig.b, sizeof(a->sig.b)) < 0 || v.len)
		return mn_err_set(err, MN_EINVALID,
				  "the header Authorization is malformed");
	return 0;
}

int mn_auth_check(const struct mn_auth *a, const struct mn_auth_request *rq,
		  int64_t now, struct mn_err *err)
{
	struct mn_id digest;
	int r = digest_of(&digest, rq, a->date, &a->body, err);

	if (r < 0)
		return r;
	if (a->date < now - MN_AUTH_WINDOW || a->date > now + MN_AUTH_WINDOW)
		return mn_err_set(err, MN_EDENIED, "the request is dated %"
				  PRId64 " s off: are both clocks right?",
				  (a->date - now) / 1000);
	if (!mn_verify(&a->sig, &a->key, PREFIX, digest.b, sizeof(digest.b)))
		return mn_err_set(err, MN_EDENIED, "the signature is not one "
				  "of this request to this server");
	return 0;
}
