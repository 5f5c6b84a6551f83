/* cat-object-batch: mn cat-object --batch, and trees. See cat-object.h. */
#include <string.h>

#include "cat-object.h"
#include "out/text.h"
#include "banned.h"

enum atom { A_LITERAL, A_NAME, A_TYPE, A_SIZE, A_NODE, A_REST };

static const struct {
	const char *name;
	enum atom atom;
} atoms[] = {
	{ "objectname", A_NAME },
	{ "objecttype", A_TYPE },
	{ "objectsize", A_SIZE },
	{ "node", A_NODE },
	{ "rest", A_REST },
};

struct piece {
	enum atom atom;
	struct mn_str literal;
};

struct batch {
	struct mn_reading *r;
	MN_VEC(struct piece) format;
	int contents;
	int split;		/* names end at white space: %(rest) */
	struct mn_buf line;
};

static int find_atom(enum atom *out, const char *p, size_t len)
{
	for (size_t i = 0; i < sizeof(atoms) / sizeof(*atoms); i++) {
		if (strlen(atoms[i].name) != len ||
		    memcmp(atoms[i].name, p, len))
			continue;
		*out = atoms[i].atom;
		return 0;
	}
	return -1;
}

static void compile(struct batch *b, const char *p)
{
	struct piece piece;
	const char *end;
	size_t n;

	while (*p) {
		n = strcspn(p, "%");
		piece = (struct piece){ A_LITERAL, { p, n } };
		if (!n && p[1] == '%') {
			n = 2;
			piece.literal.len = 1;
		} else if (!n) {
			end = p[1] == '(' ? strchr(p, ')') : NULL;
			if (!end || find_atom(&piece.atom, p + 2,
					      (size_t)(end - p) - 2) < 0)
				mn_usage(b->r->c, "format: '%.20s' begins "
					 "with no known field", p);
			n = (size_t)(end - p) + 1;
			b->split |= piece.atom == A_REST;
		}
		*mn_vec_push(&b->format) = piece;
		p += n;
	}
}

static int add_node(struct batch *b, struct mn_resolved *got,
		    struct mn_err *err)
{
	int r = mn_resolved_node(got, err);

	if (got->is_node)
		mn_buf_addhex(&b->line, got->node.b, sizeof(got->node.b));
	return r;
}

static int add_line(struct batch *b, struct mn_resolved *got,
		    enum mn_otype type, uint64_t size, struct mn_str rest,
		    struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < b->format.n && !r; i++) {
		const struct piece *p = &b->format.p[i];

		switch (p->atom) {
		case A_LITERAL:
			mn_buf_addstr(&b->line, p->literal);
			break;
		case A_NAME:
			mn_buf_addhex(&b->line, got->oid.b,
				      sizeof(got->oid.b));
			break;
		case A_TYPE:
			mn_buf_adds(&b->line, mn_otype_name(type));
			break;
		case A_SIZE:
			mn_buf_addu(&b->line, size);
			break;
		case A_NODE:
			r = add_node(b, got, err);
			break;
		case A_REST:
			mn_text_line(&b->line, rest);
			break;
		}
	}
	mn_buf_addc(&b->line, '\n');
	return r;
}

static int write_contents(struct batch *b, const struct mn_object *o,
			  struct mn_err *err)
{
	struct mn_rawout out;
	int r;

	mn_out_buf(b->r->c, &b->line);
	mn_rawout_init(&out, b->r->c);
	r = mn_rawout_write(&out, o->data, o->len, err);
	mn_rawout_release(&out);
	mn_buf_addc(&b->line, '\n');
	/* a terminal that may not have it: the object isn't missing */
	return r == MN_EINVALID ? MN_EFAIL : r;
}

static int answer(struct batch *b, struct mn_resolved *got, struct mn_str rest,
		  struct mn_err *err)
{
	struct mn_reader *rd = got->profile->rd;
	struct mn_object o;
	enum mn_otype type;
	uint64_t size;
	int r = mn_reader_stat(rd, &type, &size, &got->oid, err);

	if (!r)
		r = add_line(b, got, type, size, rest, err);
	if (r < 0 || !b->contents)
		return r;
	r = mn_reader_read(rd, &o, &got->oid, MN_OBJECT_MAX, err);
	return r < 0 ? r : write_contents(b, &o, err);
}

/* The words for what cannot be answered; 0 where it is a failure. */
static const char *no_answer(int r)
{
	switch (r) {
	case MN_ENOTFOUND:
	case MN_EINVALID:
		return " missing\n";
	case MN_EAMBIGUOUS:
		return " ambiguous\n";
	default:
		return NULL;
	}
}

static int one(struct batch *b, struct mn_str record, struct mn_err *err)
{
	struct mn_str name = record, rest = { "", 0 };
	struct mn_resolved got;
	int r;

	if (b->split) {
		name.len = strcspn(record.p, " \t");
		rest = (struct mn_str){ record.p + name.len,
					record.len - name.len };
		while (rest.len && strchr(" \t", *rest.p)) {
			rest.p++;
			rest.len--;
		}
	}
	mn_buf_clear(&b->line);
	mn_buf_addstr(&b->line, name);
	if (strlen(b->line.p) != b->line.len)
		r = mn_err_set(err, MN_EINVALID, "a NUL in a name");
	else
		r = mn_resolve(&got, &b->r->resolver, b->line.p, err);
	mn_buf_clear(&b->line);
	if (!r) {
		r = answer(b, &got, rest, err);
		mn_resolved_release(&got);
	}
	if (r < 0 && no_answer(r)) {
		mn_buf_clear(&b->line);
		mn_text_line(&b->line, name);
		mn_buf_adds(&b->line, no_answer(r));
		mn_err_clear(err);
		r = 0;
	}
	return r;
}

int mn_batch(struct mn_reading *r, const char *format, int contents, int nul,
	     struct mn_err *err)
{
	struct batch b = { .r = r, .contents = contents };
	struct mn_records in;
	struct mn_str record;
	int ret = 0;

	compile(&b, format);
	mn_buf_init(&b.line);
	mn_records_init(&in, r->c, nul ? '\0' : '\n');
	while (!ret && mn_records_next(&in, &record)) {
		ret = one(&b, record, err);
		mn_out_buf(r->c, &b.line);
	}
	mn_records_release(&in);
	mn_buf_release(&b.line);
	mn_vec_release(&b.format);
	return ret;
}

static enum mn_otype mode_type(const char *mode, size_t len)
{
	if (len == 5 && !memcmp(mode, "40000", 5))
		return MN_TREE;
	return len == 6 && !memcmp(mode, "160000", 6) ? MN_COMMIT : MN_BLOB;
}

int mn_tree_print(struct mn_buf *out, struct mn_str tree, struct mn_err *err)
{
	const char *p = tree.p, *end = tree.p + tree.len, *space, *nul;
	size_t mode;

	for (; p < end; p = nul + 21) {
		nul = memchr(p, '\0', (size_t)(end - p));
		space = nul ? memchr(p, ' ', (size_t)(nul - p)) : NULL;
		mode = space ? (size_t)(space - p) : 0;
		if (!mode || mode > 6 || end - nul < 21)
			return mn_err_set(err, MN_ECORRUPT,
					  "the tree is damaged");
		mn_buf_add(out, "000000", 6 - mode);
		mn_buf_add(out, p, mode);
		mn_buf_addf(out, " %s ", mn_otype_name(mode_type(p, mode)));
		mn_buf_addhex(out, nul + 1, 20);
		mn_buf_addc(out, '\t');
		mn_text_quote_path(out, (struct mn_str){ space + 1,
				   (size_t)(nul - space) - 1 });
		mn_buf_addc(out, '\n');
	}
	return 0;
}
