/* local-push: what a push into a directory does not let in */
#include "net/local-push.h"

#include "git-temp.h"

#include "banned.h"

static struct mn_err err;
static struct mn_net *net;

static ssize_t from_file(void *ctx, void *buf, size_t size, struct mn_err *e)
{
	ssize_t n = read(*(int *)ctx, buf, size);

	return n < 0 ? mn_err_sys(e, "read") : n;
}

/* Pushes what is in the file rq; the report goes to said. */
static int push(const char *path, struct mn_buf *said)
{
	struct mn_local_push *p;
	int fd = open("rq", O_RDONLY), r;

	mn_err_clear(&err);
	mn_buf_clear(said);
	r = mn_local_push_begin(&p, net, path, said, &err);
	if (!r) {
		mn_buf_clear(said);
		r = mn_local_push_take(p, from_file, &fd, said, &err);
		mn_local_push_free(p);
	}
	close(fd);
	return r;
}

/*
 * Makes rq: one command, and behind it a pack of the objects that a command
 * in w prints, changed by another command.
 */
static void request(const char *old_oid, const char *new_oid,
		    const char *name, const char *objects, const char *change)
{
	free(sh("cd w && old=$(%s) && new=$(%s) && "
		"line=\"$old $new %s\" && { "
		"printf '%%04x%%s\\0 report-status\\n0000' "
		"$((${#line} + 20)) \"$line\"; "
		"%s | git pack-objects -q --stdout | %s; } >../rq",
		old_oid, new_oid, name, objects, change));
}

#define NONE "printf %040d 0"
#define HEAD "git rev-parse HEAD"
#define ALL "git rev-list --objects HEAD | cut -c 1-40"

static void no_trace(const char *path, const char *what)
{
	ok(sh_ok("cd %s && git fsck --strict 2>&1 && "
		 "! ls mn/incoming 2>/dev/null | grep .", path),
	   "%s: nothing is left of it", what);
}

static void takes(struct mn_buf *said)
{
	free(sh("git init -q w && cd w && for i in 1 2 3; do echo $i >f$i && "
		"git add . && git commit -qm $i; done; git init -q --bare ../r"));
	request(NONE, HEAD, "refs/heads/main", ALL, "cat");
	is_int(push("r", said), 0, "a push: %s", err.msg);
	ok(strstr(said->p, "unpack ok") && strstr(said->p,
						  "ok refs/heads/main"),
	   "is reported");
	ok(sh_ok("test $(git -C r rev-parse main) = $(git -C w rev-parse HEAD)"),
	   "and done");
	is_int(push("r", said), 0, "again: %s", err.msg);
	ok(strstr(said->p, "ng refs/heads/main it moved") != NULL,
	   "the old value must be what is there");
	no_trace("r", "a push");
}

static void refuses(struct mn_buf *said)
{
	static const struct {
		const char *what, *objects, *change, *why;
	} cases[] = {
		{ "a pack without trees", HEAD, "cat", "not all came" },
		{ "a pack without a blob",
		  ALL " | grep -v $(git rev-parse HEAD:f3)", "cat",
		  "not all came" },
		{ "a pack that is cut", ALL, "head -c 300", "" },
		{ "a pack with another end", ALL,
		  "sed 's/\\(.*\\)..$/\\1xx/;$!b'", "" },
		{ "no pack", "true", "true", "" },
		{ "something else", "true", "echo 1234567890123", "" },
	};
	struct mn_local_push *p;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		free(sh("rm -rf b && git init -q --bare b"));
		request(NONE, HEAD, "refs/heads/main", cases[i].objects,
			cases[i].change);
		ok(push("b", said) < 0, "%s is refused", cases[i].what);
		ok(strstr(err.msg, cases[i].why) && strstr(err.msg, "'b'"),
		   "words: %s", err.msg);
		ok(sh_ok("test -z \"$(git -C b for-each-ref)\""), "no ref");
		no_trace("b", cases[i].what);
	}
	free(sh("git init -q --bare --object-format=sha256 other"));
	is_int(mn_local_push_begin(&p, net, "other", said, &err), MN_EVERSION,
	       "a repository of SHA-256");
	is_int(mn_local_push_begin(&p, net, "no/such", said, &err),
	       MN_ENOTFOUND, "no directory for it");
}

static void names(struct mn_buf *said)
{
	request(HEAD, NONE, "refs/heads/main", "true", "true");
	is_int(push("r", said), 0, "a deletion: %s", err.msg);
	ok(strstr(said->p, "ng refs/heads/main nothing is deleted") &&
	   sh_ok("git -C r rev-parse main"), "is refused");
	is_int(push("made", said), 0, "a deletion where nothing is: %s",
	       err.msg);
	ok(sh_ok("! test -e made"), "makes nothing");
	request(NONE, HEAD, "refs/heads/../x", ALL, "cat");
	is_int(push("r", said), 0, "an impossible name: %s", err.msg);
	ok(strstr(said->p, "ERR ") != NULL, "is told");
	request(NONE, HEAD, "refs/heads/main/x", ALL, "cat");
	push("r", said);
	ok(sh_ok("git -C r rev-parse main && "
		 "! git -C r rev-parse -q --verify refs/heads/main/x"),
	   "a name below another ref: %s", err.msg);
	no_trace("r", "names");
	free(sh("git init -q -b main tree"));
	request(NONE, HEAD, "refs/heads/main", ALL, "cat");
	is_int(push("tree", said), 0, "what is checked out: %s", err.msg);
	ok(strstr(said->p, "ng refs/heads/main it is checked out") != NULL,
	   "is left alone");
}

static void borrows(struct mn_buf *said)
{
	free(sh("rm -rf a && git init -q --bare a && "
		"echo $PWD/w/.git/objects >a/objects/info/alternates"));
	request(NONE, HEAD, "refs/heads/main", HEAD, "cat");
	is_int(push("a", said), 0, "objects that the repository borrows: %s",
	       err.msg);
	ok(sh_ok("git -C a fsck --strict 2>&1 && git -C a rev-parse main"),
	   "are there");
}

int main(void)
{
	struct mn_net_options opt = { .max_refs = 0 };
	struct mn_buf said = MN_BUF_INIT;

	temp_begin();
	net = mn_net_new(&opt);
	takes(&said);
	refuses(&said);
	names(&said);
	borrows(&said);
	mn_buf_release(&said);
	mn_net_free(net);
	return temp_end();
}
