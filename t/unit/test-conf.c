/* What conf, hooks and trace answer; mn config is tested in t0014. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "conf/conf.h"
#include "conf/hooks.h"
#include "conf/trace.h"

#include "tap.h"

#include "banned.h"

static char dir[] = "/tmp/mn-test-conf-XXXXXX";

static void path_of(struct mn_buf *b, const char *name)
{
	mn_buf_clear(b);
	mn_buf_addf(b, "%s/%s", dir, name);
}

static void put_file(const char *name, const char *text, mode_t mode)
{
	struct mn_buf path = MN_BUF_INIT;

	path_of(&path, name);
	ok(!mn_io_replace(path.p, text, strlen(text), mode, 0, NULL),
	   "writing %s", name);
	mn_buf_release(&path);
}

static void load(struct mn_conf *c, const char *text)
{
	struct mn_buf path = MN_BUF_INIT;

	put_file("config", text, 0600);
	path_of(&path, "config");
	is_int(mn_conf_load(c, path.p, NULL), 0, "loading");
	mn_buf_release(&path);
}

static void test_bools(void)
{
	static const struct {
		const char *value;
		int want, result;
	} cases[] = {
		{ "true", 1, 0 }, { "YES", 1, 0 }, { "on", 1, 0 },
		{ "1", 1, 0 }, { "false", 0, 0 }, { "no", 0, 0 },
		{ "Off", 0, 0 }, { "0", 0, 0 }, { "", 0, 0 },
		{ "2", -1, MN_EINVALID }, { "maybe", -1, MN_EINVALID },
	};
	struct mn_buf text = MN_BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mn_conf c = MN_CONF_INIT;
		int got = -1;

		mn_buf_clear(&text);
		mn_buf_addf(&text, "[a]\nb = %s\n", cases[i].value);
		load(&c, text.p);
		is_int(mn_conf_bool(&got, &c, "a.b", 1, NULL),
		       cases[i].result, "result of '%s'", cases[i].value);
		is_int(got, cases[i].want, "value of '%s'", cases[i].value);
		mn_conf_release(&c);
	}
	mn_buf_release(&text);
}

static void test_numbers(void)
{
	struct mn_conf c = MN_CONF_INIT;
	struct mn_err err = MN_ERR_INIT;
	int64_t n;
	uint64_t size;
	int on;

	load(&c, "[n]\nbare\nten = 10\nneg = -3\nmax = 9223372036854775807\n"
		 "over = 9223372036854775808\nword = ten\nk = 4k\nG = 2G\n"
		 "huge = 9999999999g\ntwo = 1kk\nempty =\n");
	is_int(mn_conf_bool(&on, &c, "n.bare", 0, NULL), 0, "a bare key");
	is_int(on, 1, "is true");
	is_int(mn_conf_int(&n, &c, "n.ten", 7, NULL), 0, "ten");
	is_int(n, 10, "is 10");
	is_int(mn_conf_int(&n, &c, "n.neg", 7, NULL), 0, "neg");
	is_int(n, -3, "is -3");
	is_int(mn_conf_int(&n, &c, "n.max", 7, NULL), 0, "max");
	is_int(n, INT64_MAX, "is 2^63 - 1");
	is_int(mn_conf_int(&n, &c, "n.none", 7, NULL), 0, "none");
	is_int(n, 7, "is the default");
	is_int(mn_conf_int(&n, &c, "n.over", 7, &err), MN_EINVALID, "2^63");
	ok(strstr(err.msg, "n.over"), "the name is in the words");
	is_int(mn_conf_int(&n, &c, "n.word", 7, NULL), MN_EINVALID, "a word");
	is_int(mn_conf_int(&n, &c, "n.empty", 7, NULL), MN_EINVALID, "empty");
	is_int(mn_conf_size(&size, &c, "n.k", 0, NULL), 0, "4k");
	is_int(size, 4096, "is 4096");
	is_int(mn_conf_size(&size, &c, "n.G", 0, NULL), 0, "2G");
	is_int(size, INT64_C(2) << 30, "is 2^31");
	is_int(mn_conf_size(&size, &c, "N.TEN", 0, NULL), 0, "no unit");
	is_int(size, 10, "is bytes");
	is_int(mn_conf_size(&size, &c, "n.huge", 0, NULL), MN_EINVALID,
	       "too large");
	is_int(mn_conf_size(&size, &c, "n.two", 0, NULL), MN_EINVALID,
	       "two units");
	is_int(mn_conf_size(&size, &c, "n.neg", 0, NULL), MN_EINVALID,
	       "a negative size");
	mn_conf_release(&c);
}

static void test_missing(void)
{
	struct mn_conf c = MN_CONF_INIT;
	struct mn_buf path = MN_BUF_INIT;

	path_of(&path, "no/such/file");
	is_int(mn_conf_load(&c, path.p, NULL), 0, "a missing file is empty");
	is_int(c.n, 0, "without entries");
	ok(!mn_conf_get(&c, "a.b"), "and values");
	mn_conf_release(&c);
	mn_buf_release(&path);
}

static void read_back(struct mn_buf *b, const char *name)
{
	struct mn_buf path = MN_BUF_INIT;

	mn_buf_clear(b);
	path_of(&path, name);
	mn_io_read_file(b, path.p, 65536, NULL);
	mn_buf_release(&path);
}

static void test_hooks(void)
{
	struct mn_buf b = MN_BUF_INIT, want = MN_BUF_INIT, big = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	int status = -1, r;

	is_int(mn_hook_run(&status, dir, "post-post", MN_STR("x"), 2, NULL), 0,
	       "no hook is no failure");
	is_int(status, 0, "and status 0");

	path_of(&b, "hooks");
	mn_io_mkdirs(b.p, 0700, NULL);
	put_file("hooks/idle", "#!/bin/sh\nexit 1\n", 0600);
	ok(!mn_hook_exists(dir, "idle"), "a file that isn't executable");

	put_file("hooks/post-post",
		 "#!/bin/sh\n{ cat; echo \"$MN_DIR ${GIT_DIR-none}\"; pwd; }"
		 " >seen\nexit 3\n", 0700);
	setenv("GIT_DIR", "/nowhere", 1);
	r = mn_hook_run(&status, dir, "post-post", MN_STR("p n\n"), 2, &err);
	is_int(r, 0, "the hook runs (%s)", err.msg);
	is_int(status, 3, "its exit status arrives");
	read_back(&b, "seen");
	mn_buf_addf(&want, "p n\n%s none\n%s\n", dir, dir);
	is_str(b.p, want.p, "stdin, MN_DIR, no GIT_DIR, directory");

	put_file("hooks/deaf", "#!/bin/sh\nexec <&-\nexit 0\n", 0700);
	mn_buf_grow(&big, 1 << 20);
	memset(big.p, 'x', 1 << 20);
	mn_buf_setlen(&big, 1 << 20);
	r = mn_hook_run(&status, dir, "deaf",
			(struct mn_str){ big.p, big.len }, 2, NULL);
	is_int(r, 0, "a hook that reads nothing");
	is_int(status, 0, "is no failure");
	mn_buf_release(&b);
	mn_buf_release(&want);
	mn_buf_release(&big);
}

static void test_trace(void)
{
	struct mn_trace t = MN_TRACE_INIT;
	struct mn_buf b = MN_BUF_INIT;
	int touched = 0;

	mn_trace(&t, "nothing %d", ++touched);
	is_int(touched, 0, "off, the arguments aren't computed");
	path_of(&b, "trace");
	t.fd = open(b.p, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	mn_trace(&t, "a\033b\n%d", 7);
	close(t.fd);
	read_back(&b, "trace");
	is_int(b.len, 22, "the length of a line");
	is_str(b.p + 16, "a?b?7\n", "control bytes are replaced");
	mn_buf_release(&b);
}

int main(void)
{
	/* as main does */
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir))
		return 1;
	test_bools();
	test_numbers();
	test_missing();
	test_hooks();
	test_trace();
	mn_io_remove_tree(dir, NULL);
	return done_testing();
}
