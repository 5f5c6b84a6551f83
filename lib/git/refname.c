#include "git/refname.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#include "banned.h"

#define PACKED_MAX ((size_t)64 * 1024 * 1024)

static int component_ok(const char *p, size_t len)
{
	if (!len || p[0] == '.' || p[len - 1] == '.')
		return 0;
	return len < 5 || memcmp(p + len - 5, ".lock", 5);
}

int mn_refname_ok(const char *name, size_t len)
{
	size_t start = 0;

	if (len <= 5 || len > MN_REF_MAX || memcmp(name, "refs/", 5))
		return 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= ' ' || c == 0x7f || strchr("~^:?*[\\", c))
			return 0;
		if (i && ((c == '.' && name[i - 1] == '.') ||
			  (c == '{' && name[i - 1] == '@')))
			return 0;
		if (c != '/')
			continue;
		if (!component_ok(name + start, i - start))
			return 0;
		start = i + 1;
	}
	return component_ok(name + start, len - start);
}

int mn_packed_read(struct mn_buf *text, const char *gitdir,
		   struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r;

	mn_buf_addf(&path, "%s/packed-refs", gitdir);
	r = mn_io_read_file(text, path.p, PACKED_MAX, err);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = 0;
	}
	mn_buf_release(&path);
	return r;
}

static int bad_packed(struct mn_err *err)
{
	return mn_err_set(err, MN_ECORRUPT, "packed-refs is damaged");
}

/* The length of the line at p with its line feed, or 0. */
static size_t line_at(struct mn_str text, size_t at)
{
	const char *nl = at < text.len ?
		memchr(text.p + at, '\n', text.len - at) : NULL;

	return nl ? (size_t)(nl - (text.p + at)) + 1 : 0;
}

int mn_packed_next(struct mn_packed_ref *e, struct mn_str text, size_t *at,
		   struct mn_err *err)
{
	struct mn_oid peeled;
	size_t n, more;
	const char *p;

	while (*at < text.len && text.p[*at] == '#') {
		n = line_at(text, *at);
		if (!n)
			return bad_packed(err);
		*at += n;
	}
	if (*at == text.len)
		return 0;
	n = line_at(text, *at);
	p = text.p + *at;
	if (n < MN_OID_HEX + 3 || mn_oid_parse(&e->oid, p) ||
	    p[MN_OID_HEX] != ' ')
		return bad_packed(err);
	e->name.p = p + MN_OID_HEX + 1;
	e->name.len = n - MN_OID_HEX - 2;
	if (memchr(e->name.p, 0, e->name.len) ||
	    !mn_str_starts(e->name, "refs/"))
		return bad_packed(err);
	*at += n;
	more = line_at(text, *at);
	if (*at < text.len && text.p[*at] == '^') {
		if (more != MN_OID_HEX + 2 ||
		    mn_oid_parse(&peeled, text.p + *at + 1))
			return bad_packed(err);
		*at += more;
		n += more;
	}
	e->line = (struct mn_str){ p, n };
	return 1;
}

int mn_packed_find(struct mn_oid *oid, struct mn_str text, const char *name,
		   struct mn_err *err)
{
	struct mn_packed_ref e;
	size_t at = 0;
	int r;

	while ((r = mn_packed_next(&e, text, &at, err)) > 0) {
		if (mn_str_eq(e.name, name)) {
			*oid = e.oid;
			return 0;
		}
	}
	return r < 0 ? r : mn_err_set(err, MN_ENOTFOUND, "no ref '%s'", name);
}

int mn_ref_read_loose(struct mn_oid *out, const char *gitdir,
		      const char *name, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	char text[256];
	struct stat st;
	size_t n = 0;
	int fd, r;

	mn_buf_addf(&path, "%s/%s", gitdir, name);
	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		r = mn_err_set(err, MN_ENOTFOUND, "no ref '%s'", name);
	} else if (fd < 0 && errno == ELOOP) {
		r = mn_err_set(err, MN_ECORRUPT, "ref '%s' is symbolic", name);
	} else if (fd < 0) {
		r = mn_err_sys(err, "cannot open '%s'", path.p);
	} else {
		if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
			r = mn_err_set(err, MN_ENOTFOUND, "no ref '%s'", name);
		else
			r = mn_io_read_full(fd, text, sizeof(text), &n, err);
		close(fd);
	}
	mn_buf_release(&path);
	if (r < 0)
		return r;
	if (n > 5 && !memcmp(text, "ref: ", 5))
		return mn_err_set(err, MN_ECORRUPT, "ref '%s' is symbolic",
				  name);
	if (n != MN_OID_HEX + 1 || text[MN_OID_HEX] != '\n' ||
	    mn_oid_parse(out, text))
		return mn_err_set(err, MN_ECORRUPT, "ref '%s' is damaged",
				  name);
	return 0;
}
