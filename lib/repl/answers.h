/*
 * answers: a bounded cache of answers that follow from the refs of a
 * repository alone. Each is kept together with a stamp: what stat(2) said of
 * HEAD, packed-refs and every directory below refs before the refs were
 * read. Every writer of refs, mn and git, replaces these files or renames a file
 * into these directories, which changes the stamp; so an answer is good as
 * long as its stamp is what stat says now.
 *
 * Times of files have the grain of the kernel's clock, so a stamp that is not
 * older than some ticks could miss a change: such an answer is not kept.
 *
 *	if ((a = mn_answers_get(c, &key, gitdir)))
 *		return a;
 *	mn_stamp_take(&stamp, gitdir);
 *	... read refs, make the answer ...
 *	a = mn_answers_put(c, &key, &stamp, data, len);
 *	... mn_answer_drop(a);
 *
 * For any number of threads.
 */
#ifndef MN_REPL_ANSWERS_H
#define MN_REPL_ANSWERS_H

#include <stdint.h>

#include "base/buf.h"
#include "key/hash.h"

struct mn_answers;
struct mn_answer;			/* shared, and never changed */

struct mn_stamp {
	struct mn_buf paths;		/* below the repository, NUL-ended */
	struct mn_buf stats;		/* what stat says, in the same order */
	int good;			/* nothing changed lately, nor failed */
};
#define MN_STAMP_INIT { MN_BUF_INIT, MN_BUF_INIT, 0 }

void mn_stamp_take(struct mn_stamp *s, const char *gitdir);
void mn_stamp_release(struct mn_stamp *s);

/* bytes: of all answers together. */
struct mn_answers *mn_answers_new(uint64_t bytes);
void mn_answers_free(struct mn_answers *c);
/* NULL: there is none that is still good. */
struct mn_answer *mn_answers_get(struct mn_answers *c, const struct mn_id *key,
				 const char *gitdir);
/* Copies data, and keeps it if the stamp is good and it is not too large; is to
 * be dropped in either case. The stamp is emptied. */
struct mn_answer *mn_answers_put(struct mn_answers *c, const struct mn_id *key,
				 struct mn_stamp *stamp, const void *data,
				 size_t len);
struct mn_str mn_answer_text(const struct mn_answer *a);
void mn_answer_drop(struct mn_answer *a);	/* NULL allowed */

#endif
