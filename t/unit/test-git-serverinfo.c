/* serverinfo, against git update-server-info */
#include "git/serverinfo.h"

#include "git-temp.h"

#include "banned.h"

static struct mn_err err;

/* Both make the files in a copy each; all of both must be the same. */
static void agrees(const char *what)
{
	free(sh("rm -rf g.git m.git && cp -a r.git g.git && cp -a r.git m.git "
		"&& git -C g.git update-server-info"));
	mn_err_clear(&err);
	is_int(mn_serverinfo_update("m.git", &err), 0, "%s: %s", what,
	       err.msg);
	ok(sh_ok("cmp g.git/info/refs m.git/info/refs && "
		 "cmp g.git/objects/info/packs m.git/objects/info/packs"),
	   "%s: the same bytes", what);
	ok(sh_ok("diff -r g.git m.git"), "%s: and nothing else", what);
	ok(sh_ok("test $(stat -c %%a g.git/info/refs) = "
		 "$(stat -c %%a m.git/info/refs)"), "%s: the same mode", what);
}

static void test_empty(void)
{
	free(sh("git init -q --bare r.git"));
	agrees("empty");
	free(sh("rm -rf m.git/info m.git/objects/info"));
	is_int(mn_serverinfo_update("m.git", &err), 0, "no directories");
	ok(sh_ok("cmp g.git/info/refs m.git/info/refs && "
		 "cmp g.git/objects/info/packs m.git/objects/info/packs"),
	   "they are made");
}

static void test_refs(void)
{
	free(sh("git init -q w && cd w && echo 1 >f && git add f && "
		"git commit -qm 1 && git tag light && "
		"git tag -a -m a annotated && "
		"git tag -a -m b nested annotated 2>&1 && "
		"git tag -a -m c of-blob HEAD:f && "
		"git update-ref refs/mn/devices/b HEAD && "
		"git push -q ../r.git 'refs/*:refs/*'"));
	agrees("loose");
	free(sh("git -C r.git pack-refs --all && git -C r.git update-ref "
		"refs/mn/devices/a $(git -C r.git rev-parse main)"));
	agrees("packed refs and a loose one");
	free(sh("echo 1111111111111111111111111111111111111111 "
		">r.git/refs/heads/gone"));
	is_int(mn_serverinfo_update("r.git", &err), 0,
	       "a ref whose object is gone, where git gives up");
	ok(sh_ok("! grep gone r.git/info/refs && cmp r.git/info/refs "
		 "g.git/info/refs"), "is left out");
	free(sh("rm r.git/refs/heads/gone"));
}

static void more(int i)
{
	free(sh("cd w && echo %d >f && git commit -qam %d && "
		"git push -q ../r.git main && cd ../r.git && "
		"git repack -dq && git prune-packed", i, i));
}

static void test_packs(void)
{
	more(2);
	agrees("one pack");
	for (int i = 3; i < 6; i++) {
		more(i);
		agrees("one more pack");
		free(sh("git -C r.git update-server-info"));
	}
	free(sh("git -C r.git repack -adq"));
	agrees("one instead of all");
	free(sh("cp -a r.git/objects/info/packs packs && "
		"printf 'X\\n' >>r.git/objects/info/packs"));
	agrees("a file that is none");
	free(sh("rm r.git/objects/info/packs; "
		"touch r.git/objects/pack/pack-half.pack"));
	agrees("a pack without index");
}

static void test_current(void)
{
	char *before, *after;

	free(sh("rm r.git/objects/pack/pack-half.pack"));
	is_int(mn_serverinfo_update("r.git", &err), 0, "update");
	before = sh("stat -c '%%i %%y' r.git/info/refs "
		    "r.git/objects/info/packs");
	is_int(mn_serverinfo_update("r.git", &err), 0, "again");
	after = sh("stat -c '%%i %%y' r.git/info/refs "
		   "r.git/objects/info/packs");
	is_str(after, before, "what is current is not written");
	free(before);
	free(after);
	ok(mn_serverinfo_update("none.git", &err) < 0, "no repository");
	ok(sh_ok("! test -e none.git"), "and none is made");
}

int main(void)
{
	temp_begin();
	test_empty();
	test_refs();
	test_packs();
	test_current();
	return temp_end();
}
