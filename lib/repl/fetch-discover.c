/* Which profile lies at an address. */
#include <errno.h>
#include <string.h>

#include "base/io.h"
#include "git/store.h"
#include "repl/fetch-impl.h"

#include "banned.h"

/* The identity documents that a tip's tree names: of a copy that has branches
 * only. */
static int identity_of_tip(struct mn_oid *out, struct mn_reader *rd,
			   const struct mn_oid *tip, struct mn_err *err)
{
	struct mn_node n;
	int r;

	mn_node_init(&n);
	r = mn_node_load(&n, rd, tip, NULL, err);
	if (n.loaded >= MN_NODE_TREE && !n.carrier.is_merge) {
		*out = n.tree.identity;
		r = 0;
	} else if (r == 0) {
		r = mn_err_set(err, MN_ENOTFOUND, "the branch begins with a "
			       "merge: no identity is found there");
	}
	mn_node_release(&n);
	return r;
}

static int read_identity(const char *scratch, const struct mn_ref *ref,
			 char hex[MN_ID_HEX + 1], struct mn_buf *identity,
			 struct mn_err *err)
{
	struct mn_identity id;
	struct mn_store *store;
	struct mn_reader *rd;
	struct mn_oid oid = ref->oid;
	struct mn_object o;
	int r = mn_store_open(&store, scratch, err);

	if (r < 0)
		return r;
	rd = mn_reader_new(store);
	mn_identity_init(&id);
	if (strcmp(ref->name, MN_REF_IDENTITY))
		r = identity_of_tip(&oid, rd, &ref->oid, err);
	if (r == 0)
		r = mn_reader_read(rd, &o, &oid, MN_IDENTITY_MAX, err);
	if (r == 0 && o.type != MN_BLOB)
		r = mn_err_set(err, MN_EINVALID, "its identity is no text");
	if (r == 0) {
		enum mn_rule rule = mn_identity_parse(&id, (struct mn_str){
			o.data, o.len });

		if (rule != MN_RULE_NONE)
			r = mn_err_set(err, MN_EINVALID, "its identity is not "
				       "valid: %s (%s)", mn_rule_words(rule),
				       mn_rule_name(rule));
	}
	if (r == 0) {
		mn_id_hex(hex, mn_identity_profile(&id));
		mn_buf_add(identity, o.data, o.len);
	}
	mn_identity_release(&id);
	mn_reader_free(rd);
	mn_store_close(store);
	return r;
}

/* scratch becomes what a store can read: objects/pack in it. */
static int fetch_into(struct mn_remote *remote, const char *scratch,
		      const struct mn_ref *ref, struct mn_err *err)
{
	struct mn_remote_want want = {
		.wants = &ref->oid, .nwants = 1, .depth = 1,
		.filter = MN_META_FILTER };
	const struct mn_indexpack_limits limits = {
		.pack_bytes = 16 << 20, .objects = 100000,
		.inflated_bytes = 64 << 20 };
	struct mn_buf dir = MN_BUF_INIT;
	struct mn_remote_sink sink;
	struct mn_arrival in;
	int r;

	mn_buf_addf(&dir, "%s/objects/pack", scratch);
	r = mn_io_mkdirs(dir.p, 0700, err);
	mn_arrival_init(&in, dir.p, &limits);
	mn_arrival_sink(&sink, &in);
	if (!strcmp(ref->name, MN_REF_IDENTITY))
		want.depth = 0;
	if (r == 0)
		r = mn_remote_fetch(remote, &want, &sink, err);
	if (r == 0)
		r = mn_arrival_end(&in, 0, err);
	mn_arrival_release(&in);
	mn_buf_release(&dir);
	return r;
}

static int discover(struct mn_remote *remote, const char *scratch,
		    char hex[MN_ID_HEX + 1], struct mn_buf *identity,
		    struct mn_err *err)
{
	static const char *const prefixes[] = { MN_REF_IDENTITY, MN_REF_MAIN };
	const struct mn_ref *ref = NULL;
	struct mn_ref_list refs = { 0 };
	int r = mn_remote_refs(remote, prefixes, 2, &refs, err);

	for (size_t i = 0; i < refs.n && r == 0; i++)
		if (!strcmp(refs.p[i].name, MN_REF_IDENTITY) ||
		    (!ref && !strcmp(refs.p[i].name, MN_REF_MAIN)))
			ref = &refs.p[i];
	if (r == 0 && !ref)
		r = mn_err_set(err, MN_ENOTFOUND, "there is no profile");
	if (r == 0)
		r = fetch_into(remote, scratch, ref, err);
	if (r == 0)
		r = read_identity(scratch, ref, hex, identity, err);
	mn_refs_release(&refs);
	return r;
}

int mn_fetch_discover(struct mn_net *net, const struct mn_url *url,
		      const char *scratch, char hex[MN_ID_HEX + 1],
		      struct mn_buf *identity, struct mn_err *err)
{
	struct mn_remote *remote = NULL;
	int r = mn_remote_open(&remote, net, url, MN_UPLOAD_PACK, err);

	if (r == 0)
		r = discover(remote, scratch, hex, identity, err);
	mn_remote_close(remote);
	if (r == 0 && url->profile && strcmp(url->profile, hex))
		r = mn_err_set(err, MN_EDENIED, "profile %.12s lies there, not "
			       "%.12s", hex, url->profile);
	return r;
}
