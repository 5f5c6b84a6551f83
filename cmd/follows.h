/*
 * follows: what remote, following, unfollow and follow share: the settings of
 * a profile that is here (repl/follow.h), and addresses as a user types them.
 */
#ifndef MN_CMD_FOLLOWS_H
#define MN_CMD_FOLLOWS_H

#include "profile.h"
#include "repl/follow.h"

/* Reads the settings of a profile; MN_ENOTFOUND where it is not here.
 * mn_follow_release, also after an error. */
int mn_cmd_settings(struct mn_follow *f, const struct mn_home *h,
		    const char *hex, struct mn_err *err);

/*
 * Changes them: fn gets what they are, under the lock of the repository, and
 * what it makes of them is written. It returns 0; 1 to leave them as they
 * are; or an error.
 */
typedef int mn_settings_fn(void *ctx, struct mn_follow *f,
			   struct mn_repo *repo, struct mn_err *err);
int mn_cmd_change_settings(struct mn_cmd *c, const struct mn_home *h,
			   const char *hex, mn_settings_fn *fn, void *ctx,
			   struct mn_err *err);

/* Whether there is a device key for it: 1, 0. */
int mn_cmd_is_own(const struct mn_home *h, const char *hex);

/* Appends the address, with a directory's path made absolute: it is kept for
 * use from elsewhere. MN_EINVALID. */
int mn_cmd_address(struct mn_buf *out, const char *word, struct mn_err *err);

/* What a person calls it: its name, fit for a terminal, or 12 digits. */
void mn_cmd_add_name(struct mn_buf *out, struct mn_cmd *c, const char *hex);

#endif
