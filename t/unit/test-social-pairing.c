/* The golden vectors of mnformat-pairing(5): t/vectors/pairing.jsonl. */
#include <stdlib.h>

#include "social/pairing.h"
#include "vectors.h"

#include "banned.h"

static int code_of(const char *name)
{
	if (!strcmp(name, "version"))
		return MN_EVERSION;
	if (!strcmp(name, "signature"))
		return MN_ESIGNATURE;
	if (!strcmp(name, "limit"))
		return MN_ELIMIT;
	return MN_EINVALID;
}

static void check_bad(json_t *v, const char *name, const char *line)
{
	struct mn_pairing_request req;
	struct mn_pairing_answer ans;
	struct mn_err err = MN_ERR_INIT;
	int want = code_of(string(v, "error")), r;

	if (mn_pairing_is_answer(line)) {
		r = mn_pairing_answer_parse(&ans, mn_str(line), &err);
		mn_pairing_answer_release(&ans);
	} else {
		r = mn_pairing_request_parse(&req, mn_str(line), &err);
	}
	is_int(r, want, "%s: %s", name, err.msg);
}

static void check_request(json_t *v, const char *name, const char *line)
{
	struct mn_pairing_request req;
	struct mn_buf out = MN_BUF_INIT, seed = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_secret *s;
	struct mn_id key;

	unhex(&seed, string(v, "seed"));
	unhex_id(&key, string(v, "key"));
	s = mn_secret_from_seed((const unsigned char *)seed.p);
	is_int(mn_pairing_request_add(&out, s, string(v, "label"), &err), 0,
	       "%s: written %s", name, err.msg);
	is_str(out.p, line, "%s: as it should be", name);
	is_int(mn_pairing_request_parse(&req, mn_str(line), &err), 0,
	       "%s: read %s", name, err.msg);
	is_mem(req.key.b, key.b, sizeof(key.b), "%s: key", name);
	is_str(req.label, string(v, "label"), "%s: label", name);
	mn_secret_free(s);
	mn_buf_release(&seed);
	mn_buf_release(&out);
}

static void check_answer(json_t *v, const char *name, const char *line)
{
	json_t *list = field(v, "urls");
	const char *urls[MN_PAIRING_URLS_MAX];
	size_t n = json_array_size(list);
	struct mn_pairing_answer ans;
	struct mn_buf out = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_id profile, key;
	struct mn_pub pub;

	unhex_id(&profile, string(v, "profile"));
	unhex_id(&key, string(v, "key"));
	memcpy(pub.b, key.b, sizeof(pub.b));
	for (size_t i = 0; i < n; i++)
		urls[i] = json_string_value(json_array_get(list, i));
	mn_pairing_answer_add(&out, &profile, &pub, urls, n);
	is_str(out.p, line, "%s: as it should be", name);
	is_int(mn_pairing_answer_parse(&ans, mn_str(line), &err), 0,
	       "%s: read %s", name, err.msg);
	is_mem(ans.profile.b, profile.b, sizeof(key.b), "%s: profile", name);
	is_mem(ans.key.b, key.b, sizeof(key.b), "%s: key", name);
	is_int((long)ans.nurls, (long)n, "%s: addresses", name);
	for (size_t i = 0; i < n && i < ans.nurls; i++)
		is_str(ans.urls[i], urls[i], "%s: address %zu", name, i);
	mn_pairing_answer_release(&ans);
	mn_buf_release(&out);
}

static void check(json_t *v, const char *name, void *ctx)
{
	const char *line = string(v, "line");

	(void)ctx;
	if (json_object_get(v, "error"))
		check_bad(v, name, line);
	else if (json_object_get(v, "seed"))
		check_request(v, name, line);
	else
		check_answer(v, name, line);
}

/* What there is no room for is left out, and the line can be read. */
static void check_room(void)
{
	const char *urls[] = { "bad\nurl", "/first", NULL, "/last" };
	char longest[MN_PAIRING_URL_MAX + 1];
	struct mn_buf out = MN_BUF_INIT;
	struct mn_pairing_answer ans;
	struct mn_id profile = { { 0 } };
	struct mn_pub key = { { 0 } };

	memset(longest, ' ', sizeof(longest) - 1);
	longest[0] = longest[MN_PAIRING_URL_MAX - 1] = '/';
	longest[MN_PAIRING_URL_MAX] = '\0';
	urls[2] = longest;
	mn_pairing_answer_add(&out, &profile, &key, urls, 4);
	is_int(mn_pairing_answer_parse(&ans, mn_str(out.p), NULL), 0,
	       "an answer with too much is read");
	is_int((long)ans.nurls, 2, "it has what fits");
	is_str(ans.urls[0], "/first", "the first");
	is_str(ans.urls[1], "/last", "the last");
	mn_pairing_answer_release(&ans);
	mn_buf_release(&out);
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	each_vector("pairing.jsonl", check, NULL);
	check_room();
	return done_testing();
}
