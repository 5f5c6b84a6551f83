/* bundle: what the parts of mn bundle share. */
#ifndef MN_CMD_BUNDLE_H
#define MN_CMD_BUNDLE_H

#include "profile.h"
#include "progress.h"
#include "repl/bundle.h"

struct mn_bundle_opts {
	const char *profile, *replicate, *petname;
	struct mn_opt_list since, since_refs;
	int follow, json, quiet;
};

/* Opens a bundle, "-" for stdin, and reads its header; *fd is to be closed if
 * it is above 0, also after an error. */
int mn_bundle_open_file(struct mn_bundle **out, int *fd, const char *file,
			struct mn_err *err);

/* bundle-create.c: the exit status, or < 0. */
int mn_bundle_create(struct mn_cmd *c, const struct mn_bundle_opts *o,
		     const char *file, struct mn_err *err);
/* bundle-print.c; head NULL: of fetch, otherwise of verify. */
void mn_bundle_print_json(struct mn_cmd *c, const struct mn_bundle_report *rep,
			  const struct mn_bundlefile *head, int good);
void mn_bundle_print(struct mn_cmd *c, const struct mn_bundle_report *rep,
		     const struct mn_bundlefile *head);

/* bundle-fetch.c */
int mn_bundle_verify(struct mn_cmd *c, const struct mn_bundle_opts *o,
		     const char *file, struct mn_err *err);
int mn_bundle_fetch(struct mn_cmd *c, const struct mn_bundle_opts *o,
		    const char *file, struct mn_err *err);

#endif
