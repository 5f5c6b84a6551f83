/* Signed requests: the golden vectors, and what is refused. */
#include "repl/auth.h"

#include <stdlib.h>

#include "vectors.h"

#include "banned.h"

/* The request of a vector, taken apart as a server sees it. */
struct seen {
	char host[MN_AUTH_HOST_MAX];
	struct mn_auth_request rq;
};

static void see(struct seen *s, const char *method, const char *url)
{
	int tls = !strncmp(url, "https://", 8);
	const char *from = url + (tls ? 8 : 7), *path = strchr(from, '/');

	snprintf(s->host, sizeof(s->host), "%.*s", (int)(path - from), from);
	s->rq = (struct mn_auth_request){ method, s->host, tls ? 443 : 80,
					  path };
}

static void check_vector(json_t *v, const char *name, void *ctx)
{
	int64_t date = (int64_t)number(v, "date");
	const char *want = string(v, "authorization");
	struct mn_buf body = MN_BUF_INIT, text = MN_BUF_INIT;
	char got[MN_AUTH_MAX] = "";
	unsigned char seed[32];
	struct mn_secret *key;
	struct mn_auth a;
	struct mn_id digest;
	struct seen s;

	(void)ctx;
	unhex(&body, string(v, "body"));
	mn_hash(&digest, "", body.p ? body.p : "", body.len);
	mn_hex_decode(seed, string(v, "seed"), sizeof(seed));
	key = mn_secret_from_seed(seed);
	see(&s, string(v, "method"), string(v, "url"));
	ok(!mn_auth_text(&text, &s.rq, date, &digest, NULL) &&
	   mn_str_eq(view(&text), string(v, "text")), "%s: the text", name);
	ok(!mn_auth_make_url(got, key, s.rq.method, string(v, "url"), date,
			     &digest, NULL) && !strcmp(got, want),
	   "%s: the header", name);
	ok(!mn_auth_parse(&a, mn_str(want), NULL) && a.date == date &&
	   mn_id_eq(&a.body, &digest), "%s: is read", name);
	ok(!mn_auth_check(&a, &s.rq, date + MN_AUTH_WINDOW, NULL),
	   "%s: is good", name);
	mn_secret_free(key);
	mn_buf_release(&body);
	mn_buf_release(&text);
}

static const char path[] = "/0123456789abcdef0123456789abcdef"
	"0123456789abcdef0123456789abcdef.git/git-receive-pack";

#define NOW INT64_C(1700000000000)

static void check_refusals(void)
{
	struct mn_auth_request rq = { "POST", "example.com", 80, path };
	struct mn_auth_request other = rq;
	struct mn_secret *key = mn_secret_random();
	char value[MN_AUTH_MAX];
	struct mn_id body;
	struct mn_auth a = { .date = 0 }, b;

	mn_hash(&body, "", "x", 1);
	ok(!mn_auth_make(value, key, &rq, NOW, &body, NULL) &&
	   !mn_auth_parse(&a, mn_str(value), NULL), "a header is made");
	ok(!mn_auth_check(&a, &rq, NOW, NULL), "it is good");
	ok(mn_auth_check(&a, &rq, NOW + MN_AUTH_WINDOW + 1, NULL) ==
	   MN_EDENIED, "too late");
	ok(mn_auth_check(&a, &rq, NOW - MN_AUTH_WINDOW - 1, NULL) ==
	   MN_EDENIED, "too early");
	other.method = "GET";
	ok(mn_auth_check(&a, &other, NOW, NULL) == MN_EDENIED,
	   "another method");
	other = rq;
	other.host = "example.org";
	ok(mn_auth_check(&a, &other, NOW, NULL) == MN_EDENIED, "another host");
	other.host = "EXAMPLE.com:80";
	ok(!mn_auth_check(&a, &other, NOW, NULL), "the same host");
	other.host = "example.com:81";
	ok(mn_auth_check(&a, &other, NOW, NULL) == MN_EDENIED, "another port");
	other.host = "example.com\nx";
	ok(mn_auth_check(&a, &other, NOW, NULL) == MN_EINVALID, "no host");
	other = rq;
	other.path = "/x/git-receive-pack";
	ok(mn_auth_check(&a, &other, NOW, NULL) == MN_EINVALID, "no profile");
	b = a;
	b.body.b[0] ^= 1;
	ok(mn_auth_check(&b, &rq, NOW, NULL) == MN_EDENIED, "another body");
	b = a;
	b.date++;
	ok(mn_auth_check(&b, &rq, NOW, NULL) == MN_EDENIED, "another date");
	b = a;
	b.key.b[0] ^= 1;
	ok(mn_auth_check(&b, &rq, NOW, NULL) == MN_EDENIED, "another key");
	b = a;
	b.sig.b[63] ^= 1;
	ok(mn_auth_check(&b, &rq, NOW, NULL) == MN_EDENIED,
	   "another signature");
	mn_secret_free(key);
}

/* A header that is changed in one place is refused, whichever it is. */
static void check_spelling(void)
{
	struct mn_auth_request rq = { "POST", "example.com", 80, path };
	struct mn_secret *key = mn_secret_random();
	char value[MN_AUTH_MAX + 1];
	struct mn_id body;
	struct mn_auth a;
	size_t bad = 0, n;

	mn_hash(&body, "", "x", 1);
	mn_auth_make(value, key, &rq, NOW, &body, NULL);
	n = strlen(value);
	for (size_t i = 0; i < n; i++) {
		char was = value[i];

		value[i] = was == '0' ? '1' : '0';
		bad += !mn_auth_parse(&a, mn_str(value), NULL) &&
			!mn_auth_check(&a, &rq, NOW, NULL);
		bad += !mn_auth_parse(&a, (struct mn_str){ value, i }, NULL);
		value[i] = was;
	}
	ok(!bad, "every byte counts");
	value[n] = ' ';
	ok(mn_auth_parse(&a, (struct mn_str){ value, n + 1 }, NULL) ==
	   MN_EINVALID, "nothing stands behind it");
	ok(mn_auth_parse(&a, mn_str("Basic eDp5"), NULL) == MN_ENOTFOUND,
	   "another scheme");
	mn_secret_free(key);
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	each_vector("request.jsonl", check_vector, NULL);
	check_refusals();
	check_spelling();
	return done_testing();
}
