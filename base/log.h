/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - one JSON object per event and line, on standard error. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR
};

/* The number of the flow whose step this thread runs; 0: none.  Set by flow.c, it is
 * the member "flow" of each line. */
extern _Thread_local uint64_t log_flow;

/* What is below that level is not written.  Default LOG_INFO. */
void log_set(enum log_level least);
bool log_level_parse(const char *text, enum log_level *level);

/* Writes {"time": ..., "level": ..., "event": event, ...}.  fmt is that of json_pack()
 * for the inside of an object, so each member is a pair:
 *
 *	log_event(LOG_INFO, "order created", "s:s, s:i", "order", id, "names", n);
 *
 * "s?" and "s*" values may be NULL.  Any thread; one write(2) per line. */
void log_event(enum log_level level, const char *event, const char *fmt, ...);

#endif
