/*
 * fuzz-packfile: a pack and an index of any bytes: each entry that the index
 * names is read or refused, and what is read is as large as was said.
 *
 * Input: the length of the index (four bytes, the low one first), the index,
 * the pack. The count and the checksum that both hold are made to agree.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "git/packfile.h"

#include "banned.h"

#define LAW(cond) do { if (!(cond)) abort(); } while (0)
#define READ_MAX ((size_t)1 << 20)
#define ENTRIES_MAX 32
#define FANOUT_END (8 + 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct mn_packfile *p)
{
	struct mn_inflater f = { NULL, NULL };
	struct mn_unpacker *u = mn_unpacker_new(&f);
	uint32_t n = p->n < ENTRIES_MAX ? p->n : ENTRIES_MAX;

	for (uint32_t i = 0; i < n; i++) {
		struct mn_err err = MN_ERR_INIT;
		struct mn_object o;
		struct mn_oid oid;
		enum mn_otype type;
		uint64_t off, size;
		uint32_t pos;
		int r, s;

		mn_packfile_oid(p, i, &oid);
		mn_packfile_find(p, &oid, &pos);
		LAW(pos <= p->n);
		if (mn_packfile_offset(p, i, &off, &err) < 0)
			continue;
		s = mn_unpack_stat(u, &type, &size, p, off, &err);
		r = mn_unpack(u, &o, p, off, READ_MAX, &err);
		LAW(r == 0 || ((r == MN_ECORRUPT || r == MN_ELIMIT) &&
			       err.msg[0]));
		if (r)
			continue;
		LAW(!s && o.type == type && o.len == size);
		LAW(o.len <= READ_MAX && !o.data[o.len]);
		LAW(type >= MN_COMMIT && type <= MN_TAG);
		mn_oid_of(&oid, o.type, o.data, o.len);
	}
	mn_unpacker_free(u);
	mn_inflater_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_packfile p;
	uint8_t *idx, *pack;
	size_t n;

	if (size < 4)
		return 0;
	n = (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;
	data += 4;
	size -= 4;
	if (n > size)
		n = size;
	idx = mn_xmalloc(n + 1);
	memcpy(idx, data, n);
	pack = mn_xmalloc(size - n + 1);
	memcpy(pack, data + n, size - n);
	if (n >= FANOUT_END + 40 && size - n >= 32) {
		memcpy(pack + 8, idx + FANOUT_END - 4, 4);
		memcpy(idx + n - 40, pack + (size - n) - 20, 20);
	}
	memset(&p, 0, sizeof(p));
	p.id = 1;
	p.idx.p = idx;
	p.idx.len = n;
	p.pack.p = pack;
	p.pack.len = size - n;
	if (!mn_packfile_check(&p, NULL))
		read_all(&p);
	free(idx);
	free(pack);
	return 0;
}
