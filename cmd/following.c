/* following: lists whom one follows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date.h"
#include "follows.h"
#include "out/json.h"
#include "out/text.h"
#include "banned.h"

static const char usage[] =
	"mn following [--all] [--json | -z]\n";

struct opts {
	int all, json, nul;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "profiles of others that are not followed, too"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json, "an object a line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "all fields, with a tab between them; records end with "
		    "NUL"),
	MN_OPT_END
};

struct followed {
	char hex[MN_ID_HEX + 1];
	const char *name;		/* of the configuration; NULL */
	struct mn_follow f;
	int64_t fetched;		/* ms; -1: never */
};
struct all {
	struct followed *p;
	size_t n, cap;
};

/* When a remote answered last: mnrepository-layout(5), SEEN. */
static int64_t last_fetch(const struct mn_home *h, const char *hex)
{
	char *repo = mn_home_repo(h, hex);
	struct mn_buf path = MN_BUF_INIT;
	int64_t ms = -1;
	struct stat st;

	mn_buf_addf(&path, "%s/mn/seen", repo);
	if (stat(path.p, &st) == 0)
		ms = (int64_t)st.st_mtim.tv_sec * 1000 +
			st.st_mtim.tv_nsec / 1000000;
	mn_buf_release(&path);
	free(repo);
	return ms;
}

/* One whose settings can't be read doesn't hide the others: *bad is why. */
static int gather(struct all *all, struct mn_cmd *c, const struct mn_home *h,
		  const struct opts *o, int *bad, struct mn_err *err)
{
	struct mn_home_profiles here = { 0 };
	int r = mn_home_list(&here, h, err);

	for (size_t i = 0; i < here.n && r == 0; i++) {
		struct followed *one = mn_vec_push(all);
		int got;

		memset(one, 0, sizeof(*one));
		memcpy(one->hex, here.p[i].hex, sizeof(one->hex));
		got = mn_cmd_settings(&one->f, h, one->hex, err);
		if (got < 0) {
			mn_warning(c, "%s", err->msg);
			mn_err_clear(err);
			*bad = got;
		}
		if (got < 0 || here.p[i].own ||
		    (!one->f.follow && !o->all)) {
			mn_follow_release(&one->f);
			all->n--;
			continue;
		}
		one->name = mn_cmd_name(c, one->hex);
		one->fetched = last_fetch(h, one->hex);
	}
	mn_home_profiles_release(&here);
	return r;
}

/* -------------------------------------------------------------- for scripts */

static void json_words(struct mn_json *j, const char *key, char *const *p,
		       size_t n)
{
	if (!n)
		return;
	mn_json_key(j, key);
	mn_json_open(j, '[');
	for (size_t i = 0; i < n; i++)
		mn_json_str(j, mn_str(p[i]));
	mn_json_close(j, ']');
}

static void add_json(struct mn_buf *b, const struct followed *one)
{
	struct mn_buf level = MN_BUF_INIT;
	struct mn_json j = { b, 0 };

	mn_level_text(&level, one->f.level, one->f.limit);
	mn_json_open(&j, '{');
	mn_json_add(&j, "profile", mn_str(one->hex));
	if (one->name)
		mn_json_add(&j, "name", mn_str(one->name));
	mn_json_key(&j, "followed");
	mn_json_bool(&j, one->f.follow);
	mn_json_add(&j, "replicate", mn_str(level.p));
	json_words(&j, "streams", one->f.streams.p, one->f.streams.n);
	json_words(&j, "tags", one->f.tags.p, one->f.tags.n);
	if (one->f.keep)
		mn_json_add(&j, "keep", mn_str(one->f.keep));
	if (one->fetched >= 0) {
		mn_json_key(&j, "fetched");
		mn_json_int(&j, one->fetched);
	}
	mn_json_key(&j, "remotes");
	mn_json_open(&j, '[');
	for (size_t i = 0; i < one->f.remotes.n; i++) {
		mn_json_open(&j, '{');
		mn_json_add(&j, "remote", mn_str(one->f.remotes.p[i].name));
		mn_json_add(&j, "url", mn_str(one->f.remotes.p[i].url));
		mn_json_close(&j, '}');
	}
	mn_json_close(&j, ']');
	mn_json_close(&j, '}');
	mn_buf_addc(b, '\n');
	mn_buf_release(&level);
}

static void add_words(struct mn_buf *b, char *const *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mn_buf_addf(b, "%s%s", i ? "," : "", p[i]);
}

static void add_record(struct mn_buf *b, const struct followed *one)
{
	mn_buf_addf(b, "%s\t%s\t%s\t", one->hex, one->name ? one->name : "",
		    one->f.follow ? "followed" : "");
	mn_level_text(b, one->f.level, one->f.limit);
	mn_buf_addc(b, '\t');
	add_words(b, one->f.streams.p, one->f.streams.n);
	mn_buf_addc(b, '\t');
	add_words(b, one->f.tags.p, one->f.tags.n);
	mn_buf_addf(b, "\t%s\t", one->f.keep ? one->f.keep : "");
	if (one->fetched >= 0)
		mn_buf_addf(b, "%" PRId64, one->fetched);
	for (size_t i = 0; i < one->f.remotes.n; i++)
		mn_buf_addf(b, "\t%s\t%s", one->f.remotes.p[i].name,
			    one->f.remotes.p[i].url);
	mn_buf_addc(b, '\0');
}

/* --------------------------------------------------------------- for people */

static void add_what(struct mn_buf *b, const struct mn_follow *f)
{
	struct mn_buf t = MN_BUF_INIT;

	mn_level_text(&t, f->level, f->limit);
	for (size_t i = 0; i < f->streams.n; i++)
		mn_buf_addf(&t, " stream=%s", f->streams.p[i]);
	for (size_t i = 0; i < f->tags.n; i++)
		mn_buf_addf(&t, " tag=%s", f->tags.p[i]);
	if (f->keep)
		mn_buf_addf(&t, " keep=%s", f->keep);
	if (!f->follow)
		mn_buf_adds(&t, " (not followed)");
	mn_text_line(b, (struct mn_str){ t.p, t.len });
	mn_buf_release(&t);
}

static void add_age(struct mn_buf *b, int64_t then, int64_t now)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{ 86400, "day" }, { 3600, "hour" }, { 60, "minute" }
	};
	int64_t age = (now - then) / 1000;

	if (then < 0) {
		mn_buf_adds(b, "never fetched");
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		int64_t n = age / units[i].seconds;

		if (n < 1)
			continue;
		mn_buf_addf(b, "%" PRId64 " %s%s ago", n, units[i].name,
			    n == 1 ? "" : "s");
		return;
	}
	mn_buf_adds(b, "just now");
}

static void add_where(struct mn_buf *b, const struct mn_follow *f)
{
	if (!f->remotes.n)
		mn_buf_adds(b, "no remote");
	for (size_t i = 0; i < f->remotes.n; i++) {
		if (i)
			mn_buf_adds(b, ", ");
		mn_text_line(b, mn_str(f->remotes.p[i].url));
	}
}

#define COLUMNS 5

static void cell(struct mn_buf *b, int column, const struct followed *one,
		 int64_t now)
{
	switch (column) {
	case 0:
		mn_text_line(b, mn_str(one->name ? one->name : "-"));
		break;
	case 1:
		mn_buf_add(b, one->hex, 12);
		break;
	case 2:
		add_what(b, &one->f);
		break;
	case 3:
		add_age(b, one->fetched, now);
		break;
	default:
		add_where(b, &one->f);
	}
}

static void table(struct mn_buf *out, const struct all *all)
{
	size_t width[COLUMNS] = { 0 }, w;
	int64_t now = mn_date_now();
	struct mn_buf b = MN_BUF_INIT;

	for (size_t i = 0; i < 2 * all->n; i++) {
		for (int k = 0; k < COLUMNS; k++) {
			mn_buf_clear(&b);
			cell(&b, k, &all->p[i % all->n], now);
			w = mn_text_width((struct mn_str){ b.p, b.len });
			if (i < all->n) {	/* first they are measured */
				width[k] = w > width[k] ? w : width[k];
				continue;
			}
			mn_buf_add(out, b.p, b.len);
			for (; k < COLUMNS - 1 && w < width[k] + 2; w++)
				mn_buf_addc(out, ' ');
		}
		if (i >= all->n)
			mn_buf_addc(out, '\n');
	}
	mn_buf_release(&b);
}

int cmd_following(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct all all = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf b = MN_BUF_INIT;
	struct mn_home home;
	int r, bad = 0;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "it takes no operands: '%s'", c->argv[0]);
	if (o.json && o.nul)
		mn_usage(c, "--json and -z exclude each other");
	mn_home_init(&home, mn_home(c));
	r = gather(&all, c, &home, &o, &bad, &err);
	if (r == 0) {
		mn_pager_start(c);
		for (size_t i = 0; i < all.n && (o.json || o.nul); i++)
			(o.json ? add_json : add_record)(&b, &all.p[i]);
		if (!o.json && !o.nul)
			table(&b, &all);
		mn_out_buf(c, &b);
	}
	for (size_t i = 0; i < all.n; i++)
		mn_follow_release(&all.p[i].f);
	mn_vec_release(&all);
	mn_buf_release(&b);
	mn_home_release(&home);
	return r < 0 ? mn_fail(c, r, &err) : mn_exit_status(bad);
}
