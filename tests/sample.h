/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - records to be stored by tests: as large as they get, or small. */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "store/store.h"

#define SAMPLE __attribute__((unused)) static

/* An id, serial or hash that is n all over. */
SAMPLE struct id
sample_id(unsigned n)
{
	struct id id;

	memset(id.b, 0, sizeof(id.b));
	for (int i = 0; i < 4; i++)
		id.b[ID_LEN - 1 - i] = (uint8_t)(n >> 8 * i);
	return id;
}

SAMPLE struct serial
sample_serial(unsigned n)
{
	struct serial serial;

	memset(serial.b, 0, sizeof(serial.b));
	for (int i = 0; i < 4; i++)
		serial.b[SERIAL_LEN - 1 - i] = (uint8_t)(n >> 8 * i);
	return serial;
}

SAMPLE const char *
sample_text(struct arena *a, size_t len, char c)
{
	char *s = arena_alloc(a, len + 1);

	return memset(s, c, len);
}

SAMPLE struct blob
sample_blob(struct arena *a, size_t len)
{
	uint8_t *b = arena_alloc(a, len);

	for (size_t i = 0; i < len; i++)
		b[i] = (uint8_t)(i * 7);
	return (struct blob){ b, len };
}

SAMPLE struct scope
sample_scope(void)
{
	return (struct scope){ 1, 2, 0x01020304, sample_id(77) };
}

SAMPLE struct account
sample_account(struct arena *a, unsigned n)
{
	static const char *contact[] = { "mailto:a@example.org", "mailto:b@example.org" };
	struct account account = {
		.id = sample_id(n), .scope = { .directory = 1 }, .state = ACCOUNT_VALID,
		.jwk = "{\"crv\":\"P-256\"}", .contact = contact, .ncontact = 2,
		.created = 1000, .agreed = 1001, .agent = "test", .address = "192.0.2.1"
	};

	(void)a;
	memcpy(account.thumbprint, account.id.b, sizeof(account.id.b));
	return account;
}

/* An order for n names; 253 octets each when long. */
SAMPLE struct order
sample_order(struct arena *a, unsigned n, size_t nident, bool longest)
{
	struct order order = {
		.id = sample_id(n), .account = sample_id(1), .scope = sample_scope(),
		.state = ORDER_PENDING, .created = 1000, .expires = 2000,
		.nident = nident, .nauthz = nident
	};

	order.idents = arena_alloc(a, nident * sizeof(order.idents[0]));
	order.authz = arena_alloc(a, nident * sizeof(order.authz[0]));
	for (size_t i = 0; i < nident; i++) {
		char *value = longest ? (char *)sample_text(a, IDENT_DNS_MAX, 'x') :
			      arena_printf(a, "name%zu.example", i);

		order.authz[i] = sample_id(n + (unsigned)i);
		order.idents[i] = (struct ident){ IDENT_DNS, i & 1, value, value };
		if (i == 0 && longest)
			order.idents[i].shown = sample_text(a, IDENT_DNS_MAX, 'X');
	}
	if (longest) {
		order.not_before = 1500;
		order.not_after = INT64_MAX;
		order.error = sample_text(a, 70000, 'e');
		order.has_csr = true;
		memset(order.csr_hash, 0xcc, sizeof(order.csr_hash));
		order.spki = sample_blob(a, 1100);
		order.serial = sample_serial(n);
		order.replaces = sample_text(a, 70, 'r');
		order.replaced = sample_serial(n + 1);
	}
	return order;
}

SAMPLE struct authz
sample_authz(struct arena *a, unsigned n, bool longest)
{
	struct authz authz = {
		.id = sample_id(n), .account = sample_id(1), .order = sample_id(2),
		.scope = sample_scope(), .state = AUTHZ_PENDING, .created = 1000,
		.expires = 2000, .ident = { IDENT_DNS, true, "example.org", "Example.org" },
		.nchallenge = 3
	};

	authz.challenges = arena_alloc(a, 3 * sizeof(authz.challenges[0]));
	for (unsigned i = 0; i < 3; i++)
		authz.challenges[i] = (struct challenge){
			.method = (enum method)(METHOD_HTTP_01 + i),
			.state = CHALLENGE_PENDING, .token = sample_text(a, 43, 't')
		};
	if (longest) {
		memset(authz.thumbprint, 0x11, sizeof(authz.thumbprint));
		authz.ident.value = sample_text(a, IDENT_DNS_MAX, 'y');
		authz.challenges[0].error = sample_text(a, 3000, 'e');
		authz.challenges[1].validated = 1234;
		authz.challenges[1].error = "";
	}
	return authz;
}

SAMPLE struct cert
sample_cert(struct arena *a, unsigned n, size_t len)
{
	struct cert cert = {
		.serial = sample_serial(n), .account = sample_id(1), .order = sample_id(2),
		.scope = sample_scope(), .state = CERT_ISSUED, .created = 1000,
		.not_before = 900, .not_after = 9000, .shard = 3,
		.der = sample_blob(a, len)
	};

	memset(cert.spki_hash, 0x22, sizeof(cert.spki_hash));
	return cert;
}

/* When the certificate of that number shall be renewed. */
SAMPLE struct renewal
sample_renewal(unsigned n, int64_t start, int64_t end)
{
	return (struct renewal){ .serial = sample_serial(n), .not_after = end + 1000,
				 .start = start, .end = end };
}

/* An external account binding; its lists have as many texts as that. */
SAMPLE struct binding
sample_binding(struct arena *a, unsigned n, size_t texts)
{
	const char **list = arena_alloc(a, (texts + 1) * sizeof(*list));
	struct binding binding = {
		.id = sample_id(n), .directory = 1, .state = BINDING_VALID, .created = 1000,
		.expires = 9000, .uses = 1, .uses_max = 2, .label = "partner",
		.organisation = "Partner, Ltd", .technical = list, .authorising = list,
		.allow = list, .deny = list, .profiles = list, .methods = 6, .prevalidated = true
	};

	for (size_t i = 0; i < texts; i++)
		list[i] = arena_printf(a, "text%zu.example", i);
	memset(binding.key, 0x33, sizeof(binding.key));
	return binding;
}

/* A folder for one store, to be removed with sample_remove(). */
SAMPLE const char *
sample_folder(struct arena *a)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = arena_printf(a, "%s/brevet.XXXXXX", tmp == NULL ? "/tmp" : tmp);

	if (mkdtemp(dir) == NULL)
		abort();
	return dir;
}

SAMPLE void
sample_remove(struct arena *a, const char *dir)
{
	unlink(arena_printf(a, "%s/data.mdb", dir));
	unlink(arena_printf(a, "%s/lock.mdb", dir));
	unlink(arena_printf(a, "%s/lock", dir));
	rmdir(dir);
}

#endif
