#include <string.h>
#include <strings.h>

#include "net/ssh.h"

#include "banned.h"

#define LINE_MAX_BYTES 1024

void mn_ssh_words_init(struct mn_ssh_words *w)
{
	w->n = 0;
	w->silent = 1;
	mn_buf_init(&w->line);
}

void mn_ssh_words_release(struct mn_ssh_words *w)
{
	mn_buf_release(&w->line);
}

static void say(struct mn_ssh_words *w, struct mn_net *net)
{
	if (net->opt.say && w->line.len)
		net->opt.say(net->opt.ctx, w->line.p, w->line.len);
	mn_buf_clear(&w->line);
}

/* Whole lines are said; one that is too long in pieces. */
static void say_lines(struct mn_ssh_words *w, struct mn_net *net,
		      const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] != '\n' && p[i] != '\r')
			mn_buf_addc(&w->line, p[i]);
		if (p[i] == '\n' || p[i] == '\r' ||
		    w->line.len >= LINE_MAX_BYTES)
			say(w, net);
	}
}

void mn_ssh_words_add(struct mn_ssh_words *w, struct mn_net *net,
		      const void *data, size_t len)
{
	size_t room = sizeof(w->kept) - w->n;

	if (!w->silent)
		say_lines(w, net, data, len);
	memcpy(w->kept + w->n, data, len < room ? len : room);
	w->n += len < room ? len : room;
}

void mn_ssh_words_open(struct mn_ssh_words *w, struct mn_net *net)
{
	if (!w->silent)
		return;
	w->silent = 0;
	say_lines(w, net, w->kept, w->n);
}

/* Is this in it, whatever the case? */
static int has(const struct mn_ssh_words *w, const char *what)
{
	size_t len = strlen(what);

	for (size_t i = 0; i + len <= w->n; i++)
		if (!strncasecmp(w->kept + i, what, len))
			return 1;
	return 0;
}

static int has_any(const struct mn_ssh_words *w, const char *const *list)
{
	for (; *list; list++)
		if (has(w, *list))
			return 1;
	return 0;
}

/* The line that tells most: the first that calls itself an error, or else the
 * last that is not empty. */
static struct mn_str telling(const struct mn_ssh_words *w)
{
	struct mn_str best = { w->kept, 0 };
	size_t at = 0;

	while (at < w->n) {
		struct mn_str s = { w->kept + at, 0 };

		while (at + s.len < w->n && s.p[s.len] != '\n' &&
		       s.p[s.len] != '\r')
			s.len++;
		at += s.len + 1;
		if (mn_str_starts(s, "fatal: ") ||
		    mn_str_starts(s, "ERROR: ")) {
			s.p += 7;
			s.len -= 7;
			return s;
		}
		if (s.len)
			best = s;
	}
	return best;
}

/* The system's ssh failed itself. */
static int explain_ssh(const struct mn_ssh_words *w, const char *host,
		       struct mn_str said, struct mn_err *err)
{
	static const char *const denied[] = {
		"permission denied", "too many authentication failures",
		"no more authentication methods", NULL
	};

	if (has(w, "remote host identification has changed") ||
	    has(w, "revoked"))
		return mn_err_set(err, MN_EDENIED, "the key of host '%s' is "
				  "not the one that is known: somebody may be "
				  "listening; if it was changed rightly, remove "
				  "the old one with 'ssh-keygen -R'", host);
	if (has(w, "host key verification failed") ||
	    has(w, "host key is known for"))
		return mn_err_set(err, MN_EDENIED, "the key of host '%s' is "
				  "unknown: connect once with 'ssh %s' to "
				  "look at it and accept it", host, host);
	if (has_any(w, denied))
		return mn_err_set(err, MN_EDENIED, "'%s' doesn't let us in "
				  "(%.*s): is your key there? try 'ssh %s'",
				  host, (int)said.len, said.p, host);
	return mn_err_set(err, MN_EUNREACHABLE, "cannot reach '%s': %.*s",
			  host, said.len ? (int)said.len : 10,
			  said.len ? said.p : "ssh failed");
}

int mn_ssh_words_explain(const struct mn_ssh_words *w,
			 const struct mn_url *url, enum mn_service s,
			 int status, int by_command, struct mn_err *err)
{
	static const char *const missing[] = {
		"does not appear to be a git repository",
		"repository not found", "could not be found",
		"does not exist", "no such", NULL
	};
	static const char *const denied[] = {
		"permission denied", "access denied", "not allowed",
		"denied by", "unauthorized", NULL
	};
	struct mn_str said = telling(w);

	if (by_command && status == 255)
		return explain_ssh(w, url->host, said, err);
	if (said.len > 300)
		said.len = 300;
	if (status == 127 || has(w, "command not found"))
		return mn_err_set(err, MN_EFAIL, "there is no %s on '%s': "
				  "git must be installed there",
				  mn_service_name(s), url->host);
	if (has_any(w, missing))
		return mn_err_set(err, MN_ENOTFOUND,
				  "no repository '%s' on '%s': %.*s",
				  url->path, url->host, (int)said.len, said.p);
	if (has_any(w, denied))
		return mn_err_set(err, MN_EDENIED, "'%s' says no: %.*s",
				  url->host, (int)said.len, said.p);
	if (!status && !said.len)
		return mn_err_set(err, MN_EUNREACHABLE,
				  "'%s' ended the conversation", url->host);
	return mn_err_set(err, MN_EFAIL,
			  "%s on '%s' failed, with exit status %d%s%.*s",
			  mn_service_name(s), url->host, status,
			  said.len ? ": " : "", (int)said.len, said.p);
}
