/* reading: what commands that read a profile open first. */
#ifndef MN_CMD_READING_H
#define MN_CMD_READING_H

#include "cmd.h"
#include "profile.h"
#include "social/index.h"
#include "social/revision.h"

struct mn_reading {
	struct mn_cmd *c;
	struct mn_home home;
	struct mn_profile profile;
	struct mn_index *index;		/* NULL: could not be opened */
	int incomplete;			/* some nodes could not be read and are
					   not in it; this was told if
					   need_index */
	struct mn_resolver resolver;
};

/*
 * Opens the home, the chosen profile and the index, and brings that up to
 * date. With need_index an index that can't be opened is an error, else it
 * is done without. After an error there is nothing to close.
 */
int mn_reading_open(struct mn_reading *r, struct mn_cmd *c, int need_index,
		    struct mn_err *err);
void mn_reading_close(struct mn_reading *r);

/*
 * Input of many names: records that end with a byte (newline or NUL), from
 * stdin. Before it waits for more, what was written to stdout is flushed, so
 * that a program at the other end of both may ask one at a time.
 */
struct mn_records {
	struct mn_cmd *c;
	char end;
	struct mn_buf buf;
	size_t at;		/* of the next record in buf */
	int eof;
};
void mn_records_init(struct mn_records *in, struct mn_cmd *c, char end);
void mn_records_release(struct mn_records *in);
/* 1: a record, NUL-ended, valid until the next call; 0: no more. Records of
 * more than 64 KiB end the command. */
int mn_records_next(struct mn_records *in, struct mn_str *record);
/* Whether the next call would have to wait for input: 1, 0. */
int mn_records_wait(const struct mn_records *in);

/*
 * Output of foreign bytes. To a terminal only text goes, made fit for it
 * (out/text.h); what begins like a binary is refused there: MN_EINVALID.
 */
struct mn_rawout {
	struct mn_cmd *c;
	int tty, begun;
	char cut[4];		/* a character that the last piece began */
	size_t ncut;
	struct mn_buf safe;
};
void mn_rawout_init(struct mn_rawout *o, struct mn_cmd *c);
int mn_rawout_write(struct mn_rawout *o, const void *data, size_t len,
		    struct mn_err *err);
/* Also writes what is left. */
void mn_rawout_release(struct mn_rawout *o);

#endif
