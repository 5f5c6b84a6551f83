/*
 * content: salted digests, and the cutting of large contents into chunks.
 * mnformat-node(5), CONTENTS.
 */
#ifndef MN_NODE_CONTENT_H
#define MN_NODE_CONTENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "git/oid.h"
#include "key/hash.h"
#include "node/rule.h"

#define MN_WHOLE_MAX (UINT64_C(4) << 20)	/* bytes in one blob */
#define MN_CHUNK_SIZE (UINT64_C(1) << 20)	/* bytes of a chunk */
#define MN_CHUNKS_MAX 65536			/* 64 GiB */

struct mn_salt {
	unsigned char b[MN_SALT_SIZE];
};

static inline int mn_content_is_chunked(uint64_t size)
{
	return size > MN_WHOLE_MAX;
}

static inline uint64_t mn_content_chunks(uint64_t size)
{
	return (size + MN_CHUNK_SIZE - 1) / MN_CHUNK_SIZE;
}

/* Of a content of at most MN_WHOLE_MAX bytes, of one chunk, or of the
 * concatenated digests of all chunks: the same keyed hash. */
static inline void mn_content_digest(struct mn_id *out,
				     const struct mn_salt *salt,
				     const void *data, size_t len)
{
	mn_hash_keyed(out, salt->b, MN_SALT_SIZE, data, len);
}

/*
 * Appends the git tree of a chunked content: oids of the n chunks, and that of
 * the blob of their digests.
 */
void mn_chunk_tree_encode(struct mn_buf *out, const struct mn_oid *chunks,
			  size_t n, const struct mn_oid *digests);
/*
 * Reads such a tree: n chunks are expected; oids go to chunks. 0, or -1 when
 * the tree is not exactly that.
 */
int mn_chunk_tree_decode(struct mn_oid *chunks, size_t n,
			 struct mn_oid *digests, struct mn_str tree);

#endif
