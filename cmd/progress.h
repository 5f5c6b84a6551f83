/* progress: what long work shows on stderr, if that is a terminal. */
#ifndef MN_CMD_PROGRESS_H
#define MN_CMD_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct mn_progress {
	int on;			/* stderr is a terminal, and -q was not given */
	int shown;		/* a line stands there unfinished */
	int64_t last;		/* when it was written, in microseconds */
	char what[64];
};

void mn_progress_init(struct mn_progress *p, int quiet);
/* A callback of the library, with the struct as ctx. total 0: unknown. */
void mn_progress_show(void *progress, const char *what, size_t done,
		      size_t total);
/* Removes the line, before anything else is written. */
void mn_progress_clear(struct mn_progress *p);

#endif
