/* newrepo, and the settings of follow.h in what it makes */
#include "repl/newrepo.h"

#include <stdlib.h>

#include "git/refs.h"
#include "git/repo.h"
#include "social/profile.h"
#include "git-temp.h"

#include "banned.h"

#define PROFILE \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DOCUMENTS MN_STR("whoever calls has verified them")

static struct mn_home home;
static struct mn_err err;

static void settings(struct mn_follow *f)
{
	mn_follow_init(f);
	f->follow = 1;
	is_int(mn_level_parse(&f->level, &f->limit, "limit=2048k"), 0,
	       "level");
	is_int(mn_follow_add_tag(f, "sea", &err), 0, "tag");
	is_int(mn_follow_add_remote(f, NULL, "/a/b.git", &err), 0, "remote");
	is_int(mn_follow_add_remote(f, NULL, "pi:b.git", &err), 0, "another");
}

static void test_made(void)
{
	struct mn_newrepo n = MN_NEWREPO_INIT;
	char *path = mn_home_repo(&home, PROFILE);
	struct mn_follow f, got;

	settings(&f);
	is_int(mn_newrepo_build(&n, &home, PROFILE, DOCUMENTS, &f, &err), 0,
	       "build %s", err.msg);
	ok(!mn_io_exists(path), "it is not there before it is placed");
	is_int(mn_newrepo_place(&n, &err), 0, "place");
	ok(mn_io_exists(path), "it is there");
	mn_newrepo_release(&n);
	ok(sh_ok("test \"$(ls home/profiles)\" = " PROFILE ".git"),
	   "and nothing beside it");
	ok(sh_ok("test \"$(git -C home/profiles/*.git cat-file blob "
		 "refs/mn/identity)\" = 'whoever calls has verified them'"),
	   "the documents");
	mn_follow_init(&got);
	is_int(mn_follow_read(&got, path, &err), 0, "settings");
	is_str(got.hex, PROFILE, "of the profile");
	ok(got.follow && got.level == MN_LEVEL_LIMIT &&
	   got.limit == 2048 * 1024, "what is kept");
	ok(got.tags.n == 1 && !strcmp(got.tags.p[0], "sea") &&
	   !got.streams.n && !got.keep, "of which posts");
	ok(got.remotes.n == 2 && !strcmp(got.remotes.p[0].name, "origin") &&
	   !strcmp(got.remotes.p[1].name, "pi"), "the names of remotes");
	mn_follow_release(&got);
	mn_follow_release(&f);
	free(path);
}

static void test_there_already(void)
{
	struct mn_newrepo n = MN_NEWREPO_INIT;

	is_int(mn_newrepo_build(&n, &home, PROFILE, DOCUMENTS, NULL, &err),
	       MN_EEXISTS, "there already");
	mn_newrepo_release(&n);
}

/* Two at once: one of them is first, and nothing of the other is left. */
static void test_race(void)
{
	struct mn_newrepo a = MN_NEWREPO_INIT, b = MN_NEWREPO_INIT;

	free(sh("rm -rf home/profiles/*"));
	is_int(mn_newrepo_build(&a, &home, PROFILE, DOCUMENTS, NULL, &err), 0,
	       "one");
	is_int(mn_newrepo_build(&b, &home, PROFILE, DOCUMENTS, NULL, &err), 0,
	       "another");
	is_int(mn_newrepo_place(&b, &err), 0, "who is first");
	is_int(mn_newrepo_place(&a, &err), MN_EEXISTS, "who is second");
	mn_newrepo_release(&a);
	mn_newrepo_release(&b);
	ok(sh_ok("test \"$(ls home/profiles)\" = " PROFILE ".git"),
	   "one is there");
}

static void test_given_up(void)
{
	struct mn_newrepo n = MN_NEWREPO_INIT;

	free(sh("rm -rf home/profiles/*"));
	is_int(mn_newrepo_begin(&n, &home, &err), 0, "begin");
	ok(sh_ok("touch $(echo home/profiles/new-*)/scratch"), "a file of the caller's");
	is_int(mn_newrepo_build(&n, &home, PROFILE, DOCUMENTS, NULL, &err), 0,
	       "build beside it");
	mn_newrepo_release(&n);
	ok(sh_ok("test -z \"$(ls home/profiles)\""), "all of it goes");
	is_int(mn_newrepo_build(&n, &home, "abc", DOCUMENTS, NULL, &err),
	       MN_EINVALID, "no id of a profile");
	mn_newrepo_release(&n);
}

int main(void)
{
	temp_begin();
	mn_home_init(&home, "home");
	is_int(mn_home_create(&home, &err), 0, "a home");
	test_made();
	test_there_already();
	test_race();
	test_given_up();
	mn_home_release(&home);
	return temp_end();
}
