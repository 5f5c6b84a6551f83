/*
 * Laws of the identity chain: what its owner makes is taken, what others
 * make of it is not.
 */
#include "base/hex.h"

#include "node-make.h"

#include "banned.h"

#define TIME INT64_C(1700000000000)

/* A chain that grows: the fields of the next document, and what was made. */
struct chain {
	struct mn_root *root;
	struct author a, b, c;			/* devices */
	struct mn_identity_doc next;
	struct mn_id_device devices[3];
	struct mn_id_cut cuts[3];
	struct mn_buf blob;
};

static struct mn_str text_of(const struct mn_buf *b)
{
	return (struct mn_str){ b->p, b->len };
}

static enum mn_rule rule_of(struct mn_str blob)
{
	struct mn_identity id;
	enum mn_rule rule;

	mn_identity_init(&id);
	rule = mn_identity_parse(&id, blob);
	mn_identity_release(&id);
	return rule;
}

static void is_rule(struct mn_str blob, enum mn_rule want, const char *what)
{
	is_str(mn_rule_name(rule_of(blob)), mn_rule_name(want), "%s", what);
}

static int cmp_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mn_pub));
}

static void chain_init(struct chain *ch, uint64_t seed)
{
	struct rng rng = { seed };
	struct mn_err err = MN_ERR_INIT;

	memset(ch, 0, sizeof(*ch));
	ch->root = root_make(&rng);
	author_init(&ch->a, &rng);
	author_init(&ch->b, &rng);
	author_init(&ch->c, &rng);
	mn_buf_init(&ch->blob);
	must(mn_identity_create(&ch->blob, ch->root, &ch->a.pub, "first",
				TIME, &err), &err);
	ch->devices[0] = (struct mn_id_device){ ch->a.pub, MN_STR("first") };
	ch->next.devices = ch->devices;
	ch->next.ndevices = 1;
	ch->next.cuts = ch->cuts;
}

static void chain_release(struct chain *ch)
{
	mn_buf_release(&ch->blob);
	mn_secret_free(ch->a.secret);
	mn_secret_free(ch->b.secret);
	mn_secret_free(ch->c.secret);
	mn_root_free(ch->root);
}

/* Sets the number and the predecessor for what comes next. */
static void link_up(struct chain *ch, struct mn_identity_doc *d)
{
	struct mn_identity id;

	mn_identity_init(&id);
	if (mn_identity_parse(&id, text_of(&ch->blob)) != MN_RULE_NONE)
		abort();
	d->number = id.docs.n;
	d->previous = mn_identity_last(&id)->digest;
	d->time = (uint64_t)TIME + d->number;
	mn_identity_release(&id);
	qsort(d->devices, d->ndevices, sizeof(*d->devices), cmp_key);
	if (d->ncuts)
		qsort(d->cuts, d->ncuts, sizeof(*d->cuts), cmp_key);
}

/* Adds the next document; what is made of it is what want says. */
static void grow(struct chain *ch, enum mn_rule want, const char *what)
{
	size_t before = ch->blob.len;

	link_up(ch, &ch->next);
	identity_put(&ch->blob, &ch->next, ch->root);
	is_rule(text_of(&ch->blob), want, what);
	if (want != MN_RULE_NONE)
		mn_buf_setlen(&ch->blob, before);
}

static void add_device(struct chain *ch, const struct author *dev)
{
	ch->devices[ch->next.ndevices++] = (struct mn_id_device){
		dev->pub, MN_STR("another") };
}

static void drop_device(struct chain *ch, const struct author *dev)
{
	size_t n = 0;

	for (size_t i = 0; i < ch->next.ndevices; i++)
		if (memcmp(ch->devices[i].key.b, dev->pub.b, 32))
			ch->devices[n++] = ch->devices[i];
	ch->next.ndevices = n;
}

static void cut(struct chain *ch, const struct author *dev, uint64_t seq)
{
	struct mn_id_cut *c = &ch->cuts[ch->next.ncuts++];

	drop_device(ch, dev);
	memset(c, 0, sizeof(*c));
	c->key = dev->pub;
	c->seq = seq;
	if (seq)
		mn_hash(&c->node, "some node", &seq, sizeof(seq));
}

static void test_create(void)
{
	static const char long_label[] =
		"12345678901234567890123456789012345678901234567890123456789012"
		"345";
	static const char *const bad[] = {
		"", " a", "a ", "a\nb", "a\tb", "\x7f", "\xff", "\xc2\x85",
		"a\ndevice b", long_label };
	struct mn_buf out = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	const struct mn_identity_doc *d;
	unsigned char secret[32], pub[32], opened[32];
	struct mn_identity id;
	struct mn_id next;
	struct mn_secret *key;
	struct mn_pub root;
	struct chain ch;

	chain_init(&ch, 1);
	mn_identity_init(&id);
	is_int(mn_identity_parse(&id, text_of(&ch.blob)), MN_RULE_NONE,
	       "R0 is taken");
	d = mn_identity_last(&id);
	ok(id.docs.n == 1 && d->number == 0 && d->time == (uint64_t)TIME &&
	   d->ndevices == 1 && !d->ncuts &&
	   mn_str_eq(mn_identity_device(d, &ch.a.pub)->label, "first"),
	   "R0 lists its device");
	key = mn_root_key(ch.root, 0);
	mn_secret_pub(&root, key);
	mn_secret_free(key);
	ok(d->nroots == 1 && !memcmp(d->roots[0].b, root.b, 32),
	   "R0 is signed by root key 0");
	key = mn_root_key(ch.root, 1);
	mn_secret_pub(&root, key);
	mn_secret_free(key);
	mn_root_commitment(&next, &root);
	ok(d->nnext == 1 && mn_id_eq(&d->next[0], &next),
	   "R0 commits to root key 1");
	mn_root_encryption(secret, pub, ch.root, 0);
	ok(d->nsealed == 1 && mn_unseal(opened, ch.a.secret,
			d->sealed[0].box, NULL) == 0 &&
	   !memcmp(opened, secret, 32) && !memcmp(d->encryption.b, pub, 32),
	   "its encryption key is sealed to the device");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		mn_err_clear(&err);
		is_int(mn_identity_create(&out, ch.root, &ch.a.pub, bad[i],
					  TIME, &err), MN_EINVALID,
		       "label %zu is refused: %s", i, err.msg);
	}
	is_int(out.len, 0, "and nothing is made of it");
	mn_identity_release(&id);
	chain_release(&ch);
	mn_buf_release(&out);
}

/* R0 to R7, as an owner would. */
static void grow_long(struct chain *ch)
{
	grow(ch, MN_RULE_NONE, "rotation");
	add_device(ch, &ch->b);
	add_device(ch, &ch->c);
	grow(ch, MN_RULE_NONE, "two devices more");
	cut(ch, &ch->b, 9);
	grow(ch, MN_RULE_NONE, "one is cut");
	ch->cuts[0].seq = 4;
	mn_hash(&ch->cuts[0].node, "", "4", 1);
	grow(ch, MN_RULE_NONE, "the cut is lowered");
	ch->next.era = 3;
	grow(ch, MN_RULE_NONE, "the era is raised");
	ch->next.epoch = 1;
	grow(ch, MN_RULE_NONE, "the epoch is raised");
	ch->cuts[0].seq = 0;
	memset(&ch->cuts[0].node, 0, 32);
	grow(ch, MN_RULE_NONE, "the cut is lowered to nothing");
}

static void test_chain(void)
{
	struct mn_identity before, now;
	struct chain ch;
	enum mn_rule r;

	chain_init(&ch, 2);
	mn_identity_init(&before);
	mn_identity_init(&now);
	mn_identity_parse(&before, text_of(&ch.blob));
	grow_long(&ch);
	r = mn_identity_parse(&now, text_of(&ch.blob));
	ok(r == MN_RULE_NONE && now.docs.n == 8, "eight documents");
	ok(mn_identity_extends(&now, &before) &&
	   !mn_identity_extends(&before, &now), "the longer one extends");
	ok(mn_id_eq(mn_identity_profile(&now), mn_identity_profile(&before)),
	   "the profile is the same");
	ok(!mn_identity_device(mn_identity_last(&now), &ch.b.pub) &&
	   mn_identity_cut(mn_identity_last(&now), &ch.b.pub) &&
	   mn_identity_device(mn_identity_last(&now), &ch.c.pub),
	   "devices are found, and cuts");
	mn_identity_release(&before);
	mn_identity_release(&now);
	chain_release(&ch);
}

/* No byte can be changed, left out, put in; nothing can be cut off, but
 * whole documents. */
static void test_changes(void)
{
	struct mn_buf copy = MN_BUF_INIT;
	size_t taken = 0, cut_off = 0, at;
	struct chain ch;
	struct mn_str all;

	chain_init(&ch, 3);
	add_device(&ch, &ch.b);
	grow(&ch, MN_RULE_NONE, "a second device");
	cut(&ch, &ch.b, 2);
	grow(&ch, MN_RULE_NONE, "which is cut");
	all = text_of(&ch.blob);
	for (at = 0; at < all.len; at++) {
		mn_buf_clear(&copy);
		mn_buf_addstr(&copy, all);
		for (int bit = 0; bit < 8; bit++) {
			copy.p[at] = (char)(all.p[at] ^ (1 << bit));
			taken += rule_of(text_of(&copy)) == MN_RULE_NONE;
		}
		/* left out */
		mn_buf_clear(&copy);
		mn_buf_add(&copy, all.p, at);
		mn_buf_add(&copy, all.p + at + 1, all.len - at - 1);
		taken += rule_of(text_of(&copy)) == MN_RULE_NONE;
		/* there twice */
		mn_buf_clear(&copy);
		mn_buf_add(&copy, all.p, at + 1);
		mn_buf_add(&copy, all.p + at, all.len - at);
		taken += rule_of(text_of(&copy)) == MN_RULE_NONE;
		cut_off += rule_of((struct mn_str){ all.p, at }) ==
			MN_RULE_NONE;
	}
	is_int(taken, 0, "no changed byte of %zu is taken", all.len);
	is_int(cut_off, 2, "only whole documents can be cut off");
	mn_buf_clear(&copy);
	mn_buf_addstr(&copy, all);
	mn_buf_addstr(&copy, all);
	is_rule(text_of(&copy), MN_RULE_CHAIN_NUMBER, "the chain twice");
	mn_buf_release(&copy);
	chain_release(&ch);
}

/* Who has the keys that signed R1 cannot make R2. */
static void test_stolen_root(void)
{
	struct mn_identity_doc d = { .threshold = 1, .next_threshold = 1,
		.nroots = 1, .nnext = 1 };
	struct mn_secret *old, *mine, *two;
	struct mn_pub old_pub, mine_pub, two_pub;
	struct rng rng = { 99 };
	struct author thief;
	struct mn_id next;
	struct mn_id_device devices[2];
	struct chain ch;
	size_t len;

	chain_init(&ch, 4);
	grow(&ch, MN_RULE_NONE, "R1");
	author_init(&thief, &rng);
	old = mn_root_key(ch.root, 1);
	two = mn_root_key(ch.root, 2);
	mine = thief.secret;
	mn_secret_pub(&old_pub, old);
	mn_secret_pub(&two_pub, two);
	mine_pub = thief.pub;
	mn_root_commitment(&next, &mine_pub);
	devices[0] = (struct mn_id_device){ thief.pub, MN_STR("thief") };
	devices[1] = ch.devices[0];
	d.next = &next;
	d.devices = devices;
	d.ndevices = 2;
	link_up(&ch, &d);
	len = ch.blob.len;

	d.roots = &old_pub;
	mn_identity_encode(&ch.blob, &d, &old, 1);
	is_rule(text_of(&ch.blob), MN_RULE_CHAIN_ROOT, "the old key again");
	mn_buf_setlen(&ch.blob, len);
	d.roots = &mine_pub;
	mn_identity_encode(&ch.blob, &d, &mine, 1);
	is_rule(text_of(&ch.blob), MN_RULE_CHAIN_ROOT, "a key of one's own");
	mn_buf_setlen(&ch.blob, len);
	d.roots = &two_pub;
	mn_identity_encode(&ch.blob, &d, &old, 1);
	is_rule(text_of(&ch.blob), MN_RULE_IDENTITY_SIGNER,
		"the next key, signed with the old one");
	mn_buf_setlen(&ch.blob, len);
	/* the right key's name before a signature of the wrong one */
	mn_identity_encode(&ch.blob, &d, &old, 1);
	mn_hex_encode(ch.blob.p + ch.blob.len - 194, two_pub.b, 32);
	ch.blob.p[ch.blob.len - 130] = ' ';
	is_rule(text_of(&ch.blob), MN_RULE_CHAIN_SIGNATURE,
		"the next key's name on the old one's signature");
	mn_buf_setlen(&ch.blob, len);
	devices[0] = (struct mn_id_device){ thief.pub, MN_STR("thief") };
	d.ndevices = 1;
	mn_identity_encode(&ch.blob, &d, &two, 1);
	is_rule(text_of(&ch.blob), MN_RULE_CHAIN_DEVICE,
		"even with the next key no device just vanishes");
	mn_secret_free(old);
	mn_secret_free(two);
	mn_secret_free(thief.secret);
	chain_release(&ch);
}

/* Two keys are needed, a thief has one. */
static void test_threshold(void)
{
	struct mn_secret *keys[3], *signers[3];
	struct mn_pub roots[3], thief;
	struct mn_id next[3], previous;
	struct mn_identity_doc d = { .threshold = 2, .next_threshold = 2,
		.nroots = 3, .nnext = 3, .roots = roots, .next = next };
	struct mn_buf blob = MN_BUF_INIT;
	struct mn_identity id;
	struct rng rng = { 5 };
	size_t len;

	for (int i = 0; i < 3; i++) {
		struct author a;

		author_init(&a, &rng);
		signers[i] = keys[i] = a.secret;
		roots[i] = a.pub;
	}
	qsort(roots, 3, sizeof(*roots), cmp_key);
	for (int i = 0; i < 3; i++)
		mn_root_commitment(&next[i], &roots[i]);
	qsort(next, 3, sizeof(*next), cmp_key);
	mn_identity_encode(&blob, &d, signers, 1);
	is_rule(text_of(&blob), MN_RULE_CHAIN_UNSIGNED, "one of two: R0");
	mn_buf_clear(&blob);
	mn_identity_encode(&blob, &d, signers, 2);
	mn_identity_init(&id);
	ok(mn_identity_parse(&id, text_of(&blob)) == MN_RULE_NONE,
	   "two of three: R0");
	previous = mn_identity_last(&id)->digest;
	mn_identity_release(&id);
	d.number = 1;
	d.previous = previous;
	len = blob.len;
	mn_identity_encode(&blob, &d, signers + 2, 1);
	is_rule(text_of(&blob), MN_RULE_CHAIN_UNSIGNED, "one of two: R1");
	mn_buf_setlen(&blob, len);
	d.threshold = 1;
	mn_identity_encode(&blob, &d, signers + 2, 1);
	is_rule(text_of(&blob), MN_RULE_CHAIN_THRESHOLD, "one is enough: R1");
	mn_buf_setlen(&blob, len);
	d.threshold = 2;
	signers[0] = signers[1] = keys[1];
	mn_identity_encode(&blob, &d, signers, 2);
	is_rule(text_of(&blob), MN_RULE_IDENTITY_ASCENDING, "one key twice");
	mn_buf_setlen(&blob, len);
	d.nroots = 1;		/* the threshold cannot be met */
	thief = roots[0];
	d.roots = &thief;
	mn_identity_encode(&blob, &d, signers, 1);
	is_rule(text_of(&blob), MN_RULE_IDENTITY_THRESHOLD, "too few keys");
	for (int i = 0; i < 3; i++)
		mn_secret_free(keys[i]);
	mn_buf_release(&blob);
}

/* A device that was cut does not come back, and its cut is not raised. */
static void test_cut(void)
{
	struct chain ch;

	chain_init(&ch, 6);
	add_device(&ch, &ch.b);
	grow(&ch, MN_RULE_NONE, "a second device");
	drop_device(&ch, &ch.b);
	grow(&ch, MN_RULE_CHAIN_DEVICE, "it vanishes");
	cut(&ch, &ch.b, 5);
	grow(&ch, MN_RULE_NONE, "it is cut");
	ch.cuts[0].seq = 6;
	grow(&ch, MN_RULE_CHAIN_CUT, "the cut is raised");
	ch.cuts[0].seq = 5;
	ch.cuts[0].era = 1;
	grow(&ch, MN_RULE_CHAIN_CUT, "the cut is of a later era");
	ch.cuts[0].era = 0;
	ch.cuts[0].node.b[0] ^= 1;
	grow(&ch, MN_RULE_CHAIN_CUT, "the cut names another node");
	ch.cuts[0].node.b[0] ^= 1;
	add_device(&ch, &ch.b);
	grow(&ch, MN_RULE_IDENTITY_CUT, "it is listed again, and cut");
	ch.next.ncuts = 0;
	grow(&ch, MN_RULE_CHAIN_DEVICE, "it is listed again");
	drop_device(&ch, &ch.b);
	grow(&ch, MN_RULE_CHAIN_DEVICE, "the cut is forgotten");
	ch.next.ncuts = 1;
	grow(&ch, MN_RULE_NONE, "all stays as it was");
	chain_release(&ch);
}

/* Hostile sizes end early. */
static void test_size(void)
{
	struct mn_buf blob = MN_BUF_INIT;
	struct chain ch;

	chain_init(&ch, 7);
	mn_buf_addstr(&blob, text_of(&ch.blob));
	while (blob.len + ch.blob.len <= MN_IDENTITY_MAX)
		mn_buf_addstr(&blob, text_of(&ch.blob));
	is_rule(text_of(&blob), MN_RULE_CHAIN_NUMBER, "4 MiB of R0");
	mn_buf_addstr(&blob, text_of(&ch.blob));
	is_rule(text_of(&blob), MN_RULE_IDENTITY_SIZE, "more than that");
	mn_buf_clear(&blob);
	while (blob.len < MN_IDENTITY_MAX)
		mn_buf_adds(&blob, "device a\n");
	mn_buf_setlen(&blob, MN_IDENTITY_MAX / 9 * 9);
	is_rule(text_of(&blob), MN_RULE_IDENTITY_SIZE,
		"4 MiB without a document");
	mn_buf_release(&blob);
	chain_release(&ch);
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	test_create();
	test_chain();
	test_changes();
	test_stolen_root();
	test_threshold();
	test_cut();
	test_size();
	return done_testing();
}
