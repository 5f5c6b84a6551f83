/*
 * links: the rules between nodes - parents, prev, skip, generations,
 * equivocation, cuts, merges. mnformat-node(5), VERIFYING.
 *
 * A struct mn_links holds what these rules need of all nodes of a profile,
 * about 250 bytes a node. Nodes are added in any order, each after it was
 * verified by itself, and checked once all are there.
 *
 *	for each node: mn_links_add(&l, &node, doc->number);
 *	for each index: rule = mn_links_check(&l, i);
 */
#ifndef MN_NODE_LINKS_H
#define MN_NODE_LINKS_H

#include "base/map.h"
#include "base/vec.h"
#include "node/identity.h"
#include "node/node.h"
#include "node/rule.h"

struct mn_link {
	struct mn_id id, profile, prev, skip;
	struct mn_oid carrier;
	struct mn_pub device;
	uint64_t seq, gen, era, time;
	uint64_t identity;		/* number of the document it names */
	size_t parents;			/* index of the first in links->parents */
	unsigned char nparents;
	unsigned char in_cut_chain;	/* reached from the node at the cut */
	unsigned char unproven;		/* not verified: only looked up, and no
					   proof of an equivocation */
	unsigned char bare;		/* its meta is not here: nothing but id,
					   carrier, device and the time of
					   the commit is known */
	unsigned char twice;		/* so is another: same device, era, seq */
};

struct mn_link_parent {
	struct mn_id node;		/* as the meta says */
	struct mn_oid carrier;		/* as the commit says */
};

struct mn_links {
	MN_VEC(struct mn_link) nodes;
	MN_VEC(struct mn_link_parent) parents;
	struct mn_map by_id, by_carrier;
	struct mn_map by_seq;		/* the first of a device, era and seq */
	const struct mn_identity *known;
	/*
	 * Metas may be missing: a parent without is not compared, prev and
	 * skip may be unknown. By number of the cut: up to which seq the
	 * device's chain could not be followed.
	 */
	int partial;
	uint64_t open[MN_CUTS_MAX];
};

/* known: the newest identity, for cuts; may be NULL; borrowed. */
void mn_links_init(struct mn_links *l, const struct mn_identity *known);
void mn_links_release(struct mn_links *l);

/* Returns its index; a node that is there already is not added again (one that
 * was unproven may become proven). */
size_t mn_links_add(struct mn_links *l, const struct mn_node *n,
		    uint64_t identity_number);
/* The same in two steps, the first of which threads may do together. */
void mn_link_of(struct mn_link *out,
		struct mn_link_parent parents[MN_PARENTS_MAX],
		const struct mn_node *n, uint64_t identity_number);
size_t mn_links_put(struct mn_links *l, const struct mn_link *link,
		    const struct mn_link_parent *parents);
/* Of a node of which mn_node_load could read the carrier, but not the meta:
 * has no parents. What is put of it later, with its meta, takes its place. */
void mn_link_of_bare(struct mn_link *out, const struct mn_node *n);
/* SIZE_MAX where it is not there. */
size_t mn_links_find(const struct mn_links *l, const struct mn_id *id);
size_t mn_links_find_carrier(const struct mn_links *l,
			     const struct mn_oid *carrier);

/* Of all that was put, only what has keep set, by index, proves anything: two
 * nodes of one number that nobody published are no equivocation. */
void mn_links_prove_only(struct mn_links *l, const unsigned char *keep);
/* Follows each cut device's chain down from its cut; before checking. */
void mn_links_mark_cuts(struct mn_links *l);
/* The rules of one node; MN_RULE_NONE. */
enum mn_rule mn_links_check(const struct mn_links *l, size_t i);
/* Whether a commit (parsed, is_merge) is the merge that it must be. */
enum mn_rule mn_links_check_merge(const struct mn_links *l,
				  const struct mn_carrier *c,
				  struct mn_str commit_text);

/*
 * E: the indexes of the maximal nodes, ascending by node id, appended to
 * out. (All nodes are looked at; heads.h is for large profiles.)
 */
struct mn_index_list {
	size_t *p;
	size_t n, cap;
};
void mn_links_maximal(const struct mn_links *l, struct mn_index_list *out);

#endif
