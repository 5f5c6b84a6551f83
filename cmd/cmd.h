/*
 * cmd: what every command shares.
 *
 * A command foo-bar is one file, cmd/foo-bar.c, with one entry function
 * int cmd_foo_bar(struct mn_cmd *c) that returns the exit status (exit.h),
 * one synopsis and one option table (options.h):
 *
 *	static const char usage[] =
 *		"mn ls-refs [--json | -z] [PATTERN...]\n";
 *
 *	int cmd_ls_refs(struct mn_cmd *c)
 *	{
 *		struct opts o = { 0 };
 *		struct mn_err err = MN_ERR_INIT;
 *		int r;
 *
 *		mn_options_parse(c, usage, options, &o, 0);
 *		r = list(c, &o, &err);
 *		return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
 *	}
 *
 * Its prototype is generated from command-list.txt and arrives with this
 * header. stdout is data: write it with stdio or mn_out(). What was written
 * is flushed and checked by main after the function returns, or by
 * mn_exit(); commands don't call exit() themselves. stderr is talk: a
 * message is "mn foo-bar: <words>".
 *
 * The environment is read once, in main; nobody else calls getenv().
 */
#ifndef MN_CMD_CMD_H
#define MN_CMD_CMD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "exit.h"
#include "options.h"
#include "conf/conf.h"
#include "conf/trace.h"

/* The environment as main found it; NULL where unset or empty. */
struct mn_env {
	const char *home;		/* HOME */
	const char *mn_dir;		/* MN_DIR */
	const char *profile;		/* MN_PROFILE */
	const char *xdg_data;		/* XDG_DATA_HOME */
	const char *passphrase_file;	/* MN_PASSPHRASE_FILE */
	const char *mn_pager, *pager;	/* MN_PAGER, PAGER */
	const char *mn_editor, *visual, *editor; /* MN_EDITOR, VISUAL, EDITOR */
	const char *term;		/* TERM */
	const char *path;		/* PATH */
	const char *tmpdir;		/* TMPDIR */
	const char *trace;		/* MN_TRACE */
	const char *git_protocol;	/* GIT_PROTOCOL */
	const char *ssh_command;	/* MN_SSH_COMMAND */
	const char *ssh_auth_sock;	/* SSH_AUTH_SOCK */
	struct mn_env_cgi {		/* of RFC 3875: PATH_INFO, ... */
		const char *method, *path, *query, *script, *scheme, *https;
		const char *host, *accept, *authorization;
		const char *type, *length, *encoding, *transfer, *git_protocol;
	} cgi;
	int no_color;			/* NO_COLOR, set and not empty */
	int has_less;			/* LESS is set */
};
void mn_env_read(struct mn_env *e);	/* for main */

struct mn_cmd {
	const char *name;	/* "ls-refs"; "" while main reads its own */
	int argc;		/* argv[0] is the name; mn_options_parse() */
	char **argv;		/* leaves the operands alone */
	const char *usage;	/* set by mn_options_parse() */
	struct mn_env env;
	const char *profile;	/* -p PROFILE, else MN_PROFILE, else NULL:
				   a name, an id or an abbreviation */
	int no_pager;		/* --no-pager */
	struct mn_trace trace;	/* off unless MN_TRACE is set */

	/* below: use the functions */
	char *home;		/* owned; see mn_home() */
	struct mn_conf conf;
	int conf_loaded;
	pid_t pager_pid;	/* 0: none */
};

typedef int mn_cmd_fn(struct mn_cmd *c);

/* A row of the dispatch table; generated from command-list.txt. */
struct mn_command {
	const char *name;
	const char *group;	/* porcelain plumbing ancillary script */
	mn_cmd_fn *fn;		/* NULL: a script, or in the other binary */
	const char *summary;
	int common;		/* shown by plain "mn help" */
	int net;		/* a command of mn-net */
};
/* NULL where there is none; the table ends with a NULL name. */
const struct mn_command *mn_command_find(const char *name);
const struct mn_command *mn_command_table(void);

/*
 * The home directory: MN_DIR, else $XDG_DATA_HOME/mn, else
 * ~/.local/share/mn. Exists or not. Dies if none can be told. Owned by c.
 */
const char *mn_home(struct mn_cmd *c);

/* $home/config, read at the first call (empty if there is none). Dies when
 * it can't be read or is malformed. */
struct mn_conf *mn_cmd_conf(struct mn_cmd *c);

/* Prints "mn NAME: <err's words>" unless err is empty, and returns the exit
 * status of the code: return mn_fail(c, r, &err). */
int mn_fail(struct mn_cmd *c, int code, const struct mn_err *err);

/* Prints "mn NAME: <words>". */
void mn_warning(struct mn_cmd *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints "mn NAME: <words>" and exits 128. */
void mn_die(struct mn_cmd *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* Prints "mn NAME: <words>" and "see 'mn NAME -h'", and exits 129. */
void mn_usage(struct mn_cmd *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/*
 * Writes to stdout (buffered), and exits 128 as soon as that fails, silently
 * when the reader has gone away: "mn log | head" ends early.
 */
void mn_out(struct mn_cmd *c, const void *data, size_t len);
/* Writes b and clears it. */
void mn_out_buf(struct mn_cmd *c, struct mn_buf *b);
/* Flushes stdout, with the same care. For --batch, before waiting. */
void mn_out_flush(struct mn_cmd *c);

/* Flushes and checks stdout, waits for the pager, exits. */
void mn_exit(struct mn_cmd *c, int status) __attribute__((noreturn));

/*
 * Lets a person edit the text in the file: MN_EDITOR, config core.editor,
 * VISUAL, EDITOR, else vi. An empty text begins with what the file holds, and
 * one that isn't never replaces it: MN_EEXISTS. The file stays, unless nothing
 * was written; the caller removes it. 0 or negative; MN_EFAIL when the editor
 * said no, or nothing was written; MN_ELIMIT above max bytes.
 */
int mn_edit_text(struct mn_cmd *c, const char *path, struct mn_buf *text,
		 size_t max, struct mn_err *err);

/*
 * When stdout is a terminal, sends what follows through MN_PAGER, config
 * core.pager, PAGER, or less; not with --no-pager, nor if the pager is ""
 * or cat. Call it after the options are parsed.
 */
void mn_pager_start(struct mn_cmd *c);
/* Was the output a terminal before a pager took it? 1 or 0. */
int mn_stdout_is_tty(const struct mn_cmd *c);

#include "protos.h"	/* generated: int cmd_<name>(struct mn_cmd *c); */

#endif
