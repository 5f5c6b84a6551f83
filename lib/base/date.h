/*
 * date: milliseconds since 1970-01-01T00:00:00Z, up to the end of year 9999.
 */
#ifndef MN_BASE_DATE_H
#define MN_BASE_DATE_H

#include <stddef.h>
#include <stdint.h>

#define MN_DATE_MAX INT64_C(253402300799999)

int64_t mn_date_now(void);	/* wall clock */
int64_t mn_date_mono(void);	/* monotonic, microseconds */

/*
 * Reads what a person types: "2026-11-24", "2026-11-24 16:22[:01[.123]]"
 * with T or a space and an optional Z or +HH:MM (local time without),
 * "@1732450000" (seconds), plain digits of 12 or more (milliseconds),
 * "now", "today", "yesterday", and ages: "90s", "15m", "3h", "2d", "6w",
 * also as "2 days ago" (s/m/h/d/w/month/year). 0 or MN_EINVALID.
 */
int mn_date_parse(int64_t *ms, const char *s, int64_t now);

/* "2026-11-24T16:22:01Z" (20 bytes and NUL; .mmm only when not 0). */
#define MN_DATE_ISO_MAX 32
void mn_date_iso(char out[MN_DATE_ISO_MAX], int64_t ms);
/* Git's default, in local time: "Tue Nov 24 16:22:01 2026 +0100". The zone is
 * that of the last tzset(3): threads may call this together. */
void mn_date_human(char out[MN_DATE_ISO_MAX], int64_t ms);
/* RFC 5322, in UTC: "Tue, 24 Nov 2026 16:22:01 +0000". */
void mn_date_rfc(char out[MN_DATE_ISO_MAX], int64_t ms);

#endif
