/* buf, strings, arena, vec and err */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#include "banned.h"

static void test_buf_empty(void)
{
	struct mn_buf b = MN_BUF_INIT, zeroed = { 0 };
	size_t len = 1;
	char *p;

	is_str(b.p, "", "a new buffer is the empty string");
	mn_buf_clear(&b);
	mn_buf_setlen(&b, 0);
	ok(b.p == mn_buf_empty, "clearing a new buffer allocates nothing");
	mn_buf_add(&b, NULL, 0);
	is_str(b.p, "", "adding nothing");
	p = mn_buf_detach(&b, &len);
	is_str(p, "", "an empty buffer detaches as a string of its own");
	is_int(len, 0, "of length 0");
	free(p);
	ok(b.p == mn_buf_empty, "and is new again");
	mn_buf_release(&b);
	mn_buf_addc(&zeroed, 'x');
	is_str(zeroed.p, "x", "a zeroed struct is a buffer, too");
	mn_buf_release(&zeroed);
}

static void test_buf_add(void)
{
	struct mn_buf b = MN_BUF_INIT;
	size_t i, bad = 0;

	for (i = 0; i < 10000; i++) {
		mn_buf_addc(&b, (char)('a' + i % 26));
		bad += b.p[b.len] != '\0' || b.len >= b.cap;
	}
	is_int(b.len, 10000, "10000 bytes one by one");
	is_int(bad, 0, "NUL behind them at any time");
	for (i = 0; i < b.len; i++)
		bad += b.p[i] != (char)('a' + i % 26);
	is_int(bad, 0, "and they are what was added");
	mn_buf_clear(&b);
	ok(b.cap > 10000 && !b.len && !b.p[0], "clear keeps the memory");
	mn_buf_add(&b, "a\0b", 3);
	mn_buf_adds(&b, "cd");
	mn_buf_addstr(&b, MN_STR("ef"));
	is_int(b.len, 7, "length counts a NUL inside");
	is_mem(b.p, "a\0bcdef", 8, "bytes, string and view");
	mn_buf_setlen(&b, 1);
	is_str(b.p, "a", "setlen cuts");
	mn_buf_release(&b);
	mn_buf_release(&b);
	ok(!b.cap && !b.len, "released twice");
}

static void test_buf_addu(void)
{
	struct mn_buf b = MN_BUF_INIT;
	uint64_t n = 1;
	char want[32];
	int i, d, bad = 0;

	for (i = 0; i < 20; i++, n *= 10) {
		for (d = -1; d <= 1; d++) {
			mn_buf_clear(&b);
			mn_buf_addu(&b, n + (uint64_t)d);
			snprintf(want, sizeof(want), "%ju",
				 (uintmax_t)(n + (uint64_t)d));
			bad += strcmp(b.p, want) != 0;
		}
	}
	is_int(bad, 0, "numbers around powers of ten");
	mn_buf_clear(&b);
	mn_buf_addu(&b, UINT64_MAX);
	is_str(b.p, "18446744073709551615", "the largest number");
	mn_buf_release(&b);
}

static void test_buf_format(void)
{
	struct mn_buf b = MN_BUF_INIT;
	unsigned char bytes[37];
	char want[80] = "", two[3];
	size_t i, n, bad = 0;

	mn_buf_addf(&b, "%s-%d", "x", 5);
	mn_buf_addf(&b, "%0500d|", 7);
	is_int(b.len, 3 + 501, "a format longer than the room");
	is_str(b.p + b.len - 3, "07|", "is there to its end");
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7 + 0x9a);
	for (n = 0; n <= sizeof(bytes); n++) {
		mn_buf_clear(&b);
		mn_buf_addhex(&b, bytes, n);
		bad += b.len != 2 * n || strcmp(b.p, want) != 0;
		if (n == sizeof(bytes))
			break;
		snprintf(two, sizeof(two), "%02x", bytes[n]);
		memcpy(want + 2 * n, two, 3);
	}
	is_int(bad, 0, "hexadecimal of 0 to 37 bytes");
	mn_buf_release(&b);
}

static void test_str(void)
{
	struct mn_str none = { NULL, 0 };

	ok(mn_str_eq(MN_STR("abc"), "abc"), "equal");
	ok(!mn_str_eq(MN_STR("abc"), "ab"), "longer is not equal");
	ok(!mn_str_eq(MN_STR("ab"), "abc"), "shorter is not equal");
	ok(!mn_str_eq(MN_STR("ab\0"), "ab"), "a NUL counts");
	ok(mn_str_eq(none, ""), "no bytes are the empty string");
	ok(mn_str_cmp(MN_STR("a"), MN_STR("b")) < 0, "a < b");
	ok(mn_str_cmp(MN_STR("ab"), MN_STR("a")) > 0, "ab > a");
	ok(mn_str_cmp(MN_STR("\xff"), MN_STR("a")) > 0, "bytes are unsigned");
	is_int(mn_str_cmp(none, MN_STR("")), 0, "empty = empty");
	ok(mn_str_starts(MN_STR("refs/mn"), "refs/"), "starts");
	ok(!mn_str_starts(MN_STR("ref"), "refs/"), "too short to start so");
	ok(mn_str_starts(none, ""), "all start with nothing");
	is_int(mn_str("four").len, 4, "a view of a string");
}

static void test_arena(void)
{
	struct mn_arena a = MN_ARENA_INIT;
	unsigned char *p[300];
	size_t i, j, bad = 0, blocks;
	char *s;

	for (j = 0; j < 3; j++) {
		for (i = 0; i < 300; i++) {
			size_t n = i * i % 977;
			size_t k;

			p[i] = mn_arena_alloc(&a, n);
			bad += ((uintptr_t)p[i] & 15) != 0;
			for (k = 0; k < n; k++)
				bad += p[i][k] != 0;
			memset(p[i], (int)(i & 255), n);
		}
		for (i = 0; i < 300; i++)
			if (i * i % 977)
				bad += p[i][i * i % 977 - 1] != (i & 255);
		mn_arena_reset(&a);
	}
	is_int(bad, 0, "aligned, zeroed and apart, also after a reset");
	p[0] = mn_arena_alloc(&a, 1);
	mn_arena_reset(&a);
	p[1] = mn_arena_alloc(&a, 1);
	ok(p[0] == p[1], "reset gives the same memory again");
	s = mn_arena_strdup(&a, (struct mn_str){ "abcdef", 3 });
	is_str(s, "abc", "a copy of a view ends in NUL");
	blocks = mn_arena_str(&a, (struct mn_str){ NULL, 0 }).len;
	is_int(blocks, 0, "a copy of nothing");
	p[2] = mn_arena_alloc(&a, 3 << 20);
	p[2][(3 << 20) - 1] = 1;
	ok(p[2] != NULL, "more than any block");
	mn_arena_release(&a);
	ok(!a.head && !a.used, "released");
}

static void test_vec(void)
{
	MN_VEC(int) v = { 0 };
	int i, bad = 0;

	for (i = 0; i < 1000; i++)
		*mn_vec_push(&v) = i;
	for (i = 0; i < 1000; i++)
		bad += v.p[i] != i;
	is_int(v.n, 1000, "a thousand items");
	is_int(bad, 0, "in order");
	mn_vec_clear(&v);
	ok(!v.n && v.cap >= 1000, "clear keeps the memory");
	mn_vec_release(&v);
	ok(!v.p && !v.cap, "release doesn't");
}

static void test_err(void)
{
	struct mn_err err = MN_ERR_INIT;
	char text[2 * MN_ERR_MAX];
	int r;

	r = mn_err_set(&err, MN_ECORRUPT, "bad %s", "pack");
	is_int(r, MN_ECORRUPT, "set returns the code");
	r = mn_err_wrap(&err, MN_EFAIL, "cannot read '%s'", "x");
	is_int(r, MN_EFAIL, "wrap returns its own");
	is_int(err.code, MN_ECORRUPT, "the first code stays");
	is_str(err.msg, "cannot read 'x': bad pack", "from the outside in");
	mn_err_clear(&err);
	mn_err_wrap(&err, MN_EFAIL, "alone");
	is_str(err.msg, "alone", "nothing to wrap");
	is_int(err.code, MN_EFAIL, "and the code is the wrapper's");
	errno = ENOENT;
	is_int(mn_err_sys(&err, "open"), MN_ENOTFOUND, "ENOENT is not found");
	is_str(err.msg, "open: No such file or directory", "strerror");
	errno = EACCES;
	is_int(mn_err_sys(NULL, "open"), MN_EIO, "without a struct");
	is_int(errno, EACCES, "errno stays");
	is_int(mn_err_set(NULL, -3, "x"), -3, "set without a struct");
	is_int(mn_err_wrap(NULL, -3, "x"), -3, "wrap without a struct");
	mn_err_set(&err, -1, "a\x1b[1m\nb\x7f\xc2\x9b\xff\xe2\x80\xae"
		   "c\xc3\xa4");
	is_str(err.msg, "a?[1m?b????c\xc3\xa4",
	       "controls, broken bytes and bidi overrides are replaced");
	memset(text, 'x', sizeof(text));
	memcpy(text + MN_ERR_MAX - 2, "\xc3\xa4", 3);
	mn_err_set(&err, -1, "%s", text);
	is_int(strlen(err.msg), MN_ERR_MAX - 2, "no character is cut in two");
	mn_err_wrap(&err, -1, "longer");
	is_int(strlen(err.msg), MN_ERR_MAX - 1, "a long message is cut");
	ok(!strncmp(err.msg, "longer: xxx", 11), "at its inner end");
}

/* Runs fn in a child that is to abort; what it said in b. */
static int aborts(void (*fn)(void), struct mn_buf *b)
{
	struct rlimit none = { 0, 0 };
	int fds[2], st;
	char text[512];
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0)
		return 0;
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], 2);
		fn();
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], text, sizeof(text))) > 0)
		mn_buf_add(b, text, (size_t)n);
	close(fds[0]);
	return pid > 0 && waitpid(pid, &st, 0) == pid && WIFSIGNALED(st) &&
	       WTERMSIG(st) == SIGABRT;
}

static void too_long(void)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_grow(&b, SIZE_MAX - 1);
}

static void beyond(void)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addc(&b, 'x');
	mn_buf_setlen(&b, b.cap);
}

static void test_abort(void)
{
	struct mn_buf said = MN_BUF_INIT;

	ok(aborts(too_long, &said), "an impossible size aborts");
	is_str(said.p, "out of memory\n", "and says so");
	mn_buf_clear(&said);
	ok(aborts(beyond, &said), "a length beyond the memory aborts");
	ok(!strncmp(said.p, "BUG: ", 5) && strstr(said.p, "buf.c"),
	   "and says where");
	mn_buf_release(&said);
}

int main(void)
{
	test_buf_empty();
	test_buf_add();
	test_buf_addu();
	test_buf_format();
	test_str();
	test_arena();
	test_vec();
	test_err();
	test_abort();
	return done_testing();
}
