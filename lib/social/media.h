/*
 * media: files on their way to become contents: their media type, and the
 * name under which they are posted.
 */
#ifndef MN_SOCIAL_MEDIA_H
#define MN_SOCIAL_MEDIA_H

#include "base/arena.h"
#include "base/err.h"
#include "social/draft.h"

/* Looks into contents with libmagic, whose database is loaded at first use. */
struct mn_media;
struct mn_media *mn_media_new(void);
void mn_media_free(struct mn_media *m);

/* The media type by content, refined by the name where content says no more
 * than text: valid in a meta; application/octet-stream at worst. In the
 * arena, or constant. */
struct mn_str mn_media_type(struct mn_media *m, struct mn_arena *a,
			    const struct mn_source *from, struct mn_str name);

/* A file name that a meta may hold, from any path: its last part, with
 * what is not allowed replaced by "_", cut to length on a character. */
struct mn_str mn_media_name(struct mn_arena *a, const char *path);

#endif
