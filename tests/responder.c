/* SPDX-License-Identifier: Apache-2.0 */
/* responder.c - a web server that answers http-01, in threads of the test's process. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/stage.h"

#define THREADS	 32		/* answers that may be delayed side by side */
#define BUCKETS	 4096
#define WELL_KNOWN "/.well-known/acme-challenge/"

struct entry {
	struct entry	*next;
	char		*token, *text;
	unsigned	 late_ms, failures;
	atomic_uint	 asked;
};

struct responder {
	int		 fd;
	unsigned	 delay_ms;
	pthread_t	 threads[THREADS];
	pthread_mutex_t	 mutex;		/* of the table */
	struct entry	*table[BUCKETS];
	atomic_uint	 hits, seed;
};

static struct entry **
bucket(struct responder *r, const char *token)
{
	unsigned h = 5381;

	for (; *token != '\0'; token++)
		h = h * 33 + (unsigned char)*token;
	return &r->table[h % BUCKETS];
}

static void
put(struct responder *r, const char *token, const char *text, unsigned ms, unsigned failures)
{
	struct entry *e = calloc(1, sizeof(*e)), **b = bucket(r, token);

	if (e == NULL || (e->token = strdup(token)) == NULL || (e->text = strdup(text)) == NULL)
		abort();
	e->late_ms = ms;
	e->failures = failures;
	pthread_mutex_lock(&r->mutex);
	e->next = *b;
	*b = e;
	pthread_mutex_unlock(&r->mutex);
}

void
responder_put(struct responder *r, const char *token, const char *text)
{
	put(r, token, text, 0, 0);
}

void
responder_put_late(struct responder *r, const char *token, const char *text, unsigned ms)
{
	put(r, token, text, ms, 0);
}

void
responder_put_after(struct responder *r, const char *token, const char *text, unsigned failures)
{
	put(r, token, text, 0, failures);
}

/* Entries live as long as the responder, and only count. */
static struct entry *
find(struct responder *r, const char *token)
{
	struct entry *e;

	pthread_mutex_lock(&r->mutex);
	for (e = *bucket(r, token); e != NULL && strcmp(e->token, token) != 0; e = e->next)
		;
	pthread_mutex_unlock(&r->mutex);
	return e;
}

static void
answer(struct responder *r, int fd)
{
	char head[4096] = "", token[256], out[1024];
	struct entry *e = NULL;
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(head) - 1 && strstr(head, "\r\n\r\n") == NULL) {
		got = read(fd, head + n, sizeof(head) - 1 - n);
		if (got <= 0)
			return;
		n += (size_t)got;
		head[n] = '\0';
	}
	if (r->delay_ms > 0) {
		unsigned random = atomic_fetch_add(&r->seed, 1) * 2654435761u >> 8;
		unsigned us = random % (r->delay_ms * 1000 + 1);

		usleep(random / 7 % 4 == 0 ? us : us / 16);
	}
	if (sscanf(head, "GET " WELL_KNOWN "%255[A-Za-z0-9_-] ", token) == 1)
		e = find(r, token);
	if (e != NULL && atomic_fetch_add(&e->asked, 1) < e->failures)
		return;
	if (e != NULL && e->late_ms > 0)
		usleep(e->late_ms * 1000);
	n = (size_t)snprintf(out, sizeof(out), "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
			     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			     e == NULL ? "404 Not Found" : "200 OK",
			     e == NULL ? 0 : strlen(e->text), e == NULL ? "" : e->text);
	if (send(fd, out, n, MSG_NOSIGNAL) != (ssize_t)n)
		return;
	shutdown(fd, SHUT_WR);
	while (read(fd, out, sizeof(out)) > 0)
		;
}

static void *
serve(void *arg)
{
	struct responder *r = arg;
	struct timeval patience = { .tv_sec = 5 };
	int fd;

	while ((fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		atomic_fetch_add(&r->hits, 1);
		answer(r, fd);
		close(fd);
	}
	return NULL;
}

struct responder *
responder_start(uint16_t *port, unsigned delay_ms)
{
	struct responder *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->delay_ms = delay_ms;
	pthread_mutex_init(&r->mutex, NULL);
	r->fd = port_listen(port);
	if (r->fd < 0) {
		fprintf(stderr, "# port %u is taken\n", *port);
		abort();
	}
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&r->threads[i], NULL, serve, r) != 0)
			abort();
	return r;
}

void
responder_join(struct responder *r)
{
	if (r == NULL)
		return;
	shutdown(r->fd, SHUT_RDWR);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(r->threads[i], NULL);
	close(r->fd);
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry *e = r->table[i], *next; e != NULL; e = next) {
			next = e->next;
			free(e->token);
			free(e->text);
			free(e);
		}
	pthread_mutex_destroy(&r->mutex);
	free(r);
}

unsigned
responder_hits(struct responder *r)
{
	return atomic_load(&r->hits);
}

unsigned
responder_asked(struct responder *r, const char *token)
{
	struct entry *e = find(r, token);

	return e == NULL ? 0 : atomic_load(&e->asked);
}
