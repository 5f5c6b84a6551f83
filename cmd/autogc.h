/* autogc: gc where there is reason for it, for mn gc --auto and for commands
 * that add to a repository. */
#ifndef MN_CMD_AUTOGC_H
#define MN_CMD_AUTOGC_H

#include "cmd.h"
#include "social/gc.h"

/* What the settings of the repository at path mean for gc. */
int mn_autogc_settings(struct mn_gc_options *gc, const char *path,
		       struct mn_err *err);
/* mn_gc_auto, by the settings gc.auto and gc.auto-packs. */
int mn_autogc_run(struct mn_cmd *c, struct mn_repo *repo,
		  const struct mn_gc_options *gc, struct mn_gc_counts *n,
		  struct mn_err *err);
/* At the end of a command that has added to the repository, and holds no lock
 * of it: nothing but a count, mostly. What fails is told as a warning. */
void mn_autogc(struct mn_cmd *c, struct mn_repo *repo);

#endif
