/* What a fetch brought, in words and in JSON: see fetching.h. */
#include "fetching.h"
#include "out/json.h"
#include "out/text.h"
#include "banned.h"

#define REFUSALS_SAID 10

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
	mn_json_key(&j, "wire");
	mn_json_open(&j, '{');
	mn_json_key(&j, "in");
	mn_json_uint(&j, rep->wire.in);
	mn_json_key(&j, "out");
	mn_json_uint(&j, rep->wire.out);
	mn_json_key(&j, "requests");
	mn_json_uint(&j, rep->wire.requests);
	mn_json_key(&j, "connections");
	mn_json_uint(&j, rep->wire.connections);
	mn_json_close(&j, '}');
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

void mn_fetch_say(struct mn_cmd *c, const struct mn_fetch_task *t,
		  const struct mn_fetch_how *how)
{
	struct mn_buf b = MN_BUF_INIT;

	if (how->json)
		print_json(&b, t);
	else if (!how->quiet)
		say_news(&b, t, how->verbose);
	warn_of(c, t);
	if (b.len) {
		mn_out_buf(c, &b);
		mn_out_flush(c);
	}
	mn_buf_release(&b);
}
