/* SPDX-License-Identifier: Apache-2.0 */
/* test_nonce.c - replay nonces (J-12): single use on all threads, life, clean restart. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/acme.h"
#include "acme/nonce.h"
#include "base/clock.h"
#include "tests/tap.h"

#define THREADS 8
#define EACH	2000

static struct arena *a;
static const char *shared;
static atomic_int wins;

static bool
redeem(const char *text, enum problem_type *type)
{
	struct problem p = { 0 };
	bool good = nonce_redeem(text, strlen(text), 1, &p);

	if (type != NULL)
		*type = p.type;
	return good;
}

static void *
race(void *arg)
{
	struct arena *mine = arena_new();
	int *good = arg;

	if (redeem(shared, NULL))
		atomic_fetch_add(&wins, 1);
	for (int i = 0; i < EACH; i++)
		*good += redeem(nonce_new(mine, 1), NULL);
	arena_free(mine);
	return NULL;
}

static void
test_threads(void)
{
	pthread_t threads[THREADS];
	int good[THREADS] = { 0 }, sum = 0;

	shared = nonce_new(a, 1);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, race, &good[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += good[i];
	}
	ok(atomic_load(&wins) == 1, "J-12 one of %d threads wins the same nonce", THREADS);
	ok(sum == THREADS * EACH, "J-12 all others are good once");
}

static void
test_forms(void)
{
	enum problem_type type;
	char *text = arena_strdup(a, nonce_new(a, 1));
	size_t n = strlen(text);

	ok(redeem(text, NULL), "J-12 a fresh nonce is good");
	ok(!redeem(text, &type) && type == PROBLEM_BAD_NONCE, "J-12 and only once");
	text = arena_strdup(a, nonce_new(a, 1));
	text[30] = text[30] == 'A' ? 'B' : 'A';
	ok(!redeem(text, &type) && type == PROBLEM_BAD_NONCE, "J-12 a changed one");
	ok(!redeem("Zm9v", &type) && type == PROBLEM_BAD_NONCE, "J-12 one of somebody else");
	ok(!redeem("", &type) && type == PROBLEM_MALFORMED, "J-12 an empty one");
	ok(!redeem("Zm9v=", &type) && type == PROBLEM_MALFORMED, "J-12 a padded one");
	text = arena_strdup(a, nonce_new(a, 1));
	for (int spare = 1; spare < 4; spare++) {
		/* The last character has spare bits: other spellings of the same value. */
		char *other = arena_strdup(a, text);
		const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";

		other[n - 1] = alphabet[(strchr(alphabet, text[n - 1]) - alphabet) + spare];
		ok(!redeem(other, &type) && type == PROBLEM_MALFORMED,
		   "J-12 spelling %d of the same value", spare);
	}
	ok(redeem(text, NULL), "J-12 the right spelling is still good");
}

static void
test_life(void)
{
	enum problem_type type;
	const char *young = nonce_new(a, 1), *old = nonce_new(a, 1);

	clock_shift(NONCE_LIFE - 5);
	ok(redeem(young, NULL), "J-12 good for nearly 12 h");
	clock_shift(NONCE_LIFE + 5);
	ok(!redeem(old, &type) && type == PROBLEM_BAD_NONCE, "J-12 and not longer");
	clock_shift(0);
}

static void
test_restart(void)
{
	char dir[] = "/tmp/nonceXXXXXX", file[60];
	const char *spent, *kept, *crashed;
	struct stat st;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(file, sizeof(file), "%s/nonces", dir);
	nonce_open(file);
	spent = nonce_new(a, 1);
	kept = nonce_new(a, 1);
	redeem(spent, NULL);
	ok(nonce_close(file), "the state is saved at a clean stop");
	ok(stat(file, &st) == 0 && (st.st_mode & 077) == 0, "for nobody else's eyes");
	ok(!redeem(kept, NULL), "nothing is good while the server is down");
	nonce_open(file);
	ok(access(file, F_OK) != 0, "the file is removed at start: a crash finds none");
	ok(!redeem(spent, NULL), "J-12 T12 what was spent stays spent");
	ok(redeem(kept, NULL), "J-12 what was not is good after a clean restart");
	crashed = nonce_new(a, 1);
	nonce_open(file);
	ok(!redeem(crashed, NULL), "J-12 after a crash none is good");
	if (truncate(file, 0) == 0 || nonce_close(file))
		ok(truncate(file, 20) == 0, "a file that was cut off");
	nonce_open(file);
	ok(redeem(nonce_new(a, 1), NULL), "is no reason not to start");
	unlink(file);
	rmdir(dir);
}

int
main(void)
{
	a = arena_new();
	nonce_reset();
	test_forms();
	test_life();
	test_threads();
	test_restart();
	nonce_reset();
	arena_free(a);
	return tap_done();
}
