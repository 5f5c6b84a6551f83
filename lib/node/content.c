#include "node/content.h"

#include <string.h>

#include "banned.h"

/* "100644 0000\0" and the oid; then "100644 digests\0" and the oid */
#define CHUNK_ENTRY (7 + 4 + 1 + 20)
#define DIGESTS_ENTRY (7 + 7 + 1 + 20)

static void chunk_name(char out[5], size_t i)
{
	static const char digits[] = "0123456789abcdef";

	for (int k = 3; k >= 0; k--, i >>= 4)
		out[k] = digits[i & 15];
	out[4] = '\0';
}

static void add_entry(struct mn_buf *out, const char *name,
		      const struct mn_oid *oid)
{
	mn_buf_adds(out, "100644 ");
	mn_buf_adds(out, name);
	mn_buf_addc(out, '\0');
	mn_buf_add(out, oid->b, sizeof(oid->b));
}

/* "digests" stands behind "dfff" and before "e000" in git's order. */
#define DIGESTS_BEFORE 0xe000u

void mn_chunk_tree_encode(struct mn_buf *out, const struct mn_oid *chunks,
			  size_t n, const struct mn_oid *digests)
{
	char name[5];

	if (n > MN_CHUNKS_MAX)
		MN_BUG("too many chunks");
	for (size_t i = 0; i < n; i++) {
		if (i == DIGESTS_BEFORE)
			add_entry(out, "digests", digests);
		chunk_name(name, i);
		add_entry(out, name, &chunks[i]);
	}
	if (n <= DIGESTS_BEFORE)
		add_entry(out, "digests", digests);
}

int mn_chunk_tree_decode(struct mn_oid *chunks, size_t n,
			 struct mn_oid *digests, struct mn_str tree)
{
	struct mn_buf again = MN_BUF_INIT;
	size_t at = n < DIGESTS_BEFORE ? n : DIGESTS_BEFORE;
	int same;

	if (n > MN_CHUNKS_MAX || tree.len != n * CHUNK_ENTRY + DIGESTS_ENTRY)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t end = (i + 1) * CHUNK_ENTRY;

		if (i >= DIGESTS_BEFORE)
			end += DIGESTS_ENTRY;
		memcpy(chunks[i].b, tree.p + end - 20, 20);
	}
	memcpy(digests->b, tree.p + at * CHUNK_ENTRY + DIGESTS_ENTRY - 20, 20);
	mn_chunk_tree_encode(&again, chunks, n, digests);
	same = again.len == tree.len && !memcmp(again.p, tree.p, tree.len);
	mn_buf_release(&again);
	return same ? 0 : -1;
}
