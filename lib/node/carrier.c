#include "node/carrier.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#include "banned.h"

#define OID_LINE (7 + MN_OID_HEX + 1)		/* "parent <oid>\n" */
#define MERGE_PERSON "mn <>"

/* A cursor over the text of a commit. */
struct cursor {
	const char *p, *end;
};

/* Steps over lit; 0, or -1 where something else stands. */
static int skip(struct cursor *c, const char *lit)
{
	size_t n = strlen(lit);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, lit, n))
		return -1;
	c->p += n;
	return 0;
}

/* Takes the rest of the line, without its \n. */
static int take_line(struct cursor *c, struct mn_str *out)
{
	const char *nl = memchr(c->p, '\n', (size_t)(c->end - c->p));

	if (!nl)
		return -1;
	*out = (struct mn_str){ c->p, (size_t)(nl - c->p) };
	c->p = nl + 1;
	return 0;
}

static int take_hex(struct cursor *c, void *out, size_t n)
{
	if ((size_t)(c->end - c->p) < 2 * n ||
	    mn_hex_decode(out, c->p, n) < 0)
		return -1;
	c->p += 2 * n;
	return 0;
}

static int take_number(struct cursor *c, uint64_t *out, uint64_t max)
{
	const char *p = c->p;

	while (p < c->end && *p >= '0' && *p <= '9' && p - c->p <= 16)
		p++;
	if (mn_value_number(out, (struct mn_str){ c->p, (size_t)(p - c->p) },
			    0, max) < 0)
		return -1;
	c->p = p;
	return 0;
}

static int parse_parents(struct mn_carrier *c, struct cursor *cur)
{
	struct mn_oid oid;

	c->parents = cur->p;
	for (c->nparents = 0; skip(cur, "parent ") == 0; c->nparents++)
		if (take_hex(cur, oid.b, sizeof(oid.b)) < 0 ||
		    skip(cur, "\n") < 0 || c->nparents == MN_MERGE_PARENTS_MAX)
			return -1;
	return 0;
}

/* "author NAME <EMAIL> SECONDS +0000\n", and the same for the committer */
static int parse_persons(struct mn_carrier *c, struct cursor *cur)
{
	struct mn_str author, committer;
	struct cursor date;
	const char *gt;

	if (skip(cur, "author ") < 0 || take_line(cur, &author) < 0 ||
	    skip(cur, "committer ") < 0 || take_line(cur, &committer) < 0 ||
	    mn_str_cmp(author, committer))
		return -1;
	gt = author.len ? memchr(author.p, '>', author.len) : NULL;
	if (!gt)
		return -1;
	date = (struct cursor){ gt + 1, author.p + author.len };
	if (skip(&date, " ") < 0 ||
	    take_number(&date, &c->seconds, MN_DATE_MAX / 1000) < 0 ||
	    skip(&date, " +0000") < 0 || date.p != date.end)
		return -1;
	author.len = (size_t)(gt + 1 - author.p);
	c->is_merge = mn_str_eq(author, MERGE_PERSON);
	return 0;
}

static int parse_subject(struct mn_carrier *c, struct cursor *cur)
{
	struct mn_str line;
	const char *colon;

	if (skip(cur, "\n") < 0 || take_line(cur, &line) < 0 ||
	    skip(cur, "\n") < 0 || line.len < 4)
		return -1;
	colon = memchr(line.p, ':', line.len);
	if (!colon || colon + 2 >= line.p + line.len || colon[1] != ' ')
		return -1;
	c->kind = (struct mn_str){ line.p, (size_t)(colon - line.p) };
	c->subject = (struct mn_str){ colon + 2,
				(size_t)(line.p + line.len - colon - 2) };
	return mn_value_name(c->kind);
}

static int parse_salts(struct mn_carrier *c, struct cursor *cur)
{
	uint64_t i, least = 0;
	struct mn_salt salt;

	for (c->present = 0; skip(cur, "Mn-Salt: ") == 0; least = i + 1) {
		if (take_number(cur, &i, MN_NUMBER_MAX) < 0 ||
		    i < least || skip(cur, " ") < 0 ||
		    take_hex(cur, salt.b, MN_SALT_SIZE) < 0 ||
		    skip(cur, "\n") < 0)
			return -1;
		if (i >= MN_CONTENTS_MAX) {
			c->stray_salt = 1;
			continue;
		}
		c->salts[i] = salt;
		c->present |= UINT64_C(1) << i;
	}
	return 0;
}

static enum mn_rule parse_trailers(struct mn_carrier *c, struct cursor *cur)
{
	struct mn_str version;

	if (skip(cur, "Mn-Version: ") < 0 || take_line(cur, &version) < 0)
		return MN_RULE_CARRIER_PARSE;
	if (!mn_str_eq(version, "1"))
		return MN_RULE_CARRIER_VERSION;
	if (!c->is_merge &&
	    (skip(cur, "Mn-Node: ") < 0 || take_hex(cur, c->node.b, 32) < 0 ||
	     skip(cur, "\nMn-Device: ") < 0 ||
	     take_hex(cur, c->device.b, 32) < 0 ||
	     skip(cur, "\nMn-Signature: ") < 0 ||
	     take_hex(cur, c->sig.b, MN_SIG_SIZE) < 0 ||
	     skip(cur, "\n") < 0 || parse_salts(c, cur) < 0))
		return MN_RULE_CARRIER_PARSE;
	return cur->p == cur->end ? MN_RULE_NONE : MN_RULE_CARRIER_PARSE;
}

enum mn_rule mn_carrier_parse(struct mn_carrier *c, struct mn_str text)
{
	struct cursor cur = { text.p, text.p + text.len };

	memset(c, 0, offsetof(struct mn_carrier, salts));
	if (skip(&cur, "tree ") < 0 || take_hex(&cur, c->tree.b, 20) < 0 ||
	    skip(&cur, "\n") < 0 || parse_parents(c, &cur) < 0 ||
	    parse_persons(c, &cur) < 0 || parse_subject(c, &cur) < 0 ||
	    (!c->is_merge && c->nparents > MN_PARENTS_MAX))
		return MN_RULE_CARRIER_PARSE;
	return parse_trailers(c, &cur);
}

void mn_carrier_parent(struct mn_oid *out, const struct mn_carrier *c, size_t i)
{
	if (i >= c->nparents ||
	    mn_oid_parse(out, c->parents + i * (OID_LINE) + 7) < 0)
		MN_BUG("no such parent");
}

/* encoding */

static void put_parent(struct mn_buf *out, const struct mn_oid *oid)
{
	mn_buf_adds(out, "parent ");
	mn_buf_addhex(out, oid->b, sizeof(oid->b));
	mn_buf_addc(out, '\n');
}

static void put_person(struct mn_buf *out, const char *role,
		       const struct mn_meta *m)
{
	mn_buf_adds(out, role);
	mn_buf_addhex(out, m->profile.b, 8);
	mn_buf_adds(out, " <");
	mn_buf_addhex(out, m->device.b, 8);
	mn_buf_adds(out, "> ");
	mn_buf_addu(out, (uint64_t)m->time / 1000);
	mn_buf_adds(out, " +0000\n");
}

static void put_trailers(struct mn_buf *out, const struct mn_meta *m,
			 const struct mn_carrier_parts *parts)
{
	mn_buf_adds(out, "Mn-Version: 1\nMn-Node: ");
	mn_buf_addhex(out, parts->node->b, 32);
	mn_buf_adds(out, "\nMn-Device: ");
	mn_buf_addhex(out, m->device.b, 32);
	mn_buf_adds(out, "\nMn-Signature: ");
	mn_buf_addhex(out, parts->sig->b, MN_SIG_SIZE);
	mn_buf_addc(out, '\n');
	for (size_t i = 0; i < m->ncontents; i++) {
		if (!(parts->present >> i & 1))
			continue;
		mn_buf_adds(out, "Mn-Salt: ");
		mn_buf_addu(out, i);
		mn_buf_addc(out, ' ');
		mn_buf_addhex(out, parts->salts[i].b, MN_SALT_SIZE);
		mn_buf_addc(out, '\n');
	}
}

void mn_carrier_encode(struct mn_buf *out, const struct mn_meta *m,
		       const struct mn_carrier_parts *parts)
{
	mn_buf_adds(out, "tree ");
	mn_buf_addhex(out, parts->tree->b, sizeof(parts->tree->b));
	mn_buf_addc(out, '\n');
	for (size_t i = 0; i < m->nparents; i++)
		put_parent(out, &parts->parents[i]);
	put_person(out, "author ", m);
	put_person(out, "committer ", m);
	mn_buf_addc(out, '\n');
	mn_buf_addstr(out, m->kind);
	mn_buf_adds(out, ": ");
	if (m->summary.p) {
		mn_buf_addstr(out, m->summary);
	} else {
		mn_buf_addc(out, '#');
		mn_buf_addu(out, m->seq);
	}
	mn_buf_adds(out, "\n\n");
	put_trailers(out, m, parts);
}

static int cmp_head(const void *a, const void *b)
{
	return mn_id_cmp(&((const struct mn_head *)a)->node,
			 &((const struct mn_head *)b)->node);
}

void mn_merge_encode(struct mn_buf *out, struct mn_head *heads, size_t n)
{
	static const char *const roles[] = { "author ", "committer " };
	uint64_t seconds = 0;

	qsort(heads, n, sizeof(*heads), cmp_head);
	mn_buf_adds(out, "tree " MN_OID_EMPTY_TREE_HEX "\n");
	for (size_t i = 0; i < n; i++) {
		put_parent(out, &heads[i].carrier);
		if (heads[i].seconds > seconds)
			seconds = heads[i].seconds;
	}
	for (size_t i = 0; i < 2; i++) {
		mn_buf_adds(out, roles[i]);
		mn_buf_adds(out, MERGE_PERSON " ");
		mn_buf_addu(out, seconds);
		mn_buf_adds(out, " +0000\n");
	}
	mn_buf_adds(out, "\nmerge: ");
	mn_buf_addu(out, n);
	mn_buf_adds(out, " heads\n\nMn-Version: 1\n");
}
