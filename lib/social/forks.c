#include "social/forks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/io.h"
#include "base/map.h"
#include "git/refs.h"
#include "node/carrier.h"
#include "node/node.h"

#include "banned.h"

#define FILE_MAX (1u << 20)		/* bytes */

void mn_forks_release(struct mn_forks *l)
{
	mn_vec_release(l);
}

static char *file_of(const char *gitdir)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s/mn/forks", gitdir);
	return mn_buf_detach(&b, NULL);
}

static const char *take_hex(unsigned char out[32], const char *p)
{
	if (mn_hex_span(p, MN_ID_HEX) != MN_ID_HEX ||
	    (p[MN_ID_HEX] != ' ' && p[MN_ID_HEX] != '\n') ||
	    mn_hex_decode(out, p, 32) < 0)
		return NULL;
	return p + MN_ID_HEX + 1;
}

static const char *take_number(uint64_t *out, const char *p)
{
	char *end;

	if (*p < '0' || *p > '9')
		return NULL;
	*out = strtoull(p, &end, 10);
	return *end == ' ' ? end + 1 : NULL;
}

/* "<device> <era> <seq> <node> <node>\n" */
static int take_line(struct mn_fork *f, const char *p)
{
	p = take_hex(f->device.b, p);
	p = p ? take_number(&f->era, p) : NULL;
	p = p ? take_number(&f->seq, p) : NULL;
	p = p ? take_hex(f->nodes[0].b, p) : NULL;
	return p && take_hex(f->nodes[1].b, p) ? 0 : -1;
}

int mn_forks_read(struct mn_forks *out, const char *gitdir,
		  struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	char *path = file_of(gitdir), *nl;
	struct mn_fork f;
	int r = mn_io_read_file(&text, path, FILE_MAX, err);

	free(path);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		return 0;
	}
	for (const char *p = text.p; r == 0 && text.len &&
	     (nl = strchr(p, '\n')); p = nl + 1)
		if (out->n < MN_FORKS_MAX && take_line(&f, p) == 0)
			*mn_vec_push(out) = f;
	mn_buf_release(&text);
	return r;
}

static int write_all(const struct mn_forks *l, const char *gitdir,
		     struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	char *path = file_of(gitdir);
	int r;

	for (size_t i = 0; i < l->n; i++) {
		const struct mn_fork *f = &l->p[i];

		mn_buf_addhex(&text, f->device.b, sizeof(f->device.b));
		mn_buf_addf(&text, " %" PRIu64 " %" PRIu64 " ", f->era,
			    f->seq);
		mn_buf_addhex(&text, f->nodes[0].b, sizeof(f->nodes[0].b));
		mn_buf_addc(&text, ' ');
		mn_buf_addhex(&text, f->nodes[1].b, sizeof(f->nodes[1].b));
		mn_buf_addc(&text, '\n');
	}
	r = mn_io_replace(path, text.p, text.len, 0666, 1, err);
	mn_buf_release(&text);
	free(path);
	return r;
}

int mn_forks_add(struct mn_forks *l, const struct mn_fork *f,
		 const char *gitdir, struct mn_err *err)
{
	for (size_t i = 0; i < l->n; i++) {
		struct mn_fork *old = &l->p[i];

		if (memcmp(old->device.b, f->device.b, 32) ||
		    old->era != f->era)
			continue;
		if (old->seq <= f->seq)
			return 0;
		*old = *f;
		return write_all(l, gitdir, err);
	}
	if (l->n == MN_FORKS_MAX)
		return mn_err_set(err, MN_ELIMIT, "more than %d devices whose "
				  "keys were used twice", MN_FORKS_MAX);
	*mn_vec_push(l) = *f;
	return write_all(l, gitdir, err);
}

const struct mn_fork *mn_forks_find(const struct mn_forks *l,
				    const struct mn_identity_doc *doc,
				    const struct mn_pub *device)
{
	const struct mn_fork *first = NULL;

	if (!l->n || mn_identity_cut(doc, device))
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		if (!memcmp(l->p[i].device.b, device->b, 32) &&
		    l->p[i].era == doc->era &&
		    (!first || l->p[i].seq < first->seq))
			first = &l->p[i];
	return first;
}

int mn_forks_voids(const struct mn_forks *l, const struct mn_identity_doc *doc,
		   const struct mn_pub *device, uint64_t era, uint64_t seq)
{
	const struct mn_fork *f = mn_forks_find(l, doc, device);

	return mn_identity_voids(doc, device, era, seq) ||
		(f && f->era == era && seq >= f->seq);
}

/* going back */

/* The device's node that the loaded one follows, among its ancestors. */
static int find_prev(struct mn_node *n, struct mn_reader *rd,
		     const struct mn_pub *device, struct mn_err *err)
{
	MN_VEC(struct mn_oid) todo = { 0 };
	struct mn_id prev = n->meta.prev;
	struct mn_map seen;
	struct mn_oid oid;
	int r = 0, found = 0;

	mn_map_init(&seen, sizeof(oid));
	*mn_vec_push(&todo) = n->oid;
	while (todo.n && r == 0 && !found) {
		oid = todo.p[--todo.n];
		if (mn_map_get(&seen, oid.b) != SIZE_MAX)
			continue;
		mn_map_put(&seen, oid.b, 0);
		r = mn_node_load(n, rd, &oid, NULL, err);
		if (r < 0)
			break;
		found = !n->carrier.is_merge && mn_id_eq(&n->id, &prev) &&
			!memcmp(n->meta.device.b, device->b, 32);
		for (size_t i = 0; i < n->carrier.nparents && !found; i++)
			mn_carrier_parent(mn_vec_push(&todo), &n->carrier, i);
	}
	mn_vec_release(&todo);
	mn_map_release(&seen);
	if (r == 0 && !found)
		r = mn_err_set(err, MN_ECORRUPT, "a device's chain is broken");
	return r;
}

int mn_forks_before(struct mn_oid *out, struct mn_reader *rd,
		    const struct mn_fork *f, const struct mn_oid *tip,
		    struct mn_err *err)
{
	struct mn_node n;
	int r;

	mn_node_init(&n);
	r = mn_node_load(&n, rd, tip, NULL, err);
	if (r < 0 || n.carrier.is_merge || n.meta.era != f->era ||
	    n.meta.seq < f->seq) {
		mn_node_release(&n);
		return r < 0 ? r : 0;
	}
	memset(out, 0, sizeof(*out));
	while (r == 0 && n.meta.seq >= f->seq && n.meta.seq > 1)
		r = find_prev(&n, rd, &f->device, err);
	if (r == 0 && n.meta.seq < f->seq)
		*out = n.oid;
	mn_node_release(&n);
	return r < 0 ? r : 1;
}

void mn_aside_name(char *name, struct mn_reader *rd, const struct mn_oid *tip)
{
	char hex[MN_ID_HEX + 1];
	struct mn_carrier c;
	struct mn_object o;

	if (mn_reader_read(rd, &o, tip, MN_CARRIER_MAX, NULL) == 0 &&
	    mn_carrier_parse(&c, (struct mn_str){ o.data, o.len }) ==
	    MN_RULE_NONE && !c.is_merge)
		mn_id_hex(hex, &c.node);
	else
		mn_oid_hex(hex, tip);
	snprintf(name, MN_REF_MAX + 1, MN_REF_ASIDE "%s", hex);
}
