/* receive-pack: takes a push of git or mn on stdin and stdout. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/receive.h"
#include "profile.h"
#include "repl/intake.h"
#include "service.h"
#include "banned.h"

static const char usage[] =
	"mn receive-pack [--strict] [--stateless-rpc | --http-backend-info-refs] DIR\n";

struct opts {
	int strict, rpc, info_refs;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "strict", struct opts, strict,
		    "only DIR itself, not DIR.git nor DIR/.git"),
	MN_OPT_BOOL(0, "stateless-rpc", struct opts, rpc,
		    "take one request: the body of a POST"),
	MN_OPT_BOOL(0, "http-backend-info-refs", struct opts, info_refs,
		    "print the advertisement alone"),
	MN_OPT_HIDDEN_BOOL(0, "advertise-refs", struct opts, info_refs),
	MN_OPT_END
};

static ssize_t from_stdin(void *ctx, void *buf, size_t size,
			  struct mn_err *err)
{
	ssize_t n;

	(void)ctx;
	do
		n = read(STDIN_FILENO, buf, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? mn_err_sys(err, "cannot read from the client") : n;
}

static int show_ref(void *ctx, const char *name)
{
	(void)ctx;
	return !strcmp(name, MN_REF_MAIN) || !strncmp(name, "refs/mn/", 8);
}

static int advertise(struct mn_cmd *c, const struct mn_profile *p,
		     struct mn_err *err)
{
	struct mn_buf out = MN_BUF_INIT;
	int r = mn_receive_advertise(p->repo.path, NULL, show_ref, NULL, &out,
				     err);

	if (r == 0) {
		mn_out_buf(c, &out);
		mn_out_flush(c);
	}
	mn_buf_release(&out);
	return r;
}

static int take(struct mn_cmd *c, struct mn_profile *p, struct mn_err *err)
{
	struct mn_intake_what what = { .profile = p };
	struct mn_buf out = MN_BUF_INIT;
	struct mn_intake *in;
	struct mn_follow f;
	int r;

	mn_follow_init(&f);
	r = mn_follow_read(&f, p->repo.path, err);
	if (r == 0 && f.follow)
		what.follow = &f;
	what.wait_ms = MN_REPO_LOCK_MS;
	if (r == 0) {
		in = mn_intake_new(&what);
		r = mn_receive(from_stdin, NULL, mn_intake_ops(in), &out, err);
		mn_intake_free(in);
	}
	/* also when it failed: the report may be there */
	mn_out_buf(c, &out);
	mn_buf_release(&out);
	mn_follow_release(&f);
	return r;
}

int cmd_receive_pack(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_profile p;
	char *dir;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc != 1)
		mn_usage(c, "one directory, please");
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	dir = mn_service_dir(c, c->argv[0], o.strict);
	r = mn_profile_open_path(&p, dir, &err);
	free(dir);
	if (r < 0)
		return mn_fail(c, r, &err);
	if (!o.rpc)
		r = advertise(c, &p, &err);
	if (r == 0 && !o.info_refs)
		r = take(c, &p, &err);
	mn_profile_close(&p);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
