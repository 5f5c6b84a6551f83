/*
 * Commits come out of a queue, newest first. What a have reaches is painted
 * as theirs; when only such commits are left in the queue, all that isn't
 * painted is to be sent. A commit that was taken for ours and turns out to be
 * theirs (dates that lie) is painted later, with what it reaches.
 */
#include "net/walk.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ini.h"
#include "base/io.h"
#include "git/packfile.h"
#include "git/storewalk.h"
#include "walk-impl.h"

#include "banned.h"

#define TAGS_MAX 16		/* tags of tags */
#define PARENTS_MAX 65535

static int take_oid(struct mn_oid *out, const char **p, const char *end,
		    const char *key)
{
	size_t n = strlen(key);

	if ((size_t)(end - *p) < n + MN_OID_HEX + 1 || memcmp(*p, key, n) ||
	    (*p)[n + MN_OID_HEX] != '\n' || mn_oid_parse(out, *p + n) < 0)
		return -1;
	*p += n + MN_OID_HEX + 1;
	return 0;
}

/* The seconds behind the last ">" of the line that begins at p. */
static int64_t date_of(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p)), *at;
	int64_t n = 0;

	if (!nl)
		nl = end;
	for (at = nl; at > p && at[-1] != '>';)
		at--;
	while (at < nl && *at == ' ')
		at++;
	for (; at < nl && *at >= '0' && *at <= '9'; at++) {
		if (n > INT64_MAX / 10 - 1)
			return INT64_MAX;
		n = n * 10 + (*at - '0');
	}
	return n;
}

int mn_walk_commit_parse(struct mn_walk_commit *c, const char *data,
			 size_t len)
{
	static const char key[] = "committer ";
	const char *p = data, *end = data + len, *nl;
	struct mn_oid oid;

	mn_vec_clear(&c->parents);
	c->date = 0;
	if (take_oid(&c->tree, &p, end, "tree ") < 0)
		return -1;
	while (!take_oid(&oid, &p, end, "parent ")) {
		if (c->parents.n == PARENTS_MAX)
			return -1;
		*mn_vec_push(&c->parents) = oid;
	}
	for (; p < end && *p != '\n'; p = nl + 1) {
		if ((size_t)(end - p) >= sizeof(key) - 1 &&
		    !memcmp(p, key, sizeof(key) - 1)) {
			c->date = date_of(p, end);
			break;
		}
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			break;
	}
	return 0;
}

static int malformed(const struct mn_oid *oid, const char *type,
		     struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, oid);
	return mn_err_set(err, MN_ECORRUPT, "%s %s is malformed", type, hex);
}

static int newer(const struct mn_walk_state *s, uint32_t a, uint32_t b)
{
	const struct mn_walk_node *x = &s->nodes.p[a], *y = &s->nodes.p[b];

	/* A have first, whatever its date: what it paints is soon known. */
	if ((x->flags ^ y->flags) & MN_WALK_HAVE)
		return x->flags & MN_WALK_HAVE;
	return x->date != y->date ? x->date > y->date : a < b;
}

static void enqueue(struct mn_walk_state *s, uint32_t at)
{
	size_t i = s->queue.n, up;

	(void)mn_vec_push(&s->queue);
	for (; i && newer(s, at, s->queue.p[up = (i - 1) / 2]); i = up)
		s->queue.p[i] = s->queue.p[up];
	s->queue.p[i] = at;
	if (!(s->nodes.p[at].flags & MN_WALK_THEIRS))
		s->live++;
}

static uint32_t dequeue(struct mn_walk_state *s)
{
	uint32_t top = s->queue.p[0], last = s->queue.p[--s->queue.n];
	size_t i = 0, n = s->queue.n, k;

	while ((k = 2 * i + 1) < n) {
		if (k + 1 < n && newer(s, s->queue.p[k + 1], s->queue.p[k]))
			k++;
		if (!newer(s, s->queue.p[k], last))
			break;
		s->queue.p[i] = s->queue.p[k];
		i = k;
	}
	if (n)
		s->queue.p[i] = last;
	s->nodes.p[top].flags |= MN_WALK_DONE;
	if (!(s->nodes.p[top].flags & MN_WALK_THEIRS))
		s->live--;
	return top;
}

/* The index of a commit, which may not have been read yet. */
static uint32_t node_of(struct mn_walk_state *s, const struct mn_oid *oid)
{
	size_t at;

	if (mn_objlist_add(&s->names, oid, MN_COMMIT, &at)) {
		struct mn_walk_node *n = mn_vec_push(&s->nodes);

		memset(n, 0, sizeof(*n));
		if (s->w->known && s->w->known(s->w->ctx, oid))
			n->flags |= MN_WALK_THEIRS;
	}
	return (uint32_t)at;
}

static int is_edge(const struct mn_walk_state *s, const struct mn_oid *oid)
{
	return s->w->edges && mn_objlist_find(s->w->edges, oid) != SIZE_MAX;
}

static int take_commit(struct mn_walk_state *s, uint32_t at,
		       const struct mn_object *o, struct mn_err *err)
{
	struct mn_oid oid = s->names.p[at].oid;
	struct mn_walk_node *n;
	size_t nparents;

	if (o->type != MN_COMMIT ||
	    mn_walk_commit_parse(&s->commit, o->data, o->len) < 0)
		return malformed(&oid, "commit", err);
	nparents = is_edge(s, &oid) ? 0 : s->commit.parents.n;
	if (s->names.n + nparents > s->max ||
	    s->parents.n + nparents > 2 * s->max)
		return mn_err_set(err, MN_ELIMIT,
				  "more than %zu commits to look at", s->max);
	n = &s->nodes.p[at];
	n->flags |= MN_WALK_READ;
	n->tree = s->commit.tree;
	n->date = s->commit.date;
	n->parents = (uint32_t)s->parents.n;
	n->nparents = (uint16_t)nparents;
	for (size_t i = 0; i < nparents; i++) {
		uint32_t parent = node_of(s, &s->commit.parents.p[i]);

		*mn_vec_push(&s->parents) = parent;
	}
	return 0;
}

/* Reads a commit; one that is missing and may be gets MN_WALK_MISSING. */
static int read_node(struct mn_walk_state *s, uint32_t at, struct mn_err *err)
{
	struct mn_oid oid = s->names.p[at].oid;
	struct mn_object o;
	int r;

	if (s->nodes.p[at].flags & (MN_WALK_READ | MN_WALK_MISSING))
		return 0;
	r = mn_reader_read(s->rd, &o, &oid, MN_OBJECT_MAX, err);
	if (r == MN_ENOTFOUND && (s->w->partial ||
				  s->nodes.p[at].flags & MN_WALK_THEIRS)) {
		mn_err_clear(err);
		s->nodes.p[at].flags |= MN_WALK_MISSING;
		return 0;
	}
	return r < 0 ? r : take_commit(s, at, &o, err);
}

static void enqueue_once(struct mn_walk_state *s, uint32_t at)
{
	if (s->nodes.p[at].flags & (MN_WALK_QUEUED | MN_WALK_MISSING))
		return;
	s->nodes.p[at].flags |= MN_WALK_QUEUED;
	enqueue(s, at);
}

/* Paints a commit, and what is known to be reached by it. */
static void paint(struct mn_walk_state *s, uint32_t at)
{
	MN_VEC(uint32_t) todo = { NULL, 0, 0 };

	*mn_vec_push(&todo) = at;
	while (todo.n) {
		struct mn_walk_node *n = &s->nodes.p[todo.p[--todo.n]];

		if (n->flags & MN_WALK_THEIRS)
			continue;
		n->flags |= MN_WALK_THEIRS;
		if ((n->flags & MN_WALK_QUEUED) && !(n->flags & MN_WALK_DONE))
			s->live--;
		if (!(n->flags & MN_WALK_DONE))
			continue;
		for (unsigned i = 0; i < n->nparents; i++)
			*mn_vec_push(&todo) = s->parents.p[n->parents + i];
	}
	mn_vec_release(&todo);
}

/* Tags lead to what they name, and are listed themselves when wanted. 1 and
 * the object; 0 where it is missing and may be. */
static int follow_tags(struct mn_walk_state *s, struct mn_oid *oid,
		       struct mn_object *o, int wanted, struct mn_err *err)
{
	for (int i = 0; i < TAGS_MAX; i++) {
		const char *p;
		int r = mn_reader_read(s->rd, o, oid, MN_OBJECT_MAX, err);

		if (r < 0)
			return r;
		if (o->type != MN_TAG)
			return 1;
		if (wanted && (r = mn_walk_list(s, oid, MN_TAG, err)) < 0)
			return r;
		p = o->data;
		if (take_oid(oid, &p, o->data + o->len, "object ") < 0)
			return malformed(oid, "tag", err);
	}
	return mn_err_set(err, MN_ELIMIT, "tags of tags are too deep");
}

static int add_have(struct mn_walk_state *s, struct mn_oid oid,
		    struct mn_err *err)
{
	struct mn_object o;
	uint32_t at;
	int r = follow_tags(s, &oid, &o, 0, err);

	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		return 0;
	}
	if (r < 0 || o.type != MN_COMMIT)
		return r < 0 ? r : 0;
	at = node_of(s, &oid);
	if (!(s->nodes.p[at].flags & MN_WALK_READ))
		r = take_commit(s, at, &o, err);
	s->nodes.p[at].flags |= MN_WALK_THEIRS | MN_WALK_HAVE;
	if (r >= 0)
		enqueue_once(s, at);
	return r < 0 ? r : 0;
}

static int add_want(struct mn_walk_state *s, struct mn_oid oid,
		    struct mn_err *err)
{
	struct mn_object o;
	enum mn_otype type;
	uint64_t size;
	uint32_t at;
	int r = mn_reader_stat(s->rd, &type, &size, &oid, err);

	if (!r && type == MN_BLOB)	/* may be large: not read here */
		return mn_walk_list(s, &oid, MN_BLOB, err);
	if (!r)
		r = follow_tags(s, &oid, &o, 1, err);
	if (r < 0)
		return r;
	if (o.type == MN_BLOB)
		return mn_walk_list(s, &oid, MN_BLOB, err);
	if (o.type == MN_TREE)
		return mn_walk_tree(s, &oid, 1, err);
	at = node_of(s, &oid);
	if (!(s->nodes.p[at].flags & MN_WALK_READ))
		r = take_commit(s, at, &o, err);
	if (r >= 0)
		enqueue_once(s, at);
	return r < 0 ? r : 0;
}

static int add_tips(struct mn_walk_state *s, struct mn_err *err)
{
	const struct mn_walk *w = s->w;
	int r = 0;

	for (size_t i = 0; i < w->nhaves && r >= 0; i++)
		r = add_have(s, w->haves[i], err);
	for (size_t i = 0; i < w->nwants && r >= 0; i++)
		r = add_want(s, w->wants[i], err);
	return r < 0 ? r : 0;
}

/* Walks until only theirs are left; ours come to s->ours. */
static int run(struct mn_walk_state *s, struct mn_err *err)
{
	while (s->live) {
		uint32_t at = dequeue(s);
		struct mn_walk_node n = s->nodes.p[at];
		int theirs = n.flags & MN_WALK_THEIRS;

		if (!theirs)
			*mn_vec_push(&s->ours) = at;
		for (unsigned i = 0; i < n.nparents; i++) {
			uint32_t parent = s->parents.p[n.parents + i];
			int r;

			if (theirs)
				paint(s, parent);
			else if (s->nodes.p[parent].flags & MN_WALK_THEIRS)
				continue;
			r = read_node(s, parent, err);
			if (r < 0)
				return r;
			enqueue_once(s, parent);
		}
	}
	return 0;
}

static int list_commit(struct mn_walk_state *s, uint32_t at,
		       struct mn_err *err)
{
	const struct mn_filter *f = &s->w->filter;
	struct mn_oid oid = s->names.p[at].oid, tree = s->nodes.p[at].tree;
	int r = mn_walk_list(s, &oid, MN_COMMIT, err);

	if (r < 0 || (f->kind == MN_FILTER_TREE && !f->n))
		return r < 0 ? r : 0;
	return mn_walk_tree(s, &tree, 0, err);
}

/* Lists a commit behind all of its ancestors that are to be sent. */
static int tell(struct mn_walk_state *s, uint32_t first, struct mn_err *err)
{
	MN_VEC(uint32_t) stack = { NULL, 0, 0 };
	int r = 0;

	*mn_vec_push(&stack) = first;
	while (stack.n && !r) {
		uint32_t at = stack.p[stack.n - 1];
		struct mn_walk_node *n = &s->nodes.p[at];
		size_t before = stack.n;

		for (unsigned i = 0; i < n->nparents &&
		     !(n->flags & MN_WALK_TOLD); i++) {
			uint32_t parent = s->parents.p[n->parents + i];
			unsigned f = s->nodes.p[parent].flags;

			if ((f & MN_WALK_DONE) &&
			    !(f & (MN_WALK_THEIRS | MN_WALK_TOLD)))
				*mn_vec_push(&stack) = parent;
		}
		if (stack.n > before)
			continue;
		stack.n--;
		if (n->flags & MN_WALK_TOLD)
			continue;
		n->flags |= MN_WALK_TOLD;
		r = list_commit(s, at, err);
	}
	mn_vec_release(&stack);
	return r;
}

/* The trees of theirs that ours are directly upon: what is in them need not
 * be sent again. */
static int mark_border(struct mn_walk_state *s, struct mn_err *err)
{
	const struct mn_filter *f = &s->w->filter;
	int r = 0;

	if (f->kind == MN_FILTER_TREE && !f->n)
		return 0;
	for (size_t i = 0; i < s->ours.n; i++) {
		struct mn_walk_node n = s->nodes.p[s->ours.p[i]];

		for (unsigned k = 0; k < n.nparents && r >= 0; k++) {
			uint32_t parent = s->parents.p[n.parents + k];
			struct mn_oid tree = s->nodes.p[parent].tree;
			unsigned flags = s->nodes.p[parent].flags;

			if (!(n.flags & MN_WALK_THEIRS) &&
			    (flags & MN_WALK_THEIRS) && (flags & MN_WALK_READ))
				r = mn_walk_border_tree(s, &tree, err);
		}
	}
	return r;
}

static void begin(struct mn_walk_state *s, const struct mn_walk *w,
		  struct mn_objlist *list)
{
	memset(s, 0, sizeof(*s));
	s->w = w;
	s->list = list;
	s->max = w->max_objects ? w->max_objects : MN_WALK_OBJECTS_MAX;
	if (s->max > MN_WALK_OBJECTS_MAX * 4)
		s->max = MN_WALK_OBJECTS_MAX * 4;
	s->rd = mn_reader_new(w->store);
	mn_buf_init(&s->tree);
}

static void end(struct mn_walk_state *s)
{
	mn_reader_free(s->rd);
	mn_vec_release(&s->commit.parents);
	mn_objlist_release(&s->names);
	mn_vec_release(&s->nodes);
	mn_vec_release(&s->parents);
	mn_vec_release(&s->queue);
	mn_vec_release(&s->ours);
	mn_vec_release(&s->tips);
	mn_objlist_release(&s->theirs);
	mn_buf_release(&s->tree);
	mn_vec_release(&s->trees);
	mn_vec_release(&s->depths);
}

int mn_walk(struct mn_objlist *list, const struct mn_walk *w,
	    struct mn_err *err)
{
	struct mn_walk_state s;
	int r;

	begin(&s, w, list);
	r = add_tips(&s, err);
	if (!r)
		r = run(&s, err);
	if (!r)
		r = mark_border(&s, err);
	for (size_t i = s.ours.n; i-- && r >= 0;)
		if (!(s.nodes.p[s.ours.p[i]].flags & MN_WALK_THEIRS))
			r = tell(&s, s.ours.p[i], err);
	end(&s);
	return r < 0 ? r : 0;
}

/* Walks from the wants alone, down to the date of the oldest have. */
static int run_to_haves(struct mn_walk_state *s, int64_t oldest,
			struct mn_err *err)
{
	while (s->queue.n) {
		uint32_t at = dequeue(s);
		struct mn_walk_node n = s->nodes.p[at];

		*mn_vec_push(&s->ours) = at;
		if ((n.flags & MN_WALK_HAVE) || n.date < oldest)
			continue;
		for (unsigned i = 0; i < n.nparents; i++) {
			uint32_t parent = s->parents.p[n.parents + i];
			int r = read_node(s, parent, err);

			if (r < 0)
				return r;
			enqueue_once(s, parent);
		}
	}
	return 0;
}

/* Oldest first, so that a parent is known before its children; where dates
 * lie, a "no" too many only costs a round of negotiation. */
static void spread(struct mn_walk_state *s)
{
	for (size_t i = s->ours.n; i--;) {
		struct mn_walk_node *n = &s->nodes.p[s->ours.p[i]];

		if (n->flags & MN_WALK_HAVE)
			n->flags |= MN_WALK_REACHES;
		for (unsigned k = 0; k < n->nparents; k++)
			if (s->nodes.p[s->parents.p[n->parents + k]].flags &
			    MN_WALK_REACHES)
				n->flags |= MN_WALK_REACHES;
	}
}

static int add_tip(struct mn_walk_state *s, struct mn_oid oid,
		   struct mn_err *err)
{
	struct mn_object o;
	enum mn_otype type;
	uint64_t size;
	int r = mn_reader_stat(s->rd, &type, &size, &oid, err);

	if (r < 0 || type == MN_BLOB || type == MN_TREE)
		return r;
	r = follow_tags(s, &oid, &o, 0, err);
	if (r < 0 || o.type != MN_COMMIT)
		return r;
	*mn_vec_push(&s->tips) = node_of(s, &oid);
	return read_node(s, s->tips.p[s->tips.n - 1], err);
}

/* The date of the oldest have. Until now they were queued to be painted. */
static int64_t settle_haves(struct mn_walk_state *s)
{
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; i < s->nodes.n; i++) {
		struct mn_walk_node *n = &s->nodes.p[i];

		n->flags &= (uint16_t)~MN_WALK_QUEUED;
		if ((n->flags & MN_WALK_HAVE) && n->date < oldest)
			oldest = n->date;
	}
	mn_vec_clear(&s->queue);
	return oldest;
}

int mn_walk_all_reach(const struct mn_walk *w, struct mn_err *err)
{
	struct mn_objlist unused = MN_OBJLIST_INIT;
	struct mn_walk_state s;
	int64_t oldest;
	int r = 0;

	begin(&s, w, &unused);
	for (size_t i = 0; i < w->nhaves && r >= 0; i++)
		r = add_have(&s, w->haves[i], err);
	oldest = settle_haves(&s);
	for (size_t i = 0; i < w->nwants && r >= 0; i++)
		r = add_tip(&s, w->wants[i], err);
	for (size_t i = 0; i < s.tips.n; i++)
		enqueue_once(&s, s.tips.p[i]);
	if (r >= 0)
		r = run_to_haves(&s, oldest, err);
	spread(&s);
	if (r >= 0)
		r = 1;
	for (size_t i = 0; i < s.tips.n && r > 0; i++)
		r = s.nodes.p[s.tips.p[i]].flags & MN_WALK_REACHES ? 1 : 0;
	end(&s);
	return r;
}

static int is_promise(void *ctx, const char *name, const char *value)
{
	size_t n = strlen(name);

	(void)ctx;
	if (!strcmp(name, "extensions.partialclone"))
		return 1;
	return n > 16 && !strncmp(name, "remote.", 7) &&
		!strcmp(name + n - 9, ".promisor") && !strcmp(value, "true");
}

int mn_walk_is_partial(const struct mn_store *s, const char *gitdir)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < mn_store_npacks(s) && !r; i++) {
		const struct mn_packfile *p = mn_store_pack(s, i);

		if (!p || !p->name || strlen(p->name) < 5)
			continue;
		mn_buf_clear(&path);
		mn_buf_add(&path, p->name, strlen(p->name) - 5);
		mn_buf_adds(&path, ".promisor");
		r = !access(path.p, F_OK);
	}
	mn_buf_clear(&path);
	mn_buf_addf(&path, "%s/config", gitdir);
	if (!r && !mn_io_read_file(&text, path.p, MN_INI_MAX, NULL))
		r = mn_ini_parse((struct mn_str){ text.p, text.len },
				 is_promise, NULL, NULL) > 0;
	mn_buf_release(&path);
	mn_buf_release(&text);
	return r;
}
