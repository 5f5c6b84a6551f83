/* bundle-print: what mn bundle verify and fetch print; see bundle.c. */
#include "bundle.h"
#include "out/json.h"
#include "out/text.h"
#include "banned.h"

static void json_refused(struct mn_json *j, const struct mn_admit_report *rep)
{
	mn_json_key(j, "refused");
	mn_json_uint(j, rep->refused);
	mn_json_key(j, "refusals");
	mn_json_open(j, '[');
	for (size_t i = 0; i < rep->refusals.n; i++) {
		mn_json_open(j, '{');
		mn_json_add(j, "what", mn_str(rep->refusals.p[i].what));
		mn_json_add(j, "why", mn_str(rep->refusals.p[i].why));
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
}

static void json_head(struct mn_json *j, const struct mn_bundlefile *head)
{
	mn_json_key(j, "version");
	mn_json_uint(j, (uint64_t)head->version);
	if (head->filter.len)
		mn_json_add(j, "filter", mn_str(head->filter.p));
	mn_json_key(j, "needs");
	mn_json_open(j, '[');
	for (size_t i = 0; i < head->needs.n; i++)
		mn_json_hex(j, head->needs.p[i].b, sizeof(head->needs.p[i].b));
	mn_json_close(j, ']');
	mn_json_key(j, "refs");
	mn_json_open(j, '[');
	for (size_t i = 0; i < head->refs.n; i++) {
		const struct mn_ref *ref = &head->refs.p[i];

		mn_json_open(j, '{');
		mn_json_key(j, "oid");
		mn_json_hex(j, ref->oid.b, sizeof(ref->oid.b));
		mn_json_add(j, "ref", mn_str(ref->name));
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
}

void mn_bundle_print_json(struct mn_cmd *c, const struct mn_bundle_report *rep,
			  const struct mn_bundlefile *head, int good)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_json j = { &b, 0 };

	mn_json_open(&j, '{');
	if (rep->hex[0])
		mn_json_add(&j, "profile", mn_str(rep->hex));
	if (head)
		json_head(&j, head);
	mn_json_key(&j, head ? "good" : "made");
	mn_json_bool(&j, head ? good : rep->made);
	mn_json_key(&j, "nodes");
	mn_json_uint(&j, rep->admit.nodes);
	mn_json_key(&j, "objects");
	mn_json_uint(&j, rep->objects);
	mn_json_key(&j, "bytes");
	mn_json_uint(&j, rep->bytes);
	mn_json_key(&j, "missing");
	mn_json_uint(&j, rep->missing);
	if (!head) {
		mn_json_key(&j, "moved");
		mn_json_uint(&j, rep->admit.moved);
		mn_json_key(&j, "identity");
		mn_json_bool(&j, rep->admit.identity);
		mn_json_key(&j, "wanting");
		mn_json_uint(&j, rep->admit.wanting);
	}
	json_refused(&j, &rep->admit);
	mn_json_close(&j, '}');
	mn_buf_addc(&b, '\n');
	mn_out_buf(c, &b);
	mn_buf_release(&b);
}

void mn_bundle_print(struct mn_cmd *c, const struct mn_bundle_report *rep,
		     const struct mn_bundlefile *head)
{
	struct mn_buf b = MN_BUF_INIT;

	if (rep->hex[0])
		mn_buf_addf(&b, "profile\t%s\n", rep->hex);
	if (head->filter.len)
		mn_buf_addf(&b, "filter\t%s\n", head->filter.p);
	for (size_t i = 0; i < head->needs.n; i++) {
		mn_buf_adds(&b, "needs\t");
		mn_buf_addhex(&b, head->needs.p[i].b,
			      sizeof(head->needs.p[i].b));
		mn_buf_addc(&b, '\n');
	}
	for (size_t i = 0; i < head->refs.n; i++) {
		mn_buf_adds(&b, "ref\t");
		mn_buf_addhex(&b, head->refs.p[i].oid.b,
			      sizeof(head->refs.p[i].oid.b));
		mn_buf_addc(&b, '\t');
		mn_text_quote_path(&b, mn_str(head->refs.p[i].name));
		mn_buf_addc(&b, '\n');
	}
	mn_buf_addf(&b, "nodes\t%zu\n", rep->admit.nodes);
	mn_out_buf(c, &b);
	mn_buf_release(&b);
}
