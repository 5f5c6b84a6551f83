/* fetching: see fetching.h. */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fetching.h"
#include "net/net.h"
#include "netopts.h"
#include "out/json.h"
#include "out/text.h"
#include "profile.h"
#include "progress.h"
#include "banned.h"

/* tasks */

static char *petname(struct mn_cmd *c, const char *hex)
{
	struct mn_buf key = MN_BUF_INIT;
	const char *name;

	mn_buf_addf(&key, "profile.%s.name", hex);
	name = mn_conf_get(mn_cmd_conf(c), key.p);
	mn_buf_release(&key);
	return name ? mn_xstrdup(name) : NULL;
}

int mn_fetch_task_add(struct mn_fetch_tasks *l, struct mn_cmd *c,
		      const struct mn_home *h, const char *hex, int own,
		      struct mn_err *err)
{
	struct mn_fetch_task *t = mn_vec_push(l);
	char *gitdir = mn_home_repo(h, hex);
	int r;

	memset(t, 0, sizeof(*t));
	snprintf(t->hex, sizeof(t->hex), "%s", hex);
	t->own = own;
	t->name = petname(c, hex);
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
	uint64_t objects, nodes;
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
	if (r < 0)
		return r;
	o->pack.objects = (size_t)objects;
	o->admit.nodes = (size_t)nodes;
	return 0;
}

/* saying what came */

static void add_name(struct mn_buf *b, const struct mn_fetch_task *t)
{
	if (t->name)
		mn_text_line(b, mn_str(t->name));
	else
		mn_buf_add(b, t->hex, 12);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void say_news(struct mn_buf *b, const struct mn_fetch_task *t,
		     int verbose)
{
	const struct mn_admit_report *a = &t->report.admit;
	const char *comma = "";

	if (!a->nodes && !a->identity && !t->report.contents && !a->moved) {
		if (!verbose || t->code < 0)
			return;
		add_name(b, t);
		mn_buf_adds(b, t->follow.remotes.n ? ": nothing new\n"
			    : ": no remote\n");
		return;
	}
	add_name(b, t);
	mn_buf_adds(b, ": ");
	if (a->nodes || a->moved) {
		mn_buf_addf(b, "%zu new post%s", a->nodes, plural(a->nodes));
		comma = ", ";
	}
	if (t->report.contents) {
		mn_buf_addf(b, "%s%zu content part%s", comma,
			    t->report.contents, plural(t->report.contents));
		comma = ", ";
	}
	if (a->identity)
		mn_buf_addf(b, "%snewer identity", comma);
	mn_buf_addc(b, '\n');
}

static void print_json(struct mn_buf *b, const struct mn_fetch_task *t)
{
	const struct mn_fetch_report *rep = &t->report;
	struct mn_json j = { b, 0 };

	mn_json_open(&j, '{');
	mn_json_add(&j, "profile", mn_str(t->hex));
	if (t->name)
		mn_json_add(&j, "name", mn_str(t->name));
	mn_json_key(&j, "ok");
	mn_json_bool(&j, t->code == 0);
	mn_json_key(&j, "posts");
	mn_json_uint(&j, rep->admit.nodes);
	mn_json_key(&j, "contents");
	mn_json_uint(&j, rep->contents);
	mn_json_key(&j, "bytes");
	mn_json_uint(&j, rep->bytes);
	mn_json_key(&j, "identity");
	mn_json_bool(&j, rep->admit.identity);
	mn_json_key(&j, "refused");
	mn_json_uint(&j, rep->admit.refused);
	mn_json_key(&j, "refusals");
	mn_json_open(&j, '[');
	for (size_t i = 0; i < rep->admit.refusals.n; i++) {
		mn_json_open(&j, '{');
		mn_json_add(&j, "what", mn_str(rep->admit.refusals.p[i].what));
		mn_json_add(&j, "why", mn_str(rep->admit.refusals.p[i].why));
		mn_json_close(&j, '}');
	}
	mn_json_close(&j, ']');
	mn_json_key(&j, "remarks");
	mn_json_open(&j, '[');
	for (size_t i = 0; i < rep->notes.n; i++) {
		mn_json_open(&j, '{');
		mn_json_add(&j, "remote", mn_str(rep->notes.p[i].remote));
		mn_json_key(&j, "failed");
		mn_json_bool(&j, rep->notes.p[i].code < 0);
		mn_json_add(&j, "text", mn_str(rep->notes.p[i].text));
		mn_json_close(&j, '}');
	}
	mn_json_close(&j, ']');
	mn_json_close(&j, '}');
	mn_buf_addc(b, '\n');
}

#define REFUSALS_SAID 10

static void warn_of(struct mn_cmd *c, const struct mn_fetch_task *t)
{
	const struct mn_fetch_report *rep = &t->report;
	struct mn_buf name = MN_BUF_INIT, line = MN_BUF_INIT;

	add_name(&name, t);
	for (size_t i = 0; i < rep->notes.n; i++) {
		mn_buf_clear(&line);
		mn_text_line(&line, mn_str(rep->notes.p[i].text));
		mn_warning(c, "%s: %s: %s", name.p, rep->notes.p[i].remote,
			   line.p);
	}
	for (size_t i = 0; i < rep->admit.refusals.n && i < REFUSALS_SAID;
	     i++) {
		mn_buf_clear(&line);
		mn_text_line(&line, mn_str(rep->admit.refusals.p[i].what));
		mn_buf_adds(&line, ": ");
		mn_text_line(&line, mn_str(rep->admit.refusals.p[i].why));
		mn_warning(c, "%s: refused %s", name.p, line.p);
	}
	if (rep->admit.refused > REFUSALS_SAID)
		mn_warning(c, "%s: refused %zu more", name.p,
			   rep->admit.refused - REFUSALS_SAID);
	/* what each remote said was told; this is about all of it */
	if (t->code < 0 && t->err.msg[0] && !rep->notes.n)
		mn_warning(c, "%s: %s", name.p, t->err.msg);
	mn_buf_release(&name);
	mn_buf_release(&line);
}

/* the work */

struct crew {
	struct mn_cmd *c;
	const struct mn_fetch_how *how;
	struct mn_fetch_options o;
	struct mn_net_options net;
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
	struct mn_buf b = MN_BUF_INIT;

	pthread_mutex_lock(&k->lock);
	k->done++;
	if (k->how->json)
		print_json(&b, t);
	else if (!k->how->quiet)
		say_news(&b, t, k->how->verbose);
	if (b.len || t->report.notes.n || t->code < 0 ||
	    t->report.admit.refused) {
		mn_progress_clear(&k->progress);
		warn_of(k->c, t);
		fwrite(b.p, 1, b.len, stdout);
		fflush(stdout);
	}
	if (k->n > 1)
		mn_progress_show(&k->progress, "Fetching profiles", k->done,
				 k->n);
	pthread_mutex_unlock(&k->lock);
	mn_buf_release(&b);
}

static void *work(void *ctx)
{
	struct crew *k = ctx;
	struct mn_fetch_options o = k->o;
	struct mn_fetch_task *t;

	o.net = mn_net_new(&k->net);
	if (k->n == 1) {
		o.progress = show;
		o.ctx = k;
	}
	while ((t = take(k))) {
		t->code = mn_fetch_profile(t->hex, &t->follow, &o, &t->report,
					   &t->err);
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
		r = mn_netopts(&k.net, c, err);
	if (r < 0)
		return r;
	k.o.remote = how->remote;
	k.o.no_contents = how->no_contents;
	pthread_mutex_init(&k.lock, NULL);
	mn_progress_init(&k.progress, how->quiet);
	run(&k, how->jobs);
	mn_progress_clear(&k.progress);
	pthread_mutex_destroy(&k.lock);
	return status_of(l);
}
