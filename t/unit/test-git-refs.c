/* refs */
#include "git/refs.h"
#include "git/sync.h"

#include <errno.h>
#include <unistd.h>

#include "git-temp.h"

#include "banned.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"

static struct mn_oid c1, c2, c3;	/* commits */
static struct mn_err err;

static struct mn_oid oid_of(const char *hex)
{
	struct mn_oid o;

	if (mn_oid_parse(&o, hex))
		abort();
	return o;
}

static struct mn_oid commit(const char *msg)
{
	char *s = sh("cd r.git && git commit-tree -m %s "
		     "$(git hash-object -w -t tree /dev/null)", msg);
	struct mn_oid o = oid_of(s);

	free(s);
	return o;
}

static void git_says(const char *name, const struct mn_oid *want)
{
	char hex[MN_OID_HEX + 1], *s;

	mn_oid_hex(hex, want);
	s = sh("cd r.git && git rev-parse -q --verify %s || echo none", name);
	is_str(s, mn_oid_is_zero(want) ? "none" : hex, "git reads %s", name);
	free(s);
}

static int update(const char *name, const struct mn_oid *old,
		  const struct mn_oid *new)
{
	struct mn_ref_update u = { .name = name, .durable = 1 };

	if (old)
		u.old_oid = *old;
	if (new)
		u.new_oid = *new;
	mn_err_clear(&err);
	return mn_refs_update("r.git", &u, 1, &err);
}

static int nothing_left(void)
{
	return sh_ok("! find r.git -name '*.lock' | grep . && "
		     "! ls r.git/mn/tmp | grep .");
}

static void test_update(void)
{
	struct mn_oid oid;

	is_int(mn_refs_read(&oid, "r.git", "refs/heads/main", &err),
	       MN_ENOTFOUND, "no ref yet");
	is_int(update("refs/heads/main", NULL, &c1), 0, "create");
	git_says("refs/heads/main", &c1);
	is_int(mn_refs_read(&oid, "r.git", "refs/heads/main", &err), 0,
	       "read");
	ok(mn_oid_eq(&oid, &c1), "as written");
	is_int(update("refs/heads/main", NULL, &c2), MN_EEXISTS,
	       "it must not be there: %s", "refused");
	is_int(update("refs/heads/main", &c2, &c3), MN_EEXISTS,
	       "it must be another");
	is_int(update("refs/heads/main", &c1, &c2), 0, "move");
	git_says("refs/heads/main", &c2);
	is_int(update("refs/mn/devices/a/b/c", NULL, &c1), 0,
	       "with directories");
	git_says("refs/mn/devices/a/b/c", &c1);
	is_int(update("refs/mn/devices/a", NULL, &c1), MN_EEXISTS,
	       "a directory of refs is there");
	is_int(update("refs/heads/main/x", NULL, &c1), MN_EIO,
	       "a ref is there");
	ok(nothing_left(), "no locks, no temporary files");
	is_int(update("refs/heads/main", &c2, NULL), 0, "delete");
	git_says("refs/heads/main", &(struct mn_oid){ { 0 } });
	is_int(update("refs/heads/main", &c2, NULL), MN_EEXISTS,
	       "delete what is gone");
	ok(nothing_left(), "nothing is left");
}

static void test_names(void)
{
	static const char *const bad[] = {
		"", "HEAD", "refs/", "refs", "refs/a/", "refs//a",
		"refs/../config", "refs/a..b", "refs/.a", "refs/a.",
		"refs/a.lock", "refs/a.lock/b", "refs/a b", "refs/a\nb",
		"refs/a~", "refs/a^", "refs/a:b", "refs/a?", "refs/a*",
		"refs/a[", "refs/a\\b", "refs/a@{b", "refs/\x7f", "/refs/a",
		"objects/x"
	};
	struct mn_oid oid;
	char longer[MN_REF_MAX + 2];
	int all = 1;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		all &= update(bad[i], NULL, &c1) == MN_EINVALID;
		all &= mn_refs_read(&oid, "r.git", bad[i], &err) ==
			MN_EINVALID;
	}
	ok(all, "bad names");
	memset(longer, 'a', sizeof(longer));
	memcpy(longer, "refs/heads/", 11);
	longer[MN_REF_MAX + 1] = 0;
	is_int(update(longer, NULL, &c1), MN_EINVALID, "too long");
	longer[MN_REF_MAX] = 0;
	is_int(update(longer, NULL, &c1), 0, "just as long as allowed");
	git_says(longer, &c1);
	is_int(update(longer, &c1, NULL), 0, "delete it");
}

static void test_several(void)
{
	struct mn_ref_update u[3] = {
		{ .name = "refs/heads/main", .new_oid = c1 },
		{ .name = "refs/mn/devices/x", .new_oid = c2, .durable = 1 },
		{ .name = "refs/mn/identity", .new_oid = c3, .any_old = 1 }
	};

	is_int(mn_refs_update("r.git", u, 3, &err), 0, "three");
	u[0].old_oid = c1;
	u[0].new_oid = c3;
	is_int(mn_refs_update("r.git", u, 3, &err), MN_EEXISTS,
	       "the second is there already");
	git_says("refs/heads/main", &c1);
	ok(nothing_left(), "none has moved, no locks");
	free(sh("touch r.git/refs/mn/identity.lock"));
	u[1].any_old = 1;
	is_int(mn_refs_update("r.git", u, 3, &err), MN_ELOCKED,
	       "git holds a lock");
	ok(strstr(err.msg, "refs/mn/identity.lock") != NULL, "%s", err.msg);
	git_says("refs/heads/main", &c1);
	free(sh("ls r.git/refs/mn/identity.lock"));
	free(sh("{ sleep .3; rm r.git/refs/mn/identity.lock; } >/dev/null "
		"2>&1 &"));
	is_int(mn_refs_update("r.git", u, 3, &err), 0, "it waits for a lock");
	git_says("refs/heads/main", &c3);
	free(sh("cd r.git && git update-ref refs/heads/dir/x refs/heads/main"));
	u[0].any_old = 1;
	u[0].new_oid = c1;
	u[2].name = "refs/heads/dir";
	is_int(mn_refs_update("r.git", u, 3, &err), MN_EEXISTS,
	       "refs are below the third: %s", err.msg);
	git_says("refs/heads/main", &c3);
	free(sh("rm r.git/refs/heads/dir/x"));
	is_int(mn_refs_update("r.git", u, 3, &err), 0, "an empty directory");
	git_says("refs/heads/dir", &c3);
	free(sh("git -C r.git update-ref -d refs/heads/dir && "
		"git -C r.git update-ref refs/heads/main %s",
		"$(git -C r.git rev-parse refs/mn/identity)"));
	u[1].name = u[0].name;
	is_int(mn_refs_update("r.git", u, 3, &err), MN_EINVALID,
	       "the same ref twice");
	is_int(mn_refs_update("r.git", u, 0, &err), 0, "none");
}

static void test_two_steps(void)
{
	struct mn_ref_update u[2] = {
		{ .name = "refs/two/a", .new_oid = c1, .durable = 1 },
		{ .name = "refs/two/b", .new_oid = c2 },
	};
	struct mn_refs_txn *t;
	struct mn_oid none = { { 0 } };
	int fds[2] = { -1, -1 };

	is_int(mn_refs_begin(&t, "r.git", u, 2, &err), 0, "begin");
	is_int((long long)mn_refs_unsynced(t, fds), 1, "one is to be durable");
	ok(fsync(fds[0]) == 0, "and can be synced");
	git_says("refs/two/a", &none);
	mn_refs_abort(t);
	git_says("refs/two/a", &none);
	ok(nothing_left(), "nothing is left of it");
	is_int(mn_refs_begin(&t, "r.git", u, 2, &err), 0, "begin again");
	is_int(mn_refs_finish(t, 1, &err), 0, "finish");
	git_says("refs/two/a", &c1);
	git_says("refs/two/b", &c2);
	is_int(mn_refs_begin(&t, "r.git", u, 2, &err), 0, "a third time");
	is_int(mn_refs_finish(t, 0, &err), MN_EEXISTS, "old values count");
	mn_err_clear(&err);
	ok(nothing_left(), "nothing is left of it");
}

/* git may remove a directory between our rename and our sync. */
static void test_sync(void)
{
	const char *const gone[] = { "r.git/refs", "r.git/refs/gone" };
	const char *const file[] = { "r.git/refs", "r.git/HEAD" };

	is_int(mn_sync_dirs(gone, 2, &err), 0, "one is gone");
	is_int(mn_sync_dirs(file, 2, &err), MN_EIO, "one is a file");
}

static void is_list(const char *prefix, const char *want)
{
	struct mn_buf got = MN_BUF_INIT;
	struct mn_ref_list l;
	char hex[MN_OID_HEX + 1];
	int r = mn_refs_list(&l, "r.git", prefix, 100, &err);

	for (size_t i = 0; i < l.n; i++) {
		mn_oid_hex(hex, &l.p[i].oid);
		mn_buf_addf(&got, "%s %s\n", hex, l.p[i].name);
	}
	if (got.len)
		mn_buf_setlen(&got, got.len - 1);
	got.p[got.len] = 0;
	ok(!r, "list '%s' %s", prefix, r ? err.msg : "");
	is_str(got.p, want, "as git lists it");
	mn_refs_release(&l);
	mn_buf_release(&got);
}

static void same_lists(const char *what)
{
	char *s;

	printf("# %s\n", what);
	s = sh("cd r.git && git for-each-ref --format="
	       "'%%(objectname) %%(refname)'");
	is_list("refs/", s);
	free(s);
	s = sh("cd r.git && git for-each-ref --format="
	       "'%%(objectname) %%(refname)' refs/mn/devices/");
	is_list("refs/mn/devices/", s);
	free(s);
	s = sh("cd r.git && git for-each-ref --format="
	       "'%%(objectname) %%(refname)' 'refs/mn/devices/dev1*'");
	is_list("refs/mn/devices/dev1", s);
	free(s);
	is_list("refs/none/", "");
}

static void test_packed(void)
{
	struct mn_oid oid;
	struct mn_ref_list l;

	free(sh("cd r.git && for i in $(seq 30); do git update-ref "
		"refs/mn/devices/dev$i refs/heads/main; done && "
		"git tag -m t v1 refs/heads/main && git update-ref "
		"refs/mn/devices/more/deep refs/heads/main"));
	same_lists("loose");
	free(sh("cd r.git && git pack-refs --all"));
	same_lists("packed");
	is_int(mn_refs_read(&oid, "r.git", "refs/mn/devices/dev7", &err), 0,
	       "read a packed one");
	ok(mn_oid_eq(&oid, &c3), "its value");
	is_int(update("refs/mn/devices/dev7/x", NULL, &c1), MN_EEXISTS,
	       "a packed ref is in the way");
	is_int(update("refs/mn/devices/more", NULL, &c1), MN_EEXISTS,
	       "a packed one is below: %s", err.msg);
	is_int(update("refs/mn/devices/dev7", &c3, &c1), 0, "move it");
	is_int(update("refs/mn/devices/dev70", NULL, &c1), 0, "a new one");
	same_lists("both");
	is_int(update("refs/mn/devices/dev7", &c1, NULL), 0, "delete it");
	is_int(update("refs/mn/devices/dev8", &c3, NULL), 0, "and a packed");
	is_int(update("refs/tags/v1", &c1, NULL), MN_EEXISTS, "wrong old");
	free(sh("cd r.git && git update-ref refs/tags/w refs/tags/v1 && "
		"git pack-refs --all"));
	same_lists("after deletion");
	git_says("refs/mn/devices/dev7", &(struct mn_oid){ { 0 } });
	ok(sh_ok("cd r.git && git fsck --strict 2>&1"), "fsck");
	oid = oid_of("0000000000000000000000000000000000000000");
	is_int(mn_refs_list(&l, "r.git", "refs/", 5, &err), MN_ELIMIT,
	       "more than allowed");
	is_int(mn_refs_list(&l, "r.git", "objects/", 5, &err), MN_EINVALID,
	       "not refs");
	is_int(mn_refs_list(&l, "r.git", "refs/../objects/", 5, &err),
	       MN_EINVALID, "nor from there");
	ok(nothing_left(), "nothing is left");
}

static void test_damaged(void)
{
	static const char *const packed[] = {
		A " refs/heads/x", A "\n", A "  \n", "^" A "\n",
		A " refs/heads/x\n^" A "x\n", A " refs/heads/x\n^" A "\n^" A
		"\n", "zz" A " refs/heads/x\n", A " heads/x\n", "# half",
		A " refs/heads/x\n\n", A " refs/heads/x\n" B " refs/heads/x\n",
		A " refs/heads/../x\n"
	};
	static const char *const loose[] = {
		"", A, A "x\n", A "\n\n", "ref: refs/heads/main\n", "x\n",
		A "\r\n"
	};
	struct mn_ref_list l;
	struct mn_oid oid;
	int all = 1;

	free(sh("mkdir -p d.git/refs/heads"));
	for (size_t i = 0; i < sizeof(packed) / sizeof(*packed); i++) {
		mn_io_replace("d.git/packed-refs", packed[i],
			      strlen(packed[i]), 0644, 0, NULL);
		if (mn_refs_list(&l, "d.git", "refs/", 10, &err) !=
		    MN_ECORRUPT) {
			printf("# packed %zu\n", i);
			all = 0;
		}
	}
	ok(all, "damaged packed-refs");
	free(sh("rm d.git/packed-refs"));
	all = 1;
	for (size_t i = 0; i < sizeof(loose) / sizeof(*loose); i++) {
		mn_io_replace("d.git/refs/heads/x", loose[i],
			      strlen(loose[i]), 0644, 0, NULL);
		all &= mn_refs_list(&l, "d.git", "refs/", 10, &err) ==
			MN_ECORRUPT;
		all &= mn_refs_read(&oid, "d.git", "refs/heads/x", &err) ==
			MN_ECORRUPT;
	}
	ok(all, "damaged loose refs");
	free(sh("ln -sf main d.git/refs/heads/x"));
	is_int(mn_refs_read(&oid, "d.git", "refs/heads/x", &err), MN_ECORRUPT,
	       "a symbolic link");
	is_int(mn_refs_read(&oid, "d.git", "refs/heads", &err), MN_ENOTFOUND,
	       "a directory");
	free(sh("rm d.git/refs/heads/x; touch d.git/refs/heads/x.lock"));
	is_int(mn_refs_list(&l, "d.git", "refs/", 10, &err), 0,
	       "a lock is no ref");
	is_int(l.n, 0, "so there is none");
	mn_refs_release(&l);
}

static void test_denied(void)
{
	if (!sh_ok("mkdir ro && mount -t tmpfs none ro 2>/dev/null && "
		   "cp -r r.git ro && mount -o remount,ro ro")) {
		printf("ok %d # SKIP cannot mount\n", ++tap_run);
		return;
	}
	free(sh("mv r.git keep && ln -s ro/r.git r.git"));
	is_int(update("refs/heads/new", NULL, &c1), MN_EIO, "read-only");
	ok(strstr(err.msg, "Read-only") != NULL, "%s", err.msg);
	free(sh("rm r.git && mv keep r.git && umount ro"));
}

int main(void)
{
	temp_begin();
	free(sh("git init -q --bare r.git && mkdir -p r.git/mn/tmp"));
	c1 = commit("one");
	c2 = commit("two");
	c3 = commit("three");
	test_update();
	test_names();
	test_several();
	test_two_steps();
	test_sync();
	test_packed();
	test_damaged();
	test_denied();
	return temp_end();
}
