/*
 * rule: every rule of the format that a node or an identity document can
 * break, with its stable name (for programs, vectors, `mn verify-node`) and
 * its words (for people). The order and meaning of the checks: mnformat-node(5),
 * mnformat-identity(5). 0 stands for "no rule broken".
 */
#ifndef MN_NODE_RULE_H
#define MN_NODE_RULE_H

#define MN_RULES(X) \
	X(META_SIZE, "meta-size", "the meta is empty or over 16383 bytes") \
	X(META_UTF8, "meta-utf8", "the meta is not UTF-8") \
	X(META_CONTROL, "meta-control", "control characters in the meta") \
	X(META_LINE, "meta-line", "a line of the meta is no 'key value'") \
	X(META_UNKNOWN, "meta-unknown", "unknown key in the meta") \
	X(META_ORDER, "meta-order", "a line stands where it must not") \
	X(META_MISSING, "meta-missing", "a required line is missing") \
	X(META_LIMIT, "meta-limit", "too many lines of a key") \
	X(META_VERSION, "meta-version", "another version of the format") \
	X(META_KIND, "meta-kind", "malformed kind") \
	X(META_DIGEST, "meta-digest", "malformed digest or key") \
	X(META_NUMBER, "meta-number", "malformed number") \
	X(META_TIME, "meta-time", "malformed time") \
	X(META_SUMMARY, "meta-summary", "malformed summary") \
	X(META_STREAM, "meta-stream", "malformed stream") \
	X(META_TAG, "meta-tag", "malformed tag") \
	X(META_LANG, "meta-lang", "malformed language") \
	X(META_PLACE, "meta-place", "malformed place") \
	X(META_SUBJECT, "meta-subject", "malformed subject") \
	X(META_ATTR, "meta-attr", "malformed attribute") \
	X(META_LINK, "meta-link", "malformed link") \
	X(META_CONTENT, "meta-content", "malformed content line") \
	X(META_ASCENDING, "meta-ascending", "lines are not ascending") \
	X(META_GEN, "meta-gen", "generation contradicts parents or seq") \
	X(IDENTITY_SIZE, "identity-size", "identity is empty or too large") \
	X(IDENTITY_UTF8, "identity-utf8", "identity is not UTF-8") \
	X(IDENTITY_CONTROL, "identity-control", \
	  "control characters in the identity") \
	X(IDENTITY_LINE, "identity-line", "a line is no 'key value'") \
	X(IDENTITY_UNKNOWN, "identity-unknown", "unknown key in the identity") \
	X(IDENTITY_ORDER, "identity-order", "a line stands where it must not") \
	X(IDENTITY_MISSING, "identity-missing", "a required line is missing") \
	X(IDENTITY_LIMIT, "identity-limit", "too many lines of a key") \
	X(IDENTITY_VERSION, "identity-version", \
	  "another version of the format") \
	X(IDENTITY_DIGEST, "identity-digest", "malformed digest or key") \
	X(IDENTITY_NUMBER, "identity-number", "malformed number") \
	X(IDENTITY_LABEL, "identity-label", "malformed device label") \
	X(IDENTITY_SEALED, "identity-sealed", \
	  "malformed sealed key, or for no listed device") \
	X(IDENTITY_CUT, "identity-cut", \
	  "malformed cut, or of a listed device") \
	X(IDENTITY_SIGNATURE, "identity-signature", "malformed signature") \
	X(IDENTITY_ASCENDING, "identity-ascending", \
	  "lines are not ascending") \
	X(IDENTITY_THRESHOLD, "identity-threshold", \
	  "a threshold is larger than its number of keys") \
	X(IDENTITY_SIGNER, "identity-signer", \
	  "signed by a key that is no root key") \
	X(CHAIN_NUMBER, "chain-number", "identity documents out of sequence") \
	X(CHAIN_PREVIOUS, "chain-previous", \
	  "identity document does not follow the one before") \
	X(CHAIN_ROOT, "chain-root", \
	  "root key was not committed to by the document before") \
	X(CHAIN_THRESHOLD, "chain-threshold", \
	  "threshold is not the one committed to") \
	X(CHAIN_ERA, "chain-era", "era went back") \
	X(CHAIN_EPOCH, "chain-epoch", "epoch went back") \
	X(CHAIN_DEVICE, "chain-device", \
	  "a device vanished without a cut, or came back after one") \
	X(CHAIN_CUT, "chain-cut", "a cut was raised or changed") \
	X(CHAIN_UNSIGNED, "chain-unsigned", "fewer signatures than needed") \
	X(CHAIN_SIGNATURE, "chain-signature", \
	  "identity signature does not verify") \
	X(IDENTITY_PROFILE, "identity-profile", \
	  "identity belongs to another profile") \
	X(CARRIER_PARSE, "carrier-parse", "the commit is no carrier") \
	X(CARRIER_VERSION, "carrier-version", \
	  "carrier of another version of the format") \
	X(NODE_ID, "node-id", "the meta is not the one the carrier names") \
	X(PROFILE, "profile", "the node belongs to another profile") \
	X(IDENTITY_LAST, "identity-last", \
	  "the meta does not name the last identity document") \
	X(DEVICE_UNLISTED, "device-unlisted", \
	  "the device is not in the identity document") \
	X(ERA, "era", "the era is not that of the identity document") \
	X(SIGNATURE, "signature", "the signature does not verify") \
	X(CARRIER_MISMATCH, "carrier-mismatch", \
	  "the commit is not the one that follows from its node") \
	X(CARRIER_TREE, "carrier-tree", \
	  "the tree is not the one that follows from its node") \
	X(CARRIER_SALT, "carrier-salt", "salt of a content that is not there") \
	X(CONTENT_SIZE, "content-size", "a content has another size") \
	X(CONTENT_DIGEST, "content-digest", "a content has another digest") \
	X(IDENTITY_FORK, "identity-fork", \
	  "the node's identity is not part of the one known") \
	X(ERA_OLD, "era-old", "the node is of an era that was ended") \
	X(DEVICE_CUT, "device-cut", "the device was cut before this node") \
	X(DEVICE_CUT_CHAIN, "device-cut-chain", \
	  "the node is not in the chain of the cut device") \
	X(PARENT_MISSING, "parent-missing", "a parent is missing") \
	X(PARENT_PROFILE, "parent-profile", \
	  "a parent belongs to another profile") \
	X(PARENT_ERA, "parent-era", "a parent is of another era") \
	X(GEN, "gen", "generation is not 1 + the highest parent's") \
	X(IDENTITY_REGRESS, "identity-regress", \
	  "an older identity document than a parent's") \
	X(PREV, "prev", "prev is not the device's node before this") \
	X(SKIP, "skip", "skip is not the device's node it must be") \
	X(EQUIVOCATION, "equivocation", \
	  "the device signed two nodes of one sequence number") \
	X(CARRIER_PARENTS, "carrier-parents", \
	  "the commit's parents are not the carriers of the parents")

enum mn_rule {
	MN_RULE_NONE = 0,
#define MN_RULE_ENUM(sym, name, words) MN_RULE_##sym,
	MN_RULES(MN_RULE_ENUM)
#undef MN_RULE_ENUM
	MN_RULE_COUNT
};

const char *mn_rule_name(enum mn_rule r);	/* "meta-size"; "ok" for none */
const char *mn_rule_words(enum mn_rule r);

#endif
