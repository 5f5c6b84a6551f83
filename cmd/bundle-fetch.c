/* bundle-fetch: mn bundle fetch and verify; see bundle.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "exit.h"
#include "node/lines.h"
#include "out/json.h"
#include "out/text.h"
#include "banned.h"

#define INDEX_WAIT_MS 60000

struct taken {
	struct mn_cmd *c;
	const struct mn_bundle_opts *o;
	struct mn_home home;
	struct mn_bundle *b;
	int fd;
	struct mn_index *index;
	struct mn_progress progress;
	struct mn_bundle_report rep;
};

/* ------------------------------------------------------- what is printed */

static void json_refused(struct mn_json *j, const struct mn_admit_report *rep)
{
	mn_json_key(j, "refused");
	mn_json_uint(j, rep->refused);
	mn_json_key(j, "refusals");
	mn_json_open(j, '[');
	for (size_t i = 0; i < rep->refusals.n; i++) {
		mn_json_open(j, '{');
		mn_json_add(j, "what", mn_str(rep->refusals.p[i].what));
		mn_json_add(j, "why", mn_str(rep->refusals.p[i].why));
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
}

static void json_head(struct mn_json *j, const struct mn_bundlefile *head)
{
	mn_json_key(j, "version");
	mn_json_uint(j, (uint64_t)head->version);
	if (head->filter.len)
		mn_json_add(j, "filter", mn_str(head->filter.p));
	mn_json_key(j, "needs");
	mn_json_open(j, '[');
	for (size_t i = 0; i < head->needs.n; i++)
		mn_json_hex(j, head->needs.p[i].b, sizeof(head->needs.p[i].b));
	mn_json_close(j, ']');
	mn_json_key(j, "refs");
	mn_json_open(j, '[');
	for (size_t i = 0; i < head->refs.n; i++) {
		const struct mn_ref *ref = &head->refs.p[i];

		mn_json_open(j, '{');
		mn_json_key(j, "oid");
		mn_json_hex(j, ref->oid.b, sizeof(ref->oid.b));
		mn_json_add(j, "ref", mn_str(ref->name));
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
}

static void print_json(struct taken *t, int verify, int good)
{
	const struct mn_bundle_report *rep = &t->rep;
	struct mn_buf b = MN_BUF_INIT;
	struct mn_json j = { &b, 0 };

	mn_json_open(&j, '{');
	if (rep->hex[0])
		mn_json_add(&j, "profile", mn_str(rep->hex));
	if (verify)
		json_head(&j, mn_bundle_head(t->b));
	mn_json_key(&j, verify ? "good" : "made");
	mn_json_bool(&j, verify ? good : rep->made);
	mn_json_key(&j, "nodes");
	mn_json_uint(&j, rep->admit.nodes);
	mn_json_key(&j, "objects");
	mn_json_uint(&j, rep->objects);
	mn_json_key(&j, "bytes");
	mn_json_uint(&j, rep->bytes);
	mn_json_key(&j, "missing");
	mn_json_uint(&j, rep->missing);
	if (!verify) {
		mn_json_key(&j, "moved");
		mn_json_uint(&j, rep->admit.moved);
		mn_json_key(&j, "identity");
		mn_json_bool(&j, rep->admit.identity);
		mn_json_key(&j, "wanting");
		mn_json_uint(&j, rep->admit.wanting);
	}
	json_refused(&j, &rep->admit);
	mn_json_close(&j, '}');
	mn_buf_addc(&b, '\n');
	mn_out_buf(t->c, &b);
	mn_buf_release(&b);
}

static void print_head(struct taken *t)
{
	const struct mn_bundlefile *head = mn_bundle_head(t->b);
	struct mn_buf b = MN_BUF_INIT;

	if (t->rep.hex[0])
		mn_buf_addf(&b, "profile\t%s\n", t->rep.hex);
	if (head->filter.len)
		mn_buf_addf(&b, "filter\t%s\n", head->filter.p);
	for (size_t i = 0; i < head->needs.n; i++) {
		mn_buf_adds(&b, "needs\t");
		mn_buf_addhex(&b, head->needs.p[i].b,
			      sizeof(head->needs.p[i].b));
		mn_buf_addc(&b, '\n');
	}
	for (size_t i = 0; i < head->refs.n; i++) {
		mn_buf_adds(&b, "ref\t");
		mn_buf_addhex(&b, head->refs.p[i].oid.b,
			      sizeof(head->refs.p[i].oid.b));
		mn_buf_addc(&b, '\t');
		mn_text_quote_path(&b, mn_str(head->refs.p[i].name));
		mn_buf_addc(&b, '\n');
	}
	mn_buf_addf(&b, "nodes\t%zu\n", t->rep.admit.nodes);
	mn_out_buf(t->c, &b);
	mn_buf_release(&b);
}

static void warn_of(struct taken *t)
{
	const struct mn_admit_report *rep = &t->rep.admit;
	size_t i;

	if (t->rep.foreign)
		mn_warning(t->c, "%zu refs are none of a profile and were "
			   "passed over: '%s'%s", t->rep.foreign,
			   t->rep.first_foreign,
			   t->rep.foreign > 1 ? " and others" : "");
	for (i = 0; i < rep->refusals.n && i < 10; i++)
		mn_warning(t->c, "%s: %s", rep->refusals.p[i].what,
			   rep->refusals.p[i].why);
	if (rep->refused > i)
		mn_warning(t->c, "and %zu more", rep->refused - i);
	if (rep->refused && t->rep.left_out)
		mn_warning(t->c, "the bundle leaves out contents, and this "
			   "profile is kept in full: ask for a full one, or "
			   "follow it with --replicate meta");
}

/* ------------------------------------------------------------------ taking */

static int take(struct taken *t, int verify, const char *profile,
		struct mn_err *err)
{
	struct mn_bundle_take what = {
		.home = &t->home, .profile = profile, .verify = verify,
		.follow = t->o->follow, .index = t->index,
		.scratch = t->c->env.tmpdir ? t->c->env.tmpdir : "/tmp",
		.progress = mn_progress_show, .ctx = &t->progress
	};
	int r = verify ? 0 : mn_cmd_lock_wait(&what.wait_ms, t->c, err);

	if (!r)
		r = mn_bundle_take(t->b, &what, &t->rep, err);
	mn_progress_clear(&t->progress);
	return r;
}

static int begin(struct taken *t, struct mn_cmd *c,
		 const struct mn_bundle_opts *o, const char *file,
		 char hex[MN_ID_HEX + 1], struct mn_err *err)
{
	int r;

	*t = (struct taken){ .c = c, .o = o };
	mn_progress_init(&t->progress, o->quiet);
	mn_home_init(&t->home, mn_home(c));
	r = mn_bundle_open_file(&t->b, &t->fd, file, err);
	hex[0] = '\0';
	if (!r && c->profile)
		r = mn_cmd_which(hex, c, &t->home, c->profile, err);
	return r;
}

static void end(struct taken *t)
{
	mn_index_close(t->index);
	mn_bundle_close(t->b);
	if (t->fd > 0)
		close(t->fd);
	mn_bundle_report_release(&t->rep);
	mn_home_release(&t->home);
}

/* Whether the trouble is the bundle, and not this machine. */
static int is_bad(int code)
{
	return code == MN_EINVALID || code == MN_ENOTFOUND ||
		code == MN_EVERSION || code == MN_ELIMIT ||
		code == MN_EDENIED || code == MN_ESIGNATURE;
}

int mn_bundle_verify(struct mn_cmd *c, const struct mn_bundle_opts *o,
		     const char *file, struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	struct taken t;
	int good, r = begin(&t, c, o, file, hex, err);

	if (!r)
		r = take(&t, 1, hex[0] ? hex : NULL, err);
	good = !r && !t.rep.admit.refused;
	if (t.b && o->json)
		print_json(&t, 1, good);
	else if (t.b)
		print_head(&t);
	warn_of(&t);
	end(&t);
	if (!is_bad(r))
		return r < 0 ? r : good ? MN_EXIT_OK : MN_EXIT_NO;
	mn_warning(c, "%s", err->msg);
	return MN_EXIT_NO;
}

/* The index has what is here before it is used, and what came after. */
static int sync_index(struct taken *t, const char *hex, struct mn_err *err)
{
	struct mn_profile p;
	int r = mn_profile_open(&p, &t->home, hex, err);

	if (r < 0)
		return r;
	r = mn_index_sync(t->index, &p, err);
	mn_profile_close(&p);
	return r;
}

static int check_petname(struct taken *t, struct mn_err *err)
{
	const char *name = t->o->petname;
	struct mn_err none = MN_ERR_INIT;
	char hex[MN_ID_HEX + 1];

	if (!name)
		return 0;
	if (mn_value_word(mn_str(name)) < 0 ||
	    mn_text_check(mn_str(name), 64) < 0)
		return mn_err_set(err, MN_EINVALID, "a name is one word of 1 "
				  "to 64 bytes, without comma and control "
				  "characters: '%s'", name);
	if (mn_cmd_which(hex, t->c, &t->home, name, &none) == 0)
		return mn_err_set(err, MN_EEXISTS, "there is a profile '%s' "
				  "already", name);
	return 0;
}

static int set_petname(struct taken *t, struct mn_err *err)
{
	char *path = mn_home_path(&t->home, "config");
	struct mn_buf name = MN_BUF_INIT;
	int r;

	mn_buf_addf(&name, "profile.%s.name", t->rep.hex);
	r = mn_conf_set(path, name.p, t->o->petname, err);
	mn_buf_release(&name);
	free(path);
	return r;
}

static void say(struct taken *t)
{
	const struct mn_bundle_report *rep = &t->rep;

	if (t->o->json) {
		print_json(t, 0, 0);
		return;
	}
	printf("%s\t%zu\t%zu\n", rep->hex, rep->admit.nodes,
	       rep->admit.moved);
	if (t->o->quiet)
		return;
	fprintf(stderr, "profile %.12s: ", rep->hex);
	if (rep->admit.nodes)
		fprintf(stderr, "%zu nodes came in%s\n", rep->admit.nodes,
			rep->made ? "; it is followed from now on" : "");
	else
		fprintf(stderr, "nothing new%s\n",
			rep->admit.identity ? " but its identity" : "");
}

int mn_bundle_fetch(struct mn_cmd *c, const struct mn_bundle_opts *o,
		    const char *file, struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	struct mn_err none = MN_ERR_INIT;
	struct taken t;
	int r = begin(&t, c, o, file, hex, err);

	if (!r)
		r = check_petname(&t, err);
	/* without an index all is walked */
	if (!r && mn_cmd_index(c, &t.home, &t.index, INDEX_WAIT_MS, &none) < 0)
		t.index = NULL;
	if (!r)
		r = take(&t, 0, hex[0] ? hex : NULL, err);
	if (!r && t.rep.made && o->petname)
		r = set_petname(&t, err);
	if (!r && (t.rep.admit.moved || t.rep.made) && t.index &&
	    sync_index(&t, t.rep.hex, &none) < 0)
		mn_warning(c, "the index is behind: %s", none.msg);
	if (!r)
		say(&t);
	warn_of(&t);
	end(&t);
	if (r < 0)
		return r;
	return t.rep.admit.refused ? MN_EXIT_NO : MN_EXIT_OK;
}
