/* oid, deflate and delta */
#include "git/oid.h"

#include "base/buf.h"
#include "git/delta.h"
#include "git/inflate.h"
#include "git/pack.h"
#include "tap.h"

#include "banned.h"

static uint32_t rnd_state = 1;

static uint32_t rnd(void)
{
	rnd_state = rnd_state * 1664525u + 1013904223u;
	return rnd_state >> 8;
}

static void add_words(struct mn_buf *b, size_t n)
{
	static const char *const words[] = {
		"profile ", "node ", "seq ", "parent ", "0123456789abcdef",
		"\n", "time 17324500", "text ", "lang en\n"
	};

	for (size_t i = 0; i < n; i++) {
		mn_buf_adds(b, words[rnd() % 9]);
		mn_buf_addu(b, rnd() % 1000);
	}
}

static void add_noise(struct mn_buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mn_buf_addc(b, (char)(unsigned char)rnd());
}

static void test_oid(void)
{
	char hex[MN_OID_HEX + 1];
	struct mn_oid a, b;
	enum mn_otype t;

	mn_oid_of(&a, MN_BLOB, "", 0);
	mn_oid_hex(hex, &a);
	is_str(hex, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "empty blob");
	mn_oid_of(&a, MN_TREE, NULL, 0);
	mn_oid_hex(hex, &a);
	is_str(hex, MN_OID_EMPTY_TREE_HEX, "empty tree");
	mn_oid_of(&a, MN_BLOB, "what is up, doc?", 16);
	mn_oid_hex(hex, &a);
	is_str(hex, "bd9dbf5aae1a3862dd1526723246b20206e5fc37", "a blob");
	is_int(mn_oid_parse(&b, hex), 0, "parse");
	ok(mn_oid_eq(&a, &b) && !mn_oid_cmp(&a, &b), "same");
	ok(!mn_oid_is_zero(&a), "not zero");
	hex[0] = 'B';
	is_int(mn_oid_parse(&b, hex), -1, "upper case is refused");
	is_int(mn_otype_parse(&t, "commit", 6), 0, "type");
	is_int(t, MN_COMMIT, "commit");
	is_int(mn_otype_parse(&t, "commits", 7), -1, "no type");
	is_int(mn_otype_parse(&t, "", 0), -1, "empty is no type");
	is_str(mn_otype_name(MN_TAG), "tag", "name");
}

static void test_deflate(void)
{
	static const int levels[] = { 0, 1, 6, 12 };
	struct mn_buf text = MN_BUF_INIT, z = MN_BUF_INIT, back = MN_BUF_INIT;
	struct mn_buf noise = MN_BUF_INIT;
	struct mn_inflater f = { NULL, NULL };
	size_t used = 0, got = 0;

	add_words(&text, 30000);
	add_noise(&noise, 200000);
	for (size_t i = 0; i < 4; i++) {
		struct mn_deflater *d = mn_deflater_new(levels[i]);

		mn_buf_clear(&z);
		mn_buf_adds(&z, "kept");
		mn_deflate(d, &z, text.p, text.len);
		ok(!memcmp(z.p, "kept", 4), "level %d appends", levels[i]);
		ok(levels[i] ? z.len < text.len / 2 : z.len > text.len,
		   "level %d: size", levels[i]);
		mn_buf_grow(&back, text.len);
		mn_buf_add(&z, "behind", 6);
		is_int(mn_inflate(&f, z.p + 4, z.len - 4, back.p, text.len,
				  &used), 0, "inflates");
		is_int(used, z.len - 10, "and ends where the stream ends");
		is_mem(back.p, text.p, text.len, "to the same");
		is_int(mn_inflate(&f, z.p + 4, z.len - 4, back.p,
				  text.len - 1, &used), -1, "longer");
		is_int(mn_inflate(&f, z.p + 4, 100, back.p, text.len, &used),
		       -1, "cut short");
		is_int(mn_inflate_head(&f, z.p + 4, 400, back.p, 32, &got), 0,
		       "the head of what is cut short");
		is_int(got, 32, "all of it");
		is_mem(back.p, text.p, 32, "as it was");
		ok(mn_deflate_pays(d, text.p, text.len), "pays for text");
		ok(!mn_deflate_pays(d, noise.p, noise.len), "not for noise");
		ok(!mn_deflate_pays(d, "", 0), "not for nothing");
		mn_deflater_free(d);
	}
	mn_inflater_release(&f);
	mn_buf_release(&text);
	mn_buf_release(&noise);
	mn_buf_release(&z);
	mn_buf_release(&back);
}

/* Makes, applies, compares; the length of the delta. */
static size_t both_ways(const struct mn_buf *a, const struct mn_buf *b,
			int *good)
{
	struct mn_buf d = MN_BUF_INIT, out = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	uint64_t size = 0;
	size_t n;
	int r;

	mn_delta_make(&d, a->p, a->len, b->p, b->len);
	r = mn_delta_apply(&out, a->p, a->len, d.p, d.len, b->len, &err);
	*good = !r && out.len == b->len && !memcmp(out.p, b->p, b->len) &&
		!mn_delta_size(&size, d.p, d.len) && size == b->len;
	if (b->len && *good)
		*good = mn_delta_apply(&out, a->p, a->len, d.p, d.len,
				       b->len - 1, &err) == MN_ELIMIT;
	n = d.len;
	mn_buf_release(&d);
	mn_buf_release(&out);
	return n;
}

static void edit(struct mn_buf *out, const struct mn_buf *in)
{
	struct mn_buf b = MN_BUF_INIT;
	size_t at = 0;

	while (at < in->len) {
		size_t n = rnd() % 400;

		if (n > in->len - at)
			n = in->len - at;
		mn_buf_add(&b, in->p + at, n);
		at += n;
		switch (rnd() % 3) {
		case 0:
			add_noise(&b, rnd() % 20);
			break;
		case 1:
			at += rnd() % 30;
			break;
		}
	}
	mn_buf_clear(out);
	mn_buf_add(out, b.p, b.len);
	mn_buf_release(&b);
}

static void test_delta(void)
{
	struct mn_buf a = MN_BUF_INIT, b = MN_BUF_INIT;
	int good, all = 1;
	size_t n;

	for (int i = 0; i < 300; i++) {
		mn_buf_clear(&a);
		add_words(&a, rnd() % 300);
		edit(&b, &a);
		n = both_ways(&a, &b, &good);
		all &= good && n <= b.len + b.len / 100 + 20;
	}
	ok(all, "300 edited texts");
	mn_buf_clear(&a);
	mn_buf_clear(&b);
	both_ways(&a, &b, &good);
	ok(good, "both empty");
	mn_buf_adds(&b, "x");
	both_ways(&a, &b, &good);
	ok(good, "empty base");
	both_ways(&b, &a, &good);
	ok(good, "empty target");
	mn_buf_clear(&a);
	add_words(&a, 20000);	/* more than one copy holds */
	n = both_ways(&a, &a, &good);
	ok(good && n < 60, "the same: %zu bytes", n);
	mn_buf_clear(&b);
	add_noise(&b, 100);
	mn_buf_add(&b, a.p + a.len / 2, a.len / 2);
	mn_buf_add(&b, a.p, a.len / 2);
	n = both_ways(&a, &b, &good);
	ok(good && n < 220, "halves swapped: %zu bytes", n);
	mn_buf_release(&a);
	mn_buf_release(&b);
}

static void test_bad_delta(void)
{
	static const struct {
		const char *d;
		size_t len;
		int want;
		const char *name;
	} t[] = {
		{ "\x04\x04\x90\x04", 4, 0, "copy" },
		{ "\x04\x02\x02xy", 5, 0, "insert" },
		{ "\x04\x00", 2, 0, "nothing" },
		{ "", 0, MN_ECORRUPT, "empty" },
		{ "\x04", 1, MN_ECORRUPT, "no size of result" },
		{ "\x05\x02\x02xy", 5, MN_ECORRUPT, "another base" },
		{ "\x04\x02\x02x", 4, MN_ECORRUPT, "insert cut short" },
		{ "\x04\x03\x02xy", 5, MN_ECORRUPT, "result too short" },
		{ "\x04\x01\x02xy", 5, MN_ECORRUPT, "result too long" },
		{ "\x04\x02\x00", 3, MN_ECORRUPT, "reserved" },
		{ "\x04\x02\x91\x03\x02", 5, MN_ECORRUPT, "copy beyond" },
		{ "\x04\x02\x91\x05\x02", 5, MN_ECORRUPT, "copy behind" },
		{ "\x04\x02\x9f\xff\xff\xff\xff\x02", 8, MN_ECORRUPT,
		  "copy far off" },
		{ "\x04\x02\x91\x03", 4, MN_ECORRUPT, "copy cut short" },
		{ "\x04\x02\x80", 3, MN_ECORRUPT, "copy of 64 KiB" },
		{ "\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12,
		  MN_ECORRUPT, "size out of range" },
		{ "\x04\xff\xff\xff\xff\xff\xff\xff\x01", 9, MN_ELIMIT,
		  "huge size" }
	};
	struct mn_buf out = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		is_int(mn_delta_apply(&out, "abcd", 4, t[i].d, t[i].len, 1000,
				      &err), t[i].want, "%s", t[i].name);
	mn_buf_release(&out);
}

int main(void)
{
	test_oid();
	test_deflate();
	test_delta();
	test_bad_delta();
	return done_testing();
}
