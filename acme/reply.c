/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c - what a request's last step says.  Runs on: loop. */
#include "acme/reply.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/count.h"
#include "acme/routes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

void
reply_header(struct request *rq, const char *name, const char *value)
{
	assert(rq->reply.nheader < REPLY_HEADERS);
	rq->reply.headers[rq->reply.nheader++] = (struct header){ name, value };
}

void
reply_status(struct request *rq, int status)
{
	rq->reply.status = status;
}

void
reply_bytes(struct request *rq, int status, const char *type, struct blob body)
{
	reply_status(rq, status);
	reply_header(rq, "Content-Type", type);
	rq->reply.body = body;
}

void
reply_json(struct request *rq, int status, json_t *body)
{
	const char *text = json_print(rq->flow->arena, json_keep(rq->flow->arena, body));

	reply_bytes(rq, status, "application/json",
		    (struct blob){ (const uint8_t *)text, strlen(text) });
}

void
reply_cached(struct request *rq, int seconds)
{
	rq->cached = true;
	reply_header(rq, "Cache-Control", arena_printf(rq->flow->arena, "public, max-age=%d",
						       seconds));
}

enum flow_next
reply_problem(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct problem told = f->problem;
	const char *text;

	if (told.type == PROBLEM_SERVER_INTERNAL && problem_http(&told) == 500) {
		log_event(LOG_ERROR, "internal error", "s:s, s:s, s:s", "method", rq->method,
			  "path", rq->path, "detail", told.detail);
		snprintf(told.detail, sizeof(told.detail), "internal error, request %llu",
			 (unsigned long long)f->number);
	}
	if (told.type == PROBLEM_RATE_LIMITED)
		metric_add(&count_limited, rq->limited, 0, 1);
	text = problem_print(&told, f->arena);
	rq->reply.nheader = 0;
	reply_bytes(rq, problem_http(&told), "application/problem+json",
		    (struct blob){ (const uint8_t *)text, strlen(text) });
	if (told.retry_after > 0)
		reply_header(rq, "Retry-After", arena_printf(f->arena, "%d", told.retry_after));
	if (told.link != NULL)
		reply_header(rq, "Link", told.link);
	if (told.location != NULL)
		reply_header(rq, "Location", told.location);
	return FLOW_NEXT;
}

const char *
reply_url(const struct request *rq, const char *fmt, ...)
{
	char path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return arena_printf(rq->flow->arena, "%s%s%s", rq->config->base_url,
			    rq->directory->path, path);
}

static bool
wants_nonce(const struct request *rq)
{
	return strcmp(rq->method, "OPTIONS") != 0 && rq->door == DOOR_ACME && !rq->cached;
}

static void
common_headers(struct request *rq)
{
	struct arena *a = rq->flow->arena;
	bool is_directory = rq->route != NULL && rq->route->steps == directory_steps;

	if (wants_nonce(rq)) {
		reply_header(rq, "Replay-Nonce", nonce_new(a, rq->directory->number));
		reply_header(rq, "Cache-Control", "no-store");
	}
	if (rq->door != DOOR_ACME)
		return;
	if (!is_directory)
		reply_header(rq, "Link", arena_printf(a, "<%s>;rel=\"index\"",
						      reply_url(rq, "/directory")));
	reply_header(rq, "Access-Control-Allow-Origin", "*");
	reply_header(rq, "Access-Control-Expose-Headers",
		     "Link, Location, Replay-Nonce, Retry-After");
}

static void
log_request(const struct request *rq, int64_t took_us)
{
	const struct flow *f = rq->flow;
	bool failed = rq->reply.status >= 400;

	log_event(failed ? LOG_INFO : LOG_DEBUG, "request",
		  "s:I, s:s, s:s, s:i, s:s, s:s*, s:s*, s:s*, s:I", "flow", (json_int_t)f->number,
		  "method", rq->method, "path", rq->path, "status", rq->reply.status,
		  "address", rq->address, "account",
		  rq->account == NULL ? NULL : id_print(f->arena, &rq->account->id),
		  "problem", failed ? problem_name(f->problem.type) : NULL,
		  "detail", failed ? f->problem.detail : NULL,
		  "ms", (json_int_t)(took_us / 1000));
}

void
reply_send(struct request *rq)
{
	size_t route = rq->route == NULL ? ROUTE_OTHER : rq->route->name;
	int64_t took_us = clock_mono_us() - rq->began_us;

	common_headers(rq);
	log_request(rq, took_us);
	metric_add(&count_requests, route, count_code(rq->reply.status), 1);
	metric_observe(&count_request_seconds, route, 0, took_us);
	rq->send(rq);
}
