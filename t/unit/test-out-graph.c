/* graph: golden drawings. A node is a letter, its parents are letters. */
#include "out/graph.h"

#include "tap.h"

#include "banned.h"

static struct mn_id id_of(char c)
{
	struct mn_id id;

	memset(&id, c, sizeof(id));
	return id;
}

/* spec: "a:bc b:d ...", a node and its parents each; text: what stands beside
 * a node, instead of its letter */
static const char *draw(struct mn_buf *out, const char *spec, const char *text)
{
	struct mn_graph *g = mn_graph_new();

	mn_buf_clear(out);
	while (*spec) {
		struct mn_id node = id_of(*spec), parents[40];
		char letter[2] = { *spec, '\n' };
		size_t n = 0;

		for (spec += 2; *spec && *spec != ' '; spec++)
			parents[n++] = id_of(*spec);
		spec += *spec == ' ';
		mn_graph_add(g, out, &node, parents, n, text ? mn_str(text) :
			     (struct mn_str){ letter, 2 });
	}
	mn_graph_free(g);
	return out->p;
}

static const struct {
	const char *name, *spec, *text, *want;
} cases[] = {
	{ "a line", "a:b b:c c:", NULL,
	  "* a\n* b\n* c\n" },
	{ "a merge", "a:bc b:d c:d d:", NULL,
	  "*   a\n"
	  "|\\\n"
	  "* | b\n"
	  "| * c\n"
	  "|/\n"
	  "* d\n" },
	{ "two heads", "a:c b:c c:", NULL,
	  "* a\n"
	  "| * b\n"
	  "|/\n"
	  "* c\n" },
	{ "an octopus", "a:bcd b:e c:e d:e e:", NULL,
	  "*     a\n"
	  "|\\\n"
	  "|\\ \\\n"
	  "* | | b\n"
	  "| * | c\n"
	  "|/ /\n"
	  "| * d\n"
	  "|/\n"
	  "* e\n" },
	{ "an edge over another", "a:d b:e c:d d:f e:f f:", NULL,
	  "* a\n"
	  "| * b\n"
	  "| | * c\n"
	  "| |/\n"
	  "|/|\n"
	  "* | d\n"
	  "| * e\n"
	  "|/\n"
	  "* f\n" },
	{ "an edge over two", "a:e b:f c:g d:e e:h f:h g:h h:", NULL,
	  "* a\n"
	  "| * b\n"
	  "| | * c\n"
	  "| | | * d\n"
	  "| |_|/\n"
	  "|/| |\n"
	  "* | | e\n"
	  "| * | f\n"
	  "|/ /\n"
	  "| * g\n"
	  "|/\n"
	  "* h\n" },
	{ "a parent that another waits for", "a:c b:cd c:e d:e e:", NULL,
	  "* a\n"
	  "| *   b\n"
	  "| |\\\n"
	  "|/ /\n"
	  "* | c\n"
	  "| * d\n"
	  "|/\n"
	  "* e\n" },
	{ "roots close their lanes", "a: b:c x: c:", NULL,
	  "* a\n* b\n| * x\n* c\n" },
	{ "a lane left of others ends", "a:c b:d c: d:", NULL,
	  "* a\n| * b\n* | c\n /\n* d\n" },
	{ "several lines of text", "a:bc b:d c:d d:", "x\ny\n\nz\n",
	  "*   x\n"
	  "|\\  y\n"
	  "| |\n"
	  "| | z\n"
	  "* | x\n"
	  "| | y\n"
	  "| |\n"
	  "| | z\n"
	  "| * x\n"
	  "|/  y\n"
	  "|\n"
	  "|   z\n"
	  "* x\n"
	  "  y\n"
	  "\n"
	  "  z\n" },
};

static void test_golden(struct mn_buf *b)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is_str(draw(b, cases[i].spec, cases[i].text), cases[i].want,
		       "%s", cases[i].name);
}

/* More lanes than there are, more parents than fit: it stays bounded, and
 * every node is drawn. */
static void test_bounds(struct mn_buf *b)
{
	struct mn_graph *g = mn_graph_new();
	struct mn_id id, parents[40];
	size_t widest = 0, stars = 0;
	const char *p, *nl;
	int i, k;

	mn_buf_clear(b);
	for (i = 0; i < 60; i++) {
		id = id_of((char)(i + 1));
		for (k = 0; k < 40; k++)
			parents[k] = id_of((char)(i + 2 + k));
		mn_graph_add(g, b, &id, parents, (size_t)(i % 41),
			     MN_STR("x\ny\n"));
	}
	mn_graph_free(g);
	for (p = b->p; *p; p = nl + 1) {
		nl = strchr(p, '\n');
		if ((size_t)(nl - p) > widest)
			widest = (size_t)(nl - p);
		stars += memchr(p, '*', (size_t)(nl - p)) != NULL;
	}
	is_int(stars, 60, "every node has its star");
	ok(widest <= 2 * MN_GRAPH_LANES + 3, "at most %d columns: %zu",
	   2 * MN_GRAPH_LANES + 3, widest);
}

int main(void)
{
	struct mn_buf b = MN_BUF_INIT;

	test_golden(&b);
	test_bounds(&b);
	mn_buf_release(&b);
	return done_testing();
}
