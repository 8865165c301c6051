/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one JSON object per event and line. */
#include "base/log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

_Thread_local uint64_t log_flow;

static atomic_int threshold = LOG_INFO;
static const char *const names[] = { "debug", "info", "warn", "error" };

void
log_set(enum log_level least)
{
	atomic_store(&threshold, (int)least);
}

bool
log_level_parse(const char *text, enum log_level *level)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
		if (strcmp(text, names[i]) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	return false;
}

static void
log_time(char *buf, size_t size)
{
	int64_t ms = clock_now_ms();
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, size - n, ".%03dZ", (int)(ms % 1000));
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char time[40], whole[512];
	json_t *line, *more;
	va_list ap;
	char *text;
	size_t n;

	if ((int)level < atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	log_time(time, sizeof(time));
	line = json_pack("{s:s, s:s, s:s}", "time", time, "level", names[level],
			 "event", event);
	if (log_flow != 0)
		json_object_set_new(line, "flow", json_integer((json_int_t)log_flow));
	snprintf(whole, sizeof(whole), "{%s}", fmt);
	va_start(ap, fmt);
	more = json_vpack_ex(NULL, 0, whole, ap);
	va_end(ap);
	if (more != NULL) {
		json_object_update(line, more);
		json_decref(more);
	} else {	/* bytes that are not UTF-8 reached a log line */
		json_object_set_new(line, "log_error", json_string("unprintable"));
	}
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	if (text == NULL)
		abort();
	n = strlen(text);
	text[n] = '\n';
	if (write(STDERR_FILENO, text, n + 1) < 0)
		n = 0;	/* nobody listens */
	free(text);
}
