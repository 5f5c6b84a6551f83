/* bringing: see bringing.h. */
#include <stdio.h>

#include "base/spawn.h"
#include "bringing.h"
#include "node/verify.h"
#include "banned.h"

/* Network code lives in another program. */
static int run_fetch(struct mn_cmd *c, const struct mn_profile *p,
		     const struct mn_node *n, size_t i, struct mn_err *err)
{
	char node[MN_ID_HEX + 1], number[24];
	const char *argv[] = {
		"/proc/self/exe", "-p", p->hex, "fetch", "--node", node,
		"--content", number, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	int status, r;

	mn_id_hex(node, &n->id);
	snprintf(number, sizeof(number), "%zu", i);
	mn_trace(&c->trace, "fetch content %zu of %s", i, node);
	s.argv = argv;
	s.out = 2;	/* stdout is for the content */
	r = mn_spawn_run(&status, &s, err);
	if (r == 0 && status)
		r = mn_err_set(err, MN_EUNREACHABLE, "content %zu is not here, "
			       "and no remote gave it", i);
	return r;
}

int mn_cmd_bring(struct mn_cmd *c, struct mn_profile *p,
		 const struct mn_node *n, size_t i, struct mn_err *err)
{
	int r;

	if (i >= n->meta.ncontents)
		return 0;	/* whoever reads it says so */
	r = mn_content_presence(p->rd, n, i, err);
	if (r < 0 || r != MN_NOT_HERE)
		return r < 0 ? r : 0;
	r = run_fetch(c, p, n, i, err);
	return r < 0 ? r : mn_store_refresh(p->repo.store, err);
}
