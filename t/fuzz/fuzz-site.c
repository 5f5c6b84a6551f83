/*
 * fuzz-site: requests of HTTP to the site, without a server and its sockets, on
 * a home with one profile that has an identity and nothing else.
 *
 * Input: a byte of flags (1: signed by the device of the profile; 2: the length
 * of the body is told; the others: the size of the slices in which it comes);
 * "METHOD TARGET\n"; lines "h VALUE\n" of headers, h being one of: h Host, a
 * Accept, u Authorization, t Content-Type, e Content-Encoding, g Git-Protocol; an
 * empty line; the body. "@" in the target is the profile.
 */
#include "repl/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/io.h"
#include "git/loose.h"
#include "key/keyfile.h"
#include "repl/auth.h"
#include "social/profile.h"

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)
#define ANSWER_MAX (1u << 20)

static char dir[] = "/tmp/mn-fuzz-site-XXXXXX";
static struct mn_home home;
static struct mn_site *site;
static struct mn_secret *device;
static char hex[MN_ID_HEX + 1];

static void remove_dir(void)
{
	mn_site_free(site);
	mn_secret_free(device);
	mn_home_release(&home);
	mn_io_remove_tree(dir, NULL);
}

static void make_profile(void)
{
	struct mn_root *root = mn_root_from_bytes(
			(const unsigned char *)"0123456789abcdef");
	struct mn_ref_update u = { .name = MN_REF_IDENTITY };
	struct mn_buf text = MN_BUF_INIT;
	struct mn_identity id;
	struct mn_loose *w;
	struct mn_pub pub;
	char *repo;

	device = mn_secret_from_seed((const unsigned char *)
				     "0123456789abcdef0123456789abcdef");
	mn_secret_pub(&pub, device);
	LAW(!mn_identity_create(&text, root, &pub, "d", 1700000000000, NULL));
	mn_identity_init(&id);
	LAW(!mn_identity_parse(&id, (struct mn_str){ text.p, text.len }));
	mn_id_hex(hex, mn_identity_profile(&id));
	mn_identity_release(&id);
	repo = mn_home_repo(&home, hex);
	LAW(!mn_repo_init(repo, hex, NULL));
	LAW(!mn_loose_begin(&w, repo, NULL));
	LAW(!mn_loose_add(w, &u.new_oid, MN_BLOB, text.p, text.len, NULL));
	LAW(!mn_loose_commit(w, NULL));
	LAW(!mn_refs_update(repo, &u, 1, NULL));
	mn_loose_free(w);
	mn_root_free(root);
	mn_buf_release(&text);
	free(repo);
}

static void make_site(void)
{
	static struct mn_site_options opt;

	LAW(!mn_key_init());
	LAW(mkdtemp(dir));
	mn_home_init(&home, dir);
	LAW(!mn_home_create(&home, NULL));
	make_profile();
	atexit(remove_dir);
	opt = (struct mn_site_options){
		.home = &home, .which = MN_SITE_ALL, .agent = "mn/fuzz",
		.tmpdir = dir, .max_request = 65536, .max_push = 65536,
		.pack = { .inflated_bytes = 1 << 20 }
	};
	LAW(!mn_site_new(&site, &opt, NULL));
}

struct input {
	struct mn_web_request rq;
	struct mn_buf target;
	char *text;		/* of the head, cut into strings */
	struct mn_str body;
};

static void take_line(struct input *in, char *line)
{
	const char *value = line + 2;

	if (!line[0] || line[1] != ' ')
		return;
	if (line[0] == 'h')
		in->rq.host = value;
	else if (line[0] == 'a')
		in->rq.accept = value;
	else if (line[0] == 'u')
		in->rq.authorization = value;
	else if (line[0] == 't')
		in->rq.content_type = value;
	else if (line[0] == 'e')
		in->rq.content_encoding = value;
	else if (line[0] == 'g')
		in->rq.git_protocol = value;
}

/* No server lets a NUL or an empty method through. */
static int take_head(struct input *in, const char *data, size_t size)
{
	const char *end = memmem(data, size, "\n\n", 2);
	size_t n = end ? (size_t)(end - data) : size;
	char *line, *next, *space;

	in->text = mn_xmalloc(n + 1);
	memcpy(in->text, data, n);
	in->text[n] = '\0';
	if (end)
		in->body = (struct mn_str){ end + 2, size - n - 2 };
	line = in->text;
	next = strchr(line, '\n');
	if (next)
		*next++ = '\0';
	space = strchr(line, ' ');
	if (!space || space == line || strlen(in->text) == n + 1)
		return -1;
	*space = '\0';
	in->rq.method = line;
	for (const char *p = space + 1; *p; p++) {
		if (*p == '@')
			mn_buf_adds(&in->target, hex);
		else
			mn_buf_addc(&in->target, *p);
	}
	in->rq.target = in->target.p ? in->target.p : "";
	for (line = next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		take_line(in, line);
	}
	return 0;
}

static void sign(struct input *in, char out[MN_AUTH_MAX])
{
	struct mn_auth_request rq = { in->rq.method, in->rq.host, 80,
				      in->rq.target };
	struct mn_id body;

	mn_hash(&body, "", in->body.p ? in->body.p : "", in->body.len);
	if (!mn_auth_make(out, device, &rq, mn_date_now(), &body, NULL))
		in->rq.authorization = out;
}

static void check_reply(void *exchange, const struct mn_web_handler *h,
			const struct mn_web_reply *reply)
{
	size_t total = 0;
	char buf[3000];
	ssize_t n;

	LAW(reply->status >= 200 && reply->status < 600);
	LAW(reply->type && reply->nheaders <= MN_WEB_HEADERS_MAX);
	for (size_t i = 0; i < reply->nheaders; i++)
		LAW(!strpbrk(reply->headers[i].value, "\r\n"));
	if (reply->data) {
		LAW(reply->length < ANSWER_MAX);
		LAW(reply->status == 200 ||
		    !strncmp(reply->type, "text/plain", 10));
		LAW(!strstr(reply->type, "html") ||
		    !memmem(reply->data, reply->length, "<script", 7));
		return;
	}
	LAW(reply->length == MN_WEB_UNKNOWN || !reply->length);
	while ((n = h->read(exchange, buf, sizeof(buf))) > 0) {
		total += (size_t)n;
		LAW(total < ANSWER_MAX);
	}
}

static void ask(struct input *in, size_t slice)
{
	struct mn_web_reply reply = { .status = 0 };
	struct mn_web_handler h;
	void *exchange;

	mn_site_handler(&h, site);
	exchange = h.begin(h.ctx, &in->rq, &reply);
	for (size_t at = 0, n; at < in->body.len && !reply.status; at += n) {
		n = in->body.len - at < slice ? in->body.len - at : slice;
		h.feed(exchange, in->body.p + at, n);
	}
	if (!reply.status)
		h.finish(exchange);
	check_reply(exchange, &h, &reply);
	h.end(exchange);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .target = MN_BUF_INIT };
	char authorization[MN_AUTH_MAX];

	if (!site)
		make_site();
	if (!size)
		return 0;
	in.rq.prefix = "";
	in.rq.scheme = "http";
	if (!take_head(&in, (const char *)data + 1, size - 1)) {
		in.rq.has_body = in.body.p != NULL;
		in.rq.length = data[0] & 2 ? in.body.len : MN_WEB_UNKNOWN;
		if (data[0] & 1)
			sign(&in, authorization);
		ask(&in, (size_t)(data[0] >> 2) * 37 + 1);
	}
	free(in.text);
	mn_buf_release(&in.target);
	return 0;
}
