/* SPDX-License-Identifier: Apache-2.0 */
/* crash.c - kill -9 under load.
 *
 * Clients with an account each issue certificates and keep their own log of what they sent
 * and what was acknowledged, in memory and, synced, in a file.  The server is killed at a
 * random moment and started again; then everything that it acknowledged must be there,
 * and what it was working on must reach its verdict.  One more client registers accounts
 * under a binding: each is there together with the use of the binding that it spent.
 *
 * $CRASH_ROUNDS (50), $CRASH_CLIENTS (8), $CRASH_SEED (of the random moments). */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash.h"

static unsigned
all_waiting(struct crash *all)
{
	unsigned unanswered = 0;

	pthread_mutex_lock(&all->mutex);
	while (all->waiting < all->n)
		pthread_cond_wait(&all->changed, &all->mutex);
	for (unsigned i = 0; i < all->n; i++)
		unanswered += all->workers[i].unanswered;
	pthread_mutex_unlock(&all->mutex);
	return unanswered;
}

static void
open_gate(struct crash *all)
{
	pthread_mutex_lock(&all->mutex);
	all->epoch++;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
}

static unsigned
orders_done(const struct crash *all)
{
	unsigned done = 0;

	for (unsigned i = 0; i < all->n; i++)
		done += all->workers[i].done;
	return done;
}

/* One kill; true when it hit unanswered requests and running jobs. */
static bool
round_of(struct crash *all, unsigned number, unsigned *seed, bool last)
{
	unsigned pause = 200 + (unsigned)rand_r(seed) % 1300, unanswered, bad = 0;
	long from = server_log_size(all->scene.server), jobs;
	bool up;

	usleep(pause * 1000);
	server_kill(all->scene.server);
	unanswered = all_waiting(all);
	up = server_again(all->scene.server);
	jobs = up ? server_event(all->scene.server, from, "jobs resumed", "jobs") : -1;
	for (unsigned i = 0; i < all->n && up; i++)
		bad += crash_look(all, &all->workers[i], last);
	bad += up && !crash_look_binding(all);
	ok(up && bad == 0, "R-1 round %u: killed after %u ms with %u unanswered requests and %ld "
	   "running jobs; %u orders done; %u objects are not as they should be", number, pause,
	   unanswered, jobs, orders_done(all), bad);
	if (last || !up)
		atomic_store(&all->over, true);
	open_gate(all);
	return unanswered > 0 && jobs > 0;
}

static unsigned
number_of(const char *name, unsigned otherwise)
{
	const char *value = getenv(name);

	return value == NULL ? otherwise : (unsigned)strtoul(value, NULL, 10);
}

static void
load_start(struct crash *all, unsigned seed)
{
	for (unsigned i = 0; i < all->n; i++) {
		struct worker *w = &all->workers[i];

		w->all = all;
		w->number = i;
		w->seed = seed + i;
		w->registers = i == all->n - 1;
		w->c = client_open(all->scene.server->url, all->scene.server->root);
		w->c->key = key_new("ES256");
		w->c->once = true;
		if (pthread_create(&w->thread, NULL, crash_work, w) != 0)
			abort();
	}
}

static void
load_join(struct crash *all)
{
	unsigned failed = 0, orders = 0;

	for (unsigned i = 0; i < all->n; i++) {
		struct worker *w = &all->workers[i];

		pthread_join(w->thread, NULL);
		failed += w->failed;
		orders += w->done;
		if (*w->c->fault != '\0')
			printf("# %s\n", w->c->fault);
		crash_order_done(w, true);
		client_close(w->c);
		for (struct item *item = w->items, *next; item != NULL; item = next) {
			next = item->next;
			free(item->url);
			free(item->text);
			EVP_PKEY_free(item->key);
			free(item);
		}
	}
	ok(failed == 0 && orders > 0, "%u orders were issued, %u failed", orders, failed);
	ok(all->workers[all->n - 1].registered > 0, "A-12 %u bound accounts were registered",
	   all->workers[all->n - 1].registered);
}

int
main(void)
{
	static struct crash all = { .mutex = PTHREAD_MUTEX_INITIALIZER,
				    .changed = PTHREAD_COND_INITIALIZER };
	unsigned rounds = number_of("CRASH_ROUNDS", 50), hit = 0;
	unsigned seed = number_of("CRASH_SEED", (unsigned)time(NULL));
	char log[512];

	all.n = number_of("CRASH_CLIENTS", 8) + 1;
	all.n = all.n > CLIENTS_MAX ? CLIENTS_MAX : all.n;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("# seed %u\n", seed);
	/* an RSA issuer signs long enough to be killed at it */
	if (!scene_begin(&all.scene, 300, (const char *const[]){ "--key-type=rsa4096",
			 "directory.default.eab=optional", NULL }))
		return 1;
	all.binding = eab_add(all.scene.server, "--uses unlimited");
	snprintf(log, sizeof(log), "%s/clients.log", all.scene.dir);
	all.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_DSYNC | O_CLOEXEC, 0600);
	if (all.log < 0)
		abort();
	load_start(&all, seed);
	for (unsigned i = 1; i <= rounds && !atomic_load(&all.over); i++)
		hit += round_of(&all, i, &seed, i == rounds);
	load_join(&all);
	ok(hit * 10 >= rounds * 8, "%u of %u kills hit unanswered requests and running jobs", hit,
	   rounds);
	for (int i = 0; i < KINDS; i++)
		printf("# looked at: %zu of %s\n", all.looked[i], kind_names[i]);
	ok(server_stop(all.scene.server) == 0, "the server ends with status 0");
	for (size_t i = 0; i < all.nserial; i++)
		free(all.serials[i]);
	free(all.serials);
	close(all.log);
	scene_end(&all.scene);
	return tap_done();
}
