#include "base/date.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/err.h"

#include "banned.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char weekdays[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

int64_t mn_date_now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		MN_BUG("no clock");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t mn_date_mono(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		MN_BUG("no clock");
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int in_range(int64_t *ms, int64_t value)
{
	if (value < 0 || value > MN_DATE_MAX)
		return MN_EINVALID;
	*ms = value;
	return 0;
}

/* Exactly n digits. */
static int take_digits(const char **s, int n, int *value)
{
	*value = 0;
	for (; n; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		*value = *value * 10 + (**s - '0');
	}
	return 0;
}

static int take_char(const char **s, char c)
{
	if (**s != c)
		return -1;
	(*s)++;
	return 0;
}

static int days_in_month(int year, int month)
{
	static const signed char days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	if (month == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

static int take_day(const char **s, struct tm *tm)
{
	int y, m, d;

	if (take_digits(s, 4, &y) || take_char(s, '-') ||
	    take_digits(s, 2, &m) || take_char(s, '-') ||
	    take_digits(s, 2, &d))
		return -1;
	if (m < 1 || m > 12 || d < 1 || d > days_in_month(y, m))
		return -1;
	tm->tm_year = y - 1900;
	tm->tm_mon = m - 1;
	tm->tm_mday = d;
	return 0;
}

/* HH:MM[:SS[.mmm]] */
static int take_clock(const char **s, struct tm *tm, int *milli)
{
	int scale = 100;

	if (take_digits(s, 2, &tm->tm_hour) || take_char(s, ':') ||
	    take_digits(s, 2, &tm->tm_min))
		return -1;
	if (!take_char(s, ':') && take_digits(s, 2, &tm->tm_sec))
		return -1;
	if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 59)
		return -1;
	if (**s != '.')
		return 0;
	(*s)++;
	if (!isdigit((unsigned char)**s))
		return -1;
	for (; isdigit((unsigned char)**s); (*s)++, scale /= 10)
		*milli += scale * (**s - '0');
	return 0;
}

/* Z, +HH:MM or +HHMM, perhaps after a space; nothing leaves *zoned 0. */
static int take_zone(const char **s, int *zoned, int64_t *offset)
{
	int sign, h, m;

	*offset = 0;
	*zoned = **s != '\0';
	if (!*zoned)
		return 0;
	if (**s == ' ')
		(*s)++;
	if (!take_char(s, 'z'))
		return 0;
	sign = **s == '-' ? -1 : 1;
	if (**s != '-' && **s != '+')
		return -1;
	(*s)++;
	if (take_digits(s, 2, &h))
		return -1;
	if (**s == ':')
		(*s)++;
	if (take_digits(s, 2, &m) || h > 23 || m > 59)
		return -1;
	*offset = sign * (h * HOUR + m * MINUTE);
	return 0;
}

static int parse_calendar(int64_t *ms, const char *s)
{
	struct tm tm = { .tm_isdst = -1 };
	int zoned = 0, milli = 0;
	int64_t offset = 0;
	time_t t;

	if (take_day(&s, &tm))
		return MN_EINVALID;
	if (*s == 't' || *s == ' ') {
		s++;
		if (take_clock(&s, &tm, &milli) ||
		    take_zone(&s, &zoned, &offset))
			return MN_EINVALID;
	}
	if (*s)
		return MN_EINVALID;
	t = zoned ? timegm(&tm) : mktime(&tm);
	return in_range(ms, (int64_t)t * 1000 + milli - offset);
}

static int64_t local_midnight(int64_t now, int days_ago)
{
	time_t t = (time_t)(now / 1000);
	struct tm tm;

	tzset();
	if (!localtime_r(&t, &tm))
		return -1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= days_ago;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000;
}

/* The same day and time n months before, or that month's last day. */
static int months_before(int64_t *ms, int64_t now, int64_t n)
{
	time_t t = (time_t)(now / 1000);
	int64_t month;
	struct tm tm;
	int last;

	tzset();
	if (!localtime_r(&t, &tm))
		return MN_EINVALID;
	month = (tm.tm_year + INT64_C(1900)) * 12 + tm.tm_mon - n;
	if (month < 1969 * 12)
		return MN_EINVALID;
	tm.tm_year = (int)(month / 12) - 1900;
	tm.tm_mon = (int)(month % 12);
	last = days_in_month((int)(month / 12), tm.tm_mon + 1);
	if (tm.tm_mday > last)
		tm.tm_mday = last;
	tm.tm_isdst = -1;
	return in_range(ms, (int64_t)mktime(&tm) * 1000 + now % 1000);
}

/* A unit of a fixed length in ms, or of 1 or 12 months in *month. */
static int64_t unit_length(const char *word, size_t len, int *month)
{
	static const struct {
		const char *word;
		int64_t ms;
		int month;
	} units[] = {
		{ "s", SECOND, 0 }, { "sec", SECOND, 0 },
		{ "second", SECOND, 0 },
		{ "m", MINUTE, 0 }, { "min", MINUTE, 0 },
		{ "minute", MINUTE, 0 },
		{ "h", HOUR, 0 }, { "hour", HOUR, 0 },
		{ "d", DAY, 0 }, { "day", DAY, 0 },
		{ "w", 7 * DAY, 0 }, { "week", 7 * DAY, 0 },
		{ "month", 1, 1 },
		{ "y", 1, 12 }, { "year", 1, 12 },
	};
	size_t i;

	if (len > 2 && word[len - 1] == 's')
		len--;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].word) == len &&
		    !memcmp(units[i].word, word, len)) {
			*month = units[i].month;
			return units[i].ms;
		}
	}
	return 0;
}

static void skip_gap(const char **s)
{
	while (**s == ' ' || **s == '.')
		(*s)++;
}

/* "3h", "2 days ago", "2.weeks": s stands behind the number n. */
static int parse_age(int64_t *ms, const char *s, int64_t n, int64_t now)
{
	int month = 0;
	int64_t unit;
	size_t len;

	skip_gap(&s);
	len = strspn(s, "abcdefghijklmnopqrstuvwxyz");
	unit = unit_length(s, len, &month);
	s += len;
	skip_gap(&s);
	if (!unit || (*s && strcmp(s, "ago")))
		return MN_EINVALID;
	if (month)
		return months_before(ms, now, n * month);
	return in_range(ms, now - n * unit);
}

/* What begins with a digit and is not a calendar date. */
static int parse_number(int64_t *ms, const char *s, int64_t now)
{
	size_t len = strspn(s, "0123456789");
	int64_t n = 0;
	size_t i;

	if (!len || len > 15)
		return MN_EINVALID;
	for (i = 0; i < len; i++)
		n = n * 10 + (s[i] - '0');
	if (!s[len])
		return len >= 12 ? in_range(ms, n) : MN_EINVALID;
	/* Nine digits times a year don't overflow. */
	return len <= 9 ? parse_age(ms, s + len, n, now) : MN_EINVALID;
}

static int parse_seconds(int64_t *ms, const char *s)
{
	size_t len = strspn(s, "0123456789");
	int64_t n = 0;
	size_t i;

	if (!len || len > 15 || s[len])
		return MN_EINVALID;
	for (i = 0; i < len; i++)
		n = n * 10 + (s[i] - '0');
	return in_range(ms, n * 1000);
}

int mn_date_parse(int64_t *ms, const char *s, int64_t now)
{
	char low[64];
	size_t len = strlen(s), i;

	if (!len || len >= sizeof(low) || now < 0 || now > MN_DATE_MAX)
		return MN_EINVALID;
	for (i = 0; i <= len; i++)
		low[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
	if (!strcmp(low, "now"))
		return in_range(ms, now);
	if (!strcmp(low, "today"))
		return in_range(ms, local_midnight(now, 0));
	if (!strcmp(low, "yesterday"))
		return in_range(ms, local_midnight(now, 1));
	if (low[0] == '@')
		return parse_seconds(ms, low + 1);
	if (strspn(low, "0123456789") == 4 && low[4] == '-')
		return parse_calendar(ms, low);
	return parse_number(ms, low, now);
}

/* At least width digits; returns where they end. */
static char *put(char *p, int value, int width)
{
	char digits[12];
	int n = 0;

	for (; value > 0 || n < width; value /= 10)
		digits[n++] = (char)('0' + value % 10);
	while (n)
		*p++ = digits[--n];
	return p;
}

static char *put_char(char *p, char c)
{
	*p = c;
	return p + 1;
}

static char *put_name(char *p, const char *names, int i)
{
	memcpy(p, names + 3 * i, 3);
	return p + 3;
}

static char *put_clock(char *p, const struct tm *tm)
{
	p = put_char(put(p, tm->tm_hour, 2), ':');
	p = put_char(put(p, tm->tm_min, 2), ':');
	return put(p, tm->tm_sec, 2);
}

/* Brings ms into range and gives its seconds: any input has an output. */
static time_t seconds(int64_t *ms)
{
	if (*ms < 0)
		*ms = 0;
	if (*ms > MN_DATE_MAX)
		*ms = MN_DATE_MAX;
	return (time_t)(*ms / 1000);
}

void mn_date_iso(char out[MN_DATE_ISO_MAX], int64_t ms)
{
	time_t t = seconds(&ms);
	char *p = out;
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		MN_BUG("date out of range");
	p = put_char(put(p, tm.tm_year + 1900, 4), '-');
	p = put_char(put(p, tm.tm_mon + 1, 2), '-');
	p = put_char(put(p, tm.tm_mday, 2), 'T');
	p = put_clock(p, &tm);
	if (ms % 1000)
		p = put(put_char(p, '.'), (int)(ms % 1000), 3);
	p = put_char(p, 'Z');
	*p = '\0';
}

void mn_date_human(char out[MN_DATE_ISO_MAX], int64_t ms)
{
	time_t t = seconds(&ms);
	char *p = out;
	struct tm tm;
	long offset;

	if (!localtime_r(&t, &tm))
		MN_BUG("date out of range");
	p = put_char(put_name(p, weekdays, tm.tm_wday), ' ');
	p = put_char(put_name(p, months, tm.tm_mon), ' ');
	p = put_char(put(p, tm.tm_mday, 1), ' ');
	p = put_char(put_clock(p, &tm), ' ');
	p = put_char(put(p, tm.tm_year + 1900, 4), ' ');
	offset = tm.tm_gmtoff / 60;
	p = put_char(p, offset < 0 ? '-' : '+');
	if (offset < 0)
		offset = -offset;
	p = put(p, (int)(offset / 60 * 100 + offset % 60), 4);
	*p = '\0';
}

void mn_date_rfc(char out[MN_DATE_ISO_MAX], int64_t ms)
{
	time_t t = seconds(&ms);
	char *p = out;
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		MN_BUG("date out of range");
	p = put_char(put_name(p, weekdays, tm.tm_wday), ',');
	p = put_char(put(put_char(p, ' '), tm.tm_mday, 2), ' ');
	p = put_char(put_name(p, months, tm.tm_mon), ' ');
	p = put_char(put(p, tm.tm_year + 1900, 4), ' ');
	p = put_clock(p, &tm);
	memcpy(p, " +0000", 7);
}
