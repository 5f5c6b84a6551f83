/* io, lock and spawn */
#include "base/date.h"
#include "base/io.h"
#include "base/lock.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#include "banned.h"

static char dir[] = "/tmp/mn-test-io-XXXXXX";

static size_t count_entries(const char *path)
{
	static const char *const argv[] = { "ls", "-A", NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_buf out = MN_BUF_INIT;
	size_t n = 0, i;
	int status = -1;

	s.argv = argv;
	s.dir = path;
	if (mn_spawn_capture(&out, &status, &s, 65536, NULL) < 0 || status)
		n = SIZE_MAX;
	for (i = 0; i < out.len; i++)
		n += out.p[i] == '\n';
	mn_buf_release(&out);
	return n;
}

static void test_replace(void)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct stat st;

	is_int(mn_io_replace("f", "one", 3, 0640, 1, &err), 0, "new file");
	ok(!stat("f", &st) && (st.st_mode & 0777) == 0640, "has its mode");
	is_int(mn_io_replace("f", "two\0!", 5, 0600, 0, &err), 0, "replaced");
	is_int(mn_io_read_file(&b, "f", 5, &err), 0, "read, just fitting");
	is_int(b.len, 5, "whole");
	is_mem(b.p, "two\0!", 6, "as written");
	is_int(mn_io_read_file(&b, "f", 4, &err), MN_ELIMIT, "too large");
	is_int(b.len, 5, "leaves the buffer as it was");
	ok(strstr(err.msg, "'f'") != NULL, "and names the file");
	is_int(count_entries("."), 1, "no temporary file is left");

	mkdir("d", 0777);
	is_int(mn_io_replace("d", "x", 1, 0600, 0, &err), MN_EIO,
	       "a directory is not replaced");
	is_int(count_entries("."), 2, "nor then");
	is_int(mn_io_replace("none/f", "x", 1, 0600, 0, &err), MN_ENOTFOUND,
	       "no directory, no file");
	is_int(mn_io_read_file(&b, "none", 10, &err), MN_ENOTFOUND,
	       "reading what isn't there");
	is_int(mn_io_read_file(&b, "d", 10, &err), MN_EIO,
	       "reading a directory");
	mn_buf_release(&b);
}

static void test_read_sizes(void)
{
	struct mn_buf b = MN_BUF_INIT, data = MN_BUF_INIT;
	size_t len;
	int bad = 0;

	for (len = 0; len < 20000; len += len < 10 ? 1 : 1021) {
		while (data.len < len)
			mn_buf_addc(&data, (char)data.len);
		mn_buf_clear(&b);
		bad += mn_io_replace("s", data.p, len, 0600, 0, NULL) != 0;
		bad += mn_io_read_file(&b, "s", SIZE_MAX / 4, NULL) != 0;
		bad += b.len != len || memcmp(b.p, data.p, len) != 0;
	}
	is_int(bad, 0, "files of many sizes");
	mn_buf_release(&b);
	mn_buf_release(&data);
}

/* A pipe that gives small pieces, and one that is non-blocking. */
static void test_pipe(void)
{
	static const char *const argv[] = {
		"sh", "-c", "for i in 1 2 3; do printf abc; sleep 0.05; done",
		NULL
	};
	struct mn_spawn s = MN_SPAWN_INIT;
	char got[16];
	int fds[2], status;
	size_t n = 0;
	pid_t pid;

	if (!ok(!pipe(fds), "a pipe"))
		return;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	s.argv = argv;
	s.out = fds[1];
	is_int(mn_spawn_start(&pid, &s, NULL), 0, "a slow writer");
	close(fds[1]);
	is_int(mn_io_read_full(fds[0], got, 4, &n, NULL), 0, "read 4");
	is_int(n, 4, "got 4");
	is_int(mn_io_read_full(fds[0], got, 16, &n, NULL), 0, "to the end");
	is_int(n, 5, "got the rest");
	is_mem(got, "bcabc", 5, "in order");
	close(fds[0]);
	mn_spawn_wait(&status, pid, NULL);
	is_int(mn_io_write_full(-1, "x", 1, NULL), MN_EIO, "a bad descriptor");
	is_int(mn_io_read_full(-1, got, 1, &n, NULL), MN_EIO, "for both");
}

static void test_dirs(void)
{
	struct mn_err err = MN_ERR_INIT;

	is_int(mn_io_mkdirs("t/a/b//c/", 0777, &err), 0, "mkdirs");
	ok(mn_io_exists("t/a/b/c"), "they are there");
	is_int(mn_io_mkdirs("t/a/b/c", 0777, &err), 0, "a second time");
	ok(!mn_io_exists("t/x"), "something else isn't");
	mn_io_replace("t/file", "", 0, 0600, 0, &err);
	is_int(mn_io_mkdirs("t/file", 0777, &err), MN_EIO, "a file in the way");
	is_int(mn_io_mkdirs("t/file/x", 0777, &err), MN_EIO, "further up");
	is_int(mn_io_mkdirs("", 0777, &err), MN_ENOTFOUND, "no name");
	is_int(mn_io_fsync_dir("t", &err), 0, "sync a directory");
	is_int(mn_io_fsync_dir("t/none", &err), MN_ENOTFOUND, "sync nothing");
	is_int(mn_io_fsync_dir("t/file", &err), MN_EIO, "sync a file");
}

static void test_remove_tree(void)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf path = MN_BUF_INIT;
	int i;

	mn_io_replace("keep", "x", 1, 0600, 0, &err);
	mkdir("kept", 0777);
	mn_io_replace("kept/f", "x", 1, 0600, 0, &err);
	ok(!symlink("../keep", "t/a/l1") && !symlink("../kept", "t/a/l2") &&
	   !symlink("/nowhere", "t/a/b/l3"), "symbolic links");
	for (i = 0; i < 100; i++) {
		mn_buf_clear(&path);
		mn_buf_addf(&path, "t/a/%d", i);
		mn_io_replace(path.p, "", 0, 0444, 0, &err);
	}
	is_int(mn_io_remove_tree("t", &err), 0, "a tree is removed");
	ok(!mn_io_exists("t"), "and gone");
	ok(mn_io_exists("keep") && mn_io_exists("kept/f"),
	   "links were not followed");
	is_int(mn_io_remove_tree("t", &err), MN_ENOTFOUND, "a second time");
	ok(!symlink("kept", "link"), "a link");
	ok(mn_io_remove_tree("link", &err) < 0, "is no directory");
	ok(mn_io_exists("kept/f"), "nothing is removed behind it");
	unlink("link");
	ok(mn_io_remove_tree("keep", &err) < 0, "nor is a file");
	mn_buf_clear(&path);
	for (i = 0; i < 300; i++)
		mn_buf_adds(&path, "n/");
	is_int(mn_io_mkdirs(path.p, 0777, &err), 0, "300 directories deep");
	ok(mn_io_remove_tree("n", &err) < 0, "that is too deep to remove");
	ok(mn_io_exists(path.p), "and stays");
	mn_buf_release(&path);
}

static void test_map(void)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_map_file m;

	mn_io_replace("m", "hello", 5, 0600, 0, &err);
	is_int(mn_io_map(&m, "m", &err), 0, "map a file");
	is_int(m.len, 5, "its length");
	is_mem(m.p, "hello", 5, "its bytes");
	mn_io_unmap(&m);
	ok(!m.p && !m.len, "unmapped");
	mn_io_unmap(&m);
	mn_io_replace("m", "", 0, 0600, 0, &err);
	is_int(mn_io_map(&m, "m", &err), 0, "map an empty file");
	ok(!m.p && !m.len, "it has no bytes");
	is_int(mn_io_map(&m, "kept", &err), MN_EIO, "not a directory");
	is_int(mn_io_map(&m, "none", &err), MN_ENOTFOUND, "nor nothing");
}

static void test_lock(void)
{
	struct mn_lock a = MN_LOCK_INIT, b = MN_LOCK_INIT;
	struct mn_err err = MN_ERR_INIT;
	int64_t t;

	is_int(mn_lock_take(&a, "lock", 0, &err), 0, "a lock");
	is_int(mn_lock_take(&b, "lock", 0, &err), MN_ELOCKED, "is exclusive");
	is_int(b.fd, -1, "the other holds nothing");
	t = mn_date_mono();
	is_int(mn_lock_take(&b, "lock", 60, &err), MN_ELOCKED, "after a time");
	t = mn_date_mono() - t;
	ok(t >= 60000 && t < 5000000, "that was waited for (%ld us)", (long)t);
	mn_lock_drop(&a);
	mn_lock_drop(&a);
	is_int(mn_lock_take(&b, "lock", 0, &err), 0, "free when dropped");
	unlink("lock");
	is_int(mn_lock_take(&a, "lock", 0, &err), 0,
	       "a removed file holds up nobody");
	mn_lock_drop(&a);
	mn_lock_drop(&b);
	is_int(mn_lock_take(&a, "none/lock", 0, &err), MN_ENOTFOUND,
	       "no directory, no lock");
}

/* The holder is killed: the kernel gives the lock to who waits. */
static void test_lock_death(void)
{
	struct mn_lock l = MN_LOCK_INIT;
	int fds[2], status;
	char c;
	pid_t pid;

	if (!ok(!pipe(fds), "a pipe"))
		return;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!mn_lock_take(&l, "lock", 0, NULL) &&
		    write(fds[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(fds[1]);
	is_int(read(fds[0], &c, 1), 1, "another process has the lock");
	close(fds[0]);
	is_int(mn_lock_take(&l, "lock", 10, NULL), MN_ELOCKED, "so we don't");
	kill(pid, SIGKILL);
	is_int(mn_lock_take(&l, "lock", 5000, NULL), 0, "it dies, and we do");
	mn_lock_drop(&l);
	mn_spawn_wait(&status, pid, NULL);
	is_int(status, 128 + SIGKILL, "how it ended");
}

static int sh(struct mn_buf *out, const char *script, int keep_git)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	int status = -1;

	mn_buf_clear(out);
	s.argv = argv;
	s.env_keep_git = keep_git;
	if (mn_spawn_capture(out, &status, &s, 1 << 20, NULL) < 0)
		return -1;
	return status;
}

/* It turns vfork into fork, and so the C library can't tell why a program
 * did not start. */
static int under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

static void test_spawn(void)
{
	static const char *const none[] = { "/none/such-program", NULL };
	static const char *const yes[] = { "yes", NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf out = MN_BUF_INIT;
	int status = -1;

	is_int(sh(&out, "echo a b; exit 7", 0), 7, "the exit status");
	is_str(out.p, "a b\n", "the output");
	is_int(sh(&out, "kill -9 $$", 0), 137, "killed by a signal");
	setenv("GIT_DIR", "x", 1);
	setenv("GITX", "y", 1);
	sh(&out, "echo ${GIT_DIR-unset} $GITX", 0);
	is_str(out.p, "unset y\n", "GIT_* is cleared");
	sh(&out, "echo ${GIT_DIR-unset} $GITX", 1);
	is_str(out.p, "x y\n", "unless it is kept");
	signal(SIGPIPE, SIG_IGN);
	is_int(sh(&out, "kill -PIPE $$; exit 3", 0), 128 + SIGPIPE,
	       "SIGPIPE is not ignored in the child");
	s.argv = none;
	if (!under_valgrind()) {
		is_int(mn_spawn_run(&status, &s, &err), MN_ENOTFOUND,
		       "no program");
		ok(strstr(err.msg, "such-program") != NULL, "and which");
	}
	s.argv = yes;
	mn_buf_clear(&out);
	is_int(mn_spawn_capture(&out, &status, &s, 100000, &err), MN_ELIMIT,
	       "output without end is cut off");
	is_int(out.len, 0, "and dropped");
	mn_buf_release(&out);
}

static void test_spawn_env_and_end(void)
{
	static const char *const print[] = {
		"sh", "-c", "echo \"$GIT_PROTOCOL$GIT_OTHER\"", NULL
	};
	static const char *const deaf[] = {
		"sh", "-c", "trap '' TERM; while :; do sleep 1; done", NULL
	};
	static const char *const seven[] = { "sh", "-c", "exit 7", NULL };
	static const char *const env[] = { "GIT_PROTOCOL=version=2", NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_buf b = MN_BUF_INIT;
	int status = -1;
	pid_t pid;

	setenv("GIT_OTHER", "x", 1);
	s.argv = print;
	s.env = env;
	mn_spawn_capture(&b, &status, &s, 4096, NULL);
	is_str(b.p, "version=2\n", "a variable that is added, and no other");
	unsetenv("GIT_OTHER");
	mn_buf_release(&b);
	s.argv = seven;
	mn_spawn_start(&pid, &s, NULL);
	is_int(mn_spawn_end(&status, pid, 60000, NULL), 0, "it has ended");
	is_int(status, 7, "by itself");
	s.argv = deaf;
	mn_spawn_start(&pid, &s, NULL);
	is_int(mn_spawn_end(&status, pid, 200, NULL), 0, "it is ended");
	ok(status > 128, "by a signal");
}

/* stdout and stderr change places: neither may overwrite the other. */
static void test_spawn_fds(void)
{
	static const char *const argv[] = {
		"sh", "-c", "cat; pwd; echo to-1; echo to-2 >&2", NULL
	};
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_buf b = MN_BUF_INIT;
	int one, two, save1, save2, in, status = -1;
	char want[PATH_MAX + 32], *cwd = realpath("kept", NULL);

	mn_io_replace("in", "input\n", 6, 0600, 0, NULL);
	in = open("in", O_RDONLY | O_CLOEXEC);
	one = open("one", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	two = open("two", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	fflush(stdout);
	fflush(stderr);
	save1 = fcntl(1, F_DUPFD_CLOEXEC, 3);
	save2 = fcntl(2, F_DUPFD_CLOEXEC, 3);
	dup2(one, 1);
	dup2(two, 2);
	s.argv = argv;
	s.dir = "kept";
	s.in = in;
	s.out = 2;
	s.errfd = 1;
	mn_spawn_run(&status, &s, NULL);
	dup2(save1, 1);
	dup2(save2, 2);
	close(save1);
	close(save2);
	is_int(status, 0, "stdout and stderr exchanged");
	mn_io_read_file(&b, "one", 4096, NULL);
	is_str(b.p, "to-2\n", "stderr went where stdout was");
	mn_buf_clear(&b);
	mn_io_read_file(&b, "two", 4096, NULL);
	snprintf(want, sizeof(want), "input\n%s\nto-1\n", cwd ? cwd : "");
	is_str(b.p, want, "stdout where stderr was; stdin and directory");
	free(cwd);
	close(in);
	close(one);
	close(two);
	mn_buf_release(&b);
}

int main(void)
{
	struct mn_spawn s = MN_SPAWN_INIT;
	const char *argv[] = { "rm", "-rf", dir, NULL };
	int status = -1;

	umask(022);
	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	test_replace();
	test_read_sizes();
	test_pipe();
	test_dirs();
	test_remove_tree();
	test_map();
	test_lock();
	test_lock_death();
	test_spawn();
	test_spawn_fds();
	test_spawn_env_and_end();
	s.argv = argv;
	s.dir = "/";
	is_int(mn_spawn_run(&status, &s, NULL) | status, 0, "tidied up");
	return done_testing();
}
