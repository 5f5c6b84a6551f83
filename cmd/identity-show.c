/* identity-show: mn identity show and export; see identity.c. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/io.h"
#include "identity-view.h"
#include "node/identity-edit.h"
#include "out/text.h"
#include "outfile.h"
#include "banned.h"

#define SHORT 6			/* bytes of a key that a person is shown */

/* ------------------------------------------------------ what is kept here */

static enum mn_root_kept state_of(const char *path, const struct mn_profile *p)
{
	struct mn_root *root;
	enum mn_root_kept s;
	int r;

	if (!mn_io_exists(path))
		return MN_ROOT_NOT_KEPT;
	r = mn_keyfile_read_root(&root, path, &p->id, NULL, NULL, NULL);
	if (r < 0)
		return r == MN_EPASSPHRASE ? MN_ROOT_KEPT_WRAPPED : MN_ROOT_KEPT_VOID;
	s = mn_identity_is_root(&p->identity, root) ? MN_ROOT_KEPT : MN_ROOT_KEPT_VOID;
	mn_root_free(root);
	return s;
}

static void look_at_keys(struct mn_identity_view *s, const struct mn_home *h)
{
	char *device = mn_home_key(h, s->p->hex, "device");
	char *root = mn_home_key(h, s->p->hex, "root");
	char *next = mn_home_key(h, s->p->hex, "root.next");

	s->has_device = mn_keyfile_pub(&s->device, device, NULL) == 0;
	s->root = state_of(root, s->p);
	if (s->root == MN_ROOT_KEPT_VOID && state_of(next, s->p) == MN_ROOT_KEPT)
		s->root = MN_ROOT_KEPT;		/* rooted.h */
	free(next);
	free(root);
	free(device);
}

/* -------------------------------------------------------------------- text */

static void add_short(struct mn_buf *out, const unsigned char *b)
{
	mn_buf_addhex(out, b, SHORT);
}

static void text_roots(struct mn_identity_view *s, const struct mn_identity_doc *d,
		       int newest)
{
	static const char *const words[] = {
		[MN_ROOT_NOT_KEPT] = "the root secret is not kept here",
		[MN_ROOT_KEPT] = "the root secret is kept here",
		[MN_ROOT_KEPT_WRAPPED] = "the root secret is kept here, under a "
				 "passphrase",
		[MN_ROOT_KEPT_VOID] = "the root secret that is kept here is not in "
			      "force",
	};

	for (size_t i = 0; i < d->nroots; i++) {
		mn_buf_adds(&s->out, "root key    ");
		add_short(&s->out, d->roots[i].b);
		mn_buf_addc(&s->out, '\n');
	}
	for (size_t i = 0; i < d->nnext; i++) {
		mn_buf_adds(&s->out, "next root   ");
		add_short(&s->out, d->next[i].b);
		mn_buf_addc(&s->out, '\n');
	}
	if (d->nroots > 1 || d->nnext > 1)
		mn_buf_addf(&s->out, "threshold   %llu, next %llu\n",
			    (unsigned long long)d->threshold,
			    (unsigned long long)d->next_threshold);
	if (newest)
		mn_buf_addf(&s->out, "            %s\n", words[s->root]);
}

static void text_devices(struct mn_identity_view *s, const struct mn_identity_doc *d)
{
	for (size_t i = 0; i < d->ndevices; i++) {
		mn_buf_adds(&s->out, "device      ");
		add_short(&s->out, d->devices[i].key.b);
		mn_buf_adds(&s->out, "  ");
		mn_text_line(&s->out, d->devices[i].label);
		if (mn_identity_is_here(s, &d->devices[i].key))
			mn_buf_adds(&s->out, "  (this device)");
		mn_buf_addc(&s->out, '\n');
	}
	for (size_t i = 0; i < d->ncuts; i++) {
		const struct mn_id_cut *cut = &d->cuts[i];
		struct mn_str label = mn_identity_old_label(&s->p->identity, &cut->key);

		mn_buf_adds(&s->out, "removed     ");
		add_short(&s->out, cut->key.b);
		if (label.p) {
			mn_buf_adds(&s->out, "  ");
			mn_text_line(&s->out, label);
		}
		if (cut->seq) {
			mn_buf_addf(&s->out, ", after its post %llu, ",
				    (unsigned long long)cut->seq);
			add_short(&s->out, cut->node.b);
		} else {
			mn_buf_adds(&s->out, ", with nothing that counts");
		}
		if (mn_identity_is_here(s, &cut->key))
			mn_buf_adds(&s->out, "  (this device)");
		mn_buf_addc(&s->out, '\n');
	}
}

static void show_text(struct mn_identity_view *s, const struct mn_identity_doc *d,
		      int newest)
{
	char date[MN_DATE_ISO_MAX];

	if (newest) {
		mn_buf_addf(&s->out, "profile     %s", s->p->hex);
		if (s->name) {
			mn_buf_adds(&s->out, "  ");
			mn_text_line(&s->out, mn_str(s->name));
		}
		mn_buf_addc(&s->out, '\n');
	}
	mn_date_human(date, (int64_t)d->time);
	mn_buf_addf(&s->out, "document    R%llu  %s\n",
		    (unsigned long long)d->number, date);
	if (d->era || d->epoch)
		mn_buf_addf(&s->out, "era         %llu, epoch %llu\n",
			    (unsigned long long)d->era,
			    (unsigned long long)d->epoch);
	text_roots(s, d, newest);
	mn_buf_adds(&s->out, "encryption  ");
	add_short(&s->out, d->encryption.b);
	mn_buf_addc(&s->out, '\n');
	text_devices(s, d);
}

/* --------------------------------------------------------------- all of it */

int mn_identity_show(struct mn_identity_at *at, struct mn_err *err)
{
	const struct mn_identity *id = &at->p.identity;
	struct mn_identity_view s = { .p = &at->p, .out = MN_BUF_INIT };
	size_t last = id->docs.n - 1;

	(void)err;
	s.name = mn_cmd_name(at->c, at->p.hex);
	look_at_keys(&s, &at->home);
	for (size_t i = at->o->all ? 0 : last; i <= last; i++) {
		if (at->o->json) {
			mn_identity_json(&s, &id->docs.p[i], i == last);
			continue;
		}
		show_text(&s, &id->docs.p[i], i == last);
		if (i < last)
			mn_buf_addc(&s.out, '\n');
	}
	mn_out_buf(at->c, &s.out);
	mn_buf_release(&s.out);
	return MN_EXIT_OK;
}

int mn_identity_export(struct mn_identity_at *at, struct mn_err *err)
{
	const struct mn_str text = at->p.identity.text;
	struct mn_outfile f;
	int r;

	if (!at->o->out || !strcmp(at->o->out, "-")) {
		mn_out(at->c, text.p, text.len);
		return MN_EXIT_OK;
	}
	r = mn_outfile_open(&f, at->o->out, err);
	if (r == 0)
		r = mn_io_write_full(f.fd, text.p, text.len, err);
	return mn_outfile_close(&f, r, 1, err);
}
