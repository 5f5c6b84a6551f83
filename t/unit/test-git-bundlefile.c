/* bundlefile: the headers that git writes and reads, and those it doesn't */
#include "git/bundlefile.h"

#include "git-temp.h"

#include "banned.h"

#define A "1111111111111111111111111111111111111111"
#define B "abababababababababababababababababababab"
#define V2 "# v2 git bundle\n"
#define V3 "# v3 git bundle\n"
#define MAIN A " refs/heads/main\n"

static struct mn_err err;

/* Feeds it in slices; what feed said last, and how much was the header. */
static int run(struct mn_bundlefile *b, const char *text, size_t len,
	       size_t slice, size_t *header)
{
	size_t used;
	int r = 0;

	mn_err_clear(&err);
	mn_bundlefile_init(b);
	*header = 0;
	while (!r && *header < len) {
		size_t n = len - *header < slice ? len - *header : slice;

		r = mn_bundlefile_feed(b, text + *header, n, &used, &err);
		*header += used;
	}
	return r;
}

static void refused(const char *text, size_t len, int want, const char *words)
{
	static const size_t slices[] = { 1, 7, SIZE_MAX };

	for (size_t i = 0; i < 3; i++) {
		struct mn_bundlefile b;
		size_t header, used;

		is_int(run(&b, text, len, slices[i], &header), want,
		       "refused: %s", err.msg);
		ok(strstr(err.msg, words), "it says '%s'", words);
		is_int(mn_bundlefile_feed(&b, "\n", 1, &used, &err), want,
		       "and takes no more");
		mn_bundlefile_release(&b);
	}
}

#define REFUSED(text, want, words) \
	refused(text, sizeof(text) - 1, want, words)

static void test_good(void)
{
	static const char text[] = V3 "@object-format=sha1\n"
		"@filter=blob:limit=16k\n-" B " words, \x1b and all\n-" A "\n"
		B " refs/mn/identity\n" MAIN A " HEAD\n\nPACK\n\n";
	static const size_t slices[] = { 1, 2, 50, SIZE_MAX };
	struct mn_bundlefile b;
	size_t header;

	for (size_t i = 0; i < 4; i++) {
		is_int(run(&b, text, sizeof(text) - 1, slices[i], &header), 1,
		       "a good one: %s", err.msg);
		is_str(text + header, "PACK\n\n", "the pack is behind");
		is_int(b.version, 3, "version");
		is_str(b.filter.p, "blob:limit=16k", "filter");
		is_int(b.needs.n, 2, "what it builds on");
		is_int(b.refs.n, 2, "refs, without HEAD");
		is_str(b.refs.p[0].name, "refs/heads/main", "sorted");
		is_str(b.refs.p[1].name, "refs/mn/identity", "by name");
		mn_bundlefile_release(&b);
	}
	is_int(run(&b, text, 60, 60, &header), 0, "a beginning: more, please");
	mn_bundlefile_release(&b);
}

static void test_bad(void)
{
	REFUSED("PACK", MN_EINVALID, "no bundle");
	REFUSED("\n\n\n", MN_EINVALID, "no bundle");
	REFUSED("# v4 git bundle\n", MN_EVERSION, "version 2 or 3");
	REFUSED(V2 "\n", MN_EINVALID, "no refs");
	REFUSED(V2 "@filter=blob:none\n", MN_EINVALID, "order");
	REFUSED(V3 MAIN "@filter=blob:none\n", MN_EINVALID, "order");
	REFUSED(V2 MAIN "-" B "\n", MN_EINVALID, "order");
	REFUSED(V2 MAIN MAIN "\n", MN_EINVALID, "twice");
	REFUSED(V2 "-" B "x\n", MN_EINVALID, "builds on");
	REFUSED(V2 "-" B " \r\n", MN_EINVALID, "builds on");
	REFUSED(V2 "-0000000000000000000000000000000000000000\n", MN_EINVALID,
		"builds on");
	REFUSED(V2 A "\n", MN_EINVALID, "line of a ref");
	REFUSED(V2 A " \n", MN_EINVALID, "line of a ref");
	REFUSED(V2 A "\trefs/heads/main\n", MN_EINVALID, "line of a ref");
	REFUSED(V2 A " main\n", MN_EINVALID, "no name of a ref");
	REFUSED(V2 A " refs/heads/a b\n", MN_EINVALID, "no name of a ref");
	REFUSED(V2 A " refs/heads/x.lock\n", MN_EINVALID, "no name of a ref");
	REFUSED(V2 A " refs/heads/\x1b[m\n", MN_EINVALID, "no name of a ref");
	REFUSED(V2 "-" B " \0\n", MN_EINVALID, "NUL");
	REFUSED("# v2 git bundle\r\n", MN_EINVALID, "CR LF");
	REFUSED(V3 "@filter=\n", MN_EINVALID, "filter");
	REFUSED(V3 "@filter=a b\n", MN_EINVALID, "capability");
	REFUSED(V3 "@filter=a\n@filter=a\n", MN_EINVALID, "twice");
	REFUSED(V3 "@object-format=sha256\n", MN_EVERSION, "SHA-1");
	REFUSED(V3 "@new-thing\n", MN_EVERSION, "@new-thing");
}

static void test_limits(void)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_adds(&b, V2 "-" B " ");
	for (size_t i = 0; i < MN_BUNDLE_LINE_MAX; i++)
		mn_buf_addc(&b, 'x');
	refused(b.p, b.len, MN_ELIMIT, "too long");
	mn_buf_clear(&b);
	mn_buf_adds(&b, V2);
	for (size_t i = 0; i <= MN_BUNDLE_NEEDS_MAX; i++)
		mn_buf_adds(&b, "-" B "\n");
	refused(b.p, b.len, MN_ELIMIT, "more than 100000 commits");
	mn_buf_clear(&b);
	mn_buf_adds(&b, V2);
	for (size_t i = 0; i <= MN_BUNDLE_REFS_MAX; i++)
		mn_buf_addf(&b, A " refs/heads/%zu\n", i);
	refused(b.p, b.len, MN_ELIMIT, "more than 100000 refs");
	mn_buf_release(&b);
}

static void read_git(struct mn_bundlefile *b, const char *path)
{
	struct mn_buf text = MN_BUF_INIT;
	size_t header;

	if (mn_io_read_file(&text, path, (size_t)1 << 20, &err) < 0)
		abort();
	is_int(run(b, text.p, text.len, 100, &header), 1, "%s: %s", path,
	       err.msg);
	ok(!memcmp(text.p + header, "PACK", 4), "its pack");
	mn_buf_release(&text);
}

static void test_git(void)
{
	struct mn_bundlefile b;
	struct mn_buf out = MN_BUF_INIT;

	free(sh("git init -q r && cd r && "
		"git commit -q --allow-empty -m one && "
		"git commit -q --allow-empty -m 'two, with a subject' && "
		"git commit -q --allow-empty -m three && git tag v1 && "
		"git bundle create -q ../all --all && "
		"git bundle create -q ../since main ^main~1 && "
		"git bundle create -q --version=3 ../filter "
		"--filter=blob:limit=1k --all"));
	read_git(&b, "since");
	is_int(b.needs.n, 1, "one commit before");
	is_int(b.refs.n, 1, "one ref");
	mn_bundlefile_release(&b);
	read_git(&b, "filter");
	is_str(b.filter.p, "blob:limit=1024", "the filter");
	mn_bundlefile_release(&b);
	read_git(&b, "all");
	is_int(b.refs.n, 2, "two refs");
	mn_bundlefile_write(&out, &b);
	is_int(mn_io_replace("head", out.p, out.len, 0666, 0, &err), 0,
	       "written");
	ok(sh_ok("sed '1,/^$/d' all | cat head - >again && cd r && "
		 "git bundle verify ../again && rm -rf ../c && "
		 "git clone -q ../again ../c && "
		 "test $(git -C ../c rev-parse main) = $(git rev-parse main)"),
	   "git reads what is written");
	mn_bundlefile_release(&b);
	mn_buf_release(&out);
}

int main(void)
{
	temp_begin();
	test_good();
	test_bad();
	test_limits();
	test_git();
	return temp_end();
}
