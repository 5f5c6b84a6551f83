#include "repl/seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

#include "banned.h"

static char *file_of(const char *gitdir)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s/mn/seen", gitdir);
	return mn_buf_detach(&b, NULL);
}

void mn_seen_release(struct mn_seen *s)
{
	for (size_t i = 0; i < s->lines.n; i++)
		free(s->lines.p[i].remote);
	mn_vec_release(&s->lines);
}

/* "<remote> <ref> <oid>", NUL-ended: cut into its parts. */
static void take_line(struct mn_seen *s, char *line)
{
	char *ref = strchr(line, ' ');
	char *hex = ref ? strchr(ref + 1, ' ') : NULL;
	struct mn_seen_line *l;
	struct mn_oid oid;

	if (!hex)
		return;
	*ref++ = '\0';
	*hex++ = '\0';
	if (!*line || strlen(ref) > MN_REF_MAX ||
	    strlen(hex) != MN_OID_HEX || mn_oid_parse(&oid, hex) < 0)
		return;
	l = mn_vec_push(&s->lines);
	l->remote = mn_xstrdup(line);
	snprintf(l->ref.name, sizeof(l->ref.name), "%s", ref);
	l->ref.oid = oid;
}

int mn_seen_read(struct mn_seen *s, const char *gitdir, struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	char *path = file_of(gitdir), *at, *end;
	int r = mn_io_read_file(&text, path, MN_SEEN_MAX, err);

	free(path);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = 0;
	}
	for (at = text.p; r == 0 && text.len && (end = strchr(at, '\n'));
	     at = end + 1) {
		*end = '\0';
		take_line(s, at);
	}
	mn_buf_release(&text);
	return r;
}

static struct mn_seen_line *find(const struct mn_seen *s, const char *remote,
				 const char *ref)
{
	for (size_t i = 0; i < s->lines.n; i++)
		if (!strcmp(s->lines.p[i].remote, remote) &&
		    !strcmp(s->lines.p[i].ref.name, ref))
			return &s->lines.p[i];
	return NULL;
}

const struct mn_oid *mn_seen_get(const struct mn_seen *s, const char *remote,
				 const char *ref)
{
	const struct mn_seen_line *l = find(s, remote, ref);

	return l ? &l->ref.oid : NULL;
}

void mn_seen_put(struct mn_seen *s, const char *remote, const struct mn_ref *ref)
{
	struct mn_seen_line *l = find(s, remote, ref->name);

	if (l && mn_oid_eq(&l->ref.oid, &ref->oid))
		return;
	s->changed = 1;
	if (!l) {
		l = mn_vec_push(&s->lines);
		l->remote = mn_xstrdup(remote);
	}
	l->ref = *ref;
}

int mn_seen_write(struct mn_seen *s, const char *gitdir, struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	char *path, hex[MN_OID_HEX + 1];
	int r;

	path = file_of(gitdir);
	/* its time is that of the last fetch */
	if (!s->changed && mn_io_freshen(path, 0) == 0) {
		free(path);
		return 0;
	}
	for (size_t i = 0; i < s->lines.n; i++) {
		const struct mn_seen_line *l = &s->lines.p[i];

		mn_oid_hex(hex, &l->ref.oid);
		mn_buf_addf(&text, "%s %s %s\n", l->remote, l->ref.name, hex);
	}
	r = mn_io_replace(path, text.p, text.len, 0666, 0, err);
	free(path);
	mn_buf_release(&text);
	if (r == 0)
		s->changed = 0;
	return r;
}
