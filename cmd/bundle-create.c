/* bundle-create: see bundle.c. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "bundle.h"
#include "outfile.h"
#include "repl/follow.h"
#include "banned.h"

#define REFS_FILE_MAX ((size_t)16 * 1024 * 1024)

/* The file appears when the first bytes of it do. */
struct target {
	struct mn_cmd *c;
	const char *file;
	struct mn_outfile out;
	int begun;
};

static int put(void *ctx, const void *data, size_t len, struct mn_err *err)
{
	struct target *t = ctx;
	int r = 0;

	if (!strcmp(t->file, "-")) {
		mn_out(t->c, data, len);
		return 0;
	}
	if (!t->begun) {
		t->begun = 1;
		r = mn_outfile_open(&t->out, t->file, err);
	}
	if (!r && mn_io_write_full(t->out.fd, data, len, NULL) < 0)
		r = mn_err_sys(err, "cannot write '%s'", t->file);
	return r;
}

static int read_since(struct mn_bundle_has *has, const char *file,
		      struct mn_err *err)
{
	struct mn_bundle *b;
	int fd, r = mn_bundle_open_file(&b, &fd, file, err);

	if (!r)
		mn_bundle_has_head(has, mn_bundle_head(b));
	mn_bundle_close(b);
	if (fd > 0)
		close(fd);
	return r;
}

/* Lines of mn ls-refs, git ls-remote, git show-ref: an id stands in front. */
static int read_refs(struct mn_bundle_has *has, const char *file,
		     struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	size_t before = has->oids.n;
	int r;

	if (!strcmp(file, "-"))
		r = mn_io_read_fd(&text, STDIN_FILENO, REFS_FILE_MAX, err);
	else
		r = mn_io_read_file(&text, file, REFS_FILE_MAX, err);
	for (char *p = text.p; !r && p && *p; p = strchr(p, '\n')) {
		struct mn_oid oid;

		p += *p == '\n';
		if (strspn(p, "0123456789abcdef") == MN_OID_HEX &&
		    !mn_oid_parse(&oid, p))
			*mn_vec_push(&has->oids) = oid;
	}
	mn_buf_release(&text);
	if (r == MN_ENOTFOUND)
		r = MN_EIO;
	if (!r && has->oids.n == before)
		r = mn_err_set(err, MN_EINVALID, "no line of '%s' begins with "
			       "an id", file);
	return r;
}

/* The level that was asked for, or that in which the profile is kept. */
static int choose_filter(struct mn_buf *filter, const struct mn_bundle_opts *o,
			 const struct mn_profile *p, struct mn_err *err)
{
	struct mn_follow f;
	int r;

	mn_follow_init(&f);
	if (o->replicate) {
		r = mn_level_parse(&f.level, &f.limit, o->replicate);
		if (r < 0)
			mn_err_set(err, r, "no level: '%s'", o->replicate);
	} else {
		r = mn_follow_read(&f, p->repo.path, err);
	}
	if (!r)
		mn_follow_filter(filter, &f);
	mn_follow_release(&f);
	return r;
}

static void summary(struct mn_cmd *c, const struct mn_profile *p,
		    const struct mn_bundle_made *made, const char *filter)
{
	if (made->unknown)
		mn_warning(c, "%zu of the refs since which it is made are not "
			   "here: fetch them first, and the bundle will be "
			   "smaller", made->unknown);
	fprintf(stderr, "profile %.12s: %zu commits, %" PRIu64 " objects, %"
		PRIu64 " KiB%s%s\n", p->hex, made->nodes, made->objects,
		(made->bytes + 1023) / 1024, *filter ? "; left out by " : "",
		filter);
}

static int create(struct mn_cmd *c, const struct mn_bundle_opts *o,
		  const char *file, struct mn_profile *p,
		  const struct mn_bundle_has *has, struct mn_err *err)
{
	struct target t = { .c = c, .file = file };
	struct mn_buf filter = MN_BUF_INIT;
	struct mn_bundle_made made;
	struct mn_progress progress;
	int r = choose_filter(&filter, o, p, err);

	mn_progress_init(&progress, o->quiet);
	if (!r)
		r = mn_bundle_make(&(struct mn_bundle_make){
			.profile = p, .has = has, .filter = filter.p,
			.progress = mn_progress_show, .ctx = &progress
		}, put, &t, &made, err);
	if (t.begun)
		r = mn_outfile_close(&t.out, r, 1, err);
	mn_progress_clear(&progress);
	if (r == 1)
		mn_warning(c, "profile %.12s: nothing is new, no bundle was "
			   "written", p->hex);
	else if (!r && !o->quiet)
		summary(c, p, &made, filter.p);
	mn_buf_release(&filter);
	/* what isn't here is no answer to a question */
	return r == MN_ENOTFOUND ? MN_EIO : r;
}

int mn_bundle_create(struct mn_cmd *c, const struct mn_bundle_opts *o,
		     const char *file, struct mn_err *err)
{
	struct mn_bundle_has has = { .oids = { NULL, 0, 0 } };
	struct mn_home home;
	struct mn_profile p;
	int r = 0;

	if (!strcmp(file, "-") && isatty(STDOUT_FILENO))
		return mn_err_set(err, MN_EINVALID, "a bundle is not for a "
				  "terminal");
	for (size_t i = 0; i < o->since.n && !r; i++)
		r = read_since(&has, o->since.p[i], err);
	for (size_t i = 0; i < o->since_refs.n && !r; i++)
		r = read_refs(&has, o->since_refs.p[i], err);
	if (!r)
		r = mn_cmd_open(c, &home, &p, err);
	if (!r) {
		r = create(c, o, file, &p, o->since.n || o->since_refs.n ?
			   &has : NULL, err);
		mn_profile_close(&p);
		mn_home_release(&home);
	}
	mn_bundle_has_release(&has);
	return r;
}
