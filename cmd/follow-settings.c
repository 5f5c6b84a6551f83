/* Settings and addresses for follow: see follow.h. */
#include <stdlib.h>
#include <string.h>

#include "follow.h"
#include "net/net.h"
#include "netopts.h"
#include "repl/fetch.h"
#include "repl/newrepo.h"
#include "banned.h"

static int apply_words(struct mn_follow *f, const struct mn_follow_opts *o,
		       struct mn_err *err)
{
	int r = 0;

	/* a new choice takes the place of the one before */
	if (o->all_posts || o->streams.n || o->tags.n) {
		mn_follow_clear_streams(f);
		mn_follow_clear_tags(f);
	}
	for (size_t i = 0; i < o->streams.n && r == 0; i++)
		r = mn_follow_add_stream(f, o->streams.p[i], err);
	for (size_t i = 0; i < o->tags.n && r == 0; i++) {
		const char *tag = o->tags.p[i];

		r = mn_follow_add_tag(f, tag + (*tag == '#'), err);
	}
	return r;
}

int mn_cmd_follow_apply(struct mn_follow *f, const struct mn_follow_opts *o,
			struct mn_err *err)
{
	int r = apply_words(f, o, err);

	if (r < 0)
		return r;
	if (o->replicate &&
	    mn_level_parse(&f->level, &f->limit, o->replicate) < 0)
		return mn_err_set(err, MN_EINVALID, "'%s' is none of full, "
				  "limit=SIZE, meta and dag", o->replicate);
	if (o->keep)
		r = mn_follow_set_keep(f, strcmp(o->keep, "forever") == 0
				       ? NULL : o->keep, err);
	if (r < 0)
		return r;
	return o->all_posts || o->streams.n || o->tags.n || o->replicate ||
		o->keep;
}

int mn_cmd_follow_check(const struct mn_follow_opts *o, struct mn_err *err)
{
	struct mn_follow f;
	int r;

	mn_follow_init(&f);
	r = mn_cmd_follow_apply(&f, o, err);
	mn_follow_release(&f);
	return r < 0 ? r : 0;
}

static int discover(struct mn_netopts *n, const char *address,
		    const char *scratch, char hex[MN_ID_HEX + 1],
		    struct mn_buf *identity, struct mn_err *err)
{
	struct mn_net *net = mn_net_new(&n->opt);
	struct mn_url url;
	int r = mn_url_parse(&url, address, err);

	if (r == 0) {
		r = mn_fetch_discover(net, &url, scratch, hex, identity, err);
		mn_url_release(&url);
	}
	mn_net_free(net);
	return r;
}

int mn_cmd_follow_ask(struct mn_cmd *c, const struct mn_home *h,
		  const struct mn_follow_opts *o, const char *address,
		      char hex[MN_ID_HEX + 1], struct mn_buf *identity,
		      struct mn_err *err)
{
	struct mn_newrepo scratch = MN_NEWREPO_INIT;
	struct mn_netopts n;
	int r = mn_netopts_init(&n, c, err);

	if (r < 0)
		return r;
	n.quiet = o->quiet;
	r = mn_newrepo_begin(&scratch, h, err);
	if (r == 0)
		r = discover(&n, address, scratch.dir, hex, identity, err);
	mn_newrepo_release(&scratch);
	mn_netopts_release(&n);
	return r;
}
