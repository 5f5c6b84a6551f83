/* The git tree of a carrier: contents, identity, meta. */
#include <stdlib.h>
#include <string.h>

#include "node/carrier.h"

#include "banned.h"

struct entry {
	struct mn_str name;
	int is_tree;
	struct mn_oid oid;
};

#define ENTRIES_MAX (MN_CONTENTS_MAX + 2)
#define CONTENT_NAME_MAX (3 + MN_FILE_NAME_MAX)		/* "63-" */

/* Git's order: bytewise, a directory as if "/" stood behind its name. */
static int cmp_entry(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	size_t n = a->name.len < b->name.len ? a->name.len : b->name.len;
	int c = memcmp(a->name.p, b->name.p, n);
	unsigned char ca, cb;

	if (c)
		return c;
	ca = a->name.len > n ? (unsigned char)a->name.p[n]
			     : (a->is_tree ? '/' : 0);
	cb = b->name.len > n ? (unsigned char)b->name.p[n]
			     : (b->is_tree ? '/' : 0);
	return ca - cb;
}

static size_t content_name(char out[CONTENT_NAME_MAX], size_t i,
			   struct mn_str name)
{
	size_t n = 0;

	if (i >= 10)
		out[n++] = (char)('0' + i / 10);
	out[n++] = (char)('0' + i % 10);
	out[n++] = '-';
	memcpy(out + n, name.p, name.len);
	return n + name.len;
}

void mn_carrier_tree_encode(struct mn_buf *out, const struct mn_meta *m,
			    const struct mn_carrier_tree *t)
{
	char names[MN_CONTENTS_MAX][CONTENT_NAME_MAX];
	struct entry e[ENTRIES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < m->ncontents; i++) {
		if (!(t->present >> i & 1))
			continue;
		e[n].name.len = content_name(names[i], i, m->contents[i].name);
		e[n].name.p = names[i];
		e[n].is_tree = mn_content_is_chunked(m->contents[i].size);
		e[n++].oid = t->contents[i];
	}
	qsort(e, n, sizeof(*e), cmp_entry);
	e[n++] = (struct entry){ MN_STR("identity"), 0, t->identity };
	e[n++] = (struct entry){ MN_STR("meta"), 0, t->meta };
	for (size_t i = 0; i < n; i++) {
		mn_buf_adds(out, e[i].is_tree ? "40000 " : "100644 ");
		mn_buf_addstr(out, e[i].name);
		mn_buf_addc(out, '\0');
		mn_buf_add(out, e[i].oid.b, sizeof(e[i].oid.b));
	}
}

/* The next entry, in any mode; 0 at the end, -1 if malformed. */
static int next_entry(struct entry *e, struct mn_str *rest)
{
	const char *sp, *nul;

	if (!rest->len)
		return 0;
	sp = memchr(rest->p, ' ', rest->len);
	if (!sp)
		return -1;
	nul = memchr(sp, '\0', (size_t)(rest->p + rest->len - sp));
	if (!nul || (size_t)(rest->p + rest->len - nul) < 21)
		return -1;
	e->name = (struct mn_str){ sp + 1, (size_t)(nul - sp - 1) };
	memcpy(e->oid.b, nul + 1, 20);
	rest->len -= (size_t)(nul + 21 - rest->p);
	rest->p = nul + 21;
	return 1;
}

int mn_carrier_tree_find(struct mn_carrier_tree *t, struct mn_str tree)
{
	struct entry e;
	int r, found = 0;

	t->present = 0;
	while ((r = next_entry(&e, &tree)) > 0) {
		if (mn_str_eq(e.name, "identity"))
			t->identity = e.oid, found |= 1;
		else if (mn_str_eq(e.name, "meta"))
			t->meta = e.oid, found |= 2;
	}
	return r < 0 || found != 3 ? -1 : 0;
}

/* The number that the name of a content's entry begins with; -1. */
static int entry_number(struct mn_str name)
{
	int n = 0;
	size_t i;

	for (i = 0; i < name.len && i < 2 && name.p[i] >= '0' &&
	     name.p[i] <= '9'; i++)
		n = n * 10 + (name.p[i] - '0');
	return i && n < MN_CONTENTS_MAX ? n : -1;
}

int mn_carrier_tree_decode(struct mn_carrier_tree *t, const struct mn_meta *m,
			   struct mn_str tree)
{
	struct mn_buf again = MN_BUF_INIT;
	struct mn_str rest = tree;
	struct entry e;
	int same;

	if (mn_carrier_tree_find(t, tree) < 0)
		return -1;
	while (next_entry(&e, &rest) > 0) {
		int i = entry_number(e.name);

		if (i < 0)
			continue;
		t->contents[i] = e.oid;
		t->present |= UINT64_C(1) << i;
	}
	mn_carrier_tree_encode(&again, m, t);
	same = again.len == tree.len && !memcmp(again.p, tree.p, tree.len);
	mn_buf_release(&again);
	return same ? 0 : -1;
}
