/* SPDX-License-Identifier: Apache-2.0 */
/* fake_hook.h - a webhook's HTTPS server on loopback, good or bad as a test wants it; a thread
 * for each connection, which may carry several questions. */
#ifndef TESTS_FAKE_HOOK_H
#define TESTS_FAKE_HOOK_H

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOOK_HOST "hook.example.test"

enum hook_how {
	HOOK_SAYS,	/* text, as it stands; the connection stays if the text lets it */
	HOOK_STALLS,	/* nothing, until the server stops */
	HOOK_DRIPS,	/* text, an octet each 100 ms */
	HOOK_ENDLESS,	/* text, then 'x' for ever */
	HOOK_HANGS_UP,	/* nothing */
	HOOK_GATHERS	/* text, once so many questions are there as more says, or after 5 s */
};

/* What all questions get from now on; lives as long as the server. */
struct hook_plan {
	enum hook_how	 how;
	const char	*text;		/* head and body */
	unsigned	 more;
};

/* A CA of the test's own, and what it signs. */
struct hook_ca {
	EVP_PKEY	*key;
	X509		*cert;
};
struct hook_ca hook_ca_new(const char *name, const char *pem_file);
void hook_ca_free(struct hook_ca *ca);

enum hook_cert {
	HOOK_GOOD,		/* for HOOK_HOST, two.example.test and 127.0.0.1 */
	HOOK_OTHER_NAME,
	HOOK_EXPIRED,
	HOOK_PLAIN		/* no TLS at all */
};

struct fake_hook;

struct fake_hook *fake_hook_start(const struct hook_ca *ca, enum hook_cert cert,
				  const char *secret);
uint16_t fake_hook_port(const struct fake_hook *h);
void fake_hook_plan(struct fake_hook *h, const struct hook_plan *plan);
/* Ends what is being served, too. */
void fake_hook_stop(struct fake_hook *h);

/* Questions, connections and questions in hand at the same time, so far. */
unsigned fake_hook_questions(struct fake_hook *h);
unsigned fake_hook_connections(struct fake_hook *h);
unsigned fake_hook_most(struct fake_hook *h);

/* Of the last question: was it signed with the secret, just now; was it not when an octet of
 * the body, the timestamp or the secret was another; its head; its body, which the caller
 * owns. */
bool fake_hook_signed(struct fake_hook *h);
bool fake_hook_tampered(struct fake_hook *h);
bool fake_hook_head(struct fake_hook *h, const char *line);
json_t *fake_hook_body(struct fake_hook *h);

#endif
