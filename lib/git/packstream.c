/*
 * An object that stands in several packs is taken from the first of them,
 * always in the same order: so a delta's base, which stands in the same pack or
 * in an earlier one, never is a delta upon it in turn.
 */
#include "git/packstream.h"

#include <fcntl.h>
#include <nettle/sha1.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/vec.h"
#include "git/pack.h"
#include "git/packentry.h"
#include "git/storewalk.h"

#include "banned.h"

#define HEAD 12
#define MAGIC "PACK\0\0\0\2"
#define SUM SHA1_DIGEST_SIZE
#define LEVEL 1
#define SMALL ((uint64_t)64 * 1024)	/* cheap to inflate for its length */
#define SPARSE 16		/* this part of a pack, to sort its offsets */
#define SAMPLE_FROM ((size_t)64 * 1024)
#define RELEASE ((size_t)256 * 1024)	/* mapped memory is given back */

enum stage { AT_HEAD, AT_PACKS, AT_LIST, AT_SUM, AT_END };

struct place {			/* of an entry */
	uint64_t off;
	uint32_t pos;		/* in the index */
};

struct mn_packstream {
	struct mn_packstream_what what;
	uint64_t count;
	enum stage stage;
	size_t at;		/* which pack, or which of the list */
	const unsigned char *next;	/* what is to be given out */
	size_t left;
	int fd;			/* where next is in a pack that is given out as
				   a whole: its file; else -1 */
	const unsigned char *mapped;	/* the pack's beginning in memory */
	const unsigned char *then;	/* and what after that */
	size_t then_left;
	uint64_t *starts;	/* of the entries of the list that are out, or
				   NULL where nobody needs them */
	uint64_t total;		/* bytes given out */
	struct place **sorted;	/* for each pack of the store its entries by
				   their offsets; NULL: not sorted */
	size_t npacks;
	size_t given;		/* bytes since mapped memory was given back */
	struct sha1_ctx sha;
	int verbatim;		/* it is one pack as it lies: so is its sum */
	unsigned char head[64];
	struct mn_buf entry;	/* made of one object */
	struct mn_buf scratch;
	struct mn_reader *rd;
	struct mn_inflater inflater;
	struct mn_deflater *deflater, *storer;
	int failed;
};

int mn_packstream_new(struct mn_packstream **out,
		      const struct mn_packstream_what *what,
		      struct mn_err *err)
{
	struct mn_packstream *ps;
	uint64_t count = what->list->n;

	for (size_t i = 0; i < what->npacks; i++)
		count += what->packs[i]->n;
	if (count > UINT32_MAX)
		return mn_err_set(err, MN_ELIMIT, "too many objects in a pack");
	ps = mn_xcalloc(1, sizeof(*ps));
	ps->what = *what;
	ps->count = count;
	ps->npacks = mn_store_npacks(what->store);
	ps->sorted = mn_xcalloc(ps->npacks + 1, sizeof(*ps->sorted));
	ps->verbatim = what->npacks == 1 && !what->list->n &&
		!memcmp(what->packs[0]->pack.p, MAGIC, 8);
	ps->fd = -1;
	sha1_init(&ps->sha);
	mn_buf_init(&ps->entry);
	mn_buf_init(&ps->scratch);
	if (what->ofs_delta)
		ps->starts = mn_xmalloc(what->list->n * sizeof(*ps->starts) +
					1);
	ps->rd = mn_reader_new(what->store);
	*out = ps;
	return 0;
}

static void close_file(struct mn_packstream *ps)
{
	if (ps->fd >= 0)
		close(ps->fd);
	ps->fd = -1;
}

void mn_packstream_free(struct mn_packstream *ps)
{
	if (!ps)
		return;
	close_file(ps);
	for (size_t i = 0; i < ps->npacks; i++)
		free(ps->sorted[i]);
	free(ps->sorted);
	free(ps->starts);
	mn_buf_release(&ps->entry);
	mn_buf_release(&ps->scratch);
	mn_reader_free(ps->rd);
	mn_inflater_release(&ps->inflater);
	mn_deflater_free(ps->deflater);
	mn_deflater_free(ps->storer);
	free(ps);
}

uint64_t mn_packstream_count(const struct mn_packstream *ps)
{
	return ps->count;
}

/* The pages that were read count as our memory; the system has them anyway. */
static void give_back(struct mn_packstream *ps)
{
	for (size_t i = 0; i < ps->npacks; i++) {
		const struct mn_packfile *p = mn_store_pack(ps->what.store, i);

		if (p && p->name)	/* without a name it is no mapping */
			madvise((void *)(uintptr_t)p->pack.p, p->pack.len,
				MADV_DONTNEED);
	}
	ps->given = 0;
}

/* By offset; the least significant digit first, 16 bits at a time. */
static void sort(struct place *v, size_t n)
{
	struct place *a = v, *b = mn_xmalloc(n * sizeof(*b) + 1), *t;
	size_t *count = mn_xmalloc(65536 * sizeof(*count));
	uint64_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= v[i].off;
	for (unsigned shift = 0; shift < 64 && any >> shift; shift += 16) {
		size_t sum = 0;

		memset(count, 0, 65536 * sizeof(*count));
		for (size_t i = 0; i < n; i++)
			count[a[i].off >> shift & 0xffff]++;
		for (size_t i = 0; i < 65536; i++) {
			size_t c = count[i];

			count[i] = sum;
			sum += c;
		}
		for (size_t i = 0; i < n; i++)
			b[count[a[i].off >> shift & 0xffff]++] = a[i];
		t = a;
		a = b;
		b = t;
	}
	if (a != v) {
		memcpy(v, a, n * sizeof(*v));
		b = a;
	}
	free(b);
	free(count);
}

/* Sorts the entries of a pack where that is worth it, or has to be: 1 when they
 * are sorted, 0 when they aren't. */
static int sort_pack(struct mn_packstream *ps, size_t at,
		     const struct mn_packfile *p, int now, struct mn_err *err)
{
	struct place *v;
	int r = 0;

	if (ps->sorted[at])
		return 1;
	if (!now && ps->what.list->n < p->n / SPARSE)
		return 0;
	v = mn_xmalloc((size_t)p->n * sizeof(*v) + 1);
	for (uint32_t i = 0; i < p->n && !r; i++) {
		v[i].pos = i;
		r = mn_packfile_offset(p, i, &v[i].off, err);
	}
	if (r < 0) {
		free(v);
		return r;
	}
	sort(v, p->n);
	ps->sorted[at] = v;
	return 1;
}

/* The first place whose offset is not less than off; p->n: none. */
static size_t place_of(const struct place *v, uint32_t n, uint64_t off)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The length of the zlib stream of an entry. */
static int stream_length(struct mn_packstream *ps, size_t at,
			 const struct mn_packfile *p, uint64_t off,
			 const struct mn_pack_entry *e, size_t *zlen,
			 struct mn_err *err)
{
	uint64_t left = p->pack.len - SUM - e->z, end = p->pack.len - SUM;
	int sorted = sort_pack(ps, at, p, e->size > SMALL, err);
	size_t next;

	if (sorted < 0)
		return sorted;
	if (!sorted) {
		mn_buf_clear(&ps->scratch);
		mn_buf_grow(&ps->scratch, (size_t)e->size);
		return mn_inflate(&ps->inflater, p->pack.p + e->z,
				  (size_t)left, ps->scratch.p,
				  (size_t)e->size, zlen) ? MN_ECORRUPT : 0;
	}
	next = place_of(ps->sorted[at], p->n, off + 1);
	if (next < p->n)
		end = ps->sorted[at][next].off;
	if (end <= e->z)
		return MN_ECORRUPT;
	*zlen = (size_t)(end - e->z);
	return 0;
}

static size_t entry_head(unsigned char *out, unsigned type, uint64_t size)
{
	unsigned c = type << 4 | (unsigned)(size & 15);
	size_t n = 0;

	for (size >>= 4; size; size >>= 7) {
		out[n++] = (unsigned char)(c | 0x80);
		c = (unsigned)(size & 0x7f);
	}
	out[n++] = (unsigned char)c;
	return n;
}

/* The base by its distance, if it is out already, else by its name. */
static size_t delta_head(const struct mn_packstream *ps, unsigned char *out,
			 uint64_t size, const struct mn_oid *base)
{
	size_t at = mn_objlist_find(ps->what.list, base), n, k = 16;
	unsigned char tmp[16];
	uint64_t back;

	if (!ps->starts || at >= ps->at - 1) {
		n = entry_head(out, MN_REF_DELTA, size);
		memcpy(out + n, base->b, sizeof(base->b));
		return n + sizeof(base->b);
	}
	n = entry_head(out, MN_OFS_DELTA, size);
	back = ps->total - ps->starts[at];
	tmp[--k] = back & 0x7f;
	while (back >>= 7)
		tmp[--k] = (unsigned char)(0x80 | (--back & 0x7f));
	memcpy(out + n, tmp + k, sizeof(tmp) - k);
	return n + sizeof(tmp) - k;
}

static int is_sent(const struct mn_packstream *ps, const struct mn_oid *oid)
{
	uint32_t pos;

	if (mn_objlist_find(ps->what.list, oid) != SIZE_MAX)
		return 1;
	for (size_t i = 0; i < ps->what.npacks; i++)
		if (mn_packfile_find(ps->what.packs[i], oid, &pos))
			return 1;
	return 0;
}

/* The base of a delta, if it is sent and can be told without inflating:
 * 1, 0, or below 0. */
static int base_of(struct mn_packstream *ps, size_t at,
		   const struct mn_packfile *p, const struct mn_pack_entry *e,
		   struct mn_oid *base, struct mn_err *err)
{
	int r = sort_pack(ps, at, p, 0, err);
	size_t i;

	if (r <= 0)
		return r;
	i = place_of(ps->sorted[at], p->n, e->base);
	if (i == p->n || ps->sorted[at][i].off != e->base)
		return 0;
	mn_packfile_oid(p, ps->sorted[at][i].pos, base);
	return is_sent(ps, base);
}

static void give(struct mn_packstream *ps, const void *p, size_t len)
{
	ps->next = p;
	ps->left = len;
}

/* 1 when the entry is copied, 0 when the object has to be deflated. */
static int copy_entry(struct mn_packstream *ps, const struct mn_oid *oid,
		      struct mn_err *err)
{
	const struct mn_packfile *p = NULL;
	struct mn_pack_entry e;
	struct mn_oid base;
	uint64_t off;
	uint32_t pos;
	size_t zlen, n, i;
	int r;

	for (i = 0; i < ps->npacks; i++) {
		p = mn_store_pack(ps->what.store, i);
		if (p && mn_packfile_find(p, oid, &pos))
			break;
	}
	if (i == ps->npacks)
		return 0;
	r = mn_packfile_offset(p, pos, &off, err);
	if (!r)
		r = mn_packfile_entry(p, off, &e, err);
	if (!r && !e.type) {
		r = base_of(ps, i, p, &e, &base, err);
		if (!r)
			return 0;
	}
	if (r >= 0)
		r = stream_length(ps, i, p, off, &e, &zlen, err);
	if (r < 0) {		/* another copy may be good */
		mn_err_clear(err);
		return 0;
	}
	n = e.type ? entry_head(ps->head, (unsigned)e.type, e.size) :
		delta_head(ps, ps->head, e.size, &base);
	give(ps, ps->head, n);
	ps->then = p->pack.p + e.z;
	ps->then_left = zlen;
	return 1;
}

static struct mn_deflater *deflater_for(struct mn_packstream *ps,
					const struct mn_object *o)
{
	if (!ps->deflater)
		ps->deflater = mn_deflater_new(LEVEL);
	if (o->len <= SAMPLE_FROM ||
	    mn_deflate_pays(ps->deflater, o->data, o->len))
		return ps->deflater;
	if (!ps->storer)
		ps->storer = mn_deflater_new(0);
	return ps->storer;
}

static int deflate_entry(struct mn_packstream *ps, const struct mn_oid *oid,
			 struct mn_err *err)
{
	struct mn_object o = { .type = MN_TREE, .data = "", .len = 0 };
	struct mn_oid empty;
	size_t n;
	int r = mn_reader_read(ps->rd, &o, oid, MN_OBJECT_MAX, err);

	if (r == MN_ENOTFOUND) {	/* git knows it without having it */
		mn_oid_of(&empty, MN_TREE, "", 0);
		if (!mn_oid_eq(oid, &empty))
			return r;
		mn_err_clear(err);
		r = 0;
	}
	if (r < 0)
		return r;
	n = entry_head(ps->head, (unsigned)o.type, o.len);
	mn_buf_clear(&ps->entry);
	mn_buf_add(&ps->entry, ps->head, n);
	mn_deflate(deflater_for(ps, &o), &ps->entry, o.data, o.len);
	give(ps, ps->entry.p, ps->entry.len);
	return 0;
}

static void give_head(struct mn_packstream *ps)
{
	unsigned char *h = ps->head;

	memcpy(h, MAGIC, 8);
	for (int i = 0; i < 4; i++)
		h[8 + i] = (unsigned char)(ps->count >> (24 - 8 * i));
	give(ps, h, HEAD);
}

static void give_sum(struct mn_packstream *ps)
{
	const struct mn_packfile *p;

	if (ps->verbatim) {
		p = ps->what.packs[0];
		memcpy(ps->head, p->pack.p + p->pack.len - SUM, SUM);
	} else {
		sha1_digest(&ps->sha, SUM, ps->head);
	}
	give(ps, ps->head, SUM);
}

/*
 * A pack as a whole, from its file: the system maps in up to two MiB around
 * each byte of a mapping that is looked at, and all of that counts as our
 * memory. Where the file is gone, or another by now, the mapping has it still.
 */
static void give_pack(struct mn_packstream *ps, const struct mn_packfile *p)
{
	size_t end = p->pack.len - SUM;
	unsigned char sum[SUM];

	give(ps, p->pack.p + HEAD, end - HEAD);
	if (!p->name)
		return;
	ps->mapped = p->pack.p;
	ps->fd = open(p->name, O_RDONLY | O_CLOEXEC);
	if (ps->fd >= 0 &&
	    (pread(ps->fd, sum, SUM, (off_t)end) != SUM ||
	     memcmp(sum, p->pack.p + end, SUM)))
		close_file(ps);
	madvise((void *)(uintptr_t)p->idx.p, p->idx.len, MADV_DONTNEED);
	give_back(ps);
}

/* Up to n of the bytes that are to be given out; how many. */
static size_t take(struct mn_packstream *ps, unsigned char *to, size_t n)
{
	ssize_t got = 0;

	if (ps->fd >= 0)
		got = pread(ps->fd, to, n, (off_t)(ps->next - ps->mapped));
	if (got <= 0) {
		close_file(ps);
		memcpy(to, ps->next, n);
		ps->given += n;
		got = (ssize_t)n;
	}
	ps->next += got;
	ps->left -= (size_t)got;
	return (size_t)got;
}

/* Sees to it that there is something to give out, unless it is the end. */
static int advance(struct mn_packstream *ps, struct mn_err *err)
{
	const struct mn_oid *oid;
	int r;

	close_file(ps);
	if (ps->then_left) {
		give(ps, ps->then, ps->then_left);
		ps->then_left = 0;
	} else if (ps->stage == AT_HEAD) {
		give_head(ps);
		ps->stage = AT_PACKS;
	} else if (ps->stage == AT_PACKS && ps->at < ps->what.npacks) {
		give_pack(ps, ps->what.packs[ps->at++]);
	} else if (ps->stage == AT_PACKS) {
		ps->stage = AT_LIST;
		ps->at = 0;
	} else if (ps->stage == AT_LIST && ps->at < ps->what.list->n) {
		if (ps->starts)
			ps->starts[ps->at] = ps->total;
		oid = &ps->what.list->p[ps->at++].oid;
		r = copy_entry(ps, oid, err);
		return r ? (r < 0 ? r : 0) : deflate_entry(ps, oid, err);
	} else if (ps->stage == AT_LIST) {
		give_sum(ps);
		ps->stage = AT_SUM;
	} else {
		ps->stage = AT_END;
	}
	return 0;
}

ssize_t mn_packstream_read(struct mn_packstream *ps, void *buf, size_t size,
			   struct mn_err *err)
{
	unsigned char *to = buf;
	size_t got = 0;

	if (ps->failed)
		return mn_err_set(err, ps->failed, "an object can't be sent");
	while (got < size && ps->stage != AT_END) {
		size_t n = ps->left < size - got ? ps->left : size - got;

		if (!n) {
			ps->failed = advance(ps, err);
			if (ps->failed < 0)
				return ps->failed;
			continue;
		}
		n = take(ps, to + got, n);
		if (!ps->verbatim && ps->stage != AT_SUM)
			sha1_update(&ps->sha, n, to + got);
		got += n;
		ps->total += n;
		if (ps->given >= RELEASE)
			give_back(ps);
	}
	return (ssize_t)got;
}
