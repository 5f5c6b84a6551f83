/* rooted: the root secret, from its file or the recovery phrase. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/io.h"
#include "rooted.h"
#include "banned.h"

#define PHRASE_FILE_MAX 1024

int mn_cmd_pass_ask(void *pass, char *out, size_t max, const char *path,
		    struct mn_err *err)
{
	struct mn_cmd_pass *p = pass;
	size_t len;
	int r;

	if (!p->known) {
		r = mn_cmd_ask_passphrase(p->c, p->text, sizeof(p->text), path,
					  err);
		if (r < 0)
			return r;
		p->known = 1;
	}
	len = strlen(p->text);
	if (len >= max)
		return mn_err_set(err, MN_ELIMIT, "the passphrase is too long");
	memcpy(out, p->text, len + 1);
	return 0;
}

/* -------------------------------------------------------------- the phrase */

/* A line, as the terminal hands it over; what is too long is no phrase. */
static int read_line(int tty, char *out, size_t max, struct mn_err *err)
{
	ssize_t got;

	do {
		got = read(tty, out, max - 1);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return mn_err_set(err, MN_EPASSPHRASE, "no recovery phrase "
				  "given");
	out[got] = '\0';
	return 0;
}

static int from_terminal(char *out, size_t max, struct mn_err *err)
{
	static const char prompt[] = "Recovery phrase (ten words): ";
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), r;

	if (tty < 0)
		return mn_err_set(err, MN_EPASSPHRASE, "the recovery phrase is "
				  "needed and there is no terminal to ask on: "
				  "--phrase-file FILE");
	r = mn_io_write_full(tty, prompt, sizeof(prompt) - 1, err);
	if (r == 0)
		r = read_line(tty, out, max, err);
	close(tty);
	return r;
}

static int from_file(char *out, size_t max, const char *file,
		     struct mn_err *err)
{
	int fd = STDIN_FILENO, r;
	size_t got = 0;

	if (strcmp(file, "-"))
		fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		mn_err_sys(err, "cannot open '%s'", file);
		return MN_EIO;
	}
	r = mn_io_read_full(fd, out, max - 1, &got, err);
	if (fd != STDIN_FILENO)
		close(fd);
	out[got] = '\0';
	return r < 0 ? mn_err_wrap(err, r, "cannot read '%s'", file) : 0;
}

int mn_cmd_phrase(struct mn_root **out, struct mn_cmd *c, const char *file,
		  struct mn_err *err)
{
	char phrase[PHRASE_FILE_MAX];
	size_t len;
	int r;

	*out = NULL;
	mn_trace(&c->trace, "phrase from %s", file ? file : "the terminal");
	r = file ? from_file(phrase, sizeof(phrase), file, err) :
		from_terminal(phrase, sizeof(phrase), err);
	if (r == 0) {
		len = strlen(phrase);
		while (len && strchr(" \t\r\n", phrase[len - 1]))
			phrase[--len] = '\0';
		r = mn_phrase_decode(out, phrase + strspn(phrase, " \t\r\n"),
				     err);
	}
	mn_wipe(phrase, sizeof(phrase));
	return r;
}

int mn_cmd_show_phrase(const struct mn_root *root, const char *after,
		       struct mn_err *err)
{
	char phrase[MN_PHRASE_MAX];
	int n;

	mn_phrase_encode(phrase, root);
	n = fprintf(stderr, "New recovery phrase. Write it down on paper now; "
		    "it is not shown again:\n\n    %s\n\n%s", phrase, after);
	mn_wipe(phrase, sizeof(phrase));
	return n < 0 ? mn_err_set(err, MN_EIO, "cannot show the recovery "
				  "phrase: nothing was changed") : 0;
}

/* -------------------------------------------------------- which is in force */

static int signs(const struct mn_identity_doc *d, const struct mn_root *root)
{
	struct mn_secret *key = mn_root_key(root, d->number);
	struct mn_pub pub;

	mn_secret_pub(&pub, key);
	mn_secret_free(key);
	for (size_t i = 0; i < d->nroots; i++)
		if (!memcmp(d->roots[i].b, pub.b, sizeof(pub.b)))
			return 1;
	return 0;
}

int mn_cmd_root_was(const struct mn_identity *id, const struct mn_root *root,
		    const struct mn_identity_doc **since)
{
	for (size_t i = id->docs.n; i--;)
		if (signs(&id->docs.p[i], root)) {
			*since = &id->docs.p[i];
			return 1;
		}
	return 0;
}

int mn_cmd_root_fits(const struct mn_profile *p, const struct mn_root *root,
		     struct mn_err *err)
{
	const struct mn_identity_doc *since;
	char date[MN_DATE_ISO_MAX];

	if (mn_identity_is_root(&p->identity, root))
		return 0;
	if (!mn_cmd_root_was(&p->identity, root, &since))
		return mn_err_set(err, MN_EDENIED, "it is not the recovery "
				  "phrase of profile %.12s, or what is here of "
				  "the profile is older than the phrase",
				  p->hex);
	mn_date_iso(date, (int64_t)since->time);
	return mn_err_set(err, MN_EDENIED, "it is an older recovery phrase of "
			  "profile %.12s, void since R%llu of %.10s: use the "
			  "one that 'mn identity rotate' showed then", p->hex,
			  (unsigned long long)since->number, date);
}

/* --------------------------------------------------------------- the file */

int mn_cmd_root_next(const struct mn_home *h, const char *hex,
		     struct mn_err *err)
{
	char *root = mn_home_key(h, hex, "root");
	char *next = mn_home_key(h, hex, "root.next");
	int r = 0;

	if (rename(next, root) < 0)
		r = mn_err_sys(err, "cannot rename '%s' to '%s'", next, root);
	else
		r = mn_io_fsync_parent(root, err);
	free(next);
	free(root);
	return r;
}

/* One of the two files; *out stays NULL where it is not there, or its
 * secret is not in force. */
static int read_if_in_force(struct mn_root **out, const struct mn_profile *p,
			    const char *path, struct mn_cmd_pass *pass,
			    int *there, struct mn_err *err)
{
	struct mn_root *root;
	int r;

	*there = mn_io_exists(path);
	if (!*there)
		return 0;
	r = mn_keyfile_read_root(&root, path, &p->id, mn_cmd_pass_ask, pass,
				 err);
	if (r < 0)
		return r;
	if (mn_identity_is_root(&p->identity, root))
		*out = root;
	else
		mn_root_free(root);
	return 0;
}

static int from_keys(struct mn_root **out, const struct mn_home *h,
		     const struct mn_profile *p, struct mn_cmd_pass *pass,
		     int *there, struct mn_err *err)
{
	char *path = mn_home_key(h, p->hex, "root");
	char *next = mn_home_key(h, p->hex, "root.next");
	int other, r;

	r = read_if_in_force(out, p, path, pass, there, err);
	if (r == 0 && !*out) {
		r = read_if_in_force(out, p, next, pass, &other, err);
		if (r == 0 && *out) {	/* a rotation that died at its end */
			*there = 1;
			r = mn_cmd_root_next(h, p->hex, err);
		}
	}
	free(next);
	free(path);
	return r;
}

int mn_cmd_root(struct mn_root **out, struct mn_cmd *c,
		const struct mn_home *h, const struct mn_profile *p,
		const char *phrase_file, struct mn_cmd_pass *pass, int *kept,
		struct mn_err *err)
{
	int there = 0, r = 0;

	*out = NULL;
	if (!phrase_file)
		r = from_keys(out, h, p, pass, &there, err);
	if (kept)
		*kept = there;
	if (r == 0 && !*out && there)
		r = mn_err_set(err, MN_EDENIED, "the root secret that is kept "
			       "here for profile %.12s is not in force any "
			       "more: give the newer phrase with --phrase-file, "
			       "or keep it by 'mn identity recover'", p->hex);
	else if (r == 0 && !*out) {
		r = mn_cmd_phrase(out, c, phrase_file, err);
		if (r < 0 && !phrase_file)
			mn_err_wrap(err, r, "the root secret of profile %.12s "
				    "is not kept here", p->hex);
		if (r == 0)
			r = mn_cmd_root_fits(p, *out, err);
	}
	if (r < 0) {
		mn_root_free(*out);
		*out = NULL;
	}
	return r;
}
