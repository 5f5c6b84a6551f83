/* env: the one place where the environment is read. */
#include <stdlib.h>

#include "cmd.h"
#include "banned.h"

static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* What a web server sets for a program that it starts. */
static void read_env_cgi(struct mn_env_cgi *e)
{
	e->method = env("REQUEST_METHOD");
	if (!e->method)
		return;
	e->path = env("PATH_INFO");
	e->query = env("QUERY_STRING");
	e->script = env("SCRIPT_NAME");
	e->scheme = env("REQUEST_SCHEME");
	e->https = env("HTTPS");
	e->host = env("HTTP_HOST");
	e->accept = env("HTTP_ACCEPT");
	e->authorization = env("HTTP_AUTHORIZATION");
	/* Apache's, where it was told to pass it on */
	if (!e->authorization)
		e->authorization = env("REDIRECT_HTTP_AUTHORIZATION");
	e->type = env("CONTENT_TYPE");
	e->length = env("CONTENT_LENGTH");
	e->encoding = env("HTTP_CONTENT_ENCODING");
	e->transfer = env("HTTP_TRANSFER_ENCODING");
	e->git_protocol = env("HTTP_GIT_PROTOCOL");
}

void mn_env_read(struct mn_env *e)
{
	e->home = env("HOME");
	e->mn_dir = env("MN_DIR");
	e->profile = env("MN_PROFILE");
	e->xdg_data = env("XDG_DATA_HOME");
	e->passphrase_file = env("MN_PASSPHRASE_FILE");
	e->mn_pager = getenv("MN_PAGER");
	e->pager = getenv("PAGER");
	e->mn_editor = env("MN_EDITOR");
	e->visual = env("VISUAL");
	e->editor = env("EDITOR");
	e->term = env("TERM");
	e->path = env("PATH");
	e->tmpdir = env("TMPDIR");
	e->trace = env("MN_TRACE");
	e->git_protocol = env("GIT_PROTOCOL");
	e->ssh_command = env("MN_SSH_COMMAND");
	e->ssh_auth_sock = env("SSH_AUTH_SOCK");
	read_env_cgi(&e->cgi);
	e->no_color = env("NO_COLOR") != NULL;
	e->has_less = getenv("LESS") != NULL;
}
