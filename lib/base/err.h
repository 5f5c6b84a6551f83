/*
 * err: how a library function says that, and why, it failed.
 *
 * A function returns 0 or a negative MN_E... code. The code is for the
 * program: it decides the exit status and whether to try again. The words
 * are for people: they are gathered in a struct that the caller owns, from
 * the innermost failure outwards:
 *
 *	struct mn_err err = MN_ERR_INIT;
 *	int r = mn_refs_read(&oid, repo, name, &err);
 *	if (r < 0)
 *		return mn_err_wrap(&err, r, "cannot read ref '%s'", name);
 *
 * prints as "cannot read ref 'x': permission denied". Text from outside may
 * stand in a message: control bytes are replaced when it is stored.
 * A NULL err is allowed everywhere and drops the words.
 */
#ifndef MN_BASE_ERR_H
#define MN_BASE_ERR_H

#include <stddef.h>

enum mn_code {
	MN_OK = 0,
	MN_EFAIL = -1,		/* failed, for a reason only the words tell */
	MN_ENOTFOUND = -2,	/* what was asked for is not there */
	MN_EEXISTS = -3,	/* is there already */
	MN_EAMBIGUOUS = -4,	/* an abbreviation fits several */
	MN_EINVALID = -5,	/* input breaks a rule of its format */
	MN_ECORRUPT = -6,	/* what is stored is damaged */
	MN_ESIGNATURE = -7,	/* a signature or a digest does not match */
	MN_EVERSION = -8,	/* made by a newer or a foreign version */
	MN_ELOCKED = -9,	/* somebody else holds the lock: try again */
	MN_EIO = -10,		/* the system refused: disk, permissions */
	MN_ENOMEM = -11,
	MN_ELIMIT = -12,	/* larger than a limit allows */
	MN_EPASSPHRASE = -13,	/* wrong passphrase, or none given */
	MN_EUNREACHABLE = -14,	/* the other side does not answer, or broke off:
				   try again */
	MN_EDENIED = -15	/* the other side says no, or is not who it
				   should be */
};

#define MN_ERR_MAX 512

struct mn_err {
	int code;			/* enum mn_code of the first failure */
	char msg[MN_ERR_MAX];		/* one line, no final stop */
};

#define MN_ERR_INIT { 0, "" }

/* Sets the words; returns code, so that "return mn_err_set(...)" works. */
int mn_err_set(struct mn_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "<words>: " before what is there; returns code. */
int mn_err_wrap(struct mn_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As mn_err_set, with ": <strerror(errno)>" behind it; the code is MN_EIO,
 * or MN_ENOTFOUND for ENOENT. */
int mn_err_sys(struct mn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void mn_err_clear(struct mn_err *err);

/* A broken invariant of the program itself: says where, and aborts. */
#define MN_BUG(msg) mn_bug(__FILE__, __LINE__, msg)
void mn_bug(const char *file, int line, const char *msg)
	__attribute__((noreturn));

#endif
