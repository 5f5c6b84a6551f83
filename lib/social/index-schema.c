/*
 * The database file: made, opened, set aside.
 *
 * Everybody holds a shared lock on index.db.flock while opening, until the
 * first read has bound the log of the database to it; who makes the file or
 * moves it away holds it exclusively. So nobody ever has the file of one
 * database with the log of another. The log is never removed (no checkpoint
 * on close), so that one who has an old file open can't remove a new log.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "social/index-impl.h"

#include "banned.h"

#define READ_WAIT_MS 5000	/* for another who recovers the log */
#define MAKE_WAIT_MS 5000	/* for others who are opening */
#define LOG_PAGES 256		/* of the log before it is moved to the file */

static const char schema[] =
	"CREATE TABLE profile(no INTEGER PRIMARY KEY, id BLOB UNIQUE,"
	" posts INTEGER, tips BLOB, heads BLOB, missing BLOB, bare INTEGER);"
	"CREATE TABLE chain(no INTEGER PRIMARY KEY, era INTEGER, device BLOB);"
	/* kind NULL: post. names: what is left of node id and carrier, the
	 * meta, the text */
	"CREATE TABLE node(pos INTEGER PRIMARY KEY, chain INTEGER,"
	" seq INTEGER, time INTEGER, id INTEGER, carrier INTEGER, names BLOB,"
	" kind TEXT, title TEXT, stream TEXT, tags TEXT, media INTEGER);"
	"CREATE INDEX node_id ON node(id);"
	"CREATE INDEX node_carrier ON node(carrier);"
	"CREATE INDEX node_seq ON node(chain, seq);"
	"CREATE INDEX node_kind ON node(kind) WHERE kind IS NOT NULL;"
	"CREATE INDEX node_stream ON node(stream) WHERE stream IS NOT NULL;"
	"CREATE TABLE tag(tag TEXT, pos INTEGER, PRIMARY KEY(tag, pos))"
	" WITHOUT ROWID;"
	/* carriers whose meta is not here; rest: what is left of the id */
	"CREATE TABLE bare(carrier INTEGER, rest BLOB,"
	" PRIMARY KEY(carrier, rest)) WITHOUT ROWID;";

static const char settings[] =
	"PRAGMA synchronous=NORMAL;"
	"PRAGMA mmap_size=268435456;"
	"PRAGMA cache_size=-16384;"
	"PRAGMA temp_store=MEMORY;";

#define ROW "node.pos, node.seq, node.time, node.id, node.carrier," \
	" node.names, node.kind, node.title, node.stream, node.tags," \
	" node.media, chain.era, chain.device" \
	" FROM node CROSS JOIN chain ON chain.no = node.chain"

static const char *const sql[MN_SQL_COUNT] = {
	[MN_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[MN_SQL_COMMIT] = "COMMIT",
	[MN_SQL_ROLLBACK] = "ROLLBACK",
	[MN_SQL_PROFILE] = "SELECT no, posts, tips, heads, missing, bare"
		" FROM profile WHERE id = ?1",
	[MN_SQL_PROFILES] = "SELECT no, id FROM profile ORDER BY id",
	[MN_SQL_PROFILE_FREE] = "SELECT coalesce(max(no) + 1, 0) FROM profile",
	[MN_SQL_PROFILE_PUT] = "INSERT OR REPLACE INTO"
		" profile(no, id, posts, tips, heads, missing, bare)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[MN_SQL_PROFILE_OTHER] = "SELECT 1 FROM profile"
		" WHERE no <> ?1 AND posts + bare > 0 LIMIT 1",
	[MN_SQL_BARE_PUT] = "INSERT OR IGNORE INTO bare(carrier, rest)"
		" VALUES(?1, ?2)",
	[MN_SQL_BARE_HAS] = "SELECT 1 FROM bare"
		" WHERE carrier = ?1 AND rest = ?2",
	[MN_SQL_BARE_SOME] = "SELECT carrier, rest FROM bare"
		" WHERE carrier BETWEEN ?1 AND ?2 LIMIT ?3",
	[MN_SQL_CHAINS] = "SELECT no, era, device FROM chain"
		" WHERE no BETWEEN ?1 AND ?2 ORDER BY no",
	[MN_SQL_CHAIN_PUT] = "INSERT INTO chain(no, era, device)"
		" VALUES(?1, ?2, ?3)",
	[MN_SQL_NODE_PUT] = "INSERT INTO node(pos, chain, seq, time, id,"
		" carrier, names, kind, title, stream, tags, media)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[MN_SQL_TAG_PUT] = "INSERT OR IGNORE INTO tag(tag, pos)"
		" VALUES(?1, ?2)",
	[MN_SQL_NODE_AT] = "SELECT id, carrier, names FROM node"
		" WHERE pos = ?1",
	[MN_SQL_HAS_CARRIER] = "SELECT names FROM node WHERE carrier = ?1",
	[MN_SQL_BY_ID] = "SELECT " ROW " WHERE node.id = ?1",
	[MN_SQL_BY_CARRIER] = "SELECT " ROW " WHERE node.carrier = ?1",
	[MN_SQL_BY_SEQ] = "SELECT node.id, node.carrier, node.names"
		" FROM chain CROSS JOIN node ON node.chain = chain.no"
		" WHERE chain.no BETWEEN ?1 AND ?2 AND chain.device = ?3"
		" AND chain.era = ?4 AND node.seq = ?5",
	[MN_SQL_ID_UP] = "SELECT id, names FROM node"
		" WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
	[MN_SQL_ID_DOWN] = "SELECT id, names FROM node"
		" WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC",
};

int mn_index_fail(struct mn_index *ix, int rc, struct mn_err *err)
{
	int code = MN_EFAIL;

	ix->rc = rc & 0xff;
	switch (ix->rc) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = MN_ELOCKED;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		code = MN_ECORRUPT;
		ix->damaged = 1;
		break;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		code = MN_EIO;
		break;
	case SQLITE_NOMEM:
		code = MN_ENOMEM;
		break;
	}
	if (code == MN_ECORRUPT)
		return mn_err_set(err, code, "the index is damaged, and will "
				  "be made anew: try again");
	return mn_err_set(err, code, "index: %s", sqlite3_errstr(rc));
}

sqlite3_stmt *mn_index_stmt(struct mn_index *ix, enum mn_index_sql which,
			    struct mn_err *err)
{
	sqlite3_stmt **s = &ix->stmt[which];
	int rc;

	if (*s) {
		sqlite3_reset(*s);
		return *s;
	}
	rc = sqlite3_prepare_v3(ix->db, sql[which], -1,
				SQLITE_PREPARE_PERSISTENT, s, NULL);
	if (rc == SQLITE_OK)
		return *s;
	mn_index_fail(ix, rc, err);
	return NULL;
}

int mn_index_run(struct mn_index *ix, sqlite3_stmt *s, struct mn_err *err)
{
	int rc = sqlite3_step(s);

	sqlite3_reset(s);
	return rc == SQLITE_DONE || rc == SQLITE_ROW
		? 0 : mn_index_fail(ix, rc, err);
}

int mn_index_begin(struct mn_index *ix, struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_BEGIN, err);
	int r;

	if (!s)
		return err ? err->code : MN_EFAIL;
	sqlite3_busy_timeout(ix->db, ix->wait_ms);
	r = mn_index_run(ix, s, err);
	sqlite3_busy_timeout(ix->db, READ_WAIT_MS);
	return r;
}

/*
 * Moves the log into the file and empties it. SQLite's own way would be to
 * leave it full, for the next writer to begin from its start; but what it
 * knows of that is lost when the last process closes, and who opens next
 * reads all of the log. Where others are reading, it waits for another time.
 */
static void empty_log(struct mn_index *ix)
{
	sqlite3_busy_timeout(ix->db, 0);
	sqlite3_wal_checkpoint_v2(ix->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
				  NULL, NULL);
	sqlite3_busy_timeout(ix->db, READ_WAIT_MS);
	ix->log_pages = 0;
}

/* Instead of automatic checkpoints. */
static int note_log(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct mn_index *ix = ctx;

	(void)db;
	(void)name;
	ix->log_pages = pages;
	return SQLITE_OK;
}

int mn_index_commit(struct mn_index *ix, struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_COMMIT, err);
	int r = s ? mn_index_run(ix, s, err) : MN_EFAIL;

	if (r < 0) {
		mn_index_rollback(ix);
		return r;
	}
	if (ix->log_pages >= LOG_PAGES)
		empty_log(ix);
	return 0;
}

void mn_index_rollback(struct mn_index *ix)
{
	sqlite3_stmt *s;

	/* what was looked up inside may never have been there */
	ix->last_no = -1;
	for (size_t i = 0; i < MN_SQL_COUNT; i++)
		sqlite3_reset(ix->stmt[i]);
	if (sqlite3_get_autocommit(ix->db))
		return;
	s = mn_index_stmt(ix, MN_SQL_ROLLBACK, NULL);
	if (s)
		sqlite3_step(s);
	sqlite3_reset(s);
}

void mn_index_detach(struct mn_index *ix)
{
	for (size_t i = 0; i < MN_SQL_COUNT; i++) {
		sqlite3_finalize(ix->stmt[i]);
		ix->stmt[i] = NULL;
	}
	sqlite3_close(ix->db);
	ix->db = NULL;
	ix->last_no = -1;
}

static int exec(struct mn_index *ix, const char *text)
{
	return sqlite3_exec(ix->db, text, NULL, NULL, NULL);
}

/* PRAGMA user_version, which also is the first read. */
static int read_version(struct mn_index *ix, int *version)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(ix->db, "PRAGMA user_version", -1, &s,
				    NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		*version = sqlite3_column_int(s, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return rc;
}

static int make_schema(struct mn_index *ix)
{
	char set[64];
	int rc = exec(ix, "BEGIN IMMEDIATE");

	if (rc != SQLITE_OK)
		return rc;
	snprintf(set, sizeof(set), "PRAGMA user_version=%d; COMMIT",
		 MN_INDEX_VERSION);
	rc = exec(ix, schema);
	return rc == SQLITE_OK ? exec(ix, set) : rc;
}

static int open_db(struct mn_index *ix, const char *name, int flags)
{
	int on, rc;

	rc = sqlite3_open_v2(name, &ix->db, flags | SQLITE_OPEN_NOMUTEX |
			     SQLITE_OPEN_PRIVATECACHE, NULL);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_extended_result_codes(ix->db, 1);
	sqlite3_busy_timeout(ix->db, READ_WAIT_MS);
	sqlite3_db_config(ix->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &on);
	sqlite3_wal_hook(ix->db, note_log, ix);
	ix->log_pages = 0;
	return exec(ix, settings);
}

static void note_file(struct mn_index *ix)
{
	struct stat st;

	ix->dev = ix->ino = 0;
	if (stat(ix->path, &st) == 0) {
		ix->dev = (uint64_t)st.st_dev;
		ix->ino = (uint64_t)st.st_ino;
	}
}

/* Opens a file that is there and ours: SQLITE_OK, or why not; SQLITE_SCHEMA
 * for one of another version, or an empty one. */
static int open_ready(struct mn_index *ix)
{
	int version = 0, rc;

	note_file(ix);
	if (!ix->ino)
		return SQLITE_SCHEMA;
	rc = open_db(ix, ix->path, SQLITE_OPEN_READWRITE);
	if (rc == SQLITE_OK)
		rc = read_version(ix, &version);
	if (rc == SQLITE_OK && version != MN_INDEX_VERSION)
		rc = SQLITE_SCHEMA;
	if (rc != SQLITE_OK)
		mn_index_detach(ix);
	return rc;
}

static int open_memory(struct mn_index *ix, struct mn_err *err)
{
	int rc = open_db(ix, ":memory:", SQLITE_OPEN_READWRITE |
			 SQLITE_OPEN_CREATE);

	if (rc == SQLITE_OK)
		rc = make_schema(ix);
	ix->in_memory = 1;
	if (rc == SQLITE_OK)
		return 0;
	mn_index_detach(ix);
	return mn_index_fail(ix, rc, err);
}

static void remove_beside(const struct mn_index *ix, const char *suffix)
{
	struct mn_buf name = MN_BUF_INIT;

	mn_buf_addf(&name, "%s%s", ix->path, suffix);
	unlink(name.p);
	mn_buf_release(&name);
}

/* Takes the file away, with its log; keep: under another name. */
static void remove_file(const struct mn_index *ix, int keep)
{
	struct mn_buf bad = MN_BUF_INIT;

	mn_buf_addf(&bad, "%s.bad", ix->path);
	if (!keep || rename(ix->path, bad.p) < 0)
		unlink(ix->path);
	mn_buf_release(&bad);
	remove_beside(ix, "-wal");
	remove_beside(ix, "-shm");
	remove_beside(ix, "-journal");
}

static int make_file(struct mn_index *ix)
{
	int fd = open(ix->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return SQLITE_CANTOPEN;
	close(fd);
	rc = open_db(ix, ix->path, SQLITE_OPEN_READWRITE);
	if (rc == SQLITE_OK)
		rc = exec(ix, "PRAGMA page_size=4096;"
			  "PRAGMA journal_mode=WAL");
	if (rc == SQLITE_OK)
		rc = make_schema(ix);
	if (rc != SQLITE_OK)
		mn_index_detach(ix);
	note_file(ix);
	return rc;
}

static int is_damage(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

static char *lock_path(const struct mn_index *ix)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s.flock", ix->path);
	return mn_buf_detach(&b, NULL);
}

/* The lock of those who open; -1 where the home can't be written. */
static int lock_shared(const struct mn_index *ix)
{
	char *path = lock_path(ix);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return -1;
	do {
		r = flock(fd, LOCK_SH);
	} while (r < 0 && errno == EINTR);
	return fd;
}

/*
 * What one finds who has the exclusive lock may be good by now. bad: the
 * inode that was found damaged; 0: judge by opening it.
 */
static int make_locked(struct mn_index *ix, uint64_t dev, uint64_t ino)
{
	struct mn_lock lock = MN_LOCK_INIT;
	char *path = lock_path(ix);
	int rc;

	if (mn_lock_take(&lock, path, MAKE_WAIT_MS, NULL) < 0) {
		free(path);
		return SQLITE_BUSY;
	}
	note_file(ix);
	if (ino && ix->dev == dev && ix->ino == ino)
		remove_file(ix, 1);
	rc = open_ready(ix);
	if (rc == SQLITE_SCHEMA || is_damage(rc)) {
		remove_file(ix, is_damage(rc));
		rc = make_file(ix);
	}
	mn_lock_drop(&lock);
	free(path);
	return rc;
}

static int attach(struct mn_index *ix, uint64_t dev, uint64_t ino,
		  struct mn_err *err)
{
	int fd, rc = SQLITE_SCHEMA;

	ix->in_memory = 0;
	if (!ino) {
		fd = lock_shared(ix);
		rc = open_ready(ix);
		if (fd >= 0)
			close(fd);
	}
	if (rc == SQLITE_SCHEMA || is_damage(rc))
		rc = make_locked(ix, dev, ino);
	if (rc == SQLITE_OK)
		return 0;
	/* a home that can't be written, or is busy beyond reason: the index
	 * is a help, not a condition */
	return open_memory(ix, err);
}

int mn_index_attach(struct mn_index *ix, struct mn_err *err)
{
	return attach(ix, 0, 0, err);
}

int mn_index_set_aside(struct mn_index *ix, struct mn_err *err)
{
	mn_index_detach(ix);
	ix->rc = ix->damaged = 0;
	if (ix->in_memory)
		return open_memory(ix, err);
	return attach(ix, ix->dev, ix->ino, err);
}

int mn_index_to_memory(struct mn_index *ix, struct mn_err *err)
{
	struct mn_index from = *ix;
	sqlite3_backup *copy;
	int r, rc = SQLITE_NOMEM;

	memset(ix->stmt, 0, sizeof(ix->stmt));
	ix->rc = 0;
	r = open_memory(ix, err);
	if (r < 0)
		goto out;
	copy = sqlite3_backup_init(ix->db, "main", from.db, "main");
	if (copy) {
		sqlite3_backup_step(copy, -1);
		rc = sqlite3_backup_finish(copy);
	}
	if (rc != SQLITE_OK) {
		mn_index_detach(ix);
		r = open_memory(ix, err);
	}
out:
	mn_index_detach(&from);
	return r;
}

int mn_index_drop(const struct mn_home *h, struct mn_err *err)
{
	struct mn_index ix = { .path = mn_home_path(h, "index.db") };
	struct mn_lock lock = MN_LOCK_INIT;
	char *path = lock_path(&ix);
	int r = mn_lock_take(&lock, path, MAKE_WAIT_MS, err);

	if (r == 0)
		remove_file(&ix, 0);
	if (r == 0 && access(ix.path, F_OK) == 0)
		r = mn_err_set(err, MN_EIO, "cannot remove '%s'", ix.path);
	mn_lock_drop(&lock);
	free(path);
	free(ix.path);
	return r;
}
