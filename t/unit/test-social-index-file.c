/*
 * The file of the index: damaged, old, read-only, gone; used by several
 * processes at once, and by several profiles.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"
#include "index-world.h"

#include "banned.h"

static char *path_of(const struct world *w, const char *name)
{
	static char path[80];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return path;
}

static void reopen(struct world *w)
{
	mn_index_close(w->ix);
	open_index(w);
}

static void write_at(const char *path, off_t at, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || pwrite(fd, data, len, at) != (ssize_t)len || close(fd))
		abort();
}

static void run_sql(struct world *w, const char *sql)
{
	char *words = NULL;

	if (sqlite3_exec(w->ix->db, sql, NULL, NULL, &words)) {
		fprintf(stderr, "# %s\n", words);
		abort();
	}
}

static int is_sound(struct world *w)
{
	sqlite3_stmt *s = NULL;
	int good;

	if (sqlite3_prepare_v2(w->ix->db, "PRAGMA integrity_check", -1, &s,
			       NULL) || sqlite3_step(s) != SQLITE_ROW)
		abort();
	good = !strcmp((const char *)sqlite3_column_text(s, 0), "ok");
	sqlite3_finalize(s);
	return good;
}

/* The log goes into the file, so that the file is all there is. */
static void settle(struct world *w)
{
	run_sql(w, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static int syncs_whole(struct world *w)
{
	uint64_t set[WORDS] = { 0 };

	for (size_t d = 0; d < DEVICES; d++)
		join(set, w->knows[d]);
	return mn_index_sync(w->ix, &w->p, &w->err) == 0 && holds(w, set);
}

static void begin(struct world *w, uint64_t seed)
{
	world_begin(w, seed, NULL);
	history(w, 200);
	show_all(w);
	if (!syncs_whole(w))
		abort();
}

static void test_damage(void)
{
	static struct world w;
	unsigned char junk[4096];
	struct stat st;

	begin(&w, 21);
	ok(!mn_index_in_memory(w.ix) && !stat(path_of(&w, "index.db"), &st) &&
	   (st.st_mode & 0777) == 0600, "the file is for its owner alone");
	memset(junk, 0x5a, sizeof(junk));
	settle(&w);
	write_at(path_of(&w, "index.db"), 0, junk, sizeof(junk));
	reopen(&w);
	ok(mn_io_exists(path_of(&w, "index.db.bad")),
	   "what is no database is set aside");
	ok(count_is(&w, 0) && syncs_whole(&w) && !mn_index_in_memory(w.ix),
	   "and begun anew");

	must(unlink(path_of(&w, "index.db.bad")), &w.err);
	settle(&w);
	mn_index_close(w.ix);
	if (stat(path_of(&w, "index.db"), &st))
		abort();
	for (off_t at = 4096; at < st.st_size; at += 4096)
		write_at(path_of(&w, "index.db"), at, junk, sizeof(junk));
	open_index(&w);
	ok(syncs_whole(&w), "damage behind the first page is found by sync");
	ok(mn_io_exists(path_of(&w, "index.db.bad")), "and set aside");

	settle(&w);
	mn_index_close(w.ix);
	if (truncate(path_of(&w, "index.db"), 6000))
		abort();
	open_index(&w);
	ok(syncs_whole(&w), "so is a file that was cut off");

	mn_index_close(w.ix);
	write_at(path_of(&w, "index.db-wal"), 100, junk, sizeof(junk));
	open_index(&w);
	ok(syncs_whole(&w), "a damaged log is no harm");

	mn_index_close(w.ix);
	if (truncate(path_of(&w, "index.db"), 0))
		abort();
	open_index(&w);
	ok(syncs_whole(&w) && !mn_index_in_memory(w.ix),
	   "nor is an empty file");
	world_end(&w);
}

/* Damage that only a list comes across. */
static void test_damage_later(void)
{
	static struct world w;
	struct mn_index_query q = { .profile = &w.profile };
	struct listing l = { .w = &w };
	sqlite3_stmt *s = NULL;
	unsigned char junk[4096];
	off_t page;

	begin(&w, 22);
	settle(&w);
	if (sqlite3_prepare_v2(w.ix->db, "SELECT rootpage FROM sqlite_schema"
			       " WHERE name = 'node'", -1, &s, NULL) ||
	    sqlite3_step(s) != SQLITE_ROW)
		abort();
	page = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	mn_index_close(w.ix);
	memset(junk, 0xff, sizeof(junk));
	write_at(path_of(&w, "index.db"), (page - 1) * 4096, junk,
		 sizeof(junk));
	open_index(&w);
	is_int(mn_index_list(w.ix, &q, take_row, &l, &w.err), MN_ECORRUPT,
	       "damage that a list comes across is told");
	mn_err_clear(&w.err);
	ok(syncs_whole(&w) && mn_io_exists(path_of(&w, "index.db.bad")),
	   "and the file is set aside");
	must(unlink(path_of(&w, "index.db.bad")), &w.err);
	settle(&w);
	mn_index_close(w.ix);
	write_at(path_of(&w, "index.db"), (page - 1) * 4096, junk,
		 sizeof(junk));
	open_index(&w);
	is_int(mn_index_list(w.ix, &q, take_row, &l, &w.err), MN_ECORRUPT,
	       "again");
	mn_err_clear(&w.err);
	reopen(&w);
	ok(syncs_whole(&w) && mn_io_exists(path_of(&w, "index.db.bad")),
	   "at the latest when it is closed");
	world_end(&w);
}

static void test_versions(void)
{
	static struct world w;

	begin(&w, 23);
	run_sql(&w, "PRAGMA user_version=999");
	reopen(&w);
	ok(count_is(&w, 0) && syncs_whole(&w),
	   "the file of another version is made anew");
	ok(!mn_io_exists(path_of(&w, "index.db.bad")),
	   "and not kept");
	must(mn_index_drop(&w.home, &w.err), &w.err);
	ok(!mn_io_exists(path_of(&w, "index.db")) &&
	   !mn_io_exists(path_of(&w, "index.db-wal")), "a file that is dropped "
	   "is gone");
	ok(syncs_whole(&w), "who has it open goes on");
	reopen(&w);
	ok(syncs_whole(&w), "and the next makes another");
	world_end(&w);
}

/* Runs fn in a child without root's powers; its exit status. */
static int as_nobody(struct world *w, int (*fn)(struct world *))
{
	pid_t pid = fork();
	int status = -1;

	if (pid < 0)
		abort();
	if (!pid) {
		if (!getuid() && (setgid(65534) || setuid(65534)))
			_exit(100);
		_exit(fn(w));
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int read_only_current(struct world *w)
{
	open_profile(w);
	open_index(w);
	if (mn_index_in_memory(w->ix))
		return 1;
	return syncs_whole(w) && !mn_index_in_memory(w->ix) ? 0 : 2;
}

static int read_only_behind(struct world *w)
{
	open_profile(w);
	open_index(w);
	return syncs_whole(w) && mn_index_in_memory(w->ix) ? 0 : 1;
}

static int no_writing(struct world *w)
{
	struct mn_oid old = { { 0 } };
	struct mn_index_row row = { .seq = 1 };

	open_profile(w);
	open_index(w);
	return mn_index_add_begin(w->ix, &w->p, &w->devices[0].pub, &old,
				  &w->err) == 0 &&
	       mn_index_add(w->ix, &row, &w->err) == 0 &&
	       mn_index_add_commit(w->ix, NULL, 0, &w->err) == 0 ? 0 : 1;
}

static void chmod_all(const struct world *w, const char *mode)
{
	const char *const argv[] = { "chmod", "-R", mode, w->dir, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_err err = MN_ERR_INIT;
	int status;

	s.argv = argv;
	must(mn_spawn_run(&status, &s, &err), &err);
	if (status)
		abort();
}

static void test_read_only(void)
{
	static struct world w;

	begin(&w, 24);
	mn_index_close(w.ix);
	close_profile(&w);
	chmod_all(&w, "a+rX,a-w");
	is_int(as_nobody(&w, read_only_current), 0,
	       "a home that can't be written is read");
	is_int(as_nobody(&w, no_writing), 0, "who would write is not hindered");
	chmod_all(&w, "u+w");
	history(&w, 20);
	show_all(&w);
	chmod_all(&w, "a+rX,a-w");
	is_int(as_nobody(&w, read_only_behind), 0,
	       "where it is behind, memory helps");
	chmod_all(&w, "u+w");
	must(mn_index_drop(&w.home, &w.err), &w.err);
	chmod_all(&w, "a+rX,a-w");
	is_int(as_nobody(&w, read_only_behind), 0,
	       "also where there is no file at all");
	chmod_all(&w, "u+w");
	if (mkdir(path_of(&w, "index.db"), 0700))
		abort();
	chmod_all(&w, "a+rX");
	is_int(as_nobody(&w, read_only_behind), 0,
	       "or something that is none");
	if (rmdir(path_of(&w, "index.db")))
		abort();
	open_profile(&w);
	open_index(&w);
	world_end(&w);
}

static void test_profiles(void)
{
	static struct world a, b;
	struct mn_index_match m[8];
	struct mn_arena arena = MN_ARENA_INIT;
	struct mn_index_row row;
	uint64_t all_a[WORDS] = { 0 }, all_b[WORDS] = { 0 }, n;
	char hex[MN_ID_HEX + 1];
	size_t bad = 0;

	begin(&a, 25);
	world_begin(&b, 26, a.dir);
	history(&b, 150);
	show_all(&b);
	b.ix = a.ix;
	ok(syncs_whole(&b), "a second profile in the same file");
	ok(syncs_whole(&a), "the first is as it was");
	for (size_t d = 0; d < DEVICES; d++) {
		join(all_a, a.knows[d]);
		join(all_b, b.knows[d]);
	}
	must(mn_index_rebuild(a.ix, &a.p, 0, &n, &a.err), &a.err);
	ok(n == 200 && holds(&a, all_a) && holds(&b, all_b),
	   "one is read anew, the other stays");
	must(mn_index_rebuild(a.ix, &b.p, 0, &n, &b.err), &b.err);
	ok(n == 150 && holds(&a, all_a) && holds(&b, all_b),
	   "and the other way round");
	for (size_t i = 0; i < b.nnodes; i++) {
		const struct mn_id *id = &b.nodes[i].made.id;

		mn_id_hex(hex, id);
		hex[16] = '\0';
		bad += mn_index_abbrev(m, 8, a.ix, NULL, hex, &a.err) != 1 ||
		       !mn_id_eq(&m[0].node, id) ||
		       !mn_id_eq(&m[0].profile, &b.profile);
		bad += mn_index_abbrev(m, 8, a.ix, &a.profile, hex,
				       &a.err) != 0;
		bad += mn_index_by_id(&row, &arena, a.ix, &a.profile, id,
				      &a.err) != MN_ENOTFOUND;
	}
	is_int(bad, 0, "a node belongs to its profile alone");
	mn_err_clear(&a.err);
	/* a ref that goes back in one of two profiles */
	set_tip(&b, 0, &b.nodes[b.chain[0][0]].made.carrier);
	must(mn_index_sync(a.ix, &b.p, &b.err), &b.err);
	ok(!holds(&b, all_b) && holds(&a, all_a),
	   "what is rewritten in one does not touch the other");
	mn_arena_release(&arena);
	b.ix = NULL;
	world_end(&b);
	world_end(&a);
}

/* processes */

#define ROUNDS 60

static int reader(struct world *w)
{
	struct mn_index_query q = { .profile = &w->profile };
	uint64_t last = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct listing l = { .w = w };

		must(mn_index_open(&w->ix, &w->home, 20, &w->err), &w->err);
		must(mn_index_sync(w->ix, &w->p, &w->err), &w->err);
		must(mn_index_list(w->ix, &q, take_row, &l, &w->err),
		     &w->err);
		mn_index_close(w->ix);
		if (l.n < last || l.bad)
			return 1;
		last = l.n;
	}
	return 0;
}

static int rebuilder(struct world *w)
{
	uint64_t n;

	for (int i = 0; i < ROUNDS / 2; i++) {
		must(mn_index_open(&w->ix, &w->home, 10000, &w->err),
		     &w->err);
		must(mn_index_rebuild(w->ix, &w->p, 1, &n, &w->err), &w->err);
		if (mn_index_in_memory(w->ix) || n < 200)
			return 1;
		mn_index_close(w->ix);
	}
	return 0;
}

static int dropper(struct world *w)
{
	for (int i = 0; i < ROUNDS / 2; i++) {
		must(mn_index_drop(&w->home, &w->err), &w->err);
		usleep(2000);
	}
	return 0;
}

/* The nodes that the others know of already, shown one by one. */
static int poster(struct world *w)
{
	for (size_t i = 200; i < w->nnodes; i++) {
		struct mn_oid old = w->nodes[i - 1].made.carrier;
		uint64_t set[WORDS];

		must(mn_index_open(&w->ix, &w->home, (int)(i % 20),
				   &w->err),
		     &w->err);
		set_tip(w, 0, &w->nodes[i].made.carrier);
		memcpy(set, w->nodes[i].below, sizeof(set));
		must(add_nodes(w, w->ix, i, 1, &old, set), &w->err);
		mn_index_close(w->ix);
	}
	return 0;
}

static int run_together(struct world *w, int (*const *fns)(struct world *),
			size_t n)
{
	pid_t pids[8];
	int status, bad = 0;

	for (size_t i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			abort();
		if (!pids[i]) {
			open_profile(w);
			_exit(fns[i](w));
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i])
			abort();
		bad += !WIFEXITED(status) || WEXITSTATUS(status);
	}
	return bad;
}

static void test_processes(void)
{
	static struct world w;
	static int (*const fns[])(struct world *) = {
		poster, reader, rebuilder, reader, rebuilder, dropper
	};

	begin(&w, 27);
	for (size_t d = 1; d < DEVICES; d++)
		join(w.knows[0], w.knows[d]);
	post(&w, 0);
	show_all(&w);
	finish_pack(&w);
	w.nnodes = 201;
	for (int i = 0; i < 100; i++)
		post(&w, 0);
	finish_pack(&w);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	mn_index_close(w.ix);
	close_profile(&w);

	is_int(run_together(&w, fns, 5), 0,
	       "readers, rebuilders and a poster get along");
	open_profile(&w);
	open_index(&w);
	ok(syncs_whole(&w) && !mn_index_in_memory(w.ix),
	   "and leave it right behind them");
	ok(is_sound(&w), "in the eyes of SQLite, too");
	mn_index_close(w.ix);
	close_profile(&w);
	is_int(run_together(&w, fns + 1, 5), 0,
	       "even while the file is dropped again and again");
	open_profile(&w);
	open_index(&w);
	ok(syncs_whole(&w) && !mn_index_in_memory(w.ix),
	   "which leaves it right, too");
	world_end(&w);
}

/* Many processes find that there is no file, or a damaged one. */
static void test_first(void)
{
	static struct world w;
	static int (*const fns[])(struct world *) = {
		reader, reader, reader, reader
	};
	unsigned char junk[4096];

	begin(&w, 28);
	mn_index_close(w.ix);
	close_profile(&w);
	must(mn_index_drop(&w.home, &w.err), &w.err);
	is_int(run_together(&w, fns, 4), 0, "four make the file at once");
	memset(junk, 0x33, sizeof(junk));
	write_at(path_of(&w, "index.db"), 0, junk, sizeof(junk));
	is_int(run_together(&w, fns, 4), 0, "four find it damaged");
	open_profile(&w);
	open_index(&w);
	ok(syncs_whole(&w) && !mn_index_in_memory(w.ix), "and all is well");
	world_end(&w);
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	test_damage();
	test_damage_later();
	test_versions();
	test_read_only();
	test_profiles();
	test_processes();
	test_first();
	return done_testing();
}
