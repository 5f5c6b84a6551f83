#include "repl/fetch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "git/quarantine.h"
#include "repl/fetch-impl.h"
#include "social/index.h"

#include "banned.h"

#define INDEX_WAIT_MS 10000

void mn_fetch_report_release(struct mn_fetch_report *rep)
{
	mn_admit_report_release(&rep->admit);
	mn_vec_release(&rep->notes);
}

void mn_fetching_note(struct mn_fetching *g, int code, const char *fmt, ...)
{
	struct mn_fetch_note *note = mn_vec_push(&g->rep->notes);
	va_list ap;

	snprintf(note->remote, sizeof(note->remote), "%s", g->addr->name);
	note->code = code;
	va_start(ap, fmt);
	vsnprintf(note->text, sizeof(note->text), fmt, ap);
	va_end(ap);
}

int mn_fetching_open(struct mn_fetching *g, struct mn_err *err)
{
	int r;

	if (g->is_open)
		return 0;
	r = mn_profile_open(&g->profile, g->o->home, g->hex, err);
	g->is_open = r == 0;
	return r;
}

/* Admission looks into it; where there is none the profile is walked. */
static void open_index(struct mn_fetching *g)
{
	if (!g->index && mn_index_open(&g->index, g->o->home, INDEX_WAIT_MS,
				       NULL) < 0)
		g->index = NULL;
	if (g->index && mn_index_sync_from(g->index, &g->profile, g->seed,
					   NULL) < 0) {
		mn_index_close(g->index);
		g->index = NULL;
	}
}

/* what comes */

static void filter_of(struct mn_buf *out, const struct mn_fetching *g)
{
	mn_follow_filter(out, g->follow);
	if (!out->len)
		mn_buf_adds(out, MN_FETCH_FULL_FILTER);
}

static int known(void *ctx, const struct mn_oid *oid)
{
	return mn_quarantine_known(ctx, oid);
}

static int receive(struct mn_fetching *g, struct mn_quarantine *q,
		   const struct mn_fetch_plan *plan, struct mn_admit *a,
		   struct mn_commits *commits, struct mn_err *err)
{
	struct mn_buf filter = MN_BUF_INIT;
	struct mn_remote_want want = {
		.wants = plan->wants.p, .nwants = plan->wants.n,
		.haves = plan->haves.p, .nhaves = plan->haves.n };
	struct mn_remote_sink sink;
	struct mn_arrival in;
	int r, end;

	mn_arrival_init(&in, mn_quarantine_dir(q), &g->o->pack);
	in.commits = commits;
	in.has = known;
	in.has_ctx = q;
	in.progress = g->o->progress;
	in.progress_ctx = g->o->ctx;
	mn_arrival_sink(&sink, &in);
	filter_of(&filter, g);
	want.filter = filter.p;
	r = mn_remote_fetch(g->remote, &want, &sink, &g->why_broke);
	if (r < 0 && r != MN_EUNREACHABLE && r != MN_ENOTFOUND) {
		*err = g->why_broke;
		end = r;
	} else {
		g->broke = r;
		a->partial = r < 0;
		end = mn_arrival_end(&in, r < 0, err);
	}
	if (r == 0)
		a->commits = commits;
	a->pack_bytes = in.bytes;
	g->rep->bytes += in.bytes;
	mn_arrival_release(&in);
	mn_buf_release(&filter);
	return end;
}

static int bring(struct mn_fetching *g, const struct mn_fetch_plan *plan,
		 struct mn_err *err)
{
	struct mn_quarantine *q = NULL;
	struct mn_admit a = {
		.profile = &g->profile, .offered = &g->offered,
		.follow = g->follow, .seed = g->seed,
		.limits = g->o->admit,
		.threads = g->o->threads, .wait_ms = g->o->wait_ms };
	struct mn_ref_list tips = { 0 };
	struct mn_commits commits;
	int r = mn_fetching_open(g, err);

	mn_commits_init(&commits);
	if (r == 0)
		r = mn_quarantine_begin(&q, g->gitdir, err);
	if (r == 0 && plan->wants.n)
		r = receive(g, q, plan, &a, &commits, err);
	if (r == 0)
		r = mn_quarantine_load(q, err);
	if (r == 0)
		r = mn_profile_tips(&tips, &g->profile, err);
	if (r == 0) {
		if (tips.n)
			open_index(g);
		a.index = tips.n ? g->index : NULL;
		a.quarantine = q;
		if (g->o->progress)
			g->o->progress(g->o->ctx, "Verifying", 0, 0);
		r = mn_admit(&a, &g->rep->admit, err);
	}
	mn_refs_release(&tips);
	mn_commits_release(&commits);
	mn_quarantine_free(q);
	return r;
}

/* one remote */

/* Keeps the refs of a profile alone; the rest isn't asked for. */
static int sift(struct mn_ref_list *refs, struct mn_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < refs->n; i++) {
		const char *name = refs->p[i].name;

		if (!strcmp(name, MN_REF_MAIN) ||
		    !strcmp(name, MN_REF_IDENTITY) ||
		    !strncmp(name, MN_REF_DEVICES, sizeof(MN_REF_DEVICES) - 1))
			refs->p[n++] = refs->p[i];
	}
	refs->n = n;
	if (n > MN_DEVICE_REFS_MAX + 2)
		return mn_err_set(err, MN_ELIMIT, "it has more than %d devices",
				  MN_DEVICE_REFS_MAX);
	if (!n)
		return mn_err_set(err, MN_ENOTFOUND, "there is no profile");
	return 0;
}

static int from_remote(struct mn_fetching *g, struct mn_err *err)
{
	static const char *const prefixes[] = {
		MN_REF_DEVICES, MN_REF_IDENTITY, MN_REF_MAIN };
	struct mn_fetch_plan plan = { .wants = { 0 } };
	int r = mn_remote_refs(g->remote, prefixes,
			       sizeof(prefixes) / sizeof(*prefixes),
			       &g->offered, err);

	if (r < 0)
		return r;
	r = sift(&g->offered, err);
	if (r < 0)
		return r;
	r = mn_fetching_plan(g, &plan, err);
	if (r == 0)
		r = mn_fetching_see(g, err);
	if (r == 0 && (plan.wants.n || plan.admit))
		r = bring(g, &plan, err);
	mn_fetch_plan_release(&plan);
	if (r == 0 && g->broke < 0) {	/* what came whole was let in */
		*err = g->why_broke;
		r = g->broke;
	}
	if (r == 0 && !g->o->no_contents)
		r = mn_fetching_contents(g, err);
	return r;
}

static int connect_to(struct mn_fetching *g, struct mn_url *url,
		      struct mn_err *err)
{
	int r = mn_url_parse(url, g->addr->url, err);

	if (r == 0 && url->profile && strcmp(url->profile, g->hex))
		r = mn_err_set(err, MN_EDENIED, "the address is that of "
			       "profile %.12s", url->profile);
	if (r == 0)
		r = mn_remote_open(&g->remote, g->o->net, url, MN_UPLOAD_PACK,
				   err);
	return r;
}

static int try_remote(struct mn_fetching *g, const struct mn_remote_addr *addr,
		      struct mn_err *err)
{
	struct mn_url url;
	int r;

	memset(&url, 0, sizeof(url));
	g->addr = addr;
	g->remote = NULL;
	g->broke = 0;
	mn_err_clear(&g->why_broke);
	r = connect_to(g, &url, err);
	if (r == 0)
		r = from_remote(g, err);
	mn_remote_close(g->remote);
	g->remote = NULL;
	mn_refs_release(&g->offered);
	mn_url_release(&url);
	if (r < 0)
		mn_fetching_note(g, r, "%s", err->msg);
	else
		g->rep->reached++;
	return r;
}

static int each_remote(struct mn_fetching *g, struct mn_err *err)
{
	const struct mn_follow *f = g->follow;
	struct mn_err one = MN_ERR_INIT;
	int first = 0, found = 0;

	for (size_t i = 0; i < f->remotes.n; i++) {
		const struct mn_remote_addr *addr = &f->remotes.p[i];
		int r;

		if (g->o->remote && strcmp(g->o->remote, addr->name))
			continue;
		found = 1;
		mn_err_clear(&one);
		r = try_remote(g, addr, &one);
		if (r < 0 && !first) {
			first = r;
			*err = one;
		}
	}
	if (g->o->remote && !found)
		return mn_err_set(err, MN_ENOTFOUND, "it has no remote '%s'",
				  g->o->remote);
	if (!g->rep->reached)
		return first;
	mn_err_clear(err);
	return 0;
}

static void begin(struct mn_fetching *g, const char *hex,
		  const struct mn_follow *f, const struct mn_fetch_options *o,
		  struct mn_fetch_report *rep)
{
	memset(g, 0, sizeof(*g));
	g->hex = hex;
	g->gitdir = mn_home_repo(o->home, hex);
	g->follow = f;
	g->o = o;
	g->rep = rep;
	g->seed = mn_index_seed_new();
	mn_net_wire(o->net, &g->before);
}

static void end(struct mn_fetching *g)
{
	struct mn_net_wire now, *w = &g->rep->wire;

	mn_net_wire(g->o->net, &now);
	w->in += now.in - g->before.in;
	w->out += now.out - g->before.out;
	w->requests += now.requests - g->before.requests;
	w->connections += now.connections - g->before.connections;
	mn_index_close(g->index);
	mn_index_seed_free(g->seed);
	if (g->is_open)
		mn_profile_close(&g->profile);
	mn_seen_release(&g->seen);
	free(g->gitdir);
}

/* What fetches left that were killed. An empty directory goes, and is made
 * again when it is needed. */
static int sweep(struct mn_fetching *g, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	mn_buf_addf(&path, "%s/mn/incoming", g->gitdir);
	if (rmdir(path.p) < 0 && (errno == ENOTEMPTY || errno == EEXIST)) {
		r = mn_fetching_open(g, err);
		if (r == 0)
			r = mn_repo_lock(&g->profile.repo, g->o->wait_ms, err);
		if (r == 0) {
			r = mn_quarantine_sweep(g->gitdir, err);
			mn_repo_unlock(&g->profile.repo);
		}
	}
	mn_buf_release(&path);
	return r;
}

int mn_fetch_profile(const char *hex, const struct mn_follow *f,
		     const struct mn_fetch_options *o,
		     struct mn_fetch_report *rep, struct mn_err *err)
{
	struct mn_fetching g;
	int r;

	begin(&g, hex, f, o, rep);
	r = mn_seen_read(&g.seen, g.gitdir, err);
	if (r == 0)
		r = sweep(&g, err);
	if (r == 0)
		r = each_remote(&g, err);
	if (r == 0)
		r = mn_seen_write(&g.seen, g.gitdir, err);
	if (rep->admit.moved) {
		if (o->progress)
			o->progress(o->ctx, "Indexing", 0, 0);
		open_index(&g);
	}
	end(&g);
	return r;
}

/* The next remote for what is still missing of a node. */
static int node_from(struct mn_fetching *g, const struct mn_remote_addr *addr,
		     const struct mn_oid *carrier, size_t i, int *lacks,
		     struct mn_err *err)
{
	struct mn_url url;
	int r;

	memset(&url, 0, sizeof(url));
	g->addr = addr;
	r = connect_to(g, &url, err);
	if (r == 0)
		r = mn_fetching_node(g, carrier, i, lacks, err);
	mn_remote_close(g->remote);
	g->remote = NULL;
	mn_url_release(&url);
	if (r < 0)
		mn_fetching_note(g, r, "%s", err->msg);
	else
		g->rep->reached++;
	return r;
}

int mn_fetch_node(const char *hex, const struct mn_follow *f,
		  const struct mn_fetch_options *o,
		  const struct mn_oid *carrier, size_t i,
		  struct mn_fetch_report *rep, struct mn_err *err)
{
	struct mn_fetching g;
	int lacks = 1, why = 0;

	begin(&g, hex, f, o, rep);
	for (size_t k = 0; k < f->remotes.n && lacks; k++) {
		struct mn_err one = MN_ERR_INIT;
		int r = node_from(&g, &f->remotes.p[k], carrier, i, &lacks,
				  &one);

		if (r < 0 && r != MN_ENOTFOUND && !why)
			why = r;
	}
	end(&g);
	if (!lacks)
		return 0;
	if (why)
		return mn_err_set(err, why, "no remote that answers has it");
	return mn_err_set(err, MN_ENOTFOUND, "%s", f->remotes.n
			  ? "no remote has it" : "the profile has no remote");
}
