/*
 * fuzz-indexpack: a pack of any bytes arrives in slices: it is refused with
 * words and leaves nothing, or what comes of it has an index by which each of
 * its objects is found, and is what its name says. Cut anywhere, what is
 * salvaged is such a pack, too.
 *
 * Input: the length of the slices less one, then the pack without its
 * checksum, which is added.
 */
#include <nettle/sha1.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "git/indexpack.h"
#include "git/packfile.h"

#include "banned.h"

#define LAW(cond) do { if (!(cond)) abort(); } while (0)
#define READ_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/mn-fuzz-indexpack-XXXXXX";

static void remove_dir(void)
{
	mn_io_remove_tree(dir, NULL);
}

static void make_dir(void)
{
	static int made;

	if (made)
		return;
	LAW(mkdtemp(dir));
	atexit(remove_dir);
	made = 1;
}

static void read_all(const struct mn_indexpack_result *res)
{
	struct mn_inflater f = { NULL, NULL };
	struct mn_unpacker *u = mn_unpacker_new(&f);
	struct mn_buf stem = MN_BUF_INIT;
	struct mn_packfile *p;

	mn_buf_addf(&stem, "%s/pack-%s", dir, res->name);
	LAW(!mn_packfile_open(&p, stem.p, NULL));
	LAW(p->n == res->objects && p->pack.len == res->bytes);
	for (uint32_t i = 0; i < p->n; i++) {
		struct mn_object o;
		struct mn_oid a, b;
		uint64_t off;
		uint32_t pos;

		mn_packfile_oid(p, i, &a);
		LAW(mn_packfile_find(p, &a, &pos) && pos == i);
		LAW(!mn_packfile_offset(p, i, &off, NULL));
		LAW(!mn_unpack(u, &o, p, off, READ_MAX, NULL));
		mn_oid_of(&b, o.type, o.data, o.len);
		LAW(mn_oid_eq(&a, &b));
	}
	mn_packfile_free(p);
	mn_unpacker_free(u);
	mn_inflater_release(&f);
	mn_buf_adds(&stem, ".pack");
	LAW(!unlink(stem.p));
	mn_buf_setlen(&stem, stem.len - strlen("pack"));
	mn_buf_adds(&stem, "idx");
	LAW(!unlink(stem.p));
	mn_buf_release(&stem);
}

static int run(const uint8_t *data, size_t size, size_t slice, int salvage)
{
	struct mn_indexpack_limits lim = { .objects = 1000,
		.object_bytes = READ_MAX, .inflated_bytes = 8 * READ_MAX };
	struct mn_indexpack_result res;
	struct mn_err err = MN_ERR_INIT;
	struct mn_indexpack *ip;
	int r;

	LAW(!mn_indexpack_begin(&ip, dir, &lim, &err));
	r = 0;
	for (size_t at = 0; at < size && !r; at += slice)
		r = mn_indexpack_feed(ip, data + at, size - at < slice ?
				      size - at : slice, &err);
	if (!r)
		r = salvage ? mn_indexpack_salvage(ip, &res, &err) :
			mn_indexpack_finish(ip, &res, &err);
	mn_indexpack_free(ip);
	LAW(!r || ((r == MN_EINVALID || r == MN_ELIMIT) && err.msg[0]));
	if (!r && res.objects)
		read_all(&res);
	LAW(r || res.objects || !res.name[0]);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sha1_ctx sha;
	uint8_t *pack;
	size_t slice;
	int r;

	if (size < 1)
		return 0;
	make_dir();
	slice = data[0] + 1u;
	data++;
	size--;
	pack = mn_xmalloc(size + 20);
	memcpy(pack, data, size);
	sha1_init(&sha);
	sha1_update(&sha, size, pack);
	sha1_digest(&sha, 20, pack + size);
	r = run(pack, size + 20, slice, 0);
	/* what is right is right in other slices, too */
	LAW(r == run(pack, size + 20, 100000, 0));
	run(pack, size, slice, 1);
	run(pack, size / 2, slice, 1);
	free(pack);
	LAW(!rmdir(dir));	/* nothing was left in it */
	LAW(!mkdir(dir, 0700));
	return 0;
}
