/* join: what a new device does once another has added it. */
#ifndef MN_CMD_JOIN_H
#define MN_CMD_JOIN_H

#include "profile.h"

struct mn_join {
	const char *word;		/* an answer, an address or a bundle */
	const char *name;		/* what the profile is called here; NULL */
	int make_default;
};

/*
 * Brings the profile over and, where it lists a key that was requested here,
 * makes that the key of this device, and prints the profile's id. The exit
 * status, or < 0; MN_EXIT_AGAIN where it is not listed yet.
 */
int mn_cmd_join(struct mn_cmd *c, const struct mn_join *j,
		struct mn_err *err);

/* Makes a key that was requested here the key of this device for the profile; the
 * one before is kept as keys/<key>.old. */
int mn_cmd_take_key(const struct mn_home *h, const struct mn_profile *p,
		    const struct mn_pub *key, struct mn_err *err);

#endif
