/* identity-bring: a copy of the profile, from where it lies; see identity.c. */
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "base/spawn.h"
#include "identity.h"
#include "rooted.h"
#include "banned.h"

#define OUTPUT_MAX (4u << 20)

/* Both print {"profile":"ID",... */
static int find_id(char hex[MN_ID_HEX + 1], const struct mn_buf *out)
{
	static const char key[] = "\"profile\":\"";
	const char *p = out->len ? strstr(out->p, key) : NULL;

	p = p ? p + sizeof(key) - 1 : "";
	if (mn_hex_span(p, MN_ID_HEX) != MN_ID_HEX)
		return -1;
	memcpy(hex, p, MN_ID_HEX);
	hex[MN_ID_HEX] = '\0';
	return 0;
}

static int bring(char hex[MN_ID_HEX + 1], const struct mn_identity_at *at,
		 struct mn_err *err)
{
	const char *from = at->o->from;
	/* network code lives in another program */
	const char *follow[] = { "/proc/self/exe", "follow", "--json", "--",
				 from, NULL };
	const char *bundle[] = { "/proc/self/exe", "bundle", "fetch",
				 "--follow", "--json", "--", from, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_buf out = MN_BUF_INIT;
	struct stat st;
	int status, r;

	s.argv = !stat(from, &st) && !S_ISDIR(st.st_mode) ? bundle : follow;
	mn_trace(&at->c->trace, "%s '%s'", s.argv[1], from);
	r = mn_spawn_capture(&out, &status, &s, OUTPUT_MAX, err);
	if (r == 0 && find_id(hex, &out) < 0 && !status)
		r = mn_err_set(err, MN_EFAIL, "there is no profile in '%s'",
			       from);
	mn_buf_release(&out);
	if (r < 0 || !status)
		return r;
	if (status != MN_EXIT_NO || !mn_hex_span(hex, MN_ID_HEX))
		return mn_err_set(err, status == MN_EXIT_AGAIN
				  ? MN_EUNREACHABLE : MN_EFAIL, "the profile "
				  "did not come over from '%s': nothing was "
				  "changed", from);
	mn_warning(at->c, "what was refused of the profile is left out");
	return 0;
}

/* The one of those that are here whose phrase it is, or was. */
static int find_here(char hex[MN_ID_HEX + 1], const struct mn_identity_at *at,
		     const struct mn_root *root, struct mn_err *err)
{
	const struct mn_identity_doc *since;
	struct mn_home_profiles all = { 0 };
	struct mn_profile p;
	int found = 0, r = mn_home_list(&all, &at->home, err);

	for (size_t i = 0; i < all.n && r == 0 && !found; i++) {
		if (mn_profile_open(&p, &at->home, all.p[i].hex,
				    NULL) < 0)
			continue;
		found = mn_identity_is_root(&p.identity, root) ||
			mn_cmd_root_was(&p.identity, root, &since);
		mn_profile_close(&p);
		if (found)
			memcpy(hex, all.p[i].hex, sizeof(all.p[i].hex));
	}
	if (r == 0 && !found)
		r = mn_err_set(err, MN_EFAIL, all.n ? "it is the recovery "
			       "phrase of no profile that is here: --from says "
			       "where a copy of the profile lies" : "there is "
			       "no profile here: --from says where a copy of "
			       "it lies");
	mn_home_profiles_release(&all);
	return r;
}

/* -p, where it is given, must be the profile that lies at --from. */
static int bring_wanted(char hex[MN_ID_HEX + 1],
			const struct mn_identity_at *at, struct mn_err *err)
{
	char want[MN_ID_HEX + 1];
	int r = mn_home_create(&at->home, err);

	hex[0] = '\0';
	if (r == 0)
		r = bring(hex, at, err);
	if (r == 0 && at->o->profile) {
		r = mn_cmd_which(want, at->c, &at->home, at->o->profile, err);
		if (r == 0 && strcmp(want, hex))
			r = mn_err_set(err, MN_EDENIED, "'%s' is the address "
				       "of profile %.12s, not of %.12s",
				       at->o->from, hex, want);
	}
	return r;
}

int mn_identity_locate(char hex[MN_ID_HEX + 1],
		       const struct mn_identity_at *at,
		       const struct mn_root *root, struct mn_err *err)
{
	if (at->o->from)
		return bring_wanted(hex, at, err);
	if (at->c->profile)
		return mn_cmd_which(hex, at->c, &at->home, at->c->profile, err);
	return find_here(hex, at, root, err);
}
