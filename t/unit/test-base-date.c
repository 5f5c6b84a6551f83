/* date: reading what people type, and three ways to print */
#include "base/date.h"
#include "base/err.h"

#include <time.h>

#include "tap.h"

#include "banned.h"

/* 2026-11-24T16:22:01.250Z, a Tuesday */
#define NOW INT64_C(1795537321250)
#define DAY INT64_C(86400000)

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void reads(const char *s, int64_t want)
{
	int64_t ms = -7;
	int r = mn_date_parse(&ms, s, NOW);

	is_int(r ? r : ms, want, "'%s'", s);
}

static void rejects(const char *s)
{
	int64_t ms = -7;

	is_int(mn_date_parse(&ms, s, NOW), MN_EINVALID, "'%s' is no date", s);
	if (ms != -7)
		is_int(ms, -7, "and nothing is stored");
}

static void test_absolute(void)
{
	zone("UTC0");
	reads("now", NOW);
	reads("NOW", NOW);
	reads("today", NOW - NOW % DAY);
	reads("yesterday", NOW - NOW % DAY - DAY);
	reads("@0", 0);
	reads("@1732450000", INT64_C(1732450000000));
	reads("@253402300799", MN_DATE_MAX - 999);
	reads("123456789012", INT64_C(123456789012));
	reads("253402300799999", MN_DATE_MAX);
	reads("1970-01-01", 0);
	reads("2026-11-24", NOW - NOW % DAY);
	reads("2026-11-24 16:22", NOW - 1250);
	reads("2026-11-24T16:22:01", NOW - 250);
	reads("2026-11-24T16:22:01.25Z", NOW);
	reads("2026-11-24T16:22:01.250999Z", NOW);
	reads("2026-11-24t16:22:01.250z", NOW);
	reads("2026-11-24 17:52:01.250+01:30", NOW);
	reads("2026-11-24 11:22:01.250 -0500", NOW);
	reads("2024-02-29", INT64_C(1709164800000));
	reads("2000-02-29 00:00Z", INT64_C(951782400000));
	reads("9999-12-31T23:59:59.999Z", MN_DATE_MAX);
}

static void test_ages(void)
{
	zone("UTC0");
	reads("0s", NOW);
	reads("90s", NOW - 90000);
	reads("15m", NOW - 15 * 60000);
	reads("3h", NOW - 3 * 3600000);
	reads("2d", NOW - 2 * DAY);
	reads("6w", NOW - 42 * DAY);
	reads("2 days ago", NOW - 2 * DAY);
	reads("2.weeks.ago", NOW - 14 * DAY);
	reads("1 second ago", NOW - 1000);
	reads("10 minutes ago", NOW - 600000);
	reads("1 hour ago", NOW - 3600000);
	reads("1 month ago", NOW - 31 * DAY);
	reads("9 months ago", NOW - 273 * DAY);	/* 24 February */
	reads("12 months ago", NOW - 365 * DAY);
	reads("1 year ago", NOW - 365 * DAY);
	reads("3y", NOW - (3 * 365 + 1) * DAY);
}

static void test_rejects(void)
{
	static const char *const bad[] = {
		"", " ", "tomorrow", "nowish", "@", "@-1", "@12x", "@ 1",
		"@253402300800", "@999999999999999", "@9999999999999999",
		"20261124", "12345678901", "253402300800000",
		"9999999999999999999999", "-5", "5", "5x", "5 ago", "5 day ag",
		"5 days agoo", "ago", "s", "1000000000s", "99999999w",
		"100 years ago", "999999999 years ago", "2026-1-1",
		"2026-13-01", "2026-00-01", "2026-02-29", "1900-02-29",
		"2026-04-31", "2026-01-00", "2026-11-24T", "2026-11-24 1",
		"2026-11-24 24:00", "2026-11-24 23:60", "2026-11-24 23:59:60",
		"2026-11-24 16:22:", "2026-11-24 16:22:01.",
		"2026-11-24 16:22:01.x", "2026-11-24 16:22 ",
		"2026-11-24 16:22+1", "2026-11-24 16:22+24:00",
		"2026-11-24 16:22+01:60", "2026-11-24 16:22Zx",
		"2026-11-24 16:22ZZ", "2026-11-24x", "1969-12-31T23:59:59Z",
		"0000-01-01", "10000-01-01", "9999-12-31T23:59:59-00:01",
		"1970-01-01T00:00+00:01",
		("2026-11-24                                               "
		 "                              16:22"),
	};
	size_t i;

	zone("UTC0");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		rejects(bad[i]);
}

/* Central Europe: summer time from 29 March to 25 October in 2026. */
static void test_local(void)
{
	char out[MN_DATE_ISO_MAX];

	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	reads("2026-11-24 17:22:01.250", NOW);
	reads("2026-07-01 12:00", INT64_C(1782900000000));
	reads("2026-07-01 12:00Z", INT64_C(1782907200000));
	reads("today", NOW - NOW % DAY - 3600000);
	/* 24 September, still summer: the same time of day. */
	reads("2 months ago", NOW - 61 * DAY - 3600000);
	mn_date_human(out, NOW);
	is_str(out, "Tue Nov 24 17:22:01 2026 +0100", "winter time");
	mn_date_human(out, INT64_C(1782900000000));
	is_str(out, "Wed Jul 1 12:00:00 2026 +0200", "summer time");
	zone("XYZ3:30");
	mn_date_human(out, NOW);
	is_str(out, "Tue Nov 24 12:52:01 2026 -0330", "west, half an hour");
	zone("XYZ-14");
	mn_date_human(out, MN_DATE_MAX);
	is_str(out, "Sat Jan 1 13:59:59 10000 +1400", "the last moment");
}

/* The last day of a shorter month stands in for a day it lacks. */
static void test_short_month(void)
{
	int64_t may31 = INT64_C(1780228800000), ms = -7;

	zone("UTC0");
	is_int(mn_date_parse(&ms, "3 months ago", may31), 0, "3 months");
	is_int(ms, may31 - 92 * DAY, "from 31 May is 28 February");
}

static void test_print(void)
{
	char out[MN_DATE_ISO_MAX];

	zone("XYZ5");
	mn_date_iso(out, NOW);
	is_str(out, "2026-11-24T16:22:01.250Z", "ISO with milliseconds");
	mn_date_iso(out, NOW - 250);
	is_str(out, "2026-11-24T16:22:01Z", "ISO without");
	mn_date_iso(out, 7);
	is_str(out, "1970-01-01T00:00:00.007Z", "ISO, few milliseconds");
	mn_date_iso(out, MN_DATE_MAX);
	is_str(out, "9999-12-31T23:59:59.999Z", "ISO, the end");
	mn_date_iso(out, INT64_MAX);
	is_str(out, "9999-12-31T23:59:59.999Z", "ISO, beyond the end");
	mn_date_iso(out, INT64_MIN);
	is_str(out, "1970-01-01T00:00:00Z", "ISO, before the beginning");
	mn_date_rfc(out, NOW);
	is_str(out, "Tue, 24 Nov 2026 16:22:01 +0000", "RFC 5322");
	mn_date_rfc(out, 0);
	is_str(out, "Thu, 01 Jan 1970 00:00:00 +0000", "RFC 5322, first");
}

static void test_round_trip(void)
{
	char out[MN_DATE_ISO_MAX];
	int64_t ms, got;
	int bad = 0;

	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	for (ms = 0; ms < MN_DATE_MAX; ms += INT64_C(25340230079) * 7) {
		mn_date_iso(out, ms);
		bad += mn_date_parse(&got, out, NOW) != 0 || got != ms;
	}
	is_int(bad, 0, "what ISO prints is read as the same moment");
}

static void test_clocks(void)
{
	int64_t now = mn_date_now(), mono = mn_date_mono();

	ok(llabs(now / 1000 - (int64_t)time(NULL)) <= 1, "the wall clock");
	ok(mn_date_mono() >= mono, "the other one doesn't run backwards");
}

int main(void)
{
	test_absolute();
	test_ages();
	test_rejects();
	test_local();
	test_short_month();
	test_print();
	test_round_trip();
	test_clocks();
	return done_testing();
}
