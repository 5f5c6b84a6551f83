/* serve: an HTTP server of profiles, for git and mn. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "net/httpd.h"
#include "net/net.h"
#include "out/text.h"
#include "serving.h"
#include "banned.h"

static const char usage[] =
	"mn serve [--listen ADDR:PORT] [--profiles own|followed|all|LIST]\n"
	"         [--host NAME]... [--max-push SIZE] [--log]\n";

#define LISTEN "127.0.0.1:8418"

struct opts {
	const char *listen, *profiles;
	struct mn_opt_list hosts;
	uint64_t max_push;
	int log;
};

static const struct mn_opt options[] = {
	MN_OPT_STR('l', "listen", struct opts, listen, "ADDR:PORT",
		   "where to listen (default: " LISTEN "); port 0: any"),
	MN_OPT_STR(0, "profiles", struct opts, profiles, "WHICH",
		   "own (the default), followed, all, or names, a comma "
		   "between them"),
	MN_OPT_LIST(0, "host", struct opts, hosts, "NAME",
		    "a name of this server, where devices push (repeatable)"),
	MN_OPT_SIZE(0, "max-push", struct opts, max_push, "SIZE",
		    "bytes of one push (default: 1g)"),
	MN_OPT_BOOL(0, "log", struct opts, log, "a line a request, on stderr"),
	MN_OPT_END
};

/* ------------------------------------------------------------- what is said */

/* May come from several threads: a line is one write. */
static void line(struct mn_buf *b)
{
	mn_buf_addc(b, '\n');
	fwrite(b->p, 1, b->len, stderr);
	mn_buf_release(b);
}

static void say(void *ctx, const char *words)
{
	struct mn_buf b = MN_BUF_INIT;

	(void)ctx;
	mn_buf_adds(&b, "mn serve: ");
	mn_text_line(&b, mn_str(words));
	line(&b);
}

static void pushed(void *ctx, const char *profile,
		   const struct mn_admit_report *rep)
{
	struct mn_buf b = MN_BUF_INIT;

	(void)ctx;
	mn_buf_addf(&b, "mn serve: pushed to %.12s: %zu nodes, %zu refused",
		    profile, rep->nodes, rep->refused);
	line(&b);
}

static void log_request(void *ctx, const char *from, const char *method,
			const char *target, int status, uint64_t sent,
			int64_t microseconds)
{
	struct mn_buf b = MN_BUF_INIT;

	(void)ctx;
	mn_buf_addf(&b, "%s\t", from);
	mn_text_line(&b, mn_str(method));
	mn_buf_addc(&b, '\t');
	mn_text_line(&b, mn_str(target));
	mn_buf_addf(&b, "\t%d\t%" PRIu64 "\t%" PRId64 ".%03d", status, sent,
		    microseconds / 1000, (int)(microseconds % 1000));
	line(&b);
}

static int serve(struct mn_cmd *c, const char *where, int log,
		 struct mn_site *site, struct mn_err *err)
{
	struct mn_httpd_options o = { .listen = where };
	struct mn_web_handler handler;
	struct mn_httpd *d;
	int r;

	mn_site_handler(&handler, site);
	if (log)
		handler.log = log_request;
	mn_httpd_block_signals();
	r = mn_httpd_new(&d, &o, &handler, err);
	if (r < 0)
		return r;
	mn_out(c, mn_httpd_url(d), strlen(mn_httpd_url(d)));
	mn_out(c, "\n", 1);
	mn_out_flush(c);
	r = mn_httpd_run(d, err);
	mn_httpd_free(d);
	return r;
}

int cmd_serve(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_site_options s = {
		.agent = MN_AGENT, .tmpdir = c->env.tmpdir, .say = say
	};
	struct mn_site *site = NULL;
	struct mn_home home;
	struct mn_site_names list = { 0 };
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "too many arguments; profiles go behind "
			 "--profiles");
	if (!o.listen)
		o.listen = mn_conf_get(mn_cmd_conf(c), "serve.listen");
	mn_home_init(&home, mn_home(c));
	s.home = &home;
	s.hosts = o.hosts.p;
	s.nhosts = o.hosts.n;
	s.max_push = o.max_push;
	s.pushed = o.log ? pushed : NULL;
	r = mn_serving_choose(&s, &list, c, o.profiles, &err);
	if (r == 0)
		r = mn_cmd_lock_wait(&s.wait_ms, c, &err);
	if (r == 0)
		r = mn_site_new(&site, &s, &err);
	if (r == 0)
		r = serve(c, o.listen ? o.listen : LISTEN, o.log, site, &err);
	mn_site_free(site);
	mn_vec_release(&list.all);
	mn_home_release(&home);
	mn_opt_list_release(&o.hosts);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
