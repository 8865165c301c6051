/* SPDX-License-Identifier: Apache-2.0 */
/* nonce.c - replay nonces without a row for each (RFC 8555 section 6.5).
 *
 * A nonce is a counter that nobody else can make: base64url of
 *
 *	counter (8 octets) | seconds since 1970 (4) | AES-128-GCM tag (16)
 *
 * where the first twelve are the GCM's IV and the tag covers the number of the directory
 * that it was given out for, which alone takes it back (a tag made for a look at a nonce
 * never leaves the process: two of one IV would tell the key).
 *
 * Spent ones are bits in segments of 65,536 counters, made when the first nonce of a segment
 * is spent; so a flood of newNonce costs no memory and pushes nobody out.  A segment whose
 * nonces are all too old is dropped, the oldest also when there are more than SEGMENTS.
 *
 * The file of a clean stop: magic, key, counter, then each segment (number, newest time,
 * bits).  Integers are in the machine's order: the file never leaves it. */
#include "acme/nonce.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acme/acme.h"
#include "acme/count.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"

#define IV	 12
#define TAG	 16
#define SPAN	 65536u
#define WORDS	 (SPAN / 64)
#define SEGMENTS 8192u		/* 64 MiB of bits */
#define GRACE	 60		/* seconds after which nobody still looks at a segment */
#define MAGIC	 "brevet nonces 1"

struct segment {
	uint64_t		number;		/* its counters: number * SPAN ... */
	_Atomic uint32_t	newest;		/* time in the newest nonce spent here */
	_Atomic uint64_t	spent[WORDS];
};

static struct {
	uint8_t			 key[16];
	_Atomic uint64_t	 counter;
	_Atomic(struct segment *) segments[SEGMENTS];	/* by number % SEGMENTS */
} nonces;

static pthread_key_t sealer_key;
static pthread_once_t sealer_once = PTHREAD_ONCE_INIT;

/* Each thread's cipher context, keyed; freed when the thread ends. */
struct sealer {
	EVP_CIPHER_CTX	*ctx;
	uint8_t		 key[16];
};

static void
sealer_free(void *arg)
{
	struct sealer *s = arg;

	EVP_CIPHER_CTX_free(s->ctx);
	free(s);
}

static void
sealer_init(void)
{
	if (pthread_key_create(&sealer_key, sealer_free) != 0)
		abort();
}

static EVP_CIPHER_CTX *
sealer(void)
{
	struct sealer *s;

	pthread_once(&sealer_once, sealer_init);
	s = pthread_getspecific(sealer_key);
	if (s == NULL) {
		s = calloc(1, sizeof(*s));
		if (s == NULL || (s->ctx = EVP_CIPHER_CTX_new()) == NULL ||
		    pthread_setspecific(sealer_key, s) != 0)
			abort();
	} else if (memcmp(s->key, nonces.key, sizeof(s->key)) == 0) {
		return s->ctx;
	}
	memcpy(s->key, nonces.key, sizeof(s->key));
	if (EVP_EncryptInit_ex(s->ctx, EVP_aes_128_gcm(), NULL, s->key, NULL) != 1)
		abort();
	return s->ctx;
}

/* The tag of an IV and a directory under the process's key. */
static void
seal(const uint8_t iv[IV], uint32_t directory, uint8_t tag[TAG])
{
	EVP_CIPHER_CTX *ctx = sealer();
	uint8_t for_whom[sizeof(directory)];
	int n;

	memcpy(for_whom, &directory, sizeof(directory));
	if (EVP_EncryptInit_ex(ctx, NULL, NULL, NULL, iv) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &n, for_whom, sizeof(for_whom)) != 1 ||
	    EVP_EncryptFinal_ex(ctx, tag, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, tag) != 1)
		abort();
}

const char *
nonce_new(struct arena *a, uint32_t directory)
{
	uint8_t raw[IV + TAG];
	uint64_t counter = atomic_fetch_add_explicit(&nonces.counter, 1, memory_order_relaxed);
	uint32_t now = (uint32_t)clock_now();

	metric_add(&count_nonces, NONCE_ISSUED, 0, 1);
	memcpy(raw, &counter, 8);
	memcpy(raw + 8, &now, 4);
	seal(raw, directory, raw + IV);
	return b64_print(a, raw, sizeof(raw));
}

/* Drops a segment if all its nonces are too old.  Who looks at a segment has found its
 * nonce young enough before; GRACE is far more than it looks for. */
static void
segment_drop_old(struct segment *s, unsigned slot, uint32_t now)
{
	if (s != NULL && atomic_load(&s->newest) + NONCE_LIFE + GRACE < now &&
	    atomic_compare_exchange_strong(&nonces.segments[slot], &s, NULL))
		free(s);
}

/* The segment of a counter, made when it is missing; NULL: the counter is older than
 * what its slot holds. */
static struct segment *
segment_of(uint64_t number, uint32_t now)
{
	unsigned slot = (unsigned)(number % SEGMENTS);
	struct segment *s = atomic_load(&nonces.segments[slot]), *fresh;

	if (s != NULL && s->number == number)
		return s;
	if (s != NULL && s->number > number)
		return NULL;
	for (unsigned i = 0; i < SEGMENTS; i++)
		segment_drop_old(atomic_load(&nonces.segments[i]), i, now);
	fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL)
		abort();
	fresh->number = number;
	atomic_store(&fresh->newest, now);
	s = atomic_load(&nonces.segments[slot]);
	if (s != NULL && s->number < number) {
		/* More than SEGMENTS are alive: this one's nonces end early.  It is left to
		 * itself, not freed: somebody may look at it just now. */
		log_event(LOG_WARN, "nonces dropped", "s:I", "segment", (json_int_t)s->number);
	}
	if ((s == NULL || s->number < number) &&
	    atomic_compare_exchange_strong(&nonces.segments[slot], &s, fresh))
		return fresh;
	free(fresh);	/* another thread was faster */
	return s->number == number ? s : NULL;
}

static bool
bad(struct problem *p, enum count_nonce result, const char *why)
{
	metric_add(&count_nonces, result, 0, 1);
	/* acme.sh looks for these words. */
	return problem(p, PROBLEM_BAD_NONCE, "JWS has an invalid anti-replay nonce: %s; "
		       "use the one of this reply", why);
}

bool
nonce_redeem(const char *text, size_t len, uint32_t directory, struct problem *p)
{
	uint8_t raw[IV + TAG], tag[TAG];
	uint64_t counter, bit;
	uint32_t made, now = (uint32_t)clock_now();
	struct segment *s;

	if (b64_decode(text, len, raw, sizeof(raw)) != (ssize_t)sizeof(raw)) {
		struct arena *a = arena_new();
		const char *why = NULL;
		bool text_ok = len > 0 && b64_parse(a, text, len, &why).data != NULL;

		if (text_ok) {
			bad(p, NONCE_FOREIGN, "it is not one of this server's");
		} else {
			metric_add(&count_nonces, NONCE_MALFORMED, 0, 1);
			problem(p, PROBLEM_MALFORMED, "\"nonce\" %s",
				len == 0 ? "is empty" : why);
		}
		arena_free(a);
		return false;
	}
	seal(raw, directory, tag);
	if (CRYPTO_memcmp(tag, raw + IV, TAG) != 0)
		return bad(p, NONCE_FOREIGN, "it is not one of this server's");
	memcpy(&counter, raw, 8);
	memcpy(&made, raw + 8, 4);
	if (now > made && now - made > NONCE_LIFE)
		return bad(p, NONCE_OLD, "it is too old");
	s = segment_of(counter / SPAN, now);
	if (s == NULL)
		return bad(p, NONCE_OLD, "it is too old");
	if (made > atomic_load(&s->newest))
		atomic_store(&s->newest, made);
	bit = (uint64_t)1 << counter % 64;
	if ((atomic_fetch_or(&s->spent[counter % SPAN / 64], bit) & bit) != 0)
		return bad(p, NONCE_REUSED, "it was used before");
	metric_add(&count_nonces, NONCE_REDEEMED, 0, 1);
	return true;
}

void
nonce_reset(void)
{
	for (unsigned i = 0; i < SEGMENTS; i++)
		free(atomic_exchange(&nonces.segments[i], NULL));
	rand_bytes(nonces.key, sizeof(nonces.key));
	atomic_store(&nonces.counter, 0);
}

static bool
read_state(FILE *f)
{
	char magic[sizeof(MAGIC)];
	uint64_t counter;
	struct segment *s;

	if (fread(magic, sizeof(magic), 1, f) != 1 || memcmp(magic, MAGIC, sizeof(magic)) != 0 ||
	    fread(nonces.key, sizeof(nonces.key), 1, f) != 1 ||
	    fread(&counter, sizeof(counter), 1, f) != 1)
		return false;
	atomic_store(&nonces.counter, counter);
	for (;;) {
		s = calloc(1, sizeof(*s));
		if (s == NULL)
			abort();
		if (fread(s, sizeof(*s), 1, f) != 1)
			break;
		atomic_store(&nonces.segments[s->number % SEGMENTS], s);
	}
	free(s);
	return feof(f) != 0;
}

void
nonce_open(const char *file)
{
	FILE *f = fopen(file, "re");
	bool good = false;

	nonce_reset();
	if (f == NULL)
		return;
	good = read_state(f);
	fclose(f);
	/* From here on, a crash must not find it: what is spent now would count again. */
	if (unlink(file) != 0 || !good) {
		nonce_reset();
		log_event(LOG_WARN, "nonces not restored", "s:s", "file", file);
	}
}

bool
nonce_close(const char *file)
{
	char temporary[4096];
	uint64_t counter = atomic_load(&nonces.counter);
	FILE *f;
	bool good;
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.new", file);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || (f = fdopen(fd, "w")) == NULL)
		return false;
	good = fwrite(MAGIC, sizeof(MAGIC), 1, f) == 1 &&
	       fwrite(nonces.key, sizeof(nonces.key), 1, f) == 1 &&
	       fwrite(&counter, sizeof(counter), 1, f) == 1;
	for (unsigned i = 0; i < SEGMENTS && good; i++) {
		struct segment *s = atomic_load(&nonces.segments[i]);

		good = s == NULL || fwrite(s, sizeof(*s), 1, f) == 1;
	}
	good = good && fflush(f) == 0 && fsync(fd) == 0;
	good = fclose(f) == 0 && good;
	nonce_reset();
	return good && rename(temporary, file) == 0;
}
