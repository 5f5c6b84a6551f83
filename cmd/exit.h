/*
 * exit: the exit statuses of every command, and the one table that maps the
 * library's error codes to them. Described for users in mn(1).
 */
#ifndef MN_CMD_EXIT_H
#define MN_CMD_EXIT_H

#include "base/err.h"

enum mn_exit {
	MN_EXIT_OK = 0,
	MN_EXIT_NO = 1,		/* a negative answer: not found, differs, bad
				   signature */
	MN_EXIT_AGAIN = 75,	/* try again: lock, network (EX_TEMPFAIL) */
	MN_EXIT_FAIL = 128,	/* failed */
	MN_EXIT_USAGE = 129	/* called wrongly */
};

/* Indexed by the negated enum mn_code. */
static const unsigned char mn_exit_table[] = {
	[-MN_OK] = MN_EXIT_OK,
	[-MN_EFAIL] = MN_EXIT_FAIL,
	[-MN_ENOTFOUND] = MN_EXIT_NO,
	[-MN_EEXISTS] = MN_EXIT_FAIL,
	[-MN_EAMBIGUOUS] = MN_EXIT_FAIL,
	[-MN_EINVALID] = MN_EXIT_FAIL,
	[-MN_ECORRUPT] = MN_EXIT_FAIL,
	[-MN_ESIGNATURE] = MN_EXIT_NO,
	[-MN_EVERSION] = MN_EXIT_FAIL,
	[-MN_ELOCKED] = MN_EXIT_AGAIN,
	[-MN_EIO] = MN_EXIT_FAIL,
	[-MN_ENOMEM] = MN_EXIT_FAIL,
	[-MN_ELIMIT] = MN_EXIT_FAIL,
	[-MN_EPASSPHRASE] = MN_EXIT_FAIL,
	[-MN_EUNREACHABLE] = MN_EXIT_AGAIN,
	[-MN_EDENIED] = MN_EXIT_FAIL,
};

/* The exit status for a result of the library; 0 and above are success. */
static inline int mn_exit_status(int code)
{
	if (code >= 0)
		return MN_EXIT_OK;
	if (code <= -(int)sizeof(mn_exit_table))
		return MN_EXIT_FAIL;
	return mn_exit_table[-code];
}

#endif
