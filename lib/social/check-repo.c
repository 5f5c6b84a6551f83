#include "social/check-repo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "git/quarantine.h"
#include "node/verify.h"
#include "social/check-parts.h"

#include "banned.h"

#define ROUND 16384		/* nodes between two looks at the progress */

void mn_fsck_say(struct mn_fsck *f, enum mn_severity severity,
		 const char *object, const char *rule, const char *fmt, ...)
{
	struct mn_err words = MN_ERR_INIT;	/* which drops control bytes */
	struct mn_finding finding = { severity, object, rule, words.msg };
	char text[MN_ERR_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mn_err_set(&words, MN_EFAIL, "%s", text);
	if (severity == MN_PROBLEM)
		f->counts->problems++;
	else
		f->counts->notes++;
	f->opt->found(f->opt->ctx, &finding);
}

void mn_fsck_say_oid(struct mn_fsck *f, enum mn_severity severity,
		     const struct mn_oid *oid, const char *rule,
		     const char *words)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, oid);
	mn_fsck_say(f, severity, hex, rule, "%s", words);
}

void mn_fsck_progress(struct mn_fsck *f, const char *what, size_t done,
		      size_t total)
{
	if (f->opt->progress)
		f->opt->progress(f->opt->ctx, what, done, total);
}

static void check_nodes(struct mn_fsck *f)
{
	for (size_t at = 0; at < f->commits.n; at += ROUND) {
		size_t n = f->commits.n - at < ROUND ? f->commits.n - at
			: ROUND;

		mn_check_nodes(f->check, f->commits.p + at, n);
		mn_fsck_progress(f, "Verifying nodes", at + n, f->commits.n);
	}
}

/* Two carriers of one node are stored (its contents were dropped in one of
 * them). Which one the links mean was left to chance. */
static int is_ambiguous(const struct mn_fsck *f)
{
	const struct mn_links *l = mn_check_known(f->check);

	for (size_t i = 0; i < f->commits.n; i++) {
		const struct mn_check_result *c = &f->commits.p[i];

		if (!c->code && !c->is_merge &&
		    mn_links_find_carrier(l, &c->carrier) == SIZE_MAX)
			return 1;
	}
	return 0;
}

static void new_check(struct mn_fsck *f)
{
	struct mn_check_options o = { .threads = f->opt->threads,
				      .allow_missing = f->may_miss };

	if (!f->opt->no_git) {
		o.watch = mn_fsck_watch;
		o.watch_ctx = f;
	}
	mn_check_free(f->check);
	f->check = mn_check_new(f->repo.store, &f->profile,
				f->has_identity ? &f->identity : NULL, &o);
}

/* Checks again what is reached, and nothing else. */
static void check_reached(struct mn_fsck *f)
{
	size_t n = 0;

	mn_map_release(&f->commit_at);
	mn_map_init(&f->commit_at, sizeof(struct mn_oid));
	for (size_t i = 0; i < f->commits.n; i++) {
		if (!f->reached[i]) {
			free(f->commits.p[i].words);
			continue;
		}
		f->commits.p[n] = f->commits.p[i];
		mn_map_put(&f->commit_at, f->commits.p[n].carrier.b, n);
		n++;
	}
	f->commits.n = n;
	mn_check_results_release(f->commits.p, n);
	new_check(f);
	check_nodes(f);
	memset(f->reached, 1, n);
}

/* It doesn't count, and may be an ancestor of what does. That no ref names it is
 * looked at with the refs. */
static int is_void(const struct mn_check_result *c)
{
	return c->rule == MN_RULE_DEVICE_CUT ||
		c->rule == MN_RULE_DEVICE_CUT_CHAIN;
}

static void say_nodes(struct mn_fsck *f)
{
	for (size_t i = 0; i < f->commits.n; i++) {
		const struct mn_check_result *c = &f->commits.p[i];
		char hex[MN_ID_HEX + 1];

		if (!f->reached[i])
			continue;
		f->counts->nodes += !c->is_merge;
		if (!c->code)
			continue;
		if (mn_id_is_zero(&c->node))
			mn_oid_hex(hex, &c->carrier);
		else
			mn_id_hex(hex, &c->node);
		if (c->words)
			mn_fsck_say(f, MN_PROBLEM, hex, "node-unreadable",
				    "%s", c->words);
		else
			mn_fsck_say(f, is_void(c) ? MN_NOTE : MN_PROBLEM, hex,
				    mn_rule_name(c->rule), "%s",
				    mn_rule_words(c->rule));
	}
}

static unsigned may_miss(const struct mn_fsck *f)
{
	int partial = f->opt->partial || f->opt->bare;

	for (size_t i = 0; i < f->stored.packs.n && !partial; i++)
		partial = f->stored.packs.p[i].has_promisor;
	return partial ? MN_MISSING_META | MN_MISSING_CONTENTS : 0;
}

/* How much is not here, of what need not be here. */
static void say_missing(struct mn_fsck *f)
{
	size_t bare = 0, contents = 0;

	for (size_t i = 0; i < f->commits.n; i++) {
		const struct mn_check_result *c = &f->commits.p[i];

		if (!f->reached[i] || c->code)
			continue;
		bare += c->meta_missing;
		contents += c->contents_missing;
	}
	if (bare)
		mn_fsck_say(f, f->opt->bare ? MN_NOTE : MN_PROBLEM, f->hex,
			    "meta-missing", "the metadata of %zu node%s is "
			    "not here", bare, bare == 1 ? "" : "s");
	if (contents)
		mn_fsck_say(f, MN_NOTE, f->hex, "contents-missing",
			    "contents of %zu node%s are not here", contents,
			    contents == 1 ? "" : "s");
	if (f->missing)
		mn_fsck_say(f, MN_NOTE, f->hex, "object-missing",
			    "%zu other object%s that git would fetch %s not "
			    "here", f->missing, f->missing == 1 ? "" : "s",
			    f->missing == 1 ? "is" : "are");
}

static int check_all(struct mn_fsck *f, struct mn_err *err)
{
	struct mn_fsck_sums *sums = NULL;
	int r;

	mn_fsck_read_refs(f);
	mn_fsck_read_identity(f);
	r = mn_stored_list(&f->stored, f->repo.path, err);
	if (r < 0)
		return r;
	f->may_miss = may_miss(f);
	new_check(f);
	mn_fsck_list_objects(f);
	if (!f->opt->no_git)
		sums = mn_fsck_sums_start(f);
	check_nodes(f);
	mn_fsck_reach(f);
	if (is_ambiguous(f))
		check_reached(f);
	/* what a killed writer left is not yet published */
	if (memchr(f->reached, 0, f->commits.n))
		mn_check_prove_only(f->check, f->commits.p, f->reached,
				    f->commits.n);
	mn_check_links(f->check, f->commits.p, f->commits.n);
	if (sums) {
		mn_fsck_rest(f);
		mn_fsck_sums_finish(f, sums);
	}
	say_nodes(f);
	say_missing(f);
	mn_fsck_check_refs(f);
	mn_fsck_check_key(f);
	return 0;
}

int mn_fsck(const struct mn_home *h, const char *hex,
	    const struct mn_fsck_options *opt, struct mn_fsck_counts *counts,
	    struct mn_err *err)
{
	struct mn_fsck f = { .home = h, .hex = hex, .opt = opt,
			     .counts = counts };
	char *path = mn_home_repo(h, hex);
	char found[MN_ID_HEX + 1];
	int r;

	memset(counts, 0, sizeof(*counts));
	mn_identity_init(&f.identity);
	mn_map_init(&f.commit_at, sizeof(struct mn_oid));
	r = mn_id_parse(&f.profile, hex) < 0
		? mn_err_set(err, MN_EINVALID, "'%s' is no id of a profile",
			     hex)
		: mn_repo_open(&f.repo, path, found, err);
	if (r < 0)
		goto out;
	if (strcmp(found, hex))
		mn_fsck_say(&f, MN_PROBLEM, "config", "profile",
			    "it is of the profile %s", found);
	/* what dead fetches left is nobody's; the only thing that is removed */
	if (mn_repo_lock(&f.repo, 0, NULL) == 0) {
		mn_quarantine_sweep(f.repo.path, NULL);
		mn_repo_unlock(&f.repo);
	}
	f.rd = mn_reader_new(f.repo.store);
	r = check_all(&f, err);
	mn_check_free(f.check);
	mn_check_results_release(f.commits.p, f.commits.n);
	mn_vec_release(&f.commits);
	free(f.reached);
	mn_fsck_release_objects(&f);
	mn_refs_release(&f.refs);
	mn_reader_free(f.rd);
	mn_repo_close(&f.repo);
out:
	mn_map_release(&f.commit_at);
	mn_identity_release(&f.identity);
	free(path);
	return r;
}
