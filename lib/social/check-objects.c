/* The objects of a repository, read and hashed. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "git/loosefile.h"
#include "git/packcheck.h"
#include "git/storewalk.h"
#include "social/check-parts.h"

#include "banned.h"

#define GRAIN 64

/* Readers of the threads, and what they found of each item. */
struct reading {
	struct mn_fsck *f;
	struct worker {
		struct mn_inflater inflater;
		struct mn_unpacker *unpacker;
		struct mn_buf path, z, out;
		struct mn_err err;
	} *workers;
	size_t base;			/* of the round at hand */
	char **words;			/* by item; NULL: good */
	unsigned char *large;		/* by item: too large to be read */
	unsigned char *types;		/* of loose objects */
	const struct rest *rest;
};

static void reading_init(struct reading *r, struct mn_fsck *f, size_t n)
{
	size_t threads = (size_t)mn_pool_threads(mn_check_pool(f->check));

	*r = (struct reading){ .f = f };
	r->words = mn_xcalloc(n + 1, sizeof(*r->words));
	r->large = mn_xcalloc(n + 1, 1);
	r->workers = mn_xcalloc(threads, sizeof(*r->workers));
	for (size_t i = 0; i < threads; i++) {
		struct worker *w = &r->workers[i];

		w->unpacker = mn_unpacker_new(&w->inflater);
		mn_buf_init(&w->path);
		mn_buf_init(&w->z);
		mn_buf_init(&w->out);
	}
}

static void reading_release(struct reading *r, size_t n)
{
	int threads = mn_pool_threads(mn_check_pool(r->f->check));

	for (int i = 0; i < threads; i++) {
		struct worker *w = &r->workers[i];

		mn_unpacker_free(w->unpacker);
		mn_inflater_release(&w->inflater);
		mn_buf_release(&w->path);
		mn_buf_release(&w->z);
		mn_buf_release(&w->out);
	}
	free(r->workers);
	for (size_t i = 0; i < n; i++)
		free(r->words[i]);
	free(r->words);
	free(r->large);
}

static void keep_words(struct reading *r, struct worker *w, size_t i, int ret)
{
	r->words[i] = mn_xstrdup(w->err.msg);
	r->large[i] = ret == MN_ELIMIT;
}

static void say_words(const struct reading *r, size_t i,
		      const struct mn_oid *oid)
{
	if (r->words[i] && r->large[i])
		mn_fsck_say_oid(r->f, MN_NOTE, oid, "object-large",
				r->words[i]);
	else if (r->words[i])
		mn_fsck_say_oid(r->f, MN_PROBLEM, oid, "object-corrupt",
				r->words[i]);
}

/* In rounds, for the sake of the progress that is shown. */
static void reading_run(struct reading *r, const char *what, size_t n,
			void (*fn)(void *, int, size_t))
{
	const size_t round = 32768;

	for (r->base = 0; r->base < n; r->base += round) {
		size_t m = n - r->base < round ? n - r->base : round;

		mn_pool_for(mn_check_pool(r->f->check), m, GRAIN, fn, r);
		mn_fsck_progress(r->f, what, r->base + m, n);
	}
}

static int check_hash(const struct mn_oid *oid, const struct mn_object *o,
		      struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];
	struct mn_oid is;

	mn_oid_of(&is, o->type, o->data, o->len);
	if (mn_oid_eq(&is, oid))
		return 0;
	mn_oid_hex(hex, &is);
	return mn_err_set(err, MN_ECORRUPT, "its content is that of %s", hex);
}

int mn_fsck_watch(void *ctx, const struct mn_oid *oid,
		  const struct mn_object *o, const struct mn_packfile *pack,
		  uint32_t pos, struct mn_err *err)
{
	struct mn_fsck *f = ctx;
	int r = check_hash(oid, o, err);

	for (size_t i = 0; r == 0 && pack && i < f->packs.n; i++) {
		if (f->packs.p[i].p != pack)
			continue;
		if (f->packs.p[i].seen)
			__atomic_store_n(&f->packs.p[i].seen[pos], 1,
					 __ATOMIC_RELAXED);
		break;
	}
	return r;
}

/* loose objects */

static void read_loose(void *ctx, int worker, size_t i)
{
	struct reading *r = ctx;
	struct worker *w = &r->workers[worker];
	const struct mn_oid *oid;
	struct mn_object o;
	int ret;

	i += r->base;
	oid = &r->f->stored.loose.p[i];
	mn_buf_clear(&w->path);
	mn_buf_adds(&w->path, r->f->stored.dir);
	mn_loosefile_path(&w->path, oid);
	ret = mn_loosefile_read(&w->inflater, &w->z, &w->out, &o, w->path.p,
				MN_OBJECT_MAX, &w->err);
	if (!ret && !r->f->opt->no_git)
		ret = check_hash(oid, &o, &w->err);
	if (!ret)
		r->types[i] = (unsigned char)o.type;
	else if (ret != MN_ENOTFOUND)	/* else it was packed meanwhile */
		keep_words(r, w, i, ret);
	mn_err_clear(&w->err);
}

static void add_commit(struct mn_fsck *f, const struct mn_oid *oid)
{
	struct mn_check_result *c;

	if (mn_map_get(&f->commit_at, oid->b) != SIZE_MAX)
		return;
	mn_map_put(&f->commit_at, oid->b, f->commits.n);
	c = mn_vec_push(&f->commits);
	memset(c, 0, sizeof(*c));
	c->carrier = *oid;
}

static void list_loose(struct mn_fsck *f)
{
	size_t n = f->stored.loose.n;
	struct reading r;

	reading_init(&r, f, n);
	r.types = mn_xcalloc(n + 1, 1);
	reading_run(&r, "Reading loose objects", n, read_loose);
	for (size_t i = 0; i < n; i++) {
		if (r.types[i] == MN_COMMIT)
			add_commit(f, &f->stored.loose.p[i]);
		if (!f->opt->no_git)
			say_words(&r, i, &f->stored.loose.p[i]);
	}
	f->counts->objects += n;
	free(r.types);
	reading_release(&r, n);
}

/* packs */

static int by_offset(const void *a, const void *b)
{
	const struct mn_fsck_entry *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

/* By 16 bits at a time, the lowest first; at least as fast as reading them. */
static void sort_entries(struct mn_fsck_entry **e, size_t n)
{
	struct mn_fsck_entry *from = *e, *t;
	struct mn_fsck_entry *to = mn_xcalloc(n + 1, sizeof(*to));
	size_t *at = mn_xcalloc(65537, sizeof(*at));
	uint64_t max = 0;

	for (size_t i = 0; i < n; i++)
		if (from[i].off > max)
			max = from[i].off;
	for (unsigned shift = 0; shift < 64 && max >> shift; shift += 16) {
		memset(at, 0, 65537 * sizeof(*at));
		for (size_t i = 0; i < n; i++)
			at[(from[i].off >> shift & 0xffff) + 1]++;
		for (size_t b = 0; b < 65536; b++)
			at[b + 1] += at[b];
		for (size_t i = 0; i < n; i++)
			to[at[from[i].off >> shift & 0xffff]++] = from[i];
		t = from;
		from = to;
		to = t;
	}
	free(to);
	free(at);
	*e = from;
}

/* The type of an entry. Bases mostly stand before, where it is known. */
static unsigned type_of(const struct mn_fsck_pack *k, size_t i,
			struct mn_unpacker *u)
{
	const struct mn_fsck_entry *at;
	struct mn_fsck_entry key = { 0 };
	struct mn_pack_entry e;
	enum mn_otype type;
	uint64_t size;

	if (mn_packfile_entry(k->p, k->e[i].off, &e, NULL) < 0)
		return 0;
	if (e.type)
		return e.type;
	key.off = e.base;
	at = bsearch(&key, k->e, i, sizeof(key), by_offset);
	if (at && at->type)
		return at->type;
	if (mn_unpack_stat(u, &type, &size, k->p, k->e[i].off, NULL) < 0)
		return 0;
	return type;
}

static void list_pack(struct mn_fsck *f, const struct mn_packfile *p,
		      struct mn_unpacker *u)
{
	struct mn_fsck_pack *k = mn_vec_push(&f->packs);
	struct mn_err err = MN_ERR_INIT;
	struct mn_oid oid;
	int sorted = 1;

	*k = (struct mn_fsck_pack){ .p = p };
	k->e = mn_xcalloc((size_t)p->n + 1, sizeof(*k->e));
	k->seen = mn_xcalloc((size_t)p->n + 1, 1);
	for (uint32_t i = 0; i < p->n; i++) {
		k->e[i].pos = i;
		if (mn_packfile_offset(p, i, &k->e[i].off, &err) < 0) {
			mn_packfile_oid(p, i, &oid);
			mn_fsck_say_oid(f, MN_PROBLEM, &oid, "object-corrupt",
					err.msg);
			k->seen[i] = 1;
		}
		sorted &= !i || k->e[i - 1].off < k->e[i].off;
	}
	if (!sorted)
		sort_entries(&k->e, p->n);
	for (uint32_t i = 0; i < p->n; i++) {
		if (k->seen[k->e[i].pos])
			continue;
		k->e[i].type = (unsigned char)type_of(k, i, u);
		if (k->e[i].type != MN_COMMIT)
			continue;
		mn_packfile_oid(p, k->e[i].pos, &oid);
		add_commit(f, &oid);
	}
	f->counts->objects += p->n;
}

static int is_open(const struct mn_fsck *f, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < mn_store_npacks(f->repo.store); i++) {
		const struct mn_packfile *p = mn_store_pack(f->repo.store, i);
		size_t m = p && p->name ? strlen(p->name) : 0;

		if (m > n + 5 && !strncmp(p->name + m - 5 - n, name, n))
			return 1;
	}
	return 0;
}

/* A pack that the store could not open. */
static void say_broken(struct mn_fsck *f, const struct mn_stored_pack *s)
{
	struct mn_packfile *p = NULL;
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf stem = MN_BUF_INIT;

	mn_buf_addf(&stem, "%s/pack/%s", f->stored.dir, s->name);
	if (mn_packfile_open(&p, stem.p, &err) < 0)
		mn_fsck_say(f, MN_PROBLEM, s->name, "pack", "%s", err.msg);
	else
		mn_packfile_free(p);	/* it came just now */
	mn_buf_release(&stem);
}

void mn_fsck_list_objects(struct mn_fsck *f)
{
	struct mn_inflater inflater = { NULL, NULL };
	struct mn_unpacker *u;

	for (size_t i = 0; i < f->stored.packs.n; i++) {
		const struct mn_stored_pack *s = &f->stored.packs.p[i];

		if (s->has_pack && s->has_idx) {
			if (!is_open(f, s->name))
				say_broken(f, s);
		} else if (s->has_pack || s->has_idx) {
			mn_fsck_say(f, MN_NOTE, s->name, "unfinished",
				    "a pack without index, or the reverse");
		}
	}
	for (size_t i = 0; i < f->stored.junk.n; i++)
		mn_fsck_say(f, MN_NOTE, f->stored.junk.p[i], "unfinished",
			    "a temporary file; mn gc removes it");
	u = mn_unpacker_new(&inflater);
	for (size_t i = 0; i < mn_store_npacks(f->repo.store); i++)
		if (mn_store_pack(f->repo.store, i))
			list_pack(f, mn_store_pack(f->repo.store, i), u);
	mn_unpacker_free(u);
	mn_inflater_release(&inflater);
	list_loose(f);
}

void mn_fsck_release_objects(struct mn_fsck *f)
{
	for (size_t i = 0; i < f->packs.n; i++) {
		free(f->packs.p[i].e);
		free(f->packs.p[i].seen);
	}
	mn_vec_release(&f->packs);
	mn_stored_release(&f->stored);
}

/* what is packed and was not read yet */

struct rest {
	const struct mn_fsck_pack *pack;
	const struct mn_fsck_entry *e;
};

static void read_rest(void *ctx, int worker, size_t i)
{
	struct reading *r = ctx;
	struct worker *w = &r->workers[worker];
	const struct rest *x = &r->rest[i + r->base];
	struct mn_object o;
	struct mn_oid oid;
	int ret;

	mn_packfile_oid(x->pack->p, x->e->pos, &oid);
	ret = mn_unpack(w->unpacker, &o, x->pack->p, x->e->off, MN_OBJECT_MAX,
			&w->err);
	if (!ret)
		ret = check_hash(&oid, &o, &w->err);
	if (ret)
		keep_words(r, w, i + r->base, ret);
	mn_err_clear(&w->err);
}

void mn_fsck_rest(struct mn_fsck *f)
{
	MN_VEC(struct rest) rest = { 0 };
	struct reading r;

	for (size_t i = 0; i < f->packs.n; i++) {
		const struct mn_fsck_pack *k = &f->packs.p[i];

		for (uint32_t j = 0; j < k->p->n; j++)
			if (!k->seen[k->e[j].pos])
				*mn_vec_push(&rest) = (struct rest){
					k, &k->e[j] };
	}
	reading_init(&r, f, rest.n);
	r.rest = rest.p;
	reading_run(&r, "Reading other objects", rest.n, read_rest);
	for (size_t i = 0; i < rest.n; i++) {
		struct mn_oid oid;

		mn_packfile_oid(rest.p[i].pack->p, rest.p[i].e->pos, &oid);
		say_words(&r, i, &oid);
	}
	reading_release(&r, rest.n);
	mn_vec_release(&rest);
}

/* packs as wholes */

struct mn_fsck_sums {
	pthread_t thread;
	int started;
	struct mn_fsck *f;
	struct mn_err *errs;		/* by pack */
};

static void *sums_main(void *arg)
{
	struct mn_fsck_sums *s = arg;

	for (size_t i = 0; i < s->f->packs.n; i++)
		mn_packcheck(s->f->packs.p[i].p, &s->errs[i]);
	return NULL;
}

struct mn_fsck_sums *mn_fsck_sums_start(struct mn_fsck *f)
{
	struct mn_fsck_sums *s = mn_xcalloc(1, sizeof(*s));
	sigset_t all, old;

	s->f = f;
	s->errs = mn_xcalloc(f->packs.n + 1, sizeof(*s->errs));
	/* signals are for the thread that knows what to do with them */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	s->started = !pthread_create(&s->thread, NULL, sums_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return s;
}

void mn_fsck_sums_finish(struct mn_fsck *f, struct mn_fsck_sums *s)
{
	if (s->started)
		pthread_join(s->thread, NULL);
	else
		sums_main(s);
	for (size_t i = 0; i < f->packs.n; i++) {
		const char *name = f->packs.p[i].p->name, *slash;

		if (!s->errs[i].code)
			continue;
		slash = strrchr(name, '/');
		mn_fsck_say(f, MN_PROBLEM, slash ? slash + 1 : name, "pack",
			    "%s", s->errs[i].msg);
	}
	free(s->errs);
	free(s);
}
