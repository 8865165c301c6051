/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - how long things took and what went wrong. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

enum stage {
	STAGE_NEW_NONCE,
	STAGE_NEW_ACCOUNT,
	STAGE_NEW_ORDER,
	STAGE_AUTHORIZATIONS,	/* all of an order, read once each */
	STAGE_CHALLENGE,	/* the first challenge is answered -> all are valid */
	STAGE_FINALIZE,		/* finalize -> the order is valid */
	STAGE_DOWNLOAD,
	STAGE_WHOLE,		/* newOrder -> the certificate is checked */
	STAGES
};

struct series {
	float	*ms;
	size_t	 n, room;
};

/* Orders that failed in the same stage for the same reason. */
struct failure {
	struct failure	*next;
	enum stage	 stage;
	uint64_t	 count;
	char		 type[80], detail[240];	/* the detail of the first */
};

struct stats {
	struct series	 series[STAGES];
	struct failure	*failures;
	uint64_t	 good, failed;		/* orders, or newNonce requests */
	uint64_t	 bad_nonces;		/* replies that were tried again */
	uint64_t	 reused;		/* authorizations that were valid already */
	uint64_t	 polls;			/* requests behind a "not yet" */
};

struct percentiles {
	size_t	n;
	double	mean, p50, p90, p99, max;	/* ms */
};

/* Milliseconds of a clock that never goes back. */
double stats_now(void);

void stats_add(struct stats *s, enum stage stage, double ms);
void stats_fail(struct stats *s, enum stage stage, const char *type, const char *detail);
void stats_free(struct stats *s);

/* Sorts the series; nearest rank.  All 0 without samples. */
struct percentiles stats_percentiles(struct stats *s, enum stage stage);

/* "newOrder", ... */
const char *stats_name(enum stage stage);

#endif
