#include "netsign.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "profile.h"
#include "repl/auth.h"
#include "banned.h"

void mn_netsign_init(struct mn_netsign *s, struct mn_cmd *c)
{
	memset(s, 0, sizeof(*s));
	s->c = c;
	pthread_mutex_init(&s->lock, NULL);
}

void mn_netsign_release(struct mn_netsign *s)
{
	mn_secret_free(s->secret);
	s->secret = NULL;
	pthread_mutex_destroy(&s->lock);
}

/* The last part of the path that begins with a profile. */
static int profile_of(char hex[MN_ID_HEX + 1], const char *url)
{
	size_t len = strcspn(url, "?#");
	const char *found = NULL;

	for (size_t i = 0; i + 1 + MN_ID_HEX <= len; i++)
		if (url[i] == '/' &&
		    mn_hex_span(url + i + 1, MN_ID_HEX) == MN_ID_HEX)
			found = url + i + 1;
	if (!found)
		return -1;
	memcpy(hex, found, MN_ID_HEX);
	hex[MN_ID_HEX] = '\0';
	return 0;
}

static int read_key(struct mn_netsign *s, const char *hex, struct mn_err *err)
{
	struct mn_home h;
	struct mn_id profile;
	char *path;
	int r;

	if (!strcmp(s->hex, hex))
		return s->secret ? 0 : MN_ENOTFOUND;
	if (mn_key_init() < 0)
		return mn_err_set(err, MN_EFAIL, "no source of randomness");
	mn_secret_free(s->secret);
	s->secret = NULL;
	s->hex[0] = '\0';
	mn_id_parse(&profile, hex);
	mn_home_init(&h, mn_home(s->c));
	path = mn_home_key(&h, hex, "device");
	r = mn_keyfile_read_device(&s->secret, path, &profile,
				   mn_cmd_ask_passphrase, s->c, err);
	free(path);
	mn_home_release(&h);
	if (r == 0 || r == MN_ENOTFOUND)
		memcpy(s->hex, hex, sizeof(s->hex));
	return r;
}

int mn_netsign(struct mn_netsign *s, const char *method, const char *url,
	       const unsigned char body_digest[32], char out[512],
	       struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	struct mn_id body;
	int r;

	_Static_assert(MN_AUTH_MAX <= 512, "a header fits");
	if (profile_of(hex, url) < 0)
		return MN_ENOTFOUND;
	memcpy(body.b, body_digest, sizeof(body.b));
	pthread_mutex_lock(&s->lock);
	r = read_key(s, hex, err);
	if (r == 0)
		r = mn_auth_make_url(out, s->secret, method, url,
				     mn_date_now(), &body, err);
	pthread_mutex_unlock(&s->lock);
	return r;
}
