/* device-add: a device that asked becomes one of the profile's. */
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "device.h"
#include "follows.h"
#include "net/url.h"
#include "out/text.h"
#include "social/pairing.h"
#include "banned.h"

/* The operand, or stdin for "-", without the end of the line. */
static int read_line(struct mn_buf *out, const char *word, struct mn_err *err)
{
	int r = 0;

	if (!strcmp(word, "-"))
		r = mn_io_read_fd(out, STDIN_FILENO, 2 * MN_PAIRING_MAX, err);
	else
		mn_buf_adds(out, word);
	while (out->len && strchr(" \t\r\n", out->p[out->len - 1])) {
		mn_buf_setlen(out, out->len - 1);
		out->p[out->len] = '\0';
	}
	return r;
}

static int confirm(const struct mn_device_at *at,
		   const struct mn_pairing_request *req, const char *label,
		   struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	const char *name = mn_cmd_name(at->c, at->p.hex);
	int r;

	mn_buf_adds(&b, "Device  ");
	mn_text_line(&b, mn_str(label));
	mn_buf_adds(&b, "\nKey     ");
	mn_pairing_fingerprint(&b, &req->key);
	mn_buf_adds(&b, "\n");
	if (at->o->yes) {
		fputs(b.p, stderr);
	} else {
		mn_buf_addf(&b, "Does it show the same digits, and shall it "
			    "post as %.12s", at->p.hex);
		if (name) {
			mn_buf_adds(&b, " (");
			mn_text_line(&b, mn_str(name));
			mn_buf_adds(&b, ")");
		}
		mn_buf_adds(&b, "?");
	}
	r = mn_device_confirm(at, b.p, err);
	mn_buf_release(&b);
	return r;
}

/* The answer, with the addresses of the profile but for their passwords. */
static void answer(const struct mn_device_at *at, const struct mn_pub *key)
{
	struct mn_url u[MN_PAIRING_URLS_MAX];
	const char *urls[MN_PAIRING_URLS_MAX];
	struct mn_buf b = MN_BUF_INIT;
	struct mn_follow f;
	size_t n = 0;

	if (mn_cmd_settings(&f, &at->home, at->p.hex, NULL) == 0)
		for (size_t i = 0; i < f.remotes.n &&
		     n < MN_PAIRING_URLS_MAX; i++) {
			if (mn_url_parse(&u[n], f.remotes.p[i].url, NULL) < 0)
				continue;
			urls[n] = u[n].text;
			n++;
		}
	mn_follow_release(&f);
	mn_pairing_answer_add(&b, &at->p.id, key, urls, n);
	mn_buf_addc(&b, '\n');
	mn_out_buf(at->c, &b);
	mn_out_flush(at->c);
	mn_buf_release(&b);
	fputs(n ? "Now 'mn push', and then, on the new device, 'mn init "
	      "--join' with this line.\n" :
	      "The profile has no remote. Bring a copy to the new device ("
	      "'mn bundle create', or\n'mn serve' here), and there: 'mn init "
	      "--join' with the bundle or the address.\n", stderr);
	while (n)
		mn_url_release(&u[--n]);
}

static int add(struct mn_device_at *at, const struct mn_pairing_request *req,
	       struct mn_err *err)
{
	const char *label = at->o->label ? at->o->label : req->label;
	struct mn_id_device device = { .key = req->key,
				       .label = mn_str(label) };
	struct mn_identity_edit e = { .add = &device, .nadd = 1 };
	int r;

	if (mn_identity_device(mn_identity_last(&at->p.identity),
			       &req->key)) {
		mn_warning(at->c, "it is one of the profile's devices "
			   "already");
		return 1;
	}
	r = mn_device_label_free(&at->p, label, &req->key, err);
	if (r == 0)
		r = confirm(at, req, label, err);
	if (r <= 0)
		return r < 0 ? r : 0;
	r = mn_device_change(at, &e, err);
	return r < 0 ? r : 1;
}

int mn_device_add(struct mn_device_at *at, struct mn_err *err)
{
	struct mn_pairing_request req;
	struct mn_buf line = MN_BUF_INIT;
	int r = read_line(&line, at->c->argv[1], err);

	if (r == 0)
		r = mn_pairing_request_parse(&req, (struct mn_str){
			line.p, line.len }, err);
	if (r == 0)
		r = add(at, &req, err);
	if (r == 1)
		answer(at, &req.key);
	mn_buf_release(&line);
	return r < 0 ? r : r ? MN_EXIT_OK : MN_EXIT_NO;
}
