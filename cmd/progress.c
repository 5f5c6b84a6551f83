/* progress: see progress.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "progress.h"
#include "banned.h"

#define BEGIN_US 500000		/* quick work shows nothing */
#define EVERY_US 100000

void mn_progress_init(struct mn_progress *p, int quiet)
{
	memset(p, 0, sizeof(*p));
	p->on = !quiet && isatty(STDERR_FILENO);
	p->last = mn_date_mono() + BEGIN_US - EVERY_US;
}

void mn_progress_show(void *progress, const char *what, size_t done,
		      size_t total)
{
	struct mn_progress *p = progress;
	int64_t now;

	if (!p->on)
		return;
	now = mn_date_mono();
	if (now - p->last < EVERY_US)
		return;
	p->last = now;
	if (p->shown && strcmp(p->what, what))
		fputs("\r\033[K", stderr);
	snprintf(p->what, sizeof(p->what), "%s", what);
	if (total)
		fprintf(stderr, "\r%s: %3zu%% (%zu/%zu)", what,
			done * 100 / total, done, total);
	else if (done)
		fprintf(stderr, "\r%s: %zu", what, done);
	else
		fprintf(stderr, "\r%s", what);
	fflush(stderr);
	p->shown = 1;
}

void mn_progress_clear(struct mn_progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->shown = 0;
}
