#include "repl/answers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "banned.h"

#define SETS 1024		/* of answers whose keys begin alike */
#define WAYS 4			/* in each */
#define PATHS_MAX 64		/* files and directories of a stamp */
#define RACY_NS INT64_C(50000000)

struct mn_answer {
	atomic_int users;
	struct mn_id key;
	struct mn_stamp stamp;
	char *data;
	size_t len;
};

struct slot {
	struct mn_answer *answer;	/* one of its users is the cache */
	uint64_t used;			/* by the clock of the cache */
};

struct mn_answers {
	pthread_mutex_t lock;	/* of all below */
	struct slot slots[SETS][WAYS];
	uint64_t clock, bytes, max;
	size_t hand;		/* the set that gives way next */
};

/* ------------------------------------------------------------------- stamps */

struct seen {			/* zeroed: not there */
	int64_t modified, changed;	/* ns */
	uint64_t dev, ino, size;
};

static int64_t ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* 0, or -1 where it can't be told. */
static int see(struct seen *out, struct mn_buf *path, size_t base,
	       const char *name)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	mn_buf_setlen(path, base);
	mn_buf_addc(path, '/');
	mn_buf_adds(path, name);
	if (lstat(path->p, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	out->modified = ns(st.st_mtim);
	out->changed = ns(st.st_ctim);
	out->dev = (uint64_t)st.st_dev;
	out->ino = (uint64_t)st.st_ino;
	out->size = (uint64_t)st.st_size;
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ns(t);
}

/* Adds one path, if it is as old as a stamp needs. 0, -1. */
static int stamp_add(struct mn_stamp *s, struct mn_buf *path, size_t base,
		     const char *name)
{
	struct seen seen;
	int64_t now = now_ns();

	if (see(&seen, path, base, name) < 0)
		return -1;
	if (seen.modified > now - RACY_NS || seen.changed > now - RACY_NS)
		return -1;
	if (s->stats.len >= PATHS_MAX * sizeof(seen))
		return -1;
	mn_buf_adds(&s->paths, name);
	mn_buf_addc(&s->paths, '\0');
	mn_buf_add(&s->stats, &seen, sizeof(seen));
	return 0;
}

/* Adds the directories in one that was added; -1 on trouble. */
static int stamp_below(struct mn_stamp *s, struct mn_buf *path, size_t base,
		       size_t at)
{
	struct mn_buf name = MN_BUF_INIT;
	struct dirent *e;
	int r = 0, isdir;
	struct stat st;
	DIR *d;

	mn_buf_setlen(path, base);
	mn_buf_addf(path, "/%s", s->paths.p + at);
	d = opendir(path->p);
	if (!d)
		return errno == ENOENT ? 0 : -1;
	while (!r && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		mn_buf_clear(&name);
		mn_buf_addf(&name, "%s/%s", s->paths.p + at, e->d_name);
		isdir = e->d_type == DT_DIR;
		if (e->d_type == DT_UNKNOWN)
			isdir = !fstatat(dirfd(d), e->d_name, &st,
					 AT_SYMLINK_NOFOLLOW) &&
				S_ISDIR(st.st_mode);
		if (isdir)
			r = stamp_add(s, path, base, name.p);
	}
	closedir(d);
	mn_buf_release(&name);
	return r;
}

/* Each directory is looked at before it is read. */
void mn_stamp_take(struct mn_stamp *s, const char *gitdir)
{
	static const char *const first[] = { "HEAD", "packed-refs", "refs" };
	struct mn_buf path = MN_BUF_INIT;
	size_t base, at = 0;
	int r = 0;

	mn_buf_clear(&s->paths);
	mn_buf_clear(&s->stats);
	mn_buf_adds(&path, gitdir);
	base = path.len;
	for (size_t i = 0; i < sizeof(first) / sizeof(*first) && !r; i++) {
		at = s->paths.len;
		r = stamp_add(s, &path, base, first[i]);
	}
	while (!r && at < s->paths.len) {
		r = stamp_below(s, &path, base, at);
		at += strlen(s->paths.p + at) + 1;
	}
	s->good = !r;
	mn_buf_release(&path);
}

void mn_stamp_release(struct mn_stamp *s)
{
	mn_buf_release(&s->paths);
	mn_buf_release(&s->stats);
	s->good = 0;
}

static int stamp_holds(const struct mn_stamp *s, const char *gitdir)
{
	struct mn_buf path = MN_BUF_INIT;
	const char *name = s->paths.p;
	const char *was = s->stats.p;
	struct seen seen;
	size_t base;
	int same = 1;

	mn_buf_adds(&path, gitdir);
	base = path.len;
	for (; same && name < s->paths.p + s->paths.len;
	     name += strlen(name) + 1, was += sizeof(seen))
		same = see(&seen, &path, base, name) == 0 &&
		       !memcmp(&seen, was, sizeof(seen));
	mn_buf_release(&path);
	return same;
}

/* ------------------------------------------------------------------ answers */

struct mn_answers *mn_answers_new(uint64_t bytes)
{
	struct mn_answers *c = mn_xcalloc(1, sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	c->max = bytes;
	return c;
}

void mn_answers_free(struct mn_answers *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			mn_answer_drop(c->slots[i][k].answer);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct mn_str mn_answer_text(const struct mn_answer *a)
{
	return (struct mn_str){ a->data, a->len };
}

void mn_answer_drop(struct mn_answer *a)
{
	if (!a || atomic_fetch_sub(&a->users, 1) > 1)
		return;
	mn_stamp_release(&a->stamp);
	free(a->data);
	free(a);
}

/* What an answer costs the cache. */
static uint64_t cost(const struct mn_answer *a)
{
	return a->len + a->stamp.paths.cap + a->stamp.stats.cap + sizeof(*a);
}

static struct slot *set_of(struct mn_answers *c, const struct mn_id *key)
{
	uint32_t h;

	memcpy(&h, key->b, sizeof(h));
	return c->slots[h % SETS];
}

struct mn_answer *mn_answers_get(struct mn_answers *c, const struct mn_id *key,
				 const char *gitdir)
{
	struct mn_answer *a = NULL;
	struct slot *set = set_of(c, key);

	pthread_mutex_lock(&c->lock);
	for (size_t k = 0; k < WAYS && !a; k++) {
		if (!set[k].answer || !mn_id_eq(&set[k].answer->key, key))
			continue;
		a = set[k].answer;
		set[k].used = ++c->clock;
		atomic_fetch_add(&a->users, 1);
	}
	pthread_mutex_unlock(&c->lock);
	if (!a || stamp_holds(&a->stamp, gitdir))
		return a;
	mn_answer_drop(a);
	return NULL;
}

/* Empties a slot: what was there is the caller's to drop. */
static struct mn_answer *take_out(struct mn_answers *c, struct slot *s)
{
	struct mn_answer *a = s->answer;

	if (a)
		c->bytes -= cost(a);
	s->answer = NULL;
	return a;
}

/* The slot of the same key, a free one, or the one that was not used for the
 * longest time. */
static struct slot *slot_for(struct slot *set, const struct mn_id *key)
{
	struct slot *best = &set[0];

	for (size_t k = 0; k < WAYS; k++) {
		struct slot *s = &set[k];

		if (s->answer && mn_id_eq(&s->answer->key, key))
			return s;
		if (!best->answer)
			continue;
		if (!s->answer || s->used < best->used)
			best = s;
	}
	return best;
}

static void keep(struct mn_answers *c, struct mn_answer *a)
{
	struct mn_answer *out;
	struct slot *s;

	pthread_mutex_lock(&c->lock);
	s = slot_for(set_of(c, &a->key), &a->key);
	out = take_out(c, s);
	mn_answer_drop(out);
	while (c->bytes + cost(a) > c->max) {
		for (size_t k = 0; k < WAYS; k++)
			mn_answer_drop(take_out(c, &c->slots[c->hand][k]));
		c->hand = (c->hand + 1) % SETS;
	}
	s->answer = a;
	s->used = ++c->clock;
	c->bytes += cost(a);
	atomic_fetch_add(&a->users, 1);
	pthread_mutex_unlock(&c->lock);
}

struct mn_answer *mn_answers_put(struct mn_answers *c, const struct mn_id *key,
				 struct mn_stamp *stamp, const void *data,
				 size_t len)
{
	struct mn_answer *a = mn_xcalloc(1, sizeof(*a));

	atomic_init(&a->users, 1);
	a->key = *key;
	a->data = mn_xmalloc(len ? len : 1);
	memcpy(a->data, data, len);
	a->len = len;
	mn_buf_init(&a->stamp.paths);
	mn_buf_init(&a->stamp.stats);
	mn_buf_add(&a->stamp.paths, stamp->paths.p, stamp->paths.len);
	mn_buf_add(&a->stamp.stats, stamp->stats.p, stamp->stats.len);
	a->stamp.good = stamp->good;
	if (a->stamp.good && cost(a) <= c->max / 16)
		keep(c, a);
	mn_stamp_release(stamp);
	return a;
}
