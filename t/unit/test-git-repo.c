/* repo, and what libgit2 does for us */
#include "git/repo.h"

#include "git/loose.h"
#include "git/refs.h"
#include "git-temp.h"

#include "banned.h"

#define PROFILE \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct mn_err err;

static void test_init(void)
{
	struct mn_repo r;
	char profile[65], *s;

	is_int(mn_repo_init("p.git", PROFILE, &err), 0, "init %s", err.msg);
	is_int(mn_repo_init("p.git", PROFILE, &err), MN_EEXISTS,
	       "there already");
	is_int(mn_repo_init("x.git", "abc", &err), MN_EINVALID, "no profile");
	is_int(mn_repo_init("none/x.git", PROFILE, &err), MN_ENOTFOUND,
	       "no such place");
	ok(sh_ok("! ls | grep tmp"), "nothing temporary is left");
	is_int(mn_repo_open(&r, "p.git", profile, &err), 0, "open");
	is_str(profile, PROFILE, "profile");
	is_str(r.path, "p.git", "path");
	mn_repo_close(&r);
	s = sh("cd p.git && git rev-parse --is-bare-repository && "
	       "git symbolic-ref HEAD && git config mn.profile");
	is_str(s, "true\nrefs/heads/main\n" PROFILE, "git agrees");
	free(s);
	ok(sh_ok("cd p.git && git fsck --strict 2>&1"), "fsck");
	is_int(mn_repo_open(&r, "q.git", profile, &err), MN_ENOTFOUND,
	       "none there");
	free(sh("git init -q --bare g.git"));
	is_int(mn_repo_open(&r, "g.git", profile, &err), MN_EVERSION,
	       "not of mn");
	ok(strstr(err.msg, "not a repository of mn") != NULL, "%s", err.msg);
	free(sh("mkdir e.git"));
	is_int(mn_repo_open(&r, "e.git", profile, &err), MN_EVERSION,
	       "a directory");
}

static void opens_after(const char *config, int want, const char *words)
{
	struct mn_repo r;
	char profile[65];
	int got;

	mn_err_clear(&err);
	free(sh("rm -rf v.git && cp -r p.git v.git && cd v.git && %s",
		config));
	got = mn_repo_open(&r, "v.git", profile, &err);
	is_int(got, want, "%s", config);
	if (!got)
		mn_repo_close(&r);
	ok(strstr(err.msg, words) != NULL, "words: %s", err.msg);
}

static void test_versions(void)
{
	opens_after("git config mn.format 2", MN_EVERSION, "made by a newer "
		    "version of mn (format 2; this one reads 1)");
	opens_after("git config mn.format 0", MN_EVERSION, "not a repo");
	opens_after("git config mn.format x", MN_EVERSION, "not a repo");
	opens_after("git config mn.profile x", MN_EINVALID, "no id");
	opens_after("git config core.repositoryformatversion 1 && "
		    "git config extensions.partialClone origin", 0, "");
	opens_after("git config core.repositoryformatversion 2", MN_EVERSION,
		    "git's format");
	opens_after("git config extensions.objectFormat sha256", MN_EVERSION,
		    "'objectformat'");
	opens_after("echo '[' >>config", MN_EINVALID, "config");
	opens_after("rm -r objects", MN_ENOTFOUND, "objects");
}

/* What a writer that was killed leaves, and what git holds. */
static void test_lock(void)
{
	struct mn_repo r, r2;
	char profile[65];
	struct mn_oid oid;
	struct mn_ref_update u = { .name = "refs/mn/devices/a",
		.any_old = 1 };

	mn_oid_parse(&u.new_oid, MN_OID_EMPTY_TREE_HEX);
	mn_repo_open(&r, "p.git", profile, &err);
	mn_repo_open(&r2, "p.git", profile, &err);
	is_int(mn_repo_lock(&r, 0, &err), 0, "lock");
	is_int(mn_repo_lock(&r2, 50, &err), MN_ELOCKED, "a second writer");
	mn_repo_unlock(&r);
	is_int(mn_repo_lock(&r2, 0, &err), 0, "then it may");
	mn_repo_unlock(&r2);
	free(sh("cd p.git && mkdir -p refs/mn/devices && "
		"echo x >mn/tmp/ref-one && "
		"ln mn/tmp/ref-one refs/mn/devices/a.lock && "
		"echo x >mn/tmp/ref-two && ln mn/tmp/ref-two packed-refs.lock "
		"&& echo x >mn/tmp/ref-three && mkdir mn/tmp/keep && "
		"echo x >refs/mn/devices/git.lock"));
	is_int(mn_repo_lock(&r, 0, &err), 0, "lock");
	ok(sh_ok("cd p.git && test ! -e refs/mn/devices/a.lock && "
		 "test ! -e packed-refs.lock"), "dead locks are gone");
	ok(sh_ok("cd p.git && test \"$(ls mn/tmp)\" = keep"),
	   "temporary files too");
	ok(sh_ok("ls p.git/refs/mn/devices/git.lock"), "git's lock stays");
	is_int(mn_refs_update("p.git", &u, 1, &err), 0, "update");
	is_int(mn_refs_read(&oid, "p.git", "refs/mn/devices/a", &err), 0,
	       "read");
	/* killed between rename and the end: the ref has a second name */
	free(sh("cd p.git && rm refs/mn/devices/git.lock && "
		"ln refs/mn/devices/a mn/tmp/ref-four"));
	mn_repo_unlock(&r);
	is_int(mn_repo_lock(&r, 0, &err), 0, "lock");
	ok(sh_ok("cd p.git && test ! -e mn/tmp/ref-four && "
		 "test -e refs/mn/devices/a"), "the ref itself stays");
	is_int(mn_refs_update("p.git", &u, 1, &err), 0, "update");
	u.new_oid = (struct mn_oid){ { 0 } };
	is_int(mn_refs_update("p.git", &u, 1, &err), 0, "delete");
	free(sh("cd p.git/objects && mkdir -p aa && touch -d '2 hours ago' "
		"aa/tmp_obj_old pack/tmp_pack_old pack/tmp_idx_old && "
		"touch aa/tmp_obj_new pack/tmp_pack_new"));
	is_int(mn_repo_sweep(&r, &err), 0, "sweep");
	ok(sh_ok("cd p.git/objects && test \"$(ls aa pack | grep tmp | tr "
		 "'\\n' ' ')\" = 'tmp_obj_new tmp_pack_new '"),
	   "old ones are gone, new ones stay");
	free(sh("rm p.git/objects/*/tmp_*"));
	mn_repo_close(&r);
	mn_repo_close(&r2);
}

/* A copy that git made has no mn/; one that a stranger made may have a link. */
static void test_own_dirs(void)
{
	struct mn_repo r;
	char profile[65];

	free(sh("cp -r p.git own.git && rm -r own.git/mn"));
	is_int(mn_repo_open(&r, "own.git", profile, &err), 0, "open");
	is_int(mn_repo_lock(&r, 0, &err), 0, "lock without mn/");
	mn_repo_unlock(&r);
	free(sh("mkdir -p far/tmp && touch far/key far/tmp/key && "
		"cd own.git/mn && rmdir tmp && ln -s ../../far tmp"));
	ok(mn_repo_lock(&r, 0, &err) < 0, "mn/tmp is a link: %s", err.msg);
	free(sh("cd own.git && rm -r mn && ln -s ../far mn"));
	ok(mn_repo_lock(&r, 0, &err) < 0, "mn is a link: %s", err.msg);
	ok(sh_ok("ls far/key far/tmp/key"), "nothing is removed behind it");
	mn_repo_close(&r);
	mn_err_clear(&err);
}

static void revparse_as_git(struct mn_repo *r, const char *spec)
{
	char hex[MN_OID_HEX + 1] = "", *s;
	struct mn_oid oid;
	int got;

	mn_err_clear(&err);
	got = mn_git_revparse(&oid, r, spec, &err);
	if (!got)
		mn_oid_hex(hex, &oid);
	s = sh("cd p.git && git rev-parse -q --verify '%s'", spec);
	is_str(hex, s, "%s %s", spec, err.msg);
	free(s);
}

static int add_hex(void *ctx, const struct mn_oid *oid)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, oid);
	mn_buf_addf(ctx, "%s\n", hex);
	return 0;
}

static int stop_at_3(void *ctx, const struct mn_oid *oid)
{
	(void)oid;
	return ++*(int *)ctx == 3 ? 5 : 0;
}

static void walk_as_git(struct mn_repo *r, const char *args,
			const struct mn_oid *tip, const struct mn_oid *hide)
{
	struct mn_buf b = MN_BUF_INIT;
	char *s = sh("cd p.git && git rev-list --topo-order --date-order %s",
		     args);

	mn_err_clear(&err);
	is_int(mn_git_walk(r, tip, 1, hide, hide ? 1 : 0, add_hex, &b, &err),
	       0, "walk %s %s", args, err.msg);
	if (b.len)
		mn_buf_setlen(&b, b.len - 1);
	b.p[b.len] = 0;
	is_str(b.p, s, "as git walks");
	mn_buf_release(&b);
	free(s);
}

static void make_history(void)
{
	free(sh("cd p.git && awk 'BEGIN { for (i = 1; i <= 60; i++) { "
		"print \"commit refs/heads/main\\nmark :\" i "
		"\"\\ncommitter T <t@e> \" 1700000000 + i * 10 \" +0000\\n"
		"data 2\\nc\"; if (i == 30) print \"from :29\\nmerge :10\"; "
		"print \"M 644 inline f\\ndata 3\"; printf \"%%03d\\n\", i "
		"} }' | git fast-import --quiet"));
}

static void test_libgit2(void)
{
	struct mn_oid tip, old, none;
	struct mn_repo r;
	char profile[65], *s;
	int n = 0;

	make_history();
	mn_repo_open(&r, "p.git", profile, &err);
	revparse_as_git(&r, "HEAD");
	revparse_as_git(&r, "HEAD~3");
	revparse_as_git(&r, "main^{tree}");
	revparse_as_git(&r, "main:f");
	revparse_as_git(&r, "HEAD~30^2");
	s = sh("cd p.git && git rev-parse HEAD~5 | cut -c1-9");
	revparse_as_git(&r, s);
	free(s);
	is_int(mn_git_revparse(&tip, &r, "nobody", &err), MN_ENOTFOUND,
	       "no such revision: %s", "refused");
	is_int(mn_git_revparse(&tip, &r, "HEAD~99", &err), MN_ENOTFOUND,
	       "no such ancestor");
	is_int(mn_git_revparse(&tip, &r, "HEAD^{", &err), MN_EINVALID,
	       "not a revision");
	mn_git_revparse(&tip, &r, "HEAD", &err);
	mn_git_revparse(&old, &r, "HEAD~20", &err);
	for (int i = 0; i < 2; i++) {
		walk_as_git(&r, "HEAD", &tip, NULL);
		walk_as_git(&r, "HEAD ^HEAD~20", &tip, &old);
		is_int(mn_git_walk(&r, &tip, 1, NULL, 0, stop_at_3, &n, &err),
		       i ? 0 : 5, "stopped");
		memset(&none, 1, sizeof(none));
		is_int(mn_git_walk(&r, &none, 1, NULL, 0, stop_at_3, &n,
				   &err), MN_ENOTFOUND, "no such commit");
		is_int(mn_git_commit_graph(&r, &tip, 1, &err), 0, "graph %s",
		       err.msg);
		ok(sh_ok("cd p.git && git commit-graph verify 2>&1"),
		   "git verifies it");
	}
	mn_repo_close(&r);
	ok(sh_ok("cd p.git && git fsck --strict 2>&1"), "fsck");
	ok(sh_ok("git clone -q p.git clone.git && test \"$(cat clone.git/f)\""
		 " = 060"), "clone");
	ok(sh_ok("git clone -q --bare --filter=blob:none file://$PWD/p.git "
		 "part.git && cd part.git && git rev-list --objects "
		 "--missing=print HEAD | grep -q '^?'"),
	   "clone with a filter");
}

/* libgit2's own reader never comes back from this one. */
static void test_spin(void)
{
	struct mn_repo r;
	char profile[65];
	struct mn_oid oid;
	int n = 0;

	free(sh("cd p.git && rm objects/info/commit-graph && "
		"mv objects/pack/*.pack .. && rm -f objects/pack/* && "
		"for p in ../*.pack; do git unpack-objects -q <$p; done && "
		"c=$(git rev-parse HEAD~2 | sed 's|^..|&/|') && "
		"chmod u+w objects/$c && truncate -s -20 objects/$c"));
	mn_repo_open(&r, "p.git", profile, &err);
	alarm(20);
	is_int(mn_git_revparse(&oid, &r, "HEAD~1^{commit}", &err), 0,
	       "before the damage");
	ok(mn_git_revparse(&oid, &r, "HEAD~2^{tree}", &err) < 0,
	   "the damaged one: %s", err.msg);
	ok(mn_git_walk(&r, &oid, 1, NULL, 0, stop_at_3, &n, &err) < 0,
	   "walk");
	alarm(0);
	mn_repo_close(&r);
}

int main(void)
{
	temp_begin();
	test_init();
	test_versions();
	test_lock();
	test_own_dirs();
	test_libgit2();
	test_spin();
	return temp_end();
}
