#include "serving.h"

#include <string.h>

#include "banned.h"

static int add_name(struct mn_site_names *out, struct mn_cmd *c, const struct mn_home *h,
		    struct mn_str word, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int r;

	mn_buf_add(&b, word.p, word.len);
	r = mn_cmd_which(mn_vec_push(&out->all)->hex, c, h, b.p ? b.p : "", err);
	mn_buf_release(&b);
	return r;
}

int mn_serving_choose(struct mn_site_options *o, struct mn_site_names *list,
		      struct mn_cmd *c, const char *word, struct mn_err *err)
{
	if (!word)
		word = mn_conf_get(mn_cmd_conf(c), "serve.profiles");
	if (!word || !mn_site_which_parse(&o->which, word))
		return 0;
	o->which = MN_SITE_LIST;
	for (const char *p = word; p; p = strchr(p, ',')) {
		int r;

		p += p != word;
		r = add_name(list, c, o->home,
			     (struct mn_str){ p, strcspn(p, ",") }, err);
		if (r < 0)
			return r;
	}
	o->list = list->all.p;
	o->nlist = list->all.n;
	return 0;
}
