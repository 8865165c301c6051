/* SPDX-License-Identifier: Apache-2.0 */
/* acme_operator.c - brevet revoke, of certificates that are issued or not: rows that only a
 * crash leaves behind are put into the store by hand. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/chain.h"
#include "tests/command.h"
#include "tests/scene.h"
#include "tests/stored.h"

static struct scene scene;
static struct arena *a;

static struct serial
put(struct store *s, enum cert_state state)
{
	struct edit *e = edit_begin(s);
	struct cert cert = {
		.serial = serial_new(clock_now()),
		.state = state,
		.created = clock_now(),
		.not_after = clock_now() + 86400,
	};
	struct problem p = { 0 };

	store_cert_add(e, &cert);
	if (!edit_commit(e, &p))
		ok(false, "commit: %s", p.detail);
	return cert.serial;
}

static enum cert_state
state_of(const struct serial *serial)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(arena_printf(a, "%s/data", scene.server->dir), &p);
	struct view *v = view_open(s);
	const struct cert *cert = store_cert_get(v, a, serial);
	enum cert_state state = cert == NULL ? 0 : cert->state;

	view_close(v);
	store_close(s);
	return state;
}

/* brevet revoke; its exit status, and what it says in *said. */
static int
run_revoke(const char *serial, const char *more, const char **said)
{
	int status = command_run(a, scene.server, arena_printf(a, "revoke %s %s", serial, more),
				 said);

	*said = arena_strndup(a, *said, strcspn(*said, "\n"));
	return status;
}

static void
test_states(void)
{
	struct store *s;
	struct serial intended, abandoned;
	const char *said;
	int status;

	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	s = server_store(a, scene.server);
	intended = put(s, CERT_INTENDED);
	abandoned = put(s, CERT_ABANDONED);
	store_close(s);
	ok(server_again(scene.server), "and starts again");
	status = run_revoke(serial_hex(a, &intended), "", &said);
	ok(status == 1 && strstr(said, "being issued") != NULL,
	   "one that is being issued waits: %s", said);
	ok(state_of(&intended) == CERT_INTENDED, "it is as it was");
	status = run_revoke(serial_hex(a, &abandoned), "--reason 4", &said);
	ok(status == 0, "one that may have been signed is revoked: %s", said);
	ok(state_of(&abandoned) == CERT_REVOKED, "and stays so");
}

static void
test_reasons(void)
{
	static const struct row {
		const char	*text;
		int		 status;
		const char	*says;
	} rows[] = {
		{ "abc", 2, "--reason abc: not a number" },
		{ "1x", 2, "--reason 1x: not a number" },
		{ "\"\"", 2, "not a number" },
		{ "-1", 2, "not a number" },
		{ "4294967297", 2, "not a number" },
		{ "6", 1, "reasons are 0, 1, 3, 4, 5 and 9" },
	};
	const char *said;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reason = arena_printf(a, "--reason=%s", rows[i].text);
		int status = run_revoke("0102", reason, &said);

		ok(status == rows[i].status && strstr(said, rows[i].says) != NULL,
		   "--reason=%s: %d, %s", rows[i].text, status, said);
	}
}

/* The key of a certificate that was revoked for its compromise is refused from then on. */
static void
test_blocked(void)
{
	const char *const names[] = { "n0.example.test" };
	struct client *c = member(&scene, "ES256");
	struct issued issued = { .key = NULL };
	struct client_order order;
	const char *said;
	int status;

	ok(client_issue(c, scene.responder, names, 1, &issued), "issued: %s", client_why(c));
	status = run_revoke(chain_serial(a, issued.pem), "--reason 1", &said);
	ok(status == 0, "revoked for the compromise of its key: %s", said);
	client_order_new(c, names, 1, &order);
	client_prove(c, scene.responder, order.authz[0]);
	ok(!client_finalize(c, &order, csr_of_names(c->arena, issued.key, names, 1)) &&
	   c->reply.status == 400 && strcmp(c->type, "badCSR") == 0,
	   "C-11 a CSR with that key is refused: %s", client_why(c));
	EVP_PKEY_free(issued.key);
	issued = (struct issued){ .key = NULL };
	ok(client_issue(c, scene.responder, names, 1, &issued), "one with another key is not");
	EVP_PKEY_free(issued.key);
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, NULL))
		return 1;
	a = arena_new();
	test_states();
	test_reasons();
	test_blocked();
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}
