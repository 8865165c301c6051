/* SPDX-License-Identifier: Apache-2.0 */
/* rate.c - the arithmetic of a bucket of tokens, and how a rate is written. */
#include "acme/rate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define SECOND 1000000

int64_t
rate_each(struct rate rate)
{
	int64_t each = rate.period * SECOND / rate.count;

	return each < 1 ? 1 : each;
}

/* Tokens that are out, those that are nearly back among them. */
static int64_t
tokens_out(struct rate rate, struct bucket bucket, int64_t now_us)
{
	int64_t out;
	bool odd;

	if (bucket.full_at <= now_us)
		return 0;
	out = (bucket.full_at - now_us - 1) / bucket.each + 1;
	odd = out > rate.count || bucket.each != rate_each(rate);
	return odd && out > rate.count - 1 ? rate.count - 1 : out;
}

int64_t
rate_wait(struct rate rate, struct bucket bucket, int64_t now_us)
{
	if (rate.count == 0 || tokens_out(rate, bucket, now_us) < rate.count)
		return 0;
	return bucket.full_at - (rate.count - 1) * bucket.each - now_us;
}

struct bucket
rate_take(struct rate rate, struct bucket bucket, int64_t now_us)
{
	int64_t each, out, debt;

	if (rate.count == 0)
		return bucket;
	each = rate_each(rate);
	out = tokens_out(rate, bucket, now_us);
	if (out >= rate.count)
		out = rate.count - 1;
	debt = out * each;
	/* Of the one that comes back next a part may be there. */
	if (out > 0 && bucket.each == each && bucket.full_at - now_us < debt)
		debt = bucket.full_at - now_us;
	return (struct bucket){ now_us + debt + each, each };
}

struct bucket
rate_refund(struct bucket bucket)
{
	if (bucket.full_at <= bucket.each)
		return (struct bucket){ 0 };
	bucket.full_at -= bucket.each;
	return bucket;
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
