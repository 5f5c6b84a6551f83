/* profile: home, chosen profile, index and keys of a command. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "node/lines.h"
#include "profile.h"
#include "banned.h"

/* profile.<id>.name = word */
struct name_search {
	const char *word;
	char hex[MN_ID_HEX + 1];
	size_t found;
};

static void find_name(struct name_search *s, const struct mn_conf *conf)
{
	static const char prefix[] = "profile.", suffix[] = ".name";
	const size_t plen = sizeof(prefix) - 1;

	for (size_t i = 0; i < conf->n; i++) {
		const char *name = conf->p[i].name;

		if (strlen(name) != plen + MN_ID_HEX + sizeof(suffix) - 1 ||
		    strncmp(name, prefix, plen) ||
		    strcmp(name + plen + MN_ID_HEX, suffix) ||
		    strcmp(conf->p[i].value, s->word))
			continue;
		if (s->found && !strncmp(s->hex, name + plen, MN_ID_HEX))
			continue;
		memcpy(s->hex, name + plen, MN_ID_HEX);
		s->hex[MN_ID_HEX] = '\0';
		s->found++;
	}
}

static int only_own(char hex[MN_ID_HEX + 1], const struct mn_home *h,
		    struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	size_t own = 0;
	int r = mn_home_list(&all, h, err);

	for (size_t i = 0; i < all.n && r == 0; i++) {
		if (!all.p[i].own)
			continue;
		memcpy(hex, all.p[i].hex, sizeof(all.p[i].hex));
		own++;
	}
	mn_home_profiles_release(&all);
	if (r == 0 && !own)
		r = mn_err_set(err, MN_EFAIL, "there is no profile of yours in "
			       "'%s': 'mn init' makes one", h->dir);
	if (r == 0 && own > 1)
		r = mn_err_set(err, MN_EFAIL, "which of your %zu profiles? "
			       "Give -p PROFILE, or set profile.default", own);
	return r;
}

int mn_cmd_which(char hex[MN_ID_HEX + 1], struct mn_cmd *c,
		 const struct mn_home *h, const char *word, struct mn_err *err)
{
	struct mn_conf *conf = mn_cmd_conf(c);
	struct name_search s = { .word = word };
	int r, from_conf = !word;

	if (!word)
		word = s.word = mn_conf_get(conf, "profile.default");
	if (!word)
		return only_own(hex, h, err);
	find_name(&s, conf);
	if (s.found > 1)
		return mn_err_set(err, MN_EAMBIGUOUS, "the name '%s' is that "
				  "of %zu profiles: give an id", word, s.found);
	if (s.found) {
		memcpy(hex, s.hex, sizeof(s.hex));
		return 0;
	}
	r = mn_home_resolve(hex, h, word, err);
	return r < 0 && from_conf ? mn_err_wrap(err, r, "profile.default") : r;
}

static void name_key(struct mn_buf *out, const char *hex)
{
	mn_buf_addf(out, "profile.%s.name", hex);
}

const char *mn_cmd_name(struct mn_cmd *c, const char *hex)
{
	struct mn_buf key = MN_BUF_INIT;
	const char *name;

	name_key(&key, hex);
	name = mn_conf_get(mn_cmd_conf(c), key.p);
	mn_buf_release(&key);
	return name && *name ? name : NULL;
}

int mn_cmd_check_name(struct mn_cmd *c, const struct mn_home *h,
		      const char *name, const char *hex, struct mn_err *err)
{
	struct mn_err none = MN_ERR_INIT;
	char found[MN_ID_HEX + 1];
	int r;

	if (mn_value_word(mn_str(name)) < 0 ||
	    mn_text_check(mn_str(name), 64) < 0)
		return mn_err_set(err, MN_EINVALID, "a name is one word of 1 "
				  "to 64 bytes, without comma and control "
				  "characters: '%s'", name);
	r = mn_cmd_which(found, c, h, name, &none);
	if (r == MN_EAMBIGUOUS || (r == 0 && (!hex || strcmp(found, hex))))
		return mn_err_set(err, MN_EEXISTS, "there is a profile '%s' "
				  "already", name);
	return 0;
}

int mn_cmd_set_name(struct mn_cmd *c, const char *hex, const char *name,
		    struct mn_err *err)
{
	struct mn_buf key = MN_BUF_INIT, path = MN_BUF_INIT;
	int r;

	name_key(&key, hex);
	mn_buf_addf(&path, "%s/config", mn_home(c));
	if (name) {
		r = mn_conf_set(path.p, key.p, name, err);
	} else {
		r = mn_conf_unset(path.p, key.p, err);
		if (r == MN_ENOTFOUND) {
			mn_err_clear(err);
			r = 0;
		}
	}
	mn_buf_release(&path);
	mn_buf_release(&key);
	return r;
}

int mn_cmd_open(struct mn_cmd *c, struct mn_home *h, struct mn_profile *p,
		struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	int r;

	if (mn_key_init() < 0)
		return mn_err_set(err, MN_EFAIL, "no source of randomness");
	mn_home_init(h, mn_home(c));
	r = mn_cmd_which(hex, c, h, c->profile, err);
	if (r == 0)
		r = mn_profile_open(p, h, hex, err);
	if (r < 0)
		mn_home_release(h);
	else
		mn_trace(&c->trace, "profile %s", hex);
	return r;
}

int mn_cmd_index(struct mn_cmd *c, const struct mn_home *h,
		 struct mn_index **ix, int wait_ms, struct mn_err *err)
{
	int r = mn_index_open(ix, h, wait_ms, err);

	mn_trace(&c->trace, "index open: %d", r);
	return r;
}

int mn_cmd_lock_wait(int *ms, struct mn_cmd *c, struct mn_err *err)
{
	int64_t v;
	int r = mn_conf_int(&v, mn_cmd_conf(c), "core.locktimeout",
			    MN_REPO_LOCK_MS, err);

	if (r == 0 && (v < 0 || v > INT_MAX))
		r = mn_err_set(err, MN_EINVALID, "core.lockTimeout is a number "
			       "of milliseconds, not %lld", (long long)v);
	*ms = r == 0 ? (int)v : 0;
	return r;
}

static int not_mine(const struct mn_profile *p, struct mn_err *err)
{
	return mn_err_set(err, MN_EFAIL, "there is no device key for profile "
			  "%.12s here: it can be read, not posted to", p->hex);
}

int mn_cmd_may_post(const struct mn_home *h, const struct mn_profile *p,
		    struct mn_err *err)
{
	char *path = mn_home_key(h, p->hex, "device");
	/* one that can't be looked at is told of by who reads it */
	int gone = access(path, F_OK) < 0 && errno == ENOENT;

	free(path);
	return gone ? not_mine(p, err) : 0;
}

int mn_cmd_secret(struct mn_cmd *c, const struct mn_home *h,
		  const struct mn_profile *p, struct mn_secret **out,
		  struct mn_err *err)
{
	char *path = mn_home_key(h, p->hex, "device");
	int r = mn_keyfile_read_device(out, path, &p->id, mn_cmd_ask_passphrase,
				       c, err);

	if (r == MN_ENOTFOUND)
		r = not_mine(p, err);
	free(path);
	return r;
}
