#include "node/meta.h"

#include <stddef.h>
#include <string.h>

#include "banned.h"

#define VERSION "1"

/* The keys in the order of their lines. */
static const char *const keys[] = {
	"mn", "kind", "profile", "identity", "device", "seq", "prev", "skip",
	"parent", "gen", "era", "time", "summary", "stream", "tag", "lang",
	"place", "subject", "attr", "link", "content", NULL
};

enum field {
	F_MN, F_KIND, F_PROFILE, F_IDENTITY, F_DEVICE, F_SEQ, F_PREV, F_SKIP,
	F_PARENT, F_GEN, F_ERA, F_TIME, F_SUMMARY, F_STREAM, F_TAG, F_LANG,
	F_PLACE, F_SUBJECT, F_ATTR, F_LINK, F_CONTENT, F_END
};

struct decoder {
	struct mn_lines l;
	struct mn_meta *m;
	enum mn_rule rule;		/* the first that was broken */
};

void mn_meta_init(struct mn_meta *m)
{
	memset(m, 0, offsetof(struct mn_meta, tags));
}

void mn_node_id(struct mn_id *out, struct mn_str meta_text)
{
	mn_hash(out, "mn:node:1\n", meta_text.p, meta_text.len);
}

uint64_t mn_lipmaa(uint64_t n)
{
	uint64_t m = 1, k = 3, u = n;

	while (m < n) {
		k *= 3;
		m = (k - 1) / 2;
	}
	k /= 3;
	if (m != n) {
		while (u) {
			m = (k - 1) / 2;
			k /= 3;
			u %= m;
		}
		if (m != k)
			k = m;
	}
	return n - k;
}

/* Why the line at hand is not the one of field f. */
static enum mn_rule misplaced(const struct mn_lines *l, enum field f)
{
	if (!l->key.p)
		return MN_RULE_META_MISSING;
	for (int i = 0; keys[i]; i++)
		if (mn_str_eq(l->key, keys[i]))
			return i < (int)f ? MN_RULE_META_ORDER
					  : MN_RULE_META_MISSING;
	return MN_RULE_META_UNKNOWN;
}

/*
 * Each of the functions below reads one field and steps on. They return 0, or
 * -1 with d->rule set.
 */
static int broken(struct decoder *d, enum mn_rule rule)
{
	d->rule = rule;
	return -1;
}

static int need(struct decoder *d, enum field f)
{
	if (mn_lines_is(&d->l, keys[f]))
		return 0;
	return broken(d, misplaced(&d->l, f));
}

static int read_id(struct decoder *d, enum field f, struct mn_id *out)
{
	if (need(d, f) < 0)
		return -1;
	if (mn_value_id(out, d->l.value) < 0)
		return broken(d, MN_RULE_META_DIGEST);
	mn_lines_next(&d->l);
	return 0;
}

static int read_number(struct decoder *d, enum field f, uint64_t *out,
		       uint64_t min, uint64_t max, enum mn_rule rule)
{
	if (need(d, f) < 0)
		return -1;
	if (mn_value_number(out, d->l.value, min, max) < 0)
		return broken(d, rule);
	mn_lines_next(&d->l);
	return 0;
}

static int read_text(struct decoder *d, enum field f, struct mn_str *out,
		     int (*check)(struct mn_str), enum mn_rule rule)
{
	if (!mn_lines_is(&d->l, keys[f]))
		return 0;
	if (check(d->l.value) < 0)
		return broken(d, rule);
	*out = d->l.value;
	mn_lines_next(&d->l);
	return 0;
}

static int check_summary(struct mn_str v)
{
	return mn_value_text(v, MN_SUMMARY_MAX);
}

static int item_parent(struct mn_meta *m, struct mn_str v)
{
	return mn_value_id(&m->parents[m->nparents], v);
}

static int item_tag(struct mn_meta *m, struct mn_str v)
{
	m->tags[m->ntags] = v;
	return mn_value_word(v);
}

int mn_subject_parse_ref(struct mn_subject *s, struct mn_str v)
{
	struct mn_str node;

	if (!mn_str_starts(v, "mn:"))
		return -1;
	v.p += 3;
	v.len -= 3;
	s->has_node = v.len > MN_ID_HEX;
	if (s->has_node) {
		node = (struct mn_str){ v.p + MN_ID_HEX + 1,
					v.len - MN_ID_HEX - 1 };
		if (v.p[MN_ID_HEX] != '/' || mn_value_id(&s->node, node) < 0)
			return -1;
		v.len = MN_ID_HEX;
	}
	return mn_value_id(&s->profile, v);
}

static int item_subject(struct mn_meta *m, struct mn_str v)
{
	struct mn_subject *s = &m->subjects[m->nsubjects];

	if (mn_value_cut(&s->rel, &v) < 0 || mn_value_name(s->rel) < 0)
		return -1;
	return mn_subject_parse_ref(s, v);
}

static int item_attr(struct mn_meta *m, struct mn_str v)
{
	struct mn_attr *a = &m->attrs[m->nattrs];

	if (mn_value_cut(&a->name, &v) < 0 || mn_value_name(a->name) < 0)
		return -1;
	a->value = v;
	return mn_value_text(v, MN_ATTR_MAX);
}

static int item_link(struct mn_meta *m, struct mn_str v)
{
	m->links[m->nlinks] = v;
	return mn_value_link(v);
}

static int item_content(struct mn_meta *m, struct mn_str v)
{
	struct mn_content *c = &m->contents[m->ncontents];
	struct mn_str digest, size;

	if (mn_value_cut(&c->role, &v) < 0 || mn_value_name(c->role) < 0 ||
	    mn_value_cut(&digest, &v) < 0 ||
	    mn_value_id(&c->digest, digest) < 0 ||
	    mn_value_cut(&size, &v) < 0 ||
	    mn_value_number(&c->size, size, 0, MN_CONTENT_MAX) < 0 ||
	    mn_value_cut(&c->type, &v) < 0 || mn_value_type(c->type) < 0)
		return -1;
	c->name = v;
	return mn_value_file_name(v);
}

/* Reads the lines of a field that may stand there several times. */
static int read_items(struct decoder *d, enum field f, size_t *n, size_t max,
		      int (*item)(struct mn_meta *, struct mn_str),
		      enum mn_rule rule)
{
	struct mn_str last = { NULL, 0 };

	while (mn_lines_is(&d->l, keys[f])) {
		struct mn_str v = d->l.value;

		if (*n == max)
			return broken(d, MN_RULE_META_LIMIT);
		if (item(d->m, v) < 0)
			return broken(d, rule);
		if (f != F_CONTENT && last.p && mn_str_cmp(last, v) >= 0)
			return broken(d, MN_RULE_META_ASCENDING);
		last = v;
		++*n;
		mn_lines_next(&d->l);
	}
	return 0;
}

static int read_version(struct decoder *d)
{
	if (need(d, F_MN) < 0)
		return -1;
	if (!mn_str_eq(d->l.value, VERSION))
		return broken(d, MN_RULE_META_VERSION);
	mn_lines_next(&d->l);
	return 0;
}

static int read_kind(struct decoder *d)
{
	if (need(d, F_KIND) < 0)
		return -1;
	if (mn_value_name(d->l.value) < 0 || mn_str_eq(d->l.value, "merge"))
		return broken(d, MN_RULE_META_KIND);
	d->m->kind = d->l.value;
	mn_lines_next(&d->l);
	return 0;
}

static int read_place(struct decoder *d)
{
	struct mn_meta *m = d->m;

	if (!mn_lines_is(&d->l, keys[F_PLACE]))
		return 0;
	if (mn_value_place(&m->lat, &m->lon, d->l.value) < 0)
		return broken(d, MN_RULE_META_PLACE);
	m->has_place = 1;
	mn_lines_next(&d->l);
	return 0;
}

static int read_chain(struct decoder *d)
{
	struct mn_meta *m = d->m;
	struct mn_id device;
	uint64_t time;

	if (read_version(d) < 0 || read_kind(d) < 0 ||
	    read_id(d, F_PROFILE, &m->profile) < 0 ||
	    read_id(d, F_IDENTITY, &m->identity) < 0 ||
	    read_id(d, F_DEVICE, &device) < 0 ||
	    read_number(d, F_SEQ, &m->seq, 1, MN_NUMBER_MAX,
			MN_RULE_META_NUMBER) < 0)
		return -1;
	memcpy(m->device.b, device.b, sizeof(device.b));
	if (m->seq > 1) {
		if (read_id(d, F_PREV, &m->prev) < 0)
			return -1;
		m->skip = m->prev;
		if (mn_lipmaa(m->seq) < m->seq - 1 &&
		    read_id(d, F_SKIP, &m->skip) < 0)
			return -1;
	}
	if (read_items(d, F_PARENT, &m->nparents, MN_PARENTS_MAX, item_parent,
		       MN_RULE_META_DIGEST) < 0 ||
	    read_number(d, F_GEN, &m->gen, 1, MN_NUMBER_MAX,
			MN_RULE_META_NUMBER) < 0)
		return -1;
	if ((m->gen == 1) != (m->nparents == 0) || m->gen < m->seq)
		return broken(d, MN_RULE_META_GEN);
	if (read_number(d, F_ERA, &m->era, 0, MN_NUMBER_MAX,
			MN_RULE_META_NUMBER) < 0 ||
	    read_number(d, F_TIME, &time, 0, MN_DATE_MAX,
			MN_RULE_META_TIME) < 0)
		return -1;
	m->time = (int64_t)time;
	return 0;
}

static int read_rest(struct decoder *d)
{
	struct mn_meta *m = d->m;

	if (read_text(d, F_SUMMARY, &m->summary, check_summary,
		      MN_RULE_META_SUMMARY) < 0 ||
	    read_text(d, F_STREAM, &m->stream, mn_value_word,
		      MN_RULE_META_STREAM) < 0 ||
	    read_items(d, F_TAG, &m->ntags, MN_TAGS_MAX, item_tag,
		       MN_RULE_META_TAG) < 0 ||
	    read_text(d, F_LANG, &m->lang, mn_value_lang,
		      MN_RULE_META_LANG) < 0 ||
	    read_place(d) < 0 ||
	    read_items(d, F_SUBJECT, &m->nsubjects, MN_SUBJECTS_MAX,
		       item_subject, MN_RULE_META_SUBJECT) < 0 ||
	    read_items(d, F_ATTR, &m->nattrs, MN_ATTRS_MAX, item_attr,
		       MN_RULE_META_ATTR) < 0 ||
	    read_items(d, F_LINK, &m->nlinks, MN_LINKS_MAX, item_link,
		       MN_RULE_META_LINK) < 0 ||
	    read_items(d, F_CONTENT, &m->ncontents, MN_CONTENTS_MAX,
		       item_content, MN_RULE_META_CONTENT) < 0)
		return -1;
	if (d->l.key.p)
		return broken(d, misplaced(&d->l, F_END));
	return 0;
}

enum mn_rule mn_meta_decode(struct mn_meta *m, struct mn_str text)
{
	struct decoder d = { .m = m, .rule = MN_RULE_NONE };

	mn_meta_init(m);
	if (!text.len || text.len > MN_META_MAX)
		return MN_RULE_META_SIZE;
	switch (mn_lines_check(text)) {
	case MN_LINES_UTF8:
		return MN_RULE_META_UTF8;
	case MN_LINES_CONTROL:
		return MN_RULE_META_CONTROL;
	case MN_LINES_LINE:
		return MN_RULE_META_LINE;
	case MN_LINES_OK:
		break;
	}
	mn_lines_start(&d.l, text);
	if (read_chain(&d) == 0)
		read_rest(&d);
	return d.rule;
}

/* encoding */

static void put(struct mn_buf *out, enum field f, struct mn_str v)
{
	mn_buf_adds(out, keys[f]);
	mn_buf_addc(out, ' ');
	mn_buf_addstr(out, v);
	mn_buf_addc(out, '\n');
}

static void put_text(struct mn_buf *out, enum field f, struct mn_str v)
{
	if (v.p)
		put(out, f, v);
}

static void put_bytes(struct mn_buf *out, enum field f, const void *b32)
{
	mn_buf_adds(out, keys[f]);
	mn_buf_addc(out, ' ');
	mn_buf_addhex(out, b32, 32);
	mn_buf_addc(out, '\n');
}

static void put_number(struct mn_buf *out, enum field f, uint64_t n)
{
	mn_buf_adds(out, keys[f]);
	mn_buf_addc(out, ' ');
	mn_buf_addu(out, n);
	mn_buf_addc(out, '\n');
}

static void add_degrees(struct mn_buf *out, int32_t n)
{
	uint32_t u = n < 0 ? (uint32_t)-(int64_t)n : (uint32_t)n;
	uint32_t frac = u % 1000000, div = 100000;

	if (n < 0)
		mn_buf_addc(out, '-');
	mn_buf_addu(out, u / 1000000);
	if (frac)
		mn_buf_addc(out, '.');
	for (; frac; div /= 10) {
		mn_buf_addc(out, (char)('0' + frac / div));
		frac %= div;
	}
}

void mn_place_add(struct mn_buf *out, int32_t lat, int32_t lon)
{
	add_degrees(out, lat);
	mn_buf_addc(out, ',');
	add_degrees(out, lon);
}

void mn_subject_add_ref(struct mn_buf *out, const struct mn_subject *s)
{
	mn_buf_adds(out, "mn:");
	mn_buf_addhex(out, s->profile.b, 32);
	if (s->has_node) {
		mn_buf_addc(out, '/');
		mn_buf_addhex(out, s->node.b, 32);
	}
}

static void put_chain(struct mn_buf *out, const struct mn_meta *m)
{
	put(out, F_MN, MN_STR(VERSION));
	put(out, F_KIND, m->kind);
	put_bytes(out, F_PROFILE, m->profile.b);
	put_bytes(out, F_IDENTITY, m->identity.b);
	put_bytes(out, F_DEVICE, m->device.b);
	put_number(out, F_SEQ, m->seq);
	if (m->seq > 1)
		put_bytes(out, F_PREV, m->prev.b);
	if (m->seq > 1 && mn_lipmaa(m->seq) < m->seq - 1)
		put_bytes(out, F_SKIP, m->skip.b);
	for (size_t i = 0; i < m->nparents; i++)
		put_bytes(out, F_PARENT, m->parents[i].b);
	put_number(out, F_GEN, m->gen);
	put_number(out, F_ERA, m->era);
	put_number(out, F_TIME, (uint64_t)m->time);
}

static void put_content(struct mn_buf *out, const struct mn_content *c)
{
	mn_buf_adds(out, "content ");
	mn_buf_addstr(out, c->role);
	mn_buf_addc(out, ' ');
	mn_buf_addhex(out, c->digest.b, 32);
	mn_buf_addc(out, ' ');
	mn_buf_addu(out, c->size);
	mn_buf_addc(out, ' ');
	mn_buf_addstr(out, c->type);
	mn_buf_addc(out, ' ');
	mn_buf_addstr(out, c->name);
	mn_buf_addc(out, '\n');
}

static void put_rest(struct mn_buf *out, const struct mn_meta *m)
{
	put_text(out, F_SUMMARY, m->summary);
	put_text(out, F_STREAM, m->stream);
	for (size_t i = 0; i < m->ntags; i++)
		put(out, F_TAG, m->tags[i]);
	put_text(out, F_LANG, m->lang);
	if (m->has_place) {
		mn_buf_adds(out, "place ");
		mn_place_add(out, m->lat, m->lon);
		mn_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < m->nsubjects; i++) {
		mn_buf_adds(out, "subject ");
		mn_buf_addstr(out, m->subjects[i].rel);
		mn_buf_addc(out, ' ');
		mn_subject_add_ref(out, &m->subjects[i]);
		mn_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < m->nattrs; i++) {
		mn_buf_adds(out, "attr ");
		mn_buf_addstr(out, m->attrs[i].name);
		mn_buf_addc(out, ' ');
		mn_buf_addstr(out, m->attrs[i].value);
		mn_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < m->nlinks; i++)
		put(out, F_LINK, m->links[i]);
	for (size_t i = 0; i < m->ncontents; i++)
		put_content(out, &m->contents[i]);
}

/* Counts come from the caller: a count beyond its array is its bug. */
static int counts_fit(const struct mn_meta *m)
{
	return m->nparents <= MN_PARENTS_MAX && m->ntags <= MN_TAGS_MAX &&
	       m->nsubjects <= MN_SUBJECTS_MAX && m->nattrs <= MN_ATTRS_MAX &&
	       m->nlinks <= MN_LINKS_MAX && m->ncontents <= MN_CONTENTS_MAX;
}

static int same(struct mn_str a, struct mn_str b)
{
	return !a.p == !b.p && !mn_str_cmp(a, b);
}

/*
 * A line or a space within a value can make a text that is in order but says
 * something else than m. The rule of the field that was read back otherwise.
 */
static enum mn_rule read_otherwise(const struct mn_meta *m,
				   const struct mn_meta *again)
{
	if (!same(m->kind, again->kind))
		return MN_RULE_META_KIND;
	if (!same(m->summary, again->summary))
		return MN_RULE_META_SUMMARY;
	if (!same(m->stream, again->stream))
		return MN_RULE_META_STREAM;
	for (size_t i = 0; i < m->ntags; i++)
		if (!same(m->tags[i], again->tags[i]))
			return MN_RULE_META_TAG;
	if (!same(m->lang, again->lang))
		return MN_RULE_META_LANG;
	for (size_t i = 0; i < m->nsubjects; i++)
		if (!same(m->subjects[i].rel, again->subjects[i].rel))
			return MN_RULE_META_SUBJECT;
	for (size_t i = 0; i < m->nattrs; i++)
		if (!same(m->attrs[i].name, again->attrs[i].name) ||
		    !same(m->attrs[i].value, again->attrs[i].value))
			return MN_RULE_META_ATTR;
	for (size_t i = 0; i < m->nlinks; i++)
		if (!same(m->links[i], again->links[i]))
			return MN_RULE_META_LINK;
	for (size_t i = 0; i < m->ncontents; i++)
		if (!same(m->contents[i].role, again->contents[i].role) ||
		    !same(m->contents[i].type, again->contents[i].type) ||
		    !same(m->contents[i].name, again->contents[i].name))
			return MN_RULE_META_CONTENT;
	return MN_RULE_NONE;
}

static enum mn_rule encode(struct mn_buf *out, const struct mn_meta *m)
{
	size_t start = out->len;
	struct mn_meta again;
	enum mn_rule broke;

	/* no lipmaa link for numbers beyond */
	if (m->seq > MN_NUMBER_MAX)
		return MN_RULE_META_NUMBER;
	put_chain(out, m);
	put_rest(out, m);
	broke = mn_meta_decode(&again, (struct mn_str){ out->p + start,
							out->len - start });
	return broke != MN_RULE_NONE ? broke : read_otherwise(m, &again);
}

int mn_meta_encode(struct mn_buf *out, const struct mn_meta *m,
		   enum mn_rule *rule, struct mn_err *err)
{
	size_t start = out->len;
	enum mn_rule broke;

	if (!counts_fit(m) || !m->seq)
		MN_BUG("meta with impossible counts");
	broke = encode(out, m);
	if (rule)
		*rule = broke;
	if (broke == MN_RULE_NONE)
		return 0;
	mn_buf_setlen(out, start);
	return mn_err_set(err, MN_EINVALID, "%s (%s)", mn_rule_words(broke),
			  mn_rule_name(broke));
}
