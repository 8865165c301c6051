/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - GET /metrics. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "server/threads.h"

/* The steps of a request to the metrics address. */
extern const struct flow_step metrics_steps[];

/* Registers all metrics and remembers whose gauges are read; main, before the threads
 * start. */
void metrics_start(const struct threads *t);

#endif
