/* fetching: see fetching.h. */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "autogc.h"
#include "fetching.h"
#include "net/net.h"
#include "netopts.h"
#include "profile.h"
#include "progress.h"
#include "banned.h"

/* tasks */

int mn_fetch_task_add(struct mn_fetch_tasks *l, struct mn_cmd *c,
		      const struct mn_home *h, const char *hex, int own,
		      struct mn_err *err)
{
	struct mn_fetch_task *t = mn_vec_push(l);
	char *gitdir = mn_home_repo(h, hex);
	const char *name;
	int r;

	memset(t, 0, sizeof(*t));
	snprintf(t->hex, sizeof(t->hex), "%s", hex);
	t->own = own;
	name = mn_cmd_name(c, hex);
	t->name = name ? mn_xstrdup(name) : NULL;
	mn_follow_init(&t->follow);
	r = mn_follow_read(&t->follow, gitdir, err);
	free(gitdir);
	return r < 0 ? mn_err_wrap(err, r, "profile %.12s", hex) : 0;
}

void mn_fetch_tasks_drop(struct mn_fetch_tasks *l)
{
	struct mn_fetch_task *t = &l->p[--l->n];

	free(t->name);
	mn_follow_release(&t->follow);
	mn_fetch_report_release(&t->report);
}

void mn_fetch_tasks_release(struct mn_fetch_tasks *l)
{
	while (l->n)
		mn_fetch_tasks_drop(l);
	mn_vec_release(l);
}

int mn_cmd_fetch_options(struct mn_fetch_options *o, struct mn_cmd *c,
			 const struct mn_home *h, struct mn_err *err)
{
	const struct mn_conf *conf = mn_cmd_conf(c);
	uint64_t objects, nodes, depth;
	int r;

	memset(o, 0, sizeof(*o));
	o->home = h;
	r = mn_cmd_lock_wait(&o->wait_ms, c, err);
	if (r == 0)
		r = mn_conf_size(&o->pack.pack_bytes, conf, "fetch.maxbytes",
				 0, err);
	if (r == 0)
		r = mn_conf_size(&objects, conf, "fetch.maxobjects", 0, err);
	if (r == 0)
		r = mn_conf_size(&o->pack.inflated_bytes, conf,
				 "fetch.maxunpacked", 0, err);
	if (r == 0)
		r = mn_conf_size(&nodes, conf, "fetch.maxnodes", 0, err);
	if (r == 0)
		r = mn_conf_size(&depth, conf, "fetch.maxdepth", 0, err);
	if (r < 0)
		return r;
	o->pack.objects = (size_t)objects;
	o->admit.nodes = (size_t)nodes;
	o->pack.delta_depth = depth < UINT_MAX ? (unsigned)depth : UINT_MAX;
	return 0;
}

/* the work */

struct crew {
	struct mn_cmd *c;
	const struct mn_fetch_how *how;
	struct mn_fetch_options o;
	struct mn_netopts net;
	struct mn_progress progress;
	pthread_mutex_t lock;
	struct mn_fetch_task *tasks;
	size_t n, next, done;
};

static void show(void *ctx, const char *what, size_t done, size_t total)
{
	struct crew *k = ctx;

	pthread_mutex_lock(&k->lock);
	mn_progress_show(&k->progress, what, done, total);
	pthread_mutex_unlock(&k->lock);
}

static struct mn_fetch_task *take(struct crew *k)
{
	struct mn_fetch_task *t = NULL;

	pthread_mutex_lock(&k->lock);
	if (k->next < k->n)
		t = &k->tasks[k->next++];
	pthread_mutex_unlock(&k->lock);
	return t;
}

static void told(struct crew *k, const struct mn_fetch_task *t)
{
	pthread_mutex_lock(&k->lock);
	k->done++;
	mn_progress_clear(&k->progress);
	mn_fetch_say(k->c, t, k->how);
	if (k->n > 1)
		mn_progress_show(&k->progress, "Fetching profiles", k->done,
				 k->n);
	pthread_mutex_unlock(&k->lock);
}

static void *work(void *ctx)
{
	struct crew *k = ctx;
	struct mn_fetch_options o = k->o;
	struct mn_fetch_task *t;

	o.net = mn_net_new(&k->net.opt);
	if (k->n == 1) {
		o.progress = show;
		o.ctx = k;
	}
	while ((t = take(k))) {
		if (k->how->node)
			t->code = mn_fetch_node(t->hex, &t->follow, &o,
						k->how->node, k->how->content,
						&t->report, &t->err);
		else
			t->code = mn_fetch_profile(t->hex, &t->follow, &o,
						   &t->report, &t->err);
		told(k, t);
	}
	mn_net_free(o.net);
	return NULL;
}

static void run(struct crew *k, int jobs)
{
	pthread_t threads[64];
	int n = 0;

	/* several profiles at a time, or one on all processors */
	if (jobs > 64)
		jobs = 64;
	if ((size_t)jobs > k->n)
		jobs = (int)k->n;
	while (n < jobs - 1 &&
	       pthread_create(&threads[n], NULL, work, k) == 0)
		n++;
	work(k);
	while (n)
		pthread_join(threads[--n], NULL);
}

/* Where something came. One that can't be opened has been told of before. */
static void pack(struct mn_cmd *c, const struct mn_home *h,
		 const struct mn_fetch_tasks *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct mn_fetch_task *t = &l->p[i];
		char *path = mn_home_repo(h, t->hex), found[MN_ID_HEX + 1];
		struct mn_repo repo;

		if (t->code == 0 && t->report.admit.moved &&
		    mn_repo_open(&repo, path, found, NULL) == 0) {
			mn_autogc(c, &repo);
			mn_repo_close(&repo);
		}
		free(path);
	}
}

static int status_of(const struct mn_fetch_tasks *l)
{
	int refused = 0, failed = 0, again = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct mn_fetch_task *t = &l->p[i];
		int status = mn_exit_status(t->code);

		refused |= t->report.admit.refused != 0;
		if (status == MN_EXIT_AGAIN)
			again = 1;
		else if (status != MN_EXIT_OK)
			failed = status;
	}
	if (failed)
		return failed;
	if (again)
		return MN_EXIT_AGAIN;
	return refused ? MN_EXIT_NO : MN_EXIT_OK;
}

int mn_cmd_fetch(struct mn_cmd *c, const struct mn_home *h,
		 struct mn_fetch_tasks *l, const struct mn_fetch_how *how,
		 struct mn_err *err)
{
	struct crew k = { .c = c, .how = how, .tasks = l->p, .n = l->n };
	int r = mn_cmd_fetch_options(&k.o, c, h, err);

	if (r == 0)
		r = mn_netopts_init(&k.net, c, err);
	if (r < 0)
		return r;
	k.net.quiet = how->quiet;
	k.o.remote = how->remote;
	k.o.no_contents = how->no_contents;
	pthread_mutex_init(&k.lock, NULL);
	mn_progress_init(&k.progress, how->quiet);
	run(&k, how->jobs);
	mn_progress_clear(&k.progress);
	pack(c, h, l);
	pthread_mutex_destroy(&k.lock);
	mn_netopts_release(&k.net);
	return status_of(l);
}
