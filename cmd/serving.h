/* serving: what the commands share that serve a home over HTTP. */
#ifndef MN_CMD_SERVING_H
#define MN_CMD_SERVING_H

#include "base/vec.h"
#include "profile.h"
#include "repl/site.h"

struct mn_site_names {
	MN_VEC(struct mn_site_name) all;
};

/* Which profiles are served: the word of --profiles, else the setting
 * serve.profiles, else one's own. o->home is set; list is released, by
 * mn_vec_release(&list->all), when the site is gone. */
int mn_serving_choose(struct mn_site_options *o, struct mn_site_names *list,
		      struct mn_cmd *c, const char *word, struct mn_err *err);

#endif
