/*
 * fuzz-meta: a meta that is taken is written again byte for byte, and its
 * strings lie within it.
 */
#include "node/meta.h"

#include <stdlib.h>

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

static void inside(struct mn_str text, struct mn_str s)
{
	LAW(!s.p || (s.len && s.p >= text.p &&
		     s.p + s.len <= text.p + text.len));
}

static void check_strings(struct mn_str text, const struct mn_meta *m)
{
	inside(text, m->kind);
	inside(text, m->summary);
	inside(text, m->stream);
	inside(text, m->lang);
	for (size_t i = 0; i < m->ntags; i++)
		inside(text, m->tags[i]);
	for (size_t i = 0; i < m->nsubjects; i++)
		inside(text, m->subjects[i].rel);
	for (size_t i = 0; i < m->nattrs; i++) {
		inside(text, m->attrs[i].name);
		inside(text, m->attrs[i].value);
	}
	for (size_t i = 0; i < m->nlinks; i++)
		inside(text, m->links[i]);
	for (size_t i = 0; i < m->ncontents; i++) {
		inside(text, m->contents[i].role);
		inside(text, m->contents[i].type);
		inside(text, m->contents[i].name);
		LAW(m->contents[i].size <= MN_CONTENT_MAX);
	}
}

static void check_numbers(const struct mn_meta *m)
{
	LAW(m->seq >= 1 && m->gen >= m->seq && m->gen <= MN_NUMBER_MAX);
	LAW(m->era <= MN_NUMBER_MAX);
	LAW(m->time >= 0 && m->time <= MN_DATE_MAX);
	LAW((m->gen == 1) == !m->nparents);
	LAW(!m->has_place || (abs(m->lat) <= 90000000 &&
			      abs(m->lon) <= 180000000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_str text = { (const char *)data, size };
	struct mn_buf again = MN_BUF_INIT;
	struct mn_meta m;
	enum mn_rule rule = mn_meta_decode(&m, text);

	LAW(rule <= MN_RULE_META_GEN);
	if (rule != MN_RULE_NONE)
		return 0;
	check_strings(text, &m);
	check_numbers(&m);
	LAW(mn_meta_encode(&again, &m, &rule, NULL) == 0);
	LAW(rule == MN_RULE_NONE);
	LAW(!mn_str_cmp((struct mn_str){ again.p, again.len }, text));
	mn_buf_release(&again);
	return 0;
}
