/* SPDX-License-Identifier: Apache-2.0 */
/* stage.h - what a test needs around a client: a folder of its own, a brevet that runs in
 * it, and a web server that answers http-01 (RFC 8555 section 8.3). */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A new folder under $TMPDIR, and its removal with all that is in it ($STAGE_KEEP: it
 * stays). */
char *stage_new(void);
void stage_free(char *dir);
bool stage_write(const char *dir, const char *file, const char *text);

/* A port of 127.0.0.1 that nobody listens on just now, nor will but this program. */
uint16_t port_free(void);
/* Listens on 127.0.0.1:*port (0: a free one); the socket, or -1. */
int port_listen(uint16_t *port);

/* The binary to test: $BREVET, or ./brevet. */
const char *stage_brevet(void);

struct server {
	char	*dir;
	char	 url[256];	/* of the directory */
	char	 root[512];	/* file of the root's certificate */
	char	 log[512];	/* file of its standard error, since the first start */
	char	 brevet[512];
	uint16_t port, http_port;	/* TLS; plain HTTP for CRLs */
	pid_t	 pid;		/* 0: it does not run */
};

/* brevet init in dir (made by it) with these settings ("workers=2", or an option of init:
 * "--key-type=p384"; NULL ends them), then serve.  Unless these say otherwise,
 * rate limits are off, and a validation that fails is not tried again.  NULL, with the
 * reason on standard error, when it never gets ready. */
struct server *server_begin(const char *brevet, const char *dir,
			    const char *const *settings);
/* Serves again in the same folder. */
bool server_again(struct server *s);
/* From now on its clock is so many seconds ahead of ours, also when it starts again; false:
 * this build cannot (it is made without --enable-faults). */
bool server_clock(const struct server *s, int64_t seconds);
/* From now on its clock shows about that second of its own ... */
bool server_clock_at(const struct server *s, int64_t second);
/* ... or that second begins just now, which is waited for. */
bool server_clock_begins(const struct server *s, int64_t second);
/* SIGKILL and wait. */
void server_kill(struct server *s);
/* SIGTERM and wait; its exit status, -1 when a signal ended it. */
int server_stop(struct server *s);
/* Stops it if it runs. */
void server_free(struct server *s);
/* A sanitizer's server takes several times the memory of the real one, for shadows and
 * quarantine: bounds are as many times larger in its builds. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STAGE_ROOM 5
#endif
#endif
#ifndef STAGE_ROOM
#define STAGE_ROOM 1
#endif

/* Its open descriptors; its resident memory in KiB; the milliseconds of CPU that it has had. */
int server_fds(const struct server *s);
long server_memory(const struct server *s);
long server_cpu(const struct server *s);
/* Member of the last line in the log with that event, as a number; -1: none.  from: the
 * log's size before. */
long server_event(const struct server *s, long from, const char *event, const char *member);
/* The same, when it may come a moment later than what a client sees of it; waits for it. */
long server_event_soon(const struct server *s, long from, const char *event, const char *member);
long server_log_size(const struct server *s);

struct responder;

/* Listens on 127.0.0.1:*port (0: a free one) and answers from its table; an answer waits
 * up to delay_ms, but three out of four only a sixteenth of it. */
struct responder *responder_start(uint16_t *port, unsigned delay_ms);
void responder_join(struct responder *r);
void responder_put(struct responder *r, const char *token, const char *text);
/* The same, answered after so many milliseconds. */
void responder_put_late(struct responder *r, const char *token, const char *text,
			unsigned ms);
/* The same, after so many requests whose connections were closed without an answer. */
void responder_put_after(struct responder *r, const char *token, const char *text,
			 unsigned failures);
/* Requests so far, and those for a token that has an answer. */
unsigned responder_hits(struct responder *r);
unsigned responder_asked(struct responder *r, const char *token);

#endif
