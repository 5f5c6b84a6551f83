#include "repl/commits.h"

#include <stdlib.h>
#include <string.h>

#include "node/carrier.h"

#include "banned.h"

void mn_commits_init(struct mn_commits *c)
{
	memset(c, 0, sizeof(*c));
	mn_map_init(&c->by_oid, sizeof(struct mn_oid));
}

void mn_commits_release(struct mn_commits *c)
{
	mn_map_release(&c->by_oid);
	mn_vec_release(&c->notes);
	mn_vec_release(&c->parents);
	mn_commits_init(c);
}

void mn_commits_add(struct mn_commits *c, const struct mn_oid *oid,
		    const void *data, size_t len)
{
	struct mn_commit_note note = { .first = c->parents.n };
	struct mn_carrier carrier;

	if (c->notes.n >= MN_COMMITS_MAX || len > MN_CARRIER_MAX)
		return;
	if (mn_carrier_parse(&carrier, (struct mn_str){ data, len }) ==
	    MN_RULE_NONE) {
		note.nparents = carrier.nparents;
		if (!carrier.is_merge)
			note.device = carrier.device;
	}
	for (size_t i = 0; i < note.nparents; i++)
		mn_carrier_parent(mn_vec_push(&c->parents), &carrier, i);
	mn_map_put(&c->by_oid, oid->b, c->notes.n);
	*mn_vec_push(&c->notes) = note;
}

const struct mn_commit_note *mn_commits_find(const struct mn_commits *c,
					     const struct mn_oid *oid)
{
	size_t i = mn_map_get(&c->by_oid, oid->b);

	return i == SIZE_MAX ? NULL : &c->notes.p[i];
}
