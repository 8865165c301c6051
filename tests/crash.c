/* SPDX-License-Identifier: Apache-2.0 */
/* crash.c - kill -9 under load.
 *
 * Clients with an account each issue certificates and keep their own log of what they sent
 * and what was acknowledged, in memory and, synced, in a file.  The server is killed at a
 * random moment and started again; then everything that it acknowledged must be there,
 * and what it was working on must reach its verdict.  One more client registers accounts
 * under a binding: each is there together with the use of the binding that it spent.
 *
 * Orders renew what was issued before, by `replaces`; some certificates live shortly, so that
 * clean-up runs and is killed too; and incidents are under way.  While the server
 * is down, its store is walked from end to end.
 *
 * $CRASH_ROUNDS (50), $CRASH_CLIENTS (8), $CRASH_SEED (of the random moments). */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash.h"

#define JUMP 60		/* seconds, to three times that: a brief life is over, or all of it */

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

/* A random moment; or, each third time, one at which a lot is over at once and is being deleted;
 * or right behind the start of an incident. */
static unsigned
wait_for_moment(struct crash *all, unsigned number, unsigned *seed)
{
	unsigned pause = 200 + (unsigned)rand_r(seed) % 1300;

	if (all->starting != NULL && rand_r(seed) % 2 == 0) {
		poll(&(struct pollfd){ .fd = fileno(all->starting), .events = POLLIN }, 1, 3000);
		usleep((unsigned)rand_r(seed) % 10 * 1000);
		return 0;
	}
	if (number % 3 != 0 || !all->clock) {
		usleep(pause * 1000);
		return pause;
	}
	pause /= 2;
	usleep(pause * 1000);
	atomic_fetch_add(&all->ahead, JUMP + rand_r(seed) % (2 * JUMP));
	server_clock(all->scene.server, atomic_load(&all->ahead));
	all->swept += crash_deletes(all, 1500);
	usleep((unsigned)(rand_r(seed) % 5 * (rand_r(seed) % 5)) * 1000);
	return pause;
}

/* What the killed server left; false, after a line that says why, when it is not whole. */
static bool
books_good(struct crash *all)
{
	struct arena *a = arena_new();
	const char *wrong = crash_books(a, all->scene.server->dir, crash_now(all), &all->books);

	if (wrong != NULL)
		printf("# the store: %s\n", wrong);
	arena_free(a);
	return wrong == NULL;
}

static unsigned
look_all(struct crash *all, bool everything)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < all->n; i++)
		bad += crash_look(all, &all->workers[i], everything);
	return bad + !crash_look_binding(all);
}

/* One kill; true when it hit unanswered requests and running jobs. */
static bool
round_of(struct crash *all, unsigned number, unsigned *seed, bool last)
{
	unsigned pause = wait_for_moment(all, number, seed), unanswered, bad = 0;
	long from = server_log_size(all->scene.server), jobs;
	bool up;

	server_kill(all->scene.server);
	unanswered = all_waiting(all);
	crash_incident_told(all);
	bad += !books_good(all);
	up = server_again(all->scene.server);
	jobs = up ? server_event(all->scene.server, from, "jobs resumed", "jobs") : -1;
	bad += up ? look_all(all, last) : 0;
	ok(up && bad == 0, "R-1 R-33 round %u: killed after %u ms with %u unanswered requests and "
	   "%ld running jobs; %u orders done, %zu certificates of which %zu wait for renewal; %u "
	   "objects are not as they should be", number, pause, unanswered, jobs, orders_done(all),
	   all->books.certs, all->books.open, bad);
	if (last || !up)
		atomic_store(&all->over, true);
	else if (number % 5 == 2 && all->clock && all->incidents + 2 < all->n)
		crash_incident_start(all, all->incidents);
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
worker_free(struct worker *w)
{
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

static void
load_join(struct crash *all)
{
	unsigned failed = 0, orders = 0, renewed = 0, untold = 0, ended[FATES] = { 0 };

	for (unsigned i = 0; i < all->n; i++) {
		struct worker *w = &all->workers[i];

		pthread_join(w->thread, NULL);
		failed += w->failed;
		orders += w->done;
		renewed += w->renewed;
		untold += w->untold;
		for (int k = 0; k < FATES; k++)
			ended[k] += w->ended[k];
	}
	ok(failed == 0 && orders > 0, "%u orders were issued, %u failed", orders, failed);
	ok(renewed > 0 && all->again > 0, "%u orders renewed by \"replaces\", %u second ones were "
	   "asked for", renewed, all->again);
	printf("# %u renewals were made, but never told of; %u orders were given up, %u left "
	       "alone\n", untold, ended[GIVEN_UP], ended[LEFT]);
	ok(all->workers[all->n - 1].registered > 0, "A-12 %u bound accounts were registered",
	   all->workers[all->n - 1].registered);
}

/* What is under way comes to its end. */
static void
end_all(struct crash *all, unsigned rounds)
{
	struct arena *a = arena_new();
	const char *wrong;
	bool good;

	if (!all->clock) {
		tap_skip("R-33 clean-up and incidents under way", "needs --enable-faults");
	} else {
		wrong = crash_incidents_end(all, a);
		ok(wrong == NULL, "A-24 incidents come to their end: %s",
		   wrong == NULL ? "all is revoked" : wrong);
		ok(all->swept * 4 >= rounds / 3, "R-33 %u kills hit clean-up or revocations",
		   all->swept);
	}
	ok(server_stop(all->scene.server) == 0, "the server ends with status 0");
	good = books_good(all);
	ok(good, "the store is whole: %zu certificates, %zu renewals, %zu of them open, %zu "
	   "with a window that has begun, %zu revoked", all->books.certs, all->books.renewals,
	   all->books.open, all->books.begun, all->books.revoked);
	arena_free(a);
}

/* Few things live for long. */
static bool
begin(struct crash *all)
{
	/* an RSA issuer signs long enough to be killed at it */
	static const char *const settings[] = {
		"--key-type=rsa4096", "directory.default.eab=optional",
		"profile." BRIEF ".lifetime=" FLAT(BRIEF_LIFE) "s", "profile." BRIEF ".backdate=0s",
		"order.lifetime=" FLAT(ORDER_LIFE) "s", "order.authz_lifetime=15m",
		"retention.orders=" FLAT(RETENTION) "s",
		"retention.certificates=" FLAT(RETENTION) "s", "retention.every=1s",
		"retention.doubt=0s", NULL
	};

	if (!scene_begin(&all->scene, 300, settings))
		return false;
	all->clock = server_clock(all->scene.server, 0);
	all->binding = eab_add(all->scene.server, "--uses unlimited");
	return true;
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
	if (!begin(&all))
		return 1;
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
		printf("# looked at: %zu of %s, %zu of them gone\n", all.looked[i], kind_names[i],
		       all.gone[i]);
	end_all(&all, rounds);
	for (unsigned i = 0; i < all.n; i++)
		worker_free(&all.workers[i]);
	for (size_t i = 0; i < all.nserial; i++)
		free(all.serials[i]);
	free(all.serials);
	close(all.log);
	scene_end(&all.scene);
	return tap_done();
}
