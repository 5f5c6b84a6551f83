/* merge-heads: computes the head of a profile and moves main there. */
#include <stdlib.h>
#include <string.h>

#include "node/heads.h"
#include "out/json.h"
#include "profile.h"
#include "banned.h"

static const char usage[] =
	"mn merge-heads [--dry-run] [--json]\n";

struct opts {
	int dry_run, json;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('n', "dry-run", struct opts, dry_run,
		    "only print what it would do"),
	MN_OPT_BOOL(0, "json", struct opts, json, "print one object"),
	MN_OPT_END
};

struct merging {
	struct mn_profile *p;
	struct mn_index *index;		/* may be NULL */
	struct mn_arena arena;
	struct mn_head_list heads;
	struct mn_oid head;
	struct mn_buf merge;		/* empty where none is needed */
	int moves;			/* main is elsewhere */
};

static int find_heads(struct merging *m, struct mn_err *err)
{
	struct mn_known_heads known, *k = NULL;
	struct mn_ref_list refs = { NULL, 0, 0 };
	MN_VEC(struct mn_oid) tips = { 0 };
	int r = mn_profile_tips(&refs, m->p, err);

	for (size_t i = 0; i < refs.n && r == 0; i++)
		*mn_vec_push(&tips) = refs.p[i].oid;
	/* what the index knows saves reading, though it lags behind; not where
	 * nodes may begin to count that lie below others */
	if (r == 0 && m->index && !m->p->forks.n &&
	    mn_index_known_heads(&known, &m->arena, m->index, m->p, NULL) == 0)
		k = &known;
	if (r == 0)
		r = mn_heads(&m->heads, m->p->rd, tips.p, tips.n, k, err);
	if (r == 0 && !m->heads.n)
		r = mn_err_set(err, MN_ENOTFOUND, "there are no nodes");
	if (r == 0)
		mn_heads_merge(&m->head, &m->merge, m->heads.p, m->heads.n);
	mn_vec_release(&tips);
	mn_refs_release(&refs);
	return r;
}

static int move_main(struct merging *m, int dry_run, struct mn_err *err)
{
	struct mn_ref_update u = { .name = MN_REF_MAIN, .new_oid = m->head,
				   .durable = 1 };
	int r = mn_refs_read(&u.old_oid, m->p->repo.path, MN_REF_MAIN, err);

	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		memset(&u.old_oid, 0, sizeof(u.old_oid));
		r = 0;
	}
	m->moves = r == 0 && !mn_oid_eq(&u.old_oid, &m->head);
	if (r < 0 || !m->moves || dry_run)
		return r;
	r = mn_heads_write(m->p->repo.path, &m->merge, err);
	return r < 0 ? r : mn_refs_update(m->p->repo.path, &u, 1, err);
}

static void print_json(struct mn_cmd *c, const struct merging *m)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_json j = { &b, 0 };

	mn_json_open(&j, '{');
	mn_json_key(&j, "head");
	mn_json_hex(&j, m->head.b, sizeof(m->head.b));
	mn_json_key(&j, "merge");
	mn_json_bool(&j, m->merge.len > 0);
	mn_json_key(&j, "moved");
	mn_json_bool(&j, m->moves);
	mn_json_key(&j, "nodes");
	mn_json_open(&j, '[');
	for (size_t i = 0; i < m->heads.n; i++) {
		mn_json_open(&j, '{');
		mn_json_key(&j, "node");
		mn_json_hex(&j, m->heads.p[i].node.b, sizeof(struct mn_id));
		mn_json_key(&j, "carrier");
		mn_json_hex(&j, m->heads.p[i].carrier.b,
			    sizeof(struct mn_oid));
		mn_json_close(&j, '}');
	}
	mn_json_close(&j, ']');
	mn_json_close(&j, '}');
	mn_buf_addc(&b, '\n');
	mn_out_buf(c, &b);
	mn_buf_release(&b);
}

static void print_text(struct mn_cmd *c, const struct merging *m, int dry_run)
{
	struct mn_buf b = MN_BUF_INIT;

	for (size_t i = 0; i < m->heads.n; i++) {
		mn_buf_addhex(&b, m->heads.p[i].carrier.b,
			      sizeof(struct mn_oid));
		mn_buf_adds(&b, "\tnode\t");
		mn_buf_addhex(&b, m->heads.p[i].node.b, sizeof(struct mn_id));
		mn_buf_addc(&b, '\n');
	}
	mn_buf_addhex(&b, m->head.b, sizeof(m->head.b));
	mn_buf_addf(&b, "\thead\t%s\n", !m->moves ? "unchanged"
		    : dry_run ? "behind" : "moved");
	mn_out_buf(c, &b);
	mn_buf_release(&b);
}

int cmd_merge_heads(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct merging m = { .merge = MN_BUF_INIT };
	struct mn_profile p;
	struct mn_home home;
	int r, wait_ms;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "too many arguments");
	r = mn_cmd_open(c, &home, &p, &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	m.p = &p;
	if (mn_cmd_index(c, &home, &m.index, 250, NULL) < 0)
		m.index = NULL;
	r = mn_cmd_lock_wait(&wait_ms, c, &err);
	if (r == 0 && !o.dry_run)
		r = mn_repo_lock(&p.repo, wait_ms, &err);
	if (r == 0)	/* packs may have come while we waited */
		r = mn_store_refresh(p.repo.store, &err);
	if (r == 0)
		r = find_heads(&m, &err);
	if (r == 0)
		r = move_main(&m, o.dry_run, &err);
	mn_repo_unlock(&p.repo);
	if (r == 0 && o.json)
		print_json(c, &m);
	else if (r == 0)
		print_text(c, &m, o.dry_run);
	mn_index_close(m.index);
	mn_arena_release(&m.arena);
	free(m.heads.p);
	mn_buf_release(&m.merge);
	mn_profile_close(&p);
	mn_home_release(&home);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
