/*
 * site-page: the page that says what is served, for people (HTML) and for
 * programs (text/plain). Names of one's own profiles are shown; what one calls
 * others is nobody's business.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/io.h"
#include "node/node.h"
#include "repl/site-impl.h"

#include "banned.h"

struct named {
	char hex[MN_ID_HEX + 1];
	char *name;		/* owned */
};

struct names {			/* what the user calls profiles */
	MN_VEC(struct named) all;
};

struct row {
	const char *hex;
	const char *name;	/* NULL: none */
	uint64_t nodes;
	struct mn_buf url;
};

static int take_name(void *ctx, const char *key, const char *value)
{
	static const char section[] = "profile.";
	const size_t n = sizeof(section) - 1;
	struct names *names = ctx;
	struct named *one;

	if (strncmp(key, section, n) || strlen(key) < n + MN_ID_HEX ||
	    strcmp(key + n + MN_ID_HEX, ".name"))
		return 0;
	one = mn_vec_push(&names->all);
	memcpy(one->hex, key + n, MN_ID_HEX);
	one->hex[MN_ID_HEX] = '\0';
	one->name = mn_xstrdup(value);
	return 0;
}

/* A configuration that can't be read names nothing. */
static void names_read(struct names *names, const struct mn_home *h)
{
	struct mn_buf text = MN_BUF_INIT;
	char *path = mn_home_path(h, "config");

	if (mn_io_read_file(&text, path, MN_INI_MAX, NULL) == 0)
		mn_ini_parse((struct mn_str){ text.p, text.len }, take_name,
			     names, NULL);
	mn_buf_release(&text);
	free(path);
}

static void names_release(struct names *names)
{
	for (size_t i = 0; i < names->all.n; i++)
		free(names->all.p[i].name);
	mn_vec_release(&names->all);
}

static const char *name_of(const struct names *names, const char *hex)
{
	for (size_t i = names->all.n; i-- > 0;)
		if (!strcmp(names->all.p[i].hex, hex))
			return names->all.p[i].name;
	return NULL;
}

/* The sum of what each device has signed: no walk is needed for it. */
static int count_nodes(uint64_t *n, struct mn_site *s, const char *hex,
		       struct mn_err *err)
{
	struct mn_ref_list tips = { NULL, 0, 0 };
	struct mn_profile p;
	struct mn_node node;
	int r = mn_profile_open(&p, s->opt.home, hex, err);

	*n = 0;
	if (r < 0)
		return r;
	mn_node_init(&node);
	r = mn_profile_tips(&tips, &p, err);
	for (size_t i = 0; i < tips.n && r == 0; i++) {
		r = mn_node_load(&node, p.rd, &tips.p[i].oid, NULL, err);
		if (r == 0 && !node.carrier.is_merge)
			*n += node.meta.seq;
	}
	mn_refs_release(&tips);
	mn_node_release(&node);
	mn_profile_close(&p);
	return r;
}

/* The same, kept until the refs move. A profile that can't be read shows no
 * number. */
static uint64_t nodes_of(struct mn_site *s, const char *hex)
{
	struct mn_stamp stamp = MN_STAMP_INIT;
	char *dir = mn_home_repo(s->opt.home, hex);
	struct mn_answer *a;
	struct mn_id key;
	uint64_t n = 0;

	mn_hash(&key, "nodes\n", hex, MN_ID_HEX);
	a = mn_answers_get(s->answers, &key, dir);
	if (a) {
		memcpy(&n, mn_answer_text(a).p, sizeof(n));
	} else {
		mn_stamp_take(&stamp, dir);
		if (count_nodes(&n, s, hex, NULL) == 0)
			a = mn_answers_put(s->answers, &key, &stamp, &n,
					   sizeof(n));
		mn_stamp_release(&stamp);
	}
	mn_answer_drop(a);
	free(dir);
	return n;
}

/* -------------------------------------------------------------------- forms */

static void add_html(struct mn_buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '&')
			mn_buf_adds(out, "&amp;");
		else if (*s == '<')
			mn_buf_adds(out, "&lt;");
		else if (*s == '>')
			mn_buf_adds(out, "&gt;");
		else if (*s == '"')
			mn_buf_adds(out, "&quot;");
		else if (*s == '\'')
			mn_buf_adds(out, "&#39;");
		else if ((unsigned char)*s >= ' ' && *s != 0x7f)
			mn_buf_addc(out, *s);
	}
}

static void add_plain(struct mn_buf *out, const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= ' ' && *s != 0x7f)
			mn_buf_addc(out, *s);
}

static void html_row(struct mn_buf *out, const struct row *r)
{
	mn_buf_adds(out, "<dt>");
	add_html(out, r->name ? r->name : "Profile");
	mn_buf_addf(out, "</dt>\n<dd><code>%s</code><br>\n%" PRIu64 " post%s"
		    "<br>\n<code>mn follow <a href=\"", r->hex, r->nodes,
		    r->nodes == 1 ? "" : "s");
	add_html(out, r->url.p);
	mn_buf_adds(out, "\">");
	add_html(out, r->url.p);
	mn_buf_adds(out, "</a></code></dd>\n");
}

static void text_row(struct mn_buf *out, const struct row *r)
{
	mn_buf_addf(out, "%s\t%" PRIu64 "\t", r->hex, r->nodes);
	add_plain(out, r->url.p);
	mn_buf_addc(out, '\t');
	if (r->name)
		add_plain(out, r->name);
	mn_buf_addc(out, '\n');
}

/* Absolute where the client names a host that can be shown. */
static void add_url(struct mn_buf *out, const struct mn_exchange *e,
		    const char *hex)
{
	if (mn_site_host_ok(e->rq.host))
		mn_buf_addf(out, "%s://%s", e->rq.scheme, e->rq.host);
	mn_buf_addf(out, "%s/%s.git", e->rq.prefix, hex);
}

static void add_row(struct mn_exchange *e, const char *hex, int own,
		    const struct names *names, int text)
{
	struct row r = { .hex = hex, .url = MN_BUF_INIT };

	if (own)
		r.name = name_of(names, hex);
	r.nodes = nodes_of(e->site, hex);
	add_url(&r.url, e, hex);
	if (text)
		text_row(&e->out, &r);
	else
		html_row(&e->out, &r);
	mn_buf_release(&r.url);
}

static void html_head(struct mn_buf *out, size_t n)
{
	mn_buf_addf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta "
		    "charset=\"utf-8\">\n<title>mn</title>\n<h1>%zu profile%s "
		    "served here</h1>\n<p>Follow one with <code>mn follow "
		    "URL</code>, or look at it with <code>git clone "
		    "URL</code>.</p>\n<dl>\n", n, n == 1 ? " is" : "s are");
}

static int rows(struct mn_exchange *e, const struct mn_home_profiles *all,
		const struct names *names)
{
	int text = mn_site_wants_text(e->rq.accept);
	MN_VEC(const struct mn_home_profile *) shown = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		const struct mn_home_profile *p = &all->p[i];

		if (e->route.hex[0] ? !strcmp(p->hex, e->route.hex)
				    : mn_site_shows(e->site, p->hex, p->own))
			*mn_vec_push(&shown) = p;
	}
	if (!text)
		html_head(&e->out, shown.n);
	for (size_t i = 0; i < shown.n; i++)
		add_row(e, shown.p[i]->hex, shown.p[i]->own, names, text);
	if (!text)
		mn_buf_adds(&e->out, "</dl>\n</html>\n");
	mn_vec_release(&shown);
	return text;
}

void mn_site_page(struct mn_exchange *e)
{
	struct mn_home_profiles all = { 0 };
	struct names names = { 0 };
	struct mn_err err = MN_ERR_INIT;
	int text, r = mn_home_list(&all, e->site->opt.home, &err);

	if (r < 0) {
		mn_site_fail(e, r, &err);
	} else {
		names_read(&names, e->site->opt.home);
		text = rows(e, &all, &names);
		mn_site_header(e, "Content-Security-Policy",
			       "default-src 'none'");
		mn_site_header(e, "Vary", "Accept");
		mn_site_answer(e, text ? "text/plain; charset=utf-8"
				       : "text/html; charset=utf-8");
	}
	names_release(&names);
	mn_home_profiles_release(&all);
}
