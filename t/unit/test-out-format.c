/* format and node-json: how a node is written, by a format and as JSON */
#include <jansson.h>

#include "out/format.h"
#include "out/node-json.h"

#include "tap.h"

#include "banned.h"

static struct mn_buf b;

static void fill(void *p, size_t n, int byte)
{
	memset(p, byte, n);
}

static void meta_with_everything(struct mn_meta *m)
{
	mn_meta_init(m);
	m->kind = MN_STR("reply");
	fill(&m->profile, 32, 0x11);
	fill(&m->device, 32, 0x33);
	m->seq = 7;
	m->gen = 9;
	m->era = 2;
	m->time = 1795540318628;
	m->summary = MN_STR("A \xe2\x80\xae title");
	m->stream = MN_STR("photos");
	m->tags[0] = MN_STR("a");
	m->tags[1] = MN_STR("b");
	m->ntags = 2;
	m->lang = MN_STR("de");
	m->has_place = 1;
	m->lat = 52520000;
	m->lon = -13405000;
	m->links[0] = MN_STR("https://example.org/");
	m->nlinks = 1;
	m->subjects[0].rel = MN_STR("reply-to");
	fill(&m->subjects[0].profile, 32, 0x44);
	fill(&m->subjects[0].node, 32, 0x55);
	m->subjects[0].has_node = 1;
	m->nsubjects = 1;
	m->attrs[0] = (struct mn_attr){ MN_STR("mood"), MN_STR("so \"so\"") };
	m->nattrs = 1;
	fill(&m->parents[0], 32, 0x66);
	fill(&m->parents[1], 32, 0x77);
	m->nparents = 2;
	m->contents[0] = (struct mn_content){ MN_STR("attachment"),
		{ { 0 } }, 100, MN_STR("image/jpeg"), MN_STR("cat \xff.jpg") };
	m->contents[1] = (struct mn_content){ MN_STR("text"),
		{ { 0 } }, 11, MN_STR("text/markdown"), MN_STR("post.md") };
	m->contents[2] = m->contents[0];
	m->ncontents = 3;
}

static void view_of(struct mn_view *v, const struct mn_meta *m)
{
	memset(v, 0, sizeof(*v));
	fill(&v->row.node, 32, 0x22);
	fill(&v->row.carrier, 20, 0x88);
	v->row.device = m->device;
	v->row.seq = m->seq;
	v->row.gen = m->gen;
	v->row.era = m->era;
	v->row.time = m->time;
	v->row.kind = m->kind;
	v->row.title = m->summary;
	v->row.stream = m->stream;
	if (m->ntags)
		v->row.tags = MN_STR("a b");
	v->profile = m->profile;
	v->label = MN_STR("lap\ttop");
	v->meta = m;
	v->text_at = 1;
	v->text = MN_STR("one\n\033two\n");
	v->present = 3;
}

static const char *format(const char *text, const struct mn_view *v)
{
	struct mn_format *f;
	struct mn_err err = MN_ERR_INIT;

	mn_buf_clear(&b);
	if (mn_format_compile(&f, text, &err) < 0)
		return "?";
	mn_format_add(&b, f, v);
	mn_format_free(f);
	return b.p;
}

static void test_fields(const struct mn_view *v)
{
	static const struct {
		const char *format, *want;
	} t[] = {
		{ "%(node)", "22222222222222222222222222222222"
			     "22222222222222222222222222222222" },
		{ "%(node:short)", "222222222222" },
		{ "%(uri)", "mn:11111111111111111111111111111111"
			    "11111111111111111111111111111111/"
			    "22222222222222222222222222222222"
			    "22222222222222222222222222222222" },
		{ "%(profile:short) %(device:short)",
		  "111111111111 333333333333" },
		{ "%(device:label)", "lap␉top" },
		{ "%(commit)", "8888888888888888888888888888888888888888" },
		{ "%(commit:short)", "888888888888" },
		{ "%(seq) %(gen) %(era) %(kind)", "7 9 2 reply" },
		{ "%(time)", "1795540318628" },
		{ "%(date)", "2026-11-24T17:11:58.628Z" },
		{ "%(date:short)", "2026-11-24" },
		{ "%(date:rfc)", "Tue, 24 Nov 2026 17:11:58 +0000" },
		{ "%(date:human)", "Tue Nov 24 17:11:58 2026 +0000" },
		{ "%(title)", "A <U+202E> title" },
		{ "%(title:quoted)", "\"A \\342\\200\\256 title\"" },
		{ "%(summary)", "A <U+202E> title" },
		{ "%(text)", "one\n␛two\n" },
		{ "%(text:quoted)", "\"one\\n\\033two\\n\"" },
		{ "%(stream) %(tags) %(lang)", "photos a b de" },
		{ "%(place)", "52.52,-13.405" },
		{ "%(links)", "https://example.org/" },
		{ "%(subjects)", "reply-to mn:"
		  "44444444444444444444444444444444"
		  "44444444444444444444444444444444/"
		  "55555555555555555555555555555555"
		  "55555555555555555555555555555555" },
		{ "%(parents:short)", "666666666666 777777777777" },
		{ "%(size) %(contents)", "211 3" },
		{ "a%n%t%%b", "a\n\t%b" },
		{ "", "" }, { "plain", "plain" },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++)
		is_str(format(t[i].format, v), t[i].want, "%s", t[i].format);
	format("%(seq)%0%(gen)", v);
	is_int(b.len, 3, "%%0 is a NUL");
	is_mem(b.p, "7\0009", 3, "between others");
}

static void test_errors(void)
{
	static const struct {
		const char *format, *words;
	} t[] = {
		{ "%(nonsense)", "format: unknown field '%(nonsense)'" },
		{ "%(node:long)", "format: unknown field '%(node:long)'" },
		{ "%(node", "format: '%(node' has no end" },
		{ "%()", "format: unknown field '%()'" },
		{ "100%", "format: '%' is none of %(field), %n, %t, %0, %%" },
		{ "%x", "format: '%x' is none of %(field), %n, %t, %0, %%" },
	};
	struct mn_format *f;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct mn_err err = MN_ERR_INIT;

		is_int(mn_format_compile(&f, t[i].format, &err), MN_EINVALID,
		       "%s is refused", t[i].format);
		is_str(err.msg, t[i].words, "and why");
	}
}

static int parts_of(const char *text)
{
	struct mn_format *f;
	int parts = -1;

	if (!mn_format_compile(&f, text, NULL)) {
		parts = mn_format_parts(f);
		mn_format_free(f);
	}
	return parts;
}

static void test_parts(void)
{
	is_int(parts_of("%(node) %(title) %(tags) %(date)"), 0,
	       "what the index knows needs nothing else");
	is_int(parts_of("%(lang)"), MN_VIEW_META, "the language is in the meta");
	is_int(parts_of("%(seq)%(text)"), MN_VIEW_META | MN_VIEW_TEXT,
	       "the text is a content");
}

#define H(d) d d d d d d d d d d d d d d d d
#define H32(d) H(d) H(d) H(d) H(d)

static void test_json(const struct mn_view *v, const struct mn_view *bare)
{
	json_t *read;

	mn_buf_clear(&b);
	mn_node_json(&b, v, 0);
	is_str(b.p, "{\"node\":\"" H32("2") "\",\"profile\":\"" H32("1")
	       "\",\"device\":\"" H32("3") "\",\"seq\":7,\"kind\":\"reply\","
	       "\"time\":1795540318628,\"title\":\"A \\u202e title\","
	       "\"text\":\"one\\n\\u001btwo\\n\",\"stream\":\"photos\","
	       "\"tags\":[\"a\",\"b\"],\"lang\":\"de\","
	       "\"place\":\"52.52,-13.405\","
	       "\"links\":[\"https://example.org/\"],"
	       "\"subjects\":[{\"rel\":\"reply-to\",\"ref\":\"mn:" H32("4") "/"
	       H32("5") "\"}],"
	       "\"attrs\":[{\"name\":\"mood\",\"value\":\"so \\\"so\\\"\"}],"
	       "\"attachments\":[{\"content\":0,\"role\":\"attachment\","
	       "\"name\":\"cat �.jpg\",\"type\":\"image/jpeg\",\"size\":100,"
	       "\"digest\":\"" H32("0") "\",\"present\":true},"
	       "{\"content\":2,\"role\":\"attachment\","
	       "\"name\":\"cat �.jpg\",\"type\":\"image/jpeg\",\"size\":100,"
	       "\"digest\":\"" H32("0") "\",\"present\":false}],"
	       "\"gen\":9,\"era\":2,\"parents\":[\"" H32("6") "\",\"" H32("7")
	       "\"],\"commit\":\"" H("8") H("8") "88888888\"}",
	       "everything, in the order of the schema");
	read = json_loads(b.p, JSON_REJECT_DUPLICATES, NULL);
	ok(read != NULL, "another reader takes it");
	json_decref(read);
	mn_buf_clear(&b);
	mn_node_json(&b, v, 1);
	ok(!strstr(b.p, "\"text\":"), "the text can be left out");
	mn_buf_clear(&b);
	mn_node_json(&b, bare, 0);
	is_str(b.p, "{\"node\":\"" H32("2") "\",\"profile\":\"" H32("1")
	       "\",\"device\":\"" H32("3") "\",\"seq\":1,\"kind\":\"post\","
	       "\"time\":0,\"gen\":1,\"era\":0,\"commit\":\"" H("8") H("8")
	       "88888888\"}", "what is not there is absent");
}

int main(void)
{
	static struct mn_meta meta, bare_meta;
	static struct mn_view view, bare;

	mn_buf_init(&b);
	meta_with_everything(&meta);
	view_of(&view, &meta);
	mn_meta_init(&bare_meta);
	bare_meta.kind = MN_STR("post");
	bare_meta.profile = meta.profile;
	bare_meta.device = meta.device;
	bare_meta.seq = bare_meta.gen = 1;
	view_of(&bare, &bare_meta);
	bare.text_at = SIZE_MAX;
	bare.text = (struct mn_str){ NULL, 0 };
	test_fields(&view);
	test_errors();
	test_parts();
	is_str(format("%(title)|%(summary)|%(text)|%(place)|%(parents)", &bare),
	       "||||", "what is not there is empty");
	test_json(&view, &bare);
	mn_buf_release(&b);
	return done_testing();
}
