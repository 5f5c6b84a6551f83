/* status-print: how mn status shows it. */
#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "out/json.h"
#include "out/text.h"
#include "status.h"
#include "banned.h"

/* what a remote offered last, against that */

struct gap {
	uint64_t ahead;			/* posts that it did not have */
	int behind;			/* it had some that are not here */
};

static struct gap gap_of(struct mn_status *s, const char *remote,
			 const struct mn_status_device *d)
{
	const struct mn_oid *at = mn_seen_get(&s->seen, remote, d->ref);
	struct gap g = { 0, 0 };

	if (!at) {
		g.ahead = d->seq;
		return g;
	}
	if (mn_oid_eq(at, &d->tip))
		return g;
	if (mn_node_load(&s->n, s->p.rd, at, NULL, NULL) < 0 ||
	    s->n.carrier.is_merge)
		g.behind = !mn_store_has(s->p.repo.store, at);
	else if (s->n.meta.seq < d->seq)
		g.ahead = d->seq - s->n.meta.seq;
	else	/* what lies beyond a cut is not missed */
		g.behind = !d->cut && !d->frozen;
	return g;
}

static int was_seen(const struct mn_status *s, const char *remote)
{
	for (size_t i = 0; i < s->seen.lines.n; i++)
		if (!strcmp(s->seen.lines.p[i].remote, remote))
			return 1;
	return 0;
}

/* A remote with several addresses is one. */
static int is_again(const struct mn_status *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(s->follow.remotes.p[k].name,
			    s->follow.remotes.p[i].name))
			return 1;
	return 0;
}

/* printing */

static const char *state_of(const struct mn_status_device *d)
{
	return d->cut ? "cut" : d->frozen ? "frozen" : "listed";
}

static void add_name(struct mn_buf *b, const struct mn_status_device *d)
{
	if (d->label.p)
		mn_text_line(b, d->label);
	else
		mn_buf_addhex(b, d->key.b, 6);
	if (d->label.p && d->cut) {	/* another may have it by now */
		mn_buf_adds(b, " [");
		mn_buf_addhex(b, d->key.b, 6);
		mn_buf_addc(b, ']');
	}
}

static void text_device(struct mn_buf *b, const struct mn_status_device *d)
{
	char date[MN_DATE_ISO_MAX];

	mn_buf_adds(b, "device ");
	add_name(b, d);
	mn_buf_adds(b, d->mine ? " (this device): " : ": ");
	if (d->seq) {
		mn_date_human(date, d->time);
		mn_buf_addf(b, "newest is post %" PRIu64 ", %s", d->seq, date);
	} else {
		mn_buf_adds(b, mn_oid_is_zero(&d->tip) ? "no posts"
			    : "posts without metadata");
	}
	if (d->cut)
		mn_buf_addf(b, "; cut behind post %" PRIu64, d->cut->seq);
	else if (d->frozen)
		mn_buf_adds(b, "; frozen: its key was used twice");
	mn_buf_addc(b, '\n');
}

static void text_remote(struct mn_status *s, const char *name)
{
	struct mn_buf *b = &s->out;
	int same = 1;

	if (!was_seen(s, name)) {
		mn_buf_adds(b, "remote ");
		mn_text_line(b, mn_str(name));
		mn_buf_adds(b, ": nothing is known of it; 'mn fetch' asks\n");
		return;
	}
	for (size_t i = 0; i < s->devices.n; i++) {
		const struct mn_status_device *d = &s->devices.p[i];
		struct gap g = gap_of(s, name, d);

		if (!g.ahead && !g.behind)
			continue;
		same = 0;
		mn_buf_addf(b, "remote %s: ", name);
		if (g.ahead)
			mn_buf_addf(b, "%" PRIu64 " post%s of ", g.ahead,
				    g.ahead == 1 ? "" : "s");
		else
			mn_buf_adds(b, "newer posts of ");
		add_name(b, d);
		mn_buf_adds(b, g.ahead ? " not pushed yet\n"
			    : " not fetched yet\n");
	}
	if (same)
		mn_buf_addf(b, "remote %s: up to date\n", name);
}

void mn_status_text(struct mn_status *s)
{
	const char *name = mn_cmd_name(s->c, s->p.hex);
	const struct mn_follow *f = &s->follow;

	mn_buf_addf(&s->out, "profile %s", s->p.hex);
	if (name) {
		mn_buf_addc(&s->out, ' ');
		mn_text_line(&s->out, mn_str(name));
	}
	mn_buf_addc(&s->out, '\n');
	for (size_t i = 0; i < s->devices.n; i++)
		text_device(&s->out, &s->devices.p[i]);
	for (size_t i = 0; i < f->remotes.n; i++)
		if (!is_again(s, i))
			text_remote(s, f->remotes.p[i].name);
	if (!f->remotes.n)
		mn_buf_adds(&s->out, "no remotes\n");
	mn_out_buf(s->c, &s->out);
}

static void json_device(struct mn_json *j, const struct mn_status_device *d)
{
	mn_json_open(j, '{');
	mn_json_key(j, "device");
	mn_json_hex(j, d->key.b, sizeof(d->key.b));
	mn_json_add(j, "label", d->label);
	mn_json_add(j, "state", mn_str(state_of(d)));
	mn_json_key(j, "mine");
	mn_json_bool(j, d->mine);
	if (!mn_id_is_zero(&d->node)) {
		mn_json_key(j, "node");
		mn_json_hex(j, d->node.b, sizeof(d->node.b));
	}
	if (d->seq) {
		mn_json_key(j, "seq");
		mn_json_uint(j, d->seq);
		mn_json_key(j, "time");
		mn_json_int(j, d->time);
	}
	mn_json_close(j, '}');
}

static void json_remote(struct mn_json *j, struct mn_status *s, const char *name)
{
	mn_json_open(j, '{');
	mn_json_add(j, "remote", mn_str(name));
	mn_json_key(j, "seen");
	mn_json_bool(j, was_seen(s, name));
	mn_json_key(j, "differs");
	mn_json_open(j, '[');
	for (size_t i = 0; i < s->devices.n; i++) {
		const struct mn_status_device *d = &s->devices.p[i];
		struct gap g = gap_of(s, name, d);

		if (!g.ahead && !g.behind)
			continue;
		mn_json_open(j, '{');
		mn_json_key(j, "device");
		mn_json_hex(j, d->key.b, sizeof(d->key.b));
		mn_json_key(j, "ahead");
		mn_json_uint(j, g.ahead);
		mn_json_key(j, "behind");
		mn_json_bool(j, g.behind);
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
	mn_json_close(j, '}');
}

void mn_status_json(struct mn_status *s)
{
	struct mn_json j = { &s->out, 0 };
	const struct mn_follow *f = &s->follow;

	mn_json_open(&j, '{');
	mn_json_add(&j, "profile", mn_str(s->p.hex));
	mn_json_key(&j, "devices");
	mn_json_open(&j, '[');
	for (size_t i = 0; i < s->devices.n; i++)
		json_device(&j, &s->devices.p[i]);
	mn_json_close(&j, ']');
	mn_json_key(&j, "remotes");
	mn_json_open(&j, '[');
	for (size_t i = 0; i < f->remotes.n; i++)
		if (!is_again(s, i))
			json_remote(&j, s, f->remotes.p[i].name);
	mn_json_close(&j, ']');
	mn_json_close(&j, '}');
	mn_buf_addc(&s->out, '\n');
	mn_out_buf(s->c, &s->out);
}
