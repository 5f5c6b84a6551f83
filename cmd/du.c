/* du: how much room profiles take. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out/json.h"
#include "out/text.h"
#include "profile.h"
#include "social/room.h"
#include "banned.h"

static const char usage[] =
	"mn du [--json | -z] [PROFILE...]\n";

struct opts {
	int json, nul;
};

static const struct mn_opt options[] = {
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json, "an object a line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "all fields, with a tab between them; records end with "
		    "NUL"),
	MN_OPT_END
};

enum { INDEX = MN_ROOM_KINDS, KINDS };	/* behind those of room.h */

struct row {
	char hex[MN_ID_HEX + 1];
	const char *name;		/* of the configuration; NULL */
	uint64_t bytes[KINDS];		/* enum mn_room, and INDEX */
	uint64_t nodes, bare, missing;
};
struct rows {
	struct row *p;
	size_t n, cap;
};

struct du {
	struct mn_cmd *c;
	struct mn_home home;
	struct mn_index *ix;
	struct rows rows;
	int bad;			/* why one could not be counted */
};

/* ------------------------------------------------------------- what is there */

static int count_nodes(struct row *row, struct du *d, struct mn_err *err)
{
	struct mn_profile p;
	int r = mn_profile_open(&p, &d->home, row->hex, err);

	if (r < 0)
		return r;
	r = mn_index_sync(d->ix, &p, err);
	if (r == 0)
		r = mn_index_count(&row->nodes, d->ix, &p.id, err);
	if (r == 0)
		r = mn_index_count_bare(&row->bare, d->ix, &p.id, err);
	if (r == 0)
		r = mn_room_missing(&row->missing, d->ix, &p, err);
	mn_profile_close(&p);
	return r;
}

/* The share that its nodes have in the index. */
static int share_index(struct du *d, struct mn_err *err)
{
	static const char *const names[] = { "index.db", "index.db-wal" };
	struct mn_index_stats s = { 0 };
	uint64_t bytes = 0;
	struct stat st;
	int r = mn_index_stats(&s, d->ix, err);

	for (size_t i = 0; i < 2; i++) {
		char *path = mn_home_path(&d->home, names[i]);

		if (stat(path, &st) == 0)
			bytes += (uint64_t)st.st_size;
		free(path);
	}
	for (size_t i = 0; i < d->rows.n && r == 0 && s.posts; i++)
		d->rows.p[i].bytes[INDEX] = (uint64_t)
			((double)bytes * (double)d->rows.p[i].nodes /
			 (double)s.posts);
	return r;
}

/* One that is damaged is listed all the same. */
static void add_profile(struct du *d, const char *hex)
{
	struct row *row = mn_vec_push(&d->rows);
	char *path = mn_home_repo(&d->home, hex);
	struct mn_err err = MN_ERR_INIT;
	int r;

	memset(row, 0, sizeof(*row));
	memcpy(row->hex, hex, sizeof(row->hex));
	row->name = mn_cmd_name(d->c, hex);
	mn_room_files(row->bytes, path);
	r = count_nodes(row, d, &err);
	if (r < 0) {
		mn_warning(d->c, "profile %.12s: %s", hex, err.msg);
		d->bad = r;
	}
	free(path);
}

/* ------------------------------------------------------------------- output */

static const char *const keys[KINDS] = { "packs", "loose", "other", "index" };

static uint64_t sum(const struct row *row)
{
	uint64_t n = 0;

	for (int i = 0; i < KINDS; i++)
		n += row->bytes[i];
	return n;
}

static void put_uint(struct mn_json *j, const char *key, uint64_t n)
{
	mn_json_key(j, key);
	mn_json_uint(j, n);
}

static void add_json(struct mn_buf *b, const struct row *row)
{
	struct mn_json j = { b, 0 };

	mn_json_open(&j, '{');
	mn_json_add(&j, "profile", mn_str(row->hex));
	if (row->name)
		mn_json_add(&j, "name", mn_str(row->name));
	put_uint(&j, "bytes", sum(row));
	for (int i = 0; i < KINDS; i++)
		put_uint(&j, keys[i], row->bytes[i]);
	put_uint(&j, "nodes", row->nodes);
	put_uint(&j, "bare", row->bare);
	put_uint(&j, "missing", row->missing);
	mn_json_close(&j, '}');
	mn_buf_addc(b, '\n');
}

static void add_record(struct mn_buf *b, const struct row *row)
{
	mn_buf_addf(b, "%s\t%s\t%" PRIu64, row->hex,
		    row->name ? row->name : "", sum(row));
	for (int i = 0; i < KINDS; i++)
		mn_buf_addf(b, "\t%" PRIu64, row->bytes[i]);
	mn_buf_addf(b, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, row->nodes,
		    row->bare, row->missing);
	mn_buf_addc(b, '\0');
}

static void pad(struct mn_buf *b, size_t from, size_t width)
{
	size_t w = mn_text_width((struct mn_str){ b->p + from,
						  b->len - from });

	for (; w < width; w++)
		mn_buf_addc(b, ' ');
}

static void add_cell(struct mn_buf *b, uint64_t n, int is_size)
{
	struct mn_buf t = MN_BUF_INIT;

	if (is_size)
		mn_text_size(&t, n);
	else
		mn_buf_addu(&t, n);
	mn_buf_addf(b, "%*s", is_size ? 12 : 9, t.p);
	mn_buf_release(&t);
}

/* id NULL: of all */
static void add_line(struct mn_buf *b, const struct row *row, const char *id)
{
	size_t from = b->len;

	mn_text_cut(b, mn_str(row->name ? row->name : "-"), 16);
	pad(b, from, 18);
	mn_buf_addf(b, "%-12.12s", id ? id : "");
	add_cell(b, sum(row), 1);
	for (int i = 0; i < KINDS; i++)
		add_cell(b, row->bytes[i], 1);
	add_cell(b, row->nodes + row->bare, 0);
	add_cell(b, row->missing, 0);
	mn_buf_addc(b, '\n');
}

static void table(struct mn_buf *b, const struct rows *rows)
{
	struct row all = { .name = "total" };

	if (rows->n)
		mn_buf_addf(b, "%-18s%-12s%12s%12s%12s%12s%12s%9s%9s\n",
			    "NAME", "PROFILE", "ALL", "PACKS", "LOOSE",
			    "OTHER", "INDEX", "NODES", "MISSING");
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->p[i];

		add_line(b, row, row->hex);
		for (int k = 0; k < KINDS; k++)
			all.bytes[k] += row->bytes[k];
		all.nodes += row->nodes + row->bare;
		all.missing += row->missing;
	}
	if (rows->n > 1)
		add_line(b, &all, NULL);
}

static int gather(struct du *d, struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	char hex[MN_ID_HEX + 1];
	int r = 0;

	for (int i = 0; i < d->c->argc && r == 0; i++) {
		char *path;

		r = mn_cmd_which(hex, d->c, &d->home, d->c->argv[i], err);
		if (r < 0)
			break;
		path = mn_home_repo(&d->home, hex);
		if (access(path, F_OK) < 0)
			r = mn_err_set(err, MN_ENOTFOUND, "profile %.12s is "
				       "not here", hex);
		else
			add_profile(d, hex);
		free(path);
	}
	if (!d->c->argc)
		r = mn_home_list(&all, &d->home, err);
	for (size_t i = 0; i < all.n && r == 0; i++)
		add_profile(d, all.p[i].hex);
	mn_home_profiles_release(&all);
	return r < 0 ? r : share_index(d, err);
}

int cmd_du(struct mn_cmd *c)
{
	struct du d = { .c = c };
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf b = MN_BUF_INIT;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (o.json && o.nul)
		mn_usage(c, "--json and -z exclude each other");
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	mn_home_init(&d.home, mn_home(c));
	r = mn_cmd_index(c, &d.home, &d.ix, 0, &err);
	if (r == 0)
		r = gather(&d, &err);
	if (r == 0) {
		mn_pager_start(c);
		for (size_t i = 0; i < d.rows.n && (o.json || o.nul); i++)
			(o.json ? add_json : add_record)(&b, &d.rows.p[i]);
		if (!o.json && !o.nul)
			table(&b, &d.rows);
		mn_out_buf(c, &b);
	}
	mn_index_close(d.ix);
	mn_vec_release(&d.rows);
	mn_buf_release(&b);
	mn_home_release(&d.home);
	return r < 0 ? mn_fail(c, r, &err) : mn_exit_status(d.bad);
}
