/*
 * home: the directory of a user: profiles, keys, configuration, index.
 * mnrepository-layout(5).
 *
 *	<home>/config			git's configuration syntax
 *	<home>/profiles/<profile>.git	one bare repository a profile
 *	<home>/keys/<profile>.device	the key of this device for it
 *	<home>/keys/<profile>.root	the root secret, where it is kept
 *	<home>/keys/<profile>.root.next	what a rotation puts in its place
 *	<home>/index.db			can always be made anew
 *	<home>/hooks/<name>
 */
#ifndef MN_SOCIAL_HOME_H
#define MN_SOCIAL_HOME_H

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "key/hash.h"

struct mn_home {
	char *dir;		/* absolute, or as the user gave it */
};

/* Only remembers the path. */
void mn_home_init(struct mn_home *h, const char *dir);
void mn_home_release(struct mn_home *h);
/* Makes the directories that are missing, mode 0700, durably. */
int mn_home_create(const struct mn_home *h, struct mn_err *err);
/* Removes repositories in the making (profiles/new-...) whose maker died. */
void mn_home_sweep(const struct mn_home *h);

/* Paths; the caller frees. profile: 64 hex digits. */
char *mn_home_path(const struct mn_home *h, const char *name);
char *mn_home_repo(const struct mn_home *h, const char *profile);
char *mn_home_key(const struct mn_home *h, const char *profile,
		  const char *suffix);		/* "device", "root" */

struct mn_home_profile {
	char hex[MN_ID_HEX + 1];
	int own;		/* there is a device key for it */
};
struct mn_home_profiles {	/* sorted by id */
	struct mn_home_profile *p;
	size_t n, cap;
};
int mn_home_list(struct mn_home_profiles *out, const struct mn_home *h,
		 struct mn_err *err);
void mn_home_profiles_release(struct mn_home_profiles *l);

/*
 * Which profile a word of the user means: 64 digits or an abbreviation of at
 * least 4, also behind "mn:". MN_ENOTFOUND, MN_EAMBIGUOUS. Whether a full id
 * is here is not looked at.
 */
int mn_home_resolve(char hex[MN_ID_HEX + 1], const struct mn_home *h,
		    const char *word, struct mn_err *err);

#endif
