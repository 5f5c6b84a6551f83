/* device-list: the devices of a profile, and what is known of each. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "device.h"
#include "identity-view.h"
#include "node/node.h"
#include "out/json.h"
#include "out/text.h"
#include "banned.h"

struct one {
	struct mn_pub key;
	struct mn_str label;		/* of a cut one: what it had */
	const struct mn_id_cut *cut;	/* NULL: listed */
	const struct mn_fork *fork;	/* NULL: its key was not used twice */
	int mine, sealed;
	int known;			/* its newest node: */
	struct mn_id node;
	uint64_t seq;			/* 0: its meta is not here */
	int64_t time;			/* ms */
};

static int is_sealed(const struct mn_identity_doc *d,
		     const struct mn_pub *key)
{
	for (size_t i = 0; i < d->nsealed; i++)
		if (!memcmp(d->sealed[i].key.b, key->b, sizeof(key->b)))
			return 1;
	return 0;
}

/* Its newest node that is here. */
static int look(struct one *one, const struct mn_profile *p,
		const struct mn_ref_list *tips, struct mn_node *n,
		struct mn_err *err)
{
	char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX] = MN_REF_DEVICES;
	int r;

	mn_hex_encode(name + strlen(name), one->key.b, sizeof(one->key.b));
	for (size_t i = 0; i < tips->n; i++) {
		if (strcmp(tips->p[i].name, name))
			continue;
		r = mn_node_load(n, p->rd, &tips->p[i].oid, NULL, err);
		if (r < 0 && (r != MN_ENOTFOUND ||
			      n->loaded < MN_NODE_CARRIER))
			return r;
		mn_err_clear(err);
		one->known = 1;
		one->node = n->carrier.node;
		if (r == 0) {
			one->seq = n->meta.seq;
			one->time = n->meta.time;
		}
	}
	return 0;
}

/* ----------------------------------------------------------------- printing */

static const char *state_of(const struct one *one)
{
	if (one->cut)
		return "cut";
	return one->fork ? "frozen" : "listed";
}

static void add_state(struct mn_buf *b, const struct one *one)
{
	if (one->cut)
		mn_buf_addf(b, "cut at %" PRIu64, one->cut->seq);
	else if (one->fork)
		mn_buf_adds(b, one->mine ? "this, frozen" : "frozen");
	else
		mn_buf_adds(b, one->mine ? "this device" : "listed");
}

static void add_json(struct mn_buf *b, const struct one *one)
{
	struct mn_json j = { b, 0 };

	mn_json_open(&j, '{');
	mn_json_key(&j, "device");
	mn_json_hex(&j, one->key.b, sizeof(one->key.b));
	if (one->label.p)
		mn_json_add(&j, "label", one->label);
	mn_json_add(&j, "state", mn_str(state_of(one)));
	mn_json_key(&j, "mine");
	mn_json_bool(&j, one->mine);
	mn_json_key(&j, "sealed");
	mn_json_bool(&j, one->sealed);
	if (one->cut) {
		mn_json_key(&j, "cut");
		mn_json_open(&j, '{');
		mn_json_key(&j, "era");
		mn_json_uint(&j, one->cut->era);
		mn_json_key(&j, "seq");
		mn_json_uint(&j, one->cut->seq);
		if (one->cut->seq) {
			mn_json_key(&j, "node");
			mn_json_hex(&j, one->cut->node.b,
				    sizeof(one->cut->node.b));
		}
		mn_json_close(&j, '}');
	}
	if (one->known) {
		mn_json_key(&j, "node");
		mn_json_hex(&j, one->node.b, sizeof(one->node.b));
	}
	if (one->seq) {
		mn_json_key(&j, "seq");
		mn_json_uint(&j, one->seq);
		mn_json_key(&j, "time");
		mn_json_int(&j, one->time);
	}
	mn_json_close(&j, '}');
	mn_buf_addc(b, '\n');
}

/* key, label, state, "this", "sealed", seq, time, node */
static void add_record(struct mn_buf *b, const struct one *one)
{
	mn_buf_addhex(b, one->key.b, sizeof(one->key.b));
	mn_buf_addc(b, '\t');
	if (one->label.p)
		mn_buf_addstr(b, one->label);
	mn_buf_addf(b, "\t%s\t%s\t%s\t", state_of(one),
		    one->mine ? "this" : "", one->sealed ? "sealed" : "");
	if (one->seq)
		mn_buf_addf(b, "%" PRIu64 "\t%" PRId64 "\t", one->seq,
			    one->time);
	else
		mn_buf_adds(b, "\t\t");
	if (one->known)
		mn_buf_addhex(b, one->node.b, sizeof(one->node.b));
	mn_buf_addc(b, '\0');
}

static void pad(struct mn_buf *b, size_t from, size_t width)
{
	size_t w = mn_text_width((struct mn_str){ b->p + from,
						  b->len - from });

	for (; w < width + 2; w++)
		mn_buf_addc(b, ' ');
}

static void add_row(struct mn_buf *b, const struct one *one, size_t width)
{
	char date[MN_DATE_ISO_MAX];
	size_t from = b->len;

	mn_text_line(b, one->label.p ? one->label : MN_STR("-"));
	pad(b, from, width);
	mn_buf_addhex(b, one->key.b, 6);
	mn_buf_adds(b, "  ");
	from = b->len;
	add_state(b, one);
	pad(b, from, sizeof("this device") - 1);
	if (one->seq) {
		mn_date_human(date, one->time);
		mn_buf_addf(b, "%" PRIu64 " post%s, newest %s", one->seq,
			    one->seq == 1 ? "" : "s", date);
	} else {
		mn_buf_adds(b, one->known ? "posts without metadata"
			    : "no posts");
	}
	if (!one->cut && !one->sealed)
		mn_buf_adds(b, ", without the encryption key");
	mn_buf_addc(b, '\n');
}

static void print(const struct mn_device_at *at, const struct one *all,
		  size_t n)
{
	struct mn_buf b = MN_BUF_INIT;
	size_t width = 1;

	for (size_t i = 0; i < n; i++) {
		size_t w = all[i].label.p ? mn_text_width(all[i].label) : 0;

		width = w > width ? w : width;
	}
	for (size_t i = 0; i < n; i++) {
		if (at->o->json)
			add_json(&b, &all[i]);
		else if (at->o->nul)
			add_record(&b, &all[i]);
		else
			add_row(&b, &all[i], width);
	}
	mn_out_buf(at->c, &b);
	mn_buf_release(&b);
}

static int gather(struct one *all, size_t *count,
		  const struct mn_device_at *at, struct mn_err *err)
{
	const struct mn_identity_doc *d = mn_identity_last(&at->p.identity);
	char *path = mn_home_key(&at->home, at->p.hex, "device");
	struct mn_ref_list tips = { 0 };
	struct mn_node node;
	struct mn_pub me;
	int own = mn_keyfile_pub(&me, path, NULL) == 0, r;
	size_t n = 0;

	free(path);
	for (size_t i = 0; i < d->ndevices; i++, n++)
		all[n] = (struct one){ .key = d->devices[i].key,
				       .label = d->devices[i].label };
	for (size_t i = 0; i < d->ncuts; i++, n++)
		all[n] = (struct one){ .key = d->cuts[i].key,
				       .label = mn_identity_old_label(
					       &at->p.identity,
					       &d->cuts[i].key),
				       .cut = &d->cuts[i] };
	*count = n;
	mn_node_init(&node);
	r = mn_profile_tips(&tips, &at->p, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		all[i].mine = own && !memcmp(all[i].key.b, me.b, sizeof(me.b));
		all[i].fork = mn_forks_find(&at->p.forks, d, &all[i].key);
		all[i].sealed = is_sealed(d, &all[i].key);
		r = look(&all[i], &at->p, &tips, &node, err);
	}
	mn_refs_release(&tips);
	mn_node_release(&node);
	return r;
}

int mn_device_list(struct mn_device_at *at, struct mn_err *err)
{
	struct one *all = mn_xcalloc(MN_DEVICES_MAX + MN_CUTS_MAX,
				     sizeof(*all));
	size_t n;
	int r = gather(all, &n, at, err);

	if (r == 0) {
		mn_pager_start(at->c);
		print(at, all, n);
	}
	free(all);
	return r;
}
