/*
 * profile: how commands come by the home, the chosen profile, the index and
 * the keys.
 *
 * The profile is the one of -p or MN_PROFILE (an id, the start of one, or a
 * name from profile.<id>.name in the configuration); else profile.default;
 * else the only one of one's own.
 */
#ifndef MN_CMD_PROFILE_H
#define MN_CMD_PROFILE_H

#include "cmd.h"
#include "key/keyfile.h"
#include "social/home.h"
#include "social/index.h"
#include "social/profile.h"

/* The id of the profile that a word, or NULL for the default, means. */
int mn_cmd_which(char hex[MN_ID_HEX + 1], struct mn_cmd *c,
		 const struct mn_home *h, const char *word, struct mn_err *err);

/* Opens the home and the chosen profile; release both. */
int mn_cmd_open(struct mn_cmd *c, struct mn_home *h, struct mn_profile *p,
		struct mn_err *err);

/* Opens the index; mn_index_close. */
int mn_cmd_index(struct mn_cmd *c, const struct mn_home *h,
		 struct mn_index **ix, int wait_ms, struct mn_err *err);

/* How long a writer waits for the lock of a repository: core.lockTimeout. */
int mn_cmd_lock_wait(int *ms, struct mn_cmd *c, struct mn_err *err);

/* The device key of the profile; asks for a passphrase where it is wrapped. */
int mn_cmd_secret(struct mn_cmd *c, const struct mn_home *h,
		  const struct mn_profile *p, struct mn_secret **out,
		  struct mn_err *err);

/*
 * A passphrase from the file of MN_PASSPHRASE_FILE (its first line), or from the
 * terminal, twice if it is new. A mn_passphrase_fn, with the command as ctx.
 */
int mn_cmd_ask_passphrase(void *cmd, char *out, size_t max, const char *path,
			  struct mn_err *err);
int mn_cmd_new_passphrase(struct mn_cmd *c, char *out, size_t max,
			  struct mn_err *err);

#endif
