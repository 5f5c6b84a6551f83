/* upload-pack: serves a fetch of git or mn on stdin and stdout. */
#include <stdlib.h>
#include <unistd.h>

#include "net/upload.h"
#include "service.h"
#include "banned.h"

static const char usage[] =
	"mn upload-pack [--strict] [--stateless-rpc | --http-backend-info-refs] DIR\n";

struct opts {
	int strict, rpc, info_refs;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "strict", struct opts, strict,
		    "only DIR itself, not DIR.git nor DIR/.git"),
	MN_OPT_BOOL(0, "stateless-rpc", struct opts, rpc,
		    "answer one request: the body of a POST"),
	MN_OPT_BOOL(0, "http-backend-info-refs", struct opts, info_refs,
		    "print the advertisement alone"),
	MN_OPT_HIDDEN_BOOL(0, "advertise-refs", struct opts, info_refs),
	MN_OPT_END
};

static int advertise(struct mn_cmd *c, struct mn_upload *u, int version,
		     struct mn_err *err)
{
	struct mn_buf out = MN_BUF_INIT;
	int r = mn_upload_advertise(u, version, &out, err);

	if (!r)
		mn_out_buf(c, &out);
	mn_buf_release(&out);
	return r;
}

int cmd_upload_pack(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_upload *u = NULL;
	int version, r;
	char *dir;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc != 1)
		mn_usage(c, "one directory, please");
	dir = mn_service_dir(c, c->argv[0], o.strict);
	version = mn_service_version(c, 2);
	r = mn_upload_new(&u, dir, NULL, &err);
	if (!r && o.info_refs)
		r = advertise(c, u, version, &err);
	else if (!r && o.rpc)
		r = mn_upload_rpc(u, version, STDIN_FILENO, STDOUT_FILENO,
				  &err);
	else if (!r)
		r = mn_upload_serve(u, version, STDIN_FILENO, STDOUT_FILENO,
				    &err);
	mn_upload_free(u);
	free(dir);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
