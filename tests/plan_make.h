/* SPDX-License-Identifier: Apache-2.0 */
/* plan_make.h - loads and totals of a year, and windows that are counted in them. */
#ifndef TESTS_PLAN_MAKE_H
#define TESTS_PLAN_MAKE_H

#include <stdlib.h>
#include <string.h>

#include "acme/plan.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400
#define NOW    ((int64_t)1790000123)
#define SLOTS  200000			/* from NOW on: more than a year */

#define PLAN_BAND ((struct plan_band){ 500, 660 })	/* the defaults of renewal.* */

static struct plan_loads loads = { NOW / SLOT_SECONDS, SLOTS, NULL };
static struct plan_totals totals;

static void
clear(void)
{
	memset(loads.load, 0, SLOTS * sizeof(*loads.load));
	totals = (struct plan_totals){ { 0 } };
}

static struct plan_ask
ask(int64_t life, int64_t now)
{
	return (struct plan_ask){ NOW, NOW + life, now, PLAN_BAND };
}

static void
count(struct window w, int n)
{
	plan_add(&loads, w, n);
	plan_totals_add(&totals, w, n);
}

#endif
