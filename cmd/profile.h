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

/* What the profile is called here; NULL: nothing. Borrowed from c. */
const char *mn_cmd_name(struct mn_cmd *c, const char *hex);
/* MN_EINVALID for an impossible name; MN_EEXISTS for one that means another
 * profile than hex (NULL: any) already. */
int mn_cmd_check_name(struct mn_cmd *c, const struct mn_home *h,
		      const char *name, const char *hex, struct mn_err *err);
/* Calls it so from now on; NULL: it has no name any more. What mn_cmd_conf
 * gives stays as it was. */
int mn_cmd_set_name(struct mn_cmd *c, const char *hex, const char *name,
		    struct mn_err *err);

/* Opens the home and the chosen profile; release both. */
int mn_cmd_open(struct mn_cmd *c, struct mn_home *h, struct mn_profile *p,
		struct mn_err *err);

/* Opens the index; mn_index_close. */
int mn_cmd_index(struct mn_cmd *c, const struct mn_home *h,
		 struct mn_index **ix, int wait_ms, struct mn_err *err);

/* How long a writer waits for the lock of a repository: core.lockTimeout. */
int mn_cmd_lock_wait(int *ms, struct mn_cmd *c, struct mn_err *err);

/* 0 where the home has a device key for the profile; else MN_EFAIL. */
int mn_cmd_may_post(const struct mn_home *h, const struct mn_profile *p,
		    struct mn_err *err);

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
/* A recovery phrase from the terminal, without echo. MN_EPASSPHRASE. */
int mn_cmd_ask_phrase(char *out, size_t max, struct mn_err *err);

#endif
