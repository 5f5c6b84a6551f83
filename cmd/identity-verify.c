/* identity-verify: a chain of documents, by every rule; see identity.c. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "identity.h"
#include "out/json.h"
#include "banned.h"

/* What is checked, and the profile that it must be of, if that is known. */
struct chain {
	struct mn_buf text;
	int known, too_large;
	struct mn_id profile;
};

static int read_file(struct chain *ch, const char *file, struct mn_err *err)
{
	int r = strcmp(file, "-")
		? mn_io_read_file(&ch->text, file, MN_IDENTITY_MAX, err)
		: mn_io_read_fd(&ch->text, STDIN_FILENO, MN_IDENTITY_MAX, err);

	if (r == MN_ELIMIT) {
		mn_err_clear(err);
		ch->too_large = 1;
		return 0;
	}
	/* 1 would say that it was read, and is bad */
	return r == MN_ENOTFOUND ? MN_EIO : r;
}

/* As it lies there: who opens a profile has checked it already. */
static int read_own(struct chain *ch, const char *path, struct mn_err *err)
{
	char found[MN_ID_HEX + 1];
	struct mn_repo repo;
	struct mn_reader *rd;
	struct mn_object o;
	struct mn_oid oid;
	int r = mn_repo_open(&repo, path, found, err);

	if (r < 0)
		return r;
	rd = mn_reader_new(repo.store);
	r = mn_refs_read(&oid, path, MN_REF_IDENTITY, err);
	if (r == 0)
		r = mn_reader_read(rd, &o, &oid, MN_IDENTITY_MAX, err);
	if (r == 0)
		mn_buf_add(&ch->text, o.data, o.len);
	mn_reader_free(rd);
	mn_repo_close(&repo);
	return r == MN_ENOTFOUND ? MN_ECORRUPT : r;
}

static int fill(struct chain *ch, const struct mn_identity_at *at,
		struct mn_err *err)
{
	char hex[MN_ID_HEX + 1], *path;
	int r = 0;

	if (!at->file || at->o->profile) {
		r = mn_cmd_which(hex, at->c, &at->home, at->c->profile, err);
		if (r < 0)
			return r;
		ch->known = 1;
		if (mn_id_parse(&ch->profile, hex) < 0)
			MN_BUG("a profile's id is an id");
	}
	if (at->file)
		return read_file(ch, at->file, err);
	path = mn_home_repo(&at->home, hex);
	if (!mn_io_exists(path))
		r = mn_err_set(err, MN_ENOTFOUND, "no profile '%s' here", hex);
	else
		r = read_own(ch, path, err);
	free(path);
	return r < 0 && r != MN_ENOTFOUND
		? mn_err_wrap(err, r, "profile %.12s", hex) : r;
}

static enum mn_rule check(struct mn_identity *id, const struct chain *ch)
{
	enum mn_rule rule;

	if (ch->too_large)
		return MN_RULE_IDENTITY_SIZE;
	rule = mn_identity_parse(id, (struct mn_str){ ch->text.p,
						      ch->text.len });
	if (rule == MN_RULE_NONE && ch->known &&
	    !mn_id_eq(mn_identity_profile(id), &ch->profile))
		rule = MN_RULE_IDENTITY_PROFILE;
	return rule;
}

/* Where document n ends: before the next one, or at the end. */
static size_t end_of(const struct mn_buf *text, size_t n)
{
	static const char begin[] = "\nmn-identity ";
	const char *p = text->p, *end = text->p + text->len, *hit;

	do {
		hit = memmem(p, (size_t)(end - p), begin, sizeof(begin) - 1);
		if (!hit)
			return text->len;
		p = hit + 1;
	} while (n--);
	return (size_t)(p - text->p);
}

/*
 * The number of the first document with which the chain is not good any more:
 * what begins badly gets no better by what comes behind it, so it is sought by
 * halving.
 */
static size_t first_bad(const struct chain *ch)
{
	size_t low = 0, high = MN_IDENTITY_DOCS_MAX;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct mn_identity id;
		enum mn_rule rule;

		mn_identity_init(&id);
		rule = mn_identity_parse(&id, (struct mn_str){
			ch->text.p, end_of(&ch->text, mid) });
		mn_identity_release(&id);
		if (rule == MN_RULE_NONE)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void print_json(struct mn_buf *out, const struct mn_identity *id,
		       enum mn_rule rule, int whole, size_t bad)
{
	struct mn_json j = { out, 0 };

	mn_json_open(&j, '{');
	mn_json_key(&j, "ok");
	mn_json_bool(&j, rule == MN_RULE_NONE);
	if (rule == MN_RULE_NONE) {
		mn_json_key(&j, "profile");
		mn_json_hex(&j, mn_identity_profile(id)->b, 32);
		mn_json_key(&j, "documents");
		mn_json_uint(&j, id->docs.n);
	} else {
		mn_json_add(&j, "rule", mn_str(mn_rule_name(rule)));
		mn_json_add(&j, "words", mn_str(mn_rule_words(rule)));
		if (!whole) {
			mn_json_key(&j, "number");
			mn_json_uint(&j, bad);
		}
	}
	mn_json_close(&j, '}');
	mn_buf_addc(out, '\n');
}

static void print_text(struct mn_buf *out, const struct mn_identity *id,
		       enum mn_rule rule, int whole, size_t bad)
{
	if (rule == MN_RULE_NONE) {
		mn_buf_addhex(out, mn_identity_profile(id)->b, 32);
		mn_buf_addf(out, "\tok\tR0 to R%zu\n", id->docs.n - 1);
	} else if (whole) {
		mn_buf_addf(out, "-\t%s\t%s\n", mn_rule_name(rule),
			    mn_rule_words(rule));
	} else {
		mn_buf_addf(out, "R%zu\t%s\t%s\n", bad, mn_rule_name(rule),
			    mn_rule_words(rule));
	}
}

int mn_identity_verify(struct mn_identity_at *at, struct mn_err *err)
{
	struct chain ch = { .text = MN_BUF_INIT };
	struct mn_buf out = MN_BUF_INIT;
	struct mn_identity id;
	enum mn_rule rule;
	size_t bad = 0;
	int whole, r = fill(&ch, at, err);

	if (r < 0) {
		mn_buf_release(&ch.text);
		return r;
	}
	mn_identity_init(&id);
	rule = check(&id, &ch);
	/* these are of all of it, not of one document */
	whole = ch.too_large || !ch.text.len ||
		rule == MN_RULE_IDENTITY_PROFILE;
	if (rule != MN_RULE_NONE && !whole)
		bad = first_bad(&ch);
	if (at->o->json)
		print_json(&out, &id, rule, whole, bad);
	else
		print_text(&out, &id, rule, whole, bad);
	mn_out_buf(at->c, &out);
	mn_buf_release(&out);
	mn_identity_release(&id);
	mn_buf_release(&ch.text);
	return rule == MN_RULE_NONE ? MN_EXIT_OK : MN_EXIT_NO;
}
