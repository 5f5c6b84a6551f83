#include "node/rule.h"

#include "banned.h"

struct rule_text {
	const char *name;
	const char *words;
};

static const struct rule_text texts[MN_RULE_COUNT] = {
	[MN_RULE_NONE] = { "ok", "no rule is broken" },
#define MN_RULE_TEXT(sym, name, words) [MN_RULE_##sym] = { name, words },
	MN_RULES(MN_RULE_TEXT)
#undef MN_RULE_TEXT
};

const char *mn_rule_name(enum mn_rule r)
{
	return texts[r].name;
}

const char *mn_rule_words(enum mn_rule r)
{
	return texts[r].words;
}
