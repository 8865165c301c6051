/* SPDX-License-Identifier: Apache-2.0 */
/* terms.c - agreement to the terms of service.
 *
 * The value "terms" in `meta`: the seconds since 1970, big-endian in 8 octets, when the
 * URL behind them was first configured.  Who agreed before that agreed to others. */
#include "acme/terms.h"

#include <string.h>

#include "base/clock.h"

#define META "terms"

static struct blob
terms_value(struct arena *a, int64_t since, const char *url)
{
	size_t len = 8 + strlen(url);
	uint8_t *value = arena_alloc(a, len);

	for (int i = 0; i < 8; i++)
		value[i] = (uint8_t)((uint64_t)since >> (56 - 8 * i));
	memcpy(value + 8, url, strlen(url));
	return (struct blob){ value, len };
}

void
terms_take(struct acme_config *c, struct edit *e)
{
	struct arena *a = arena_new();
	struct blob value = store_meta_get(edit_view(e), a, META);
	const char *url = c->terms == NULL ? "" : c->terms;

	if (value.len == 8 + strlen(url) && memcmp(value.data + 8, url, strlen(url)) == 0) {
		c->terms_since = 0;
		for (int i = 0; i < 8; i++)
			c->terms_since = c->terms_since << 8 | value.data[i];
	} else {
		c->terms_since = clock_now();
		store_meta_put(e, META, terms_value(a, c->terms_since, url));
	}
	arena_free(a);
}

bool
terms_check(const struct request *rq, int64_t agreed, struct problem *p)
{
	const struct acme_config *c = rq->config;

	/* Those of the time to come were noted by a clock that was ahead: nobody can agree later. */
	if (c->terms == NULL || (agreed != 0 && (agreed >= c->terms_since ||
						 c->terms_since > rq->now + CLOCK_AHEAD)))
		return true;
	problem(p, PROBLEM_USER_ACTION_REQUIRED, "the terms of service must be agreed to: send "
		"\"termsOfServiceAgreed\": true %s", rq->account == NULL ? "in newAccount" :
		"to the account's URL");
	p->instance = c->terms;
	p->link = arena_printf(rq->flow->arena, "<%s>;rel=\"terms-of-service\"", c->terms);
	return false;
}
