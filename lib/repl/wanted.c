#include "repl/wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

#include "banned.h"

#define LINE (MN_OID_HEX + 1)

static char *file_of(const char *gitdir)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s/mn/wanted", gitdir);
	return mn_buf_detach(&b, NULL);
}

int mn_wanted_read(struct mn_oid_list *out, const char *gitdir,
		   struct mn_err *err)
{
	char *path = file_of(gitdir), hex[LINE];
	struct mn_buf text = MN_BUF_INIT;
	struct mn_oid oid;
	int r = mn_io_read_file(&text, path, MN_WANTED_MAX, err);

	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = 0;
	}
	for (size_t at = 0; r == 0 && at + LINE <= text.len; at += LINE) {
		memcpy(hex, text.p + at, MN_OID_HEX);
		hex[MN_OID_HEX] = '\0';
		if (text.p[at + MN_OID_HEX] == '\n' &&
		    mn_oid_parse(&oid, hex) == 0)
			*mn_vec_push(out) = oid;
	}
	mn_buf_release(&text);
	free(path);
	return r;
}

int mn_wanted_write(const struct mn_oid *p, size_t n, const char *gitdir,
		    struct mn_err *err)
{
	char *path = file_of(gitdir), hex[MN_OID_HEX + 1];
	struct mn_buf text = MN_BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < n && text.len + LINE <= MN_WANTED_MAX; i++) {
		mn_oid_hex(hex, &p[i]);
		mn_buf_add(&text, hex, MN_OID_HEX);
		mn_buf_addc(&text, '\n');
	}
	if (n)
		r = mn_io_replace(path, text.p, text.len, 0666, 1, err);
	else if (unlink(path) < 0 && errno != ENOENT)
		r = mn_err_sys(err, "cannot remove '%s'", path);
	mn_buf_release(&text);
	free(path);
	return r;
}

int mn_wanted_add(const struct mn_oid *p, size_t n, const char *gitdir,
		  struct mn_err *err)
{
	struct mn_oid_list all = { 0 };
	int r;

	if (!n)
		return 0;
	r = mn_wanted_read(&all, gitdir, err);
	for (size_t i = 0; i < n && r == 0; i++)
		*mn_vec_push(&all) = p[i];
	if (r == 0)
		r = mn_wanted_write(all.p, all.n, gitdir, err);
	mn_vec_release(&all);
	return r;
}
