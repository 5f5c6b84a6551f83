/* verify-node: checks nodes against every rule of the format. */
#include <stdlib.h>
#include <string.h>

#include "out/json.h"
#include "out/text.h"
#include "reading.h"
#include "social/check.h"
#include "banned.h"

static const char usage[] =
	"mn verify-node [--no-links] [--threads N] [--json | -z] OBJECT...\n"
	"mn verify-node --batch [--no-links] [--threads N] [--json | -z]\n";

#define BLOCK 8192	/* nodes that are checked together */
#define MANY 256	/* from here on the whole index is read at once */

struct opts {
	int batch, no_links, json, nul;
	int64_t threads;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "batch", struct opts, batch,
		    "read the objects from stdin, one a line"),
	MN_OPT_SET(0, "no-links", struct opts, no_links, 1,
		   "each node by itself, without its parents and its device's "
		   "other nodes"),
	MN_OPT_INT(0, "threads", struct opts, threads, "N", 0, 256,
		   "threads that verify; 0: one a processor (the default)"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json, "an object a line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "records end with NUL, and with --batch so does the input"),
	MN_OPT_END
};

/* A profile of nodes; the first is the chosen one. */
struct place {
	struct mn_profile *profile;
	struct mn_profile own;		/* where it is none of the reading's */
	struct mn_check *check;
};

struct asked {
	char *word;
	struct place *place;		/* NULL: there is no such node */
	const char *why;		/* and why not */
};

struct verifying {
	struct mn_cmd *c;
	const struct opts *o;
	struct mn_reading r;
	MN_VEC(struct place *) places;
	MN_VEC(struct asked) asked;	/* of the block at hand */
	MN_VEC(struct mn_check_result) res;
	struct mn_buf out;
	int bad;
};

static struct place *add_place(struct verifying *v, struct place *pl)
{
	struct mn_check_options o = { .threads = (int)v->o->threads,
				      .index = v->r.index };

	pl->check = mn_check_new(pl->profile->repo.store, &pl->profile->id,
				 &pl->profile->identity, &o);
	/* without an index other nodes are found by walking */
	if (!v->r.index && !v->o->no_links)
		mn_check_walk(pl->check, pl->profile, NULL);
	*mn_vec_push(&v->places) = pl;
	return pl;
}

/* The place of a profile that was found by a word. */
static int place_of(struct verifying *v, struct place **out,
		    const struct mn_profile *p, struct mn_err *err)
{
	struct place *pl;
	int r;

	for (size_t i = 0; i < v->places.n; i++) {
		*out = v->places.p[i];
		if (!strcmp((*out)->profile->hex, p->hex))
			return 0;
	}
	pl = mn_xcalloc(1, sizeof(*pl));
	r = mn_profile_open(&pl->own, &v->r.home, p->hex, err);
	if (r < 0) {
		free(pl);
		return r;
	}
	pl->profile = &pl->own;
	if (v->r.index)
		mn_index_sync(v->r.index, pl->profile, NULL);
	*out = add_place(v, pl);
	return 0;
}

/* Finds the carrier that a word means. */
static int find(struct verifying *v, struct asked *a, struct mn_oid *carrier,
		struct mn_err *err)
{
	struct mn_resolved got;
	struct mn_id id;
	int r;

	if (strlen(a->word) == MN_ID_HEX && mn_id_parse(&id, a->word) == 0 &&
	    mn_check_locate(v->places.p[0]->check, carrier, &id) == 0) {
		a->place = v->places.p[0];
		return 0;
	}
	r = mn_resolve(&got, &v->r.resolver, a->word, err);
	if (r == 0) {
		*carrier = got.oid;
		r = place_of(v, &a->place, got.profile, err);
		mn_resolved_release(&got);
		return r;
	}
	if (!v->o->batch || (r != MN_ENOTFOUND && r != MN_EAMBIGUOUS &&
			     r != MN_EINVALID))
		return r;
	a->why = r == MN_EAMBIGUOUS ? "ambiguous" : "missing";
	mn_err_clear(err);
	return 0;
}

static int ask(struct verifying *v, const char *word, struct mn_err *err)
{
	struct asked *a = mn_vec_push(&v->asked);
	struct mn_check_result *res = mn_vec_push(&v->res);

	*a = (struct asked){ .word = mn_xstrdup(word) };
	*res = (struct mn_check_result){ .code = 0 };
	return find(v, a, &res->carrier, err);
}

static void print_json(struct verifying *v, const struct asked *a,
		       const struct mn_check_result *res, const char *rule,
		       const char *words)
{
	struct mn_json j = { &v->out, 0 };

	mn_json_open(&j, '{');
	mn_json_add(&j, "object", mn_str(a->word));
	if (a->place) {
		mn_json_key(&j, "carrier");
		mn_json_hex(&j, res->carrier.b, sizeof(res->carrier.b));
	}
	if (!mn_id_is_zero(&res->node)) {
		mn_json_key(&j, "node");
		mn_json_hex(&j, res->node.b, sizeof(res->node.b));
	}
	mn_json_key(&j, "ok");
	mn_json_bool(&j, !words);
	if (words) {
		mn_json_add(&j, "rule", mn_str(rule));
		mn_json_add(&j, "words", mn_str(words));
	}
	mn_json_close(&j, '}');
}

static void print_text(struct verifying *v, const struct asked *a,
		       const struct mn_check_result *res, const char *rule,
		       const char *words)
{
	if (!mn_id_is_zero(&res->node))
		mn_buf_addhex(&v->out, res->node.b, sizeof(res->node.b));
	else if (a->place)
		mn_buf_addhex(&v->out, res->carrier.b, sizeof(res->carrier.b));
	else
		mn_text_line(&v->out, mn_str(a->word));
	mn_buf_addf(&v->out, "\t%s%s", rule, words ? "\t" : "");
	mn_text_line(&v->out, mn_str(words ? words : ""));
}

static void print(struct verifying *v, const struct asked *a,
		  const struct mn_check_result *res)
{
	const char *rule = "ok", *words = NULL;

	if (!a->place) {
		rule = a->why;
		words = "the name is not that of one node";
	} else if (res->words) {
		rule = "unreadable";
		words = res->words;
	} else if (res->code) {
		rule = mn_rule_name(res->rule);
		words = mn_rule_words(res->rule);
	}
	v->bad |= words != NULL;
	if (v->o->json)
		print_json(v, a, res, rule, words);
	else
		print_text(v, a, res, rule, words);
	mn_buf_addc(&v->out, v->o->nul ? '\0' : '\n');
}

/* Checks and prints what was asked: runs of one profile together. */
static void answer(struct verifying *v)
{
	size_t n = v->asked.n;

	for (size_t i = 0, k; i < n; i = k) {
		struct place *pl = v->asked.p[i].place;

		for (k = i + 1; k < n && v->asked.p[k].place == pl; k++)
			;
		if (!pl)
			continue;
		mn_check_nodes(pl->check, v->res.p + i, k - i);
		if (!v->o->no_links)
			mn_check_links(pl->check, v->res.p + i, k - i);
	}
	for (size_t i = 0; i < n; i++) {
		print(v, &v->asked.p[i], &v->res.p[i]);
		free(v->asked.p[i].word);
	}
	mn_out_buf(v->c, &v->out);
	mn_check_results_release(v->res.p, n);
	mn_vec_clear(&v->asked);
	mn_vec_clear(&v->res);
}

static int run_batch(struct verifying *v, struct mn_err *err)
{
	struct mn_records in;
	struct mn_str word;
	int r = 0;

	mn_records_init(&in, v->c, v->o->nul ? '\0' : '\n');
	while (r == 0 && mn_records_next(&in, &word)) {
		if (word.len)
			r = ask(v, word.p, err);
		if (v->asked.n == MANY && r == 0)
			mn_check_learn(v->places.p[0]->check, NULL);
		/* before waiting for more, what was asked is answered */
		if (r == 0 && (v->asked.n == BLOCK || mn_records_wait(&in)))
			answer(v);
	}
	if (r == 0)
		answer(v);
	mn_records_release(&in);
	return r;
}

static void release(struct verifying *v)
{
	for (size_t i = 0; i < v->asked.n; i++)
		free(v->asked.p[i].word);
	for (size_t i = 0; i < v->places.n; i++) {
		struct place *pl = v->places.p[i];

		mn_check_free(pl->check);
		if (pl->profile == &pl->own)
			mn_profile_close(&pl->own);
		free(pl);
	}
	mn_vec_release(&v->places);
	mn_vec_release(&v->asked);
	mn_vec_release(&v->res);
	mn_buf_release(&v->out);
	mn_reading_close(&v->r);
}

int cmd_verify_node(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct verifying v = { .c = c, .o = &o, .out = MN_BUF_INIT };
	struct mn_err err = MN_ERR_INIT;
	struct place *first;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (o.batch == (c->argc > 0))
		mn_usage(c, o.batch ? "--batch takes the objects from stdin"
			 : "no object given");
	if (o.json && o.nul)
		mn_usage(c, "--json and -z exclude each other");
	r = mn_reading_open(&v.r, c, 0, &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	first = mn_xcalloc(1, sizeof(*first));
	first->profile = &v.r.profile;
	add_place(&v, first);
	if (o.batch)
		r = run_batch(&v, &err);
	for (int i = 0; i < c->argc && r == 0; i++)
		r = ask(&v, c->argv[i], &err);
	if (r == 0 && !o.batch)
		answer(&v);
	release(&v);
	if (r < 0)
		return mn_fail(c, r, &err);
	return v.bad ? MN_EXIT_NO : MN_EXIT_OK;
}
