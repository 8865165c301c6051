/* SPDX-License-Identifier: Apache-2.0 */
/* lane.c - the inbox of a thread. */
#include "base/lane.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct lane {
	pthread_mutex_t	 mutex;
	pthread_cond_t	 filled;
	struct letter	*first, **last;
	size_t		 length;
	bool		 closed;
	int		 fd;
};

struct lane *
lane_new(int fd)
{
	struct lane *l = calloc(1, sizeof(*l));

	if (l == NULL)
		abort();
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->filled, NULL);
	l->last = &l->first;
	l->fd = fd ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : -1;
	if (fd && l->fd < 0)
		abort();
	return l;
}

void
lane_free(struct lane *l)
{
	if (l->fd >= 0)
		close(l->fd);
	pthread_cond_destroy(&l->filled);
	pthread_mutex_destroy(&l->mutex);
	free(l);
}

void
lane_send(struct lane *l, struct letter *letter)
{
	bool was_empty;

	letter->next = NULL;
	pthread_mutex_lock(&l->mutex);
	was_empty = l->first == NULL;
	*l->last = letter;
	l->last = &letter->next;
	l->length++;
	if (l->fd < 0)
		pthread_cond_signal(&l->filled);
	pthread_mutex_unlock(&l->mutex);
	if (was_empty && l->fd >= 0) {
		uint64_t one = 1;

		if (write(l->fd, &one, sizeof(one)) != sizeof(one))
			abort();
	}
}

/* The mutex is held. */
static struct letter *
take(struct lane *l)
{
	struct letter *first = l->first;

	l->first = NULL;
	l->last = &l->first;
	l->length = 0;
	return first;
}

struct letter *
lane_take(struct lane *l)
{
	struct letter *first;
	uint64_t count;

	if (l->fd >= 0 && read(l->fd, &count, sizeof(count)) < 0)
		count = 0;	/* nothing was written since: fine */
	pthread_mutex_lock(&l->mutex);
	first = take(l);
	pthread_mutex_unlock(&l->mutex);
	return first;
}

struct letter *
lane_wait(struct lane *l)
{
	struct letter *first;

	pthread_mutex_lock(&l->mutex);
	while (l->first == NULL && !l->closed)
		pthread_cond_wait(&l->filled, &l->mutex);
	first = take(l);
	pthread_mutex_unlock(&l->mutex);
	return first;
}

struct letter *
lane_wait_one(struct lane *l)
{
	struct letter *first;

	pthread_mutex_lock(&l->mutex);
	while (l->first == NULL && !l->closed)
		pthread_cond_wait(&l->filled, &l->mutex);
	first = l->first;
	if (first != NULL) {
		l->first = first->next;
		if (l->first == NULL)
			l->last = &l->first;
		l->length--;
		first->next = NULL;
	}
	pthread_mutex_unlock(&l->mutex);
	return first;
}

void
lane_close(struct lane *l)
{
	pthread_mutex_lock(&l->mutex);
	l->closed = true;
	pthread_cond_broadcast(&l->filled);
	pthread_mutex_unlock(&l->mutex);
}

size_t
lane_length(struct lane *l)
{
	size_t n;

	pthread_mutex_lock(&l->mutex);
	n = l->length;
	pthread_mutex_unlock(&l->mutex);
	return n;
}

int
lane_fd(const struct lane *l)
{
	return l->fd;
}
