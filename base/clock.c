/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - now, RFC 3339, durations. */
#include "base/clock.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"

static _Atomic int64_t shift;

int64_t
clock_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (ts.tv_sec + atomic_load_explicit(&shift, memory_order_relaxed) + fault_clock()) *
	       1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_now(void)
{
	return clock_now_ms() / 1000;
}

void
clock_shift(int64_t seconds)
{
	atomic_store(&shift, seconds);
}

int64_t
clock_mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

const char *
clock_print(struct arena *a, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char *s = arena_alloc(a, 32);

	if (gmtime_r(&t, &tm) == NULL)
		abort();
	strftime(s, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return s;
}

/* Two or four digits; -1 when there are none. */
static int
digits(const char *s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

/* "Z" or "+hh:mm" to the seconds east of Greenwich. */
static bool
offset_parse(const char *s, long *seconds)
{
	int h, m;

	*seconds = 0;
	if ((*s == 'Z' || *s == 'z') && s[1] == '\0')
		return true;
	if ((*s != '+' && *s != '-') || strlen(s) != 6 || s[3] != ':')
		return false;
	h = digits(s + 1, 2);
	m = digits(s + 4, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	*seconds = (h * 3600L + m * 60L) * (*s == '-' ? -1 : 1);
	return true;
}

bool
clock_parse(const char *text, int64_t *when)
{
	struct tm tm = { 0 };
	long east;
	time_t t;
	int day;

	if (strlen(text) < 20 || text[4] != '-' || text[7] != '-' ||
	    (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':')
		return false;
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 5, 2) - 1;
	tm.tm_mday = digits(text + 8, 2);
	tm.tm_hour = digits(text + 11, 2);
	tm.tm_min = digits(text + 14, 2);
	tm.tm_sec = digits(text + 17, 2);
	if (tm.tm_year < 0 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
	    tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 ||
	    tm.tm_sec < 0 || tm.tm_sec > 59)
		return false;
	text += 19;
	if (*text == '.') {
		if (!isdigit((unsigned char)*++text))
			return false;
		while (isdigit((unsigned char)*text))
			text++;
	}
	if (!offset_parse(text, &east))
		return false;
	day = tm.tm_mday;
	t = timegm(&tm);
	if (tm.tm_mday != day)		/* 30 February was made 1 or 2 March */
		return false;
	*when = (int64_t)t - east;
	return true;
}

static const struct unit {
	char	letter;
	int64_t	seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

bool
clock_duration_parse(const char *text, int64_t *seconds)
{
	int64_t sum = 0;
	const char *s = text;

	while (*s != '\0') {
		char *end;
		long n;
		size_t u;

		if (!isdigit((unsigned char)*s))
			return false;
		n = strtol(s, &end, 10);
		for (u = 0; u < 4 && units[u].letter != *end; u++)
			;
		if (u == 4 || n > 100L * 365 * 86400 / units[u].seconds)
			return false;
		sum += n * units[u].seconds;
		s = end + 1;
	}
	*seconds = sum;
	return s != text;
}

const char *
clock_duration_print(struct arena *a, int64_t seconds)
{
	char *s = arena_alloc(a, 64);
	size_t n = 0;

	for (size_t u = 0; u < 4; u++) {
		if (seconds >= units[u].seconds)
			n += (size_t)snprintf(s + n, 64 - n, "%lld%c",
					      (long long)(seconds / units[u].seconds),
					      units[u].letter);
		seconds %= units[u].seconds;
	}
	return n == 0 ? strcpy(s, "0s") : s;
}
