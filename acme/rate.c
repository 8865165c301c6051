/* SPDX-License-Identifier: Apache-2.0 */
/* rate.c - the arithmetic of a bucket of tokens, and how a rate is written. */
#include "acme/rate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define SECOND 1000000

/* For one token. */
static int64_t
each_us(struct rate rate)
{
	int64_t each = rate.period * SECOND / rate.count;

	return each < 1 ? 1 : each;
}

int64_t
rate_wait(struct rate rate, int64_t full_at, int64_t now_us)
{
	int64_t wait;

	if (rate.count == 0)
		return 0;
	wait = rate_take(rate, full_at, now_us) - now_us - each_us(rate) * rate.count;
	return wait < 0 ? 0 : wait;
}

int64_t
rate_take(struct rate rate, int64_t full_at, int64_t now_us)
{
	if (rate.count == 0)
		return full_at;
	return (full_at > now_us ? full_at : now_us) + each_us(rate);
}

int64_t
rate_refund(struct rate rate, int64_t full_at)
{
	int64_t each = rate.count == 0 ? 0 : each_us(rate);

	return full_at > each ? full_at - each : 0;
}

bool
rate_parse(const char *text, struct rate *rate)
{
	const char *slash = strchr(text, '/');
	char *end;

	*rate = (struct rate){ 0 };
	if (strcmp(text, "off") == 0)
		return true;
	if (slash == NULL || *text < '0' || *text > '9')
		return false;
	errno = 0;
	rate->count = strtoll(text, &end, 10);
	return end == slash && errno == 0 && rate->count >= 1 && rate->count <= RATE_COUNT_MAX &&
	       clock_duration_parse(slash + 1, &rate->period) && rate->period >= 1 &&
	       rate->period <= RATE_PERIOD_MAX;
}

const char *
rate_print(struct arena *a, struct rate rate)
{
	if (rate.count == 0)
		return "off";
	return arena_printf(a, "%lld/%s", (long long)rate.count,
			    clock_duration_print(a, rate.period));
}
