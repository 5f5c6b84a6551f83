#include "repl/credential.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/spawn.h"

#include "banned.h"

#define ANSWER_MAX ((size_t)8192)	/* the pipe holds more than a request */

/* A line feed in a value would be another line to git: a server could choose
 * whose password it gets. */
static int add(struct mn_buf *b, const char *key, const char *value,
	       struct mn_err *err)
{
	if (!value[0])
		return 0;
	if (strpbrk(value, "\r\n"))
		return mn_err_set(err, MN_EINVALID, "the %s holds a line feed",
				  key);
	mn_buf_addf(b, "%s=", key);
	mn_buf_adds(b, value);
	mn_buf_addc(b, '\n');
	return 0;
}

static int make_request(struct mn_buf *b, const struct mn_credential *c,
			struct mn_err *err)
{
	int r;

	mn_buf_grow(b, ANSWER_MAX);	/* so that it never moves */
	r = add(b, "protocol", c->protocol, err);
	if (!r)
		r = add(b, "host", c->host, err);
	if (!r)
		r = add(b, "path", c->path, err);
	if (!r)
		r = add(b, "username", c->user, err);
	if (!r)
		r = add(b, "password", c->password, err);
	mn_buf_addc(b, '\n');
	return r;
}

static int take(char *to, size_t size, const char *from, size_t len,
		struct mn_err *err)
{
	if (len >= size)
		return mn_err_set(err, MN_ELIMIT,
				  "a user's name or password is too long");
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

static int read_answer(struct mn_credential *c, const char *p, size_t len,
		       struct mn_err *err)
{
	static const char user[] = "username=", pass[] = "password=";
	const size_t n = sizeof(user) - 1;	/* of both */
	const char *end = p + len, *nl;
	int have = 0, r = 0;

	for (; !r && p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		if ((size_t)(nl - p) < n)
			continue;
		if (!memcmp(p, user, n)) {
			r = take(c->user, sizeof(c->user), p + n,
				 (size_t)(nl - p) - n, err);
			have |= 1;
		} else if (!memcmp(p, pass, n)) {
			r = take(c->password, sizeof(c->password), p + n,
				 (size_t)(nl - p) - n, err);
			have |= 2;
		}
	}
	if (!r && have != 3)
		r = mn_err_set(err, MN_EDENIED, "none is known");
	return r;
}

/* What is asked fits in the pipe, so it is written before git reads. */
static int give(int fd, const struct mn_buf *request, struct mn_err *err)
{
	int r = mn_io_write_full(fd, request->p, request->len, err);

	close(fd);
	return r;
}

static int run(struct mn_buf *answer, const char *verb,
	       const struct mn_buf *request, struct mn_err *err)
{
	const char *argv[] = { "git", "credential", verb, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	int fds[2], r, status = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return mn_err_sys(err, "cannot make a pipe");
	r = give(fds[1], request, err);
	s.argv = argv;
	s.dir = "/";		/* in no repository */
	s.in = fds[0];
	s.env_keep_git = 1;	/* GIT_ASKPASS, GIT_TERMINAL_PROMPT */
	if (!r)
		r = mn_spawn_capture(answer, &status, &s, ANSWER_MAX, err);
	close(fds[0]);
	if (!r && status)
		r = mn_err_set(err, MN_EDENIED, "none is known");
	return r;
}

static void wipe(struct mn_buf *b)
{
	if (b->cap)
		explicit_bzero(b->p, b->cap);
	mn_buf_release(b);
}

int mn_credential_git(void *ctx, enum mn_credential_op op,
		      struct mn_credential *c, struct mn_err *err)
{
	static const char *const verbs[] = { "fill", "approve", "reject" };
	struct mn_buf request = MN_BUF_INIT, answer = MN_BUF_INIT;
	int r;

	(void)ctx;
	mn_buf_grow(&answer, 2 * ANSWER_MAX);
	r = make_request(&request, c, err);
	if (!r)
		r = run(&answer, verbs[op], &request, err);
	if (!r && op == MN_CRED_FILL)
		r = read_answer(c, answer.p, answer.len, err);
	wipe(&request);
	wipe(&answer);
	return r;
}
