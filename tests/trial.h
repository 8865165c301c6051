/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h - validation over the wire: a scene whose server asks a DNS server of the test's
 * (tests/fake_dns.h), and what an operator sees of it. */
#ifndef TESTS_TRIAL_H
#define TESTS_TRIAL_H

#include "tests/attack.h"
#include "tests/fake_dns.h"

#define CA_NAME "ca.example"		/* of the server, in CAA records */

/* The scene's names are in its hosts file; everything else is asked for. */
struct trial {
	struct scene		 scene;
	struct fake_record	*records;
	struct fake_dns		*dns;
};

/* With a name for CAA; ends the test when the server does not come up. */
void trial_begin(struct trial *t, struct fake_record *records, const char *const *settings);
/* The server runs, and must end well. */
__attribute__((unused)) static void
trial_end(struct trial *t)
{
	scene_stop(&t->scene);
	fake_dns_stop(t->dns);
}

/* Starts it again, in the same folder; ends the test when it does not come up. */
void trial_again(struct trial *t);
/* The client has to connect anew. */
void come_again(struct client *c);

/* The record of that name and type; there must be one. */
struct fake_record *record_of(struct trial *t, const char *name, int type);
/* Its value is another one from now on. */
void record_set(struct trial *t, const char *name, int type, const char *value);

/* A pending order for one name or address, which must be had. */
struct client_order order_of(struct client *c, const char *type, const char *name);
/* Reads the authorization; the token of that challenge, "" if it has none, NULL: it is not
 * offered. */
const char *token_of(struct client *c, const char *authz, const char *method);
/* Reads it, and sends {} to that challenge; the reply is that of the challenge.  Returns its
 * HTTP status, 0: there is no such challenge. */
int respond(struct client *c, const char *authz, const char *method);
/* Polls it until it is not pending any more; its status then. */
const char *decided(struct client *c, const char *authz);
/* The answer for http-01 is in place, then both of these. */
const char *proved(struct trial *t, struct client *c, const char *authz);
/* A new order for the name: a TXT record proves it by dns-01, and its authorization is
 * decided and read. */
struct client_order by_dns(struct trial *t, struct client *c, const char *name);
/* What the TXT record of dns-01 and dns-account-01 must say. */
const char *dns_value(struct client *c, const char *token);

/* A member of the error of the challenge in the last authorization read: its "type" without
 * the URN, or its "detail"; "": there is no error. */
const char *error_of(struct client *c, const char *method, const char *member);
/* The last authorization read is invalid, for a reason of that type with those words in its
 * detail. */
__attribute__((unused)) static void
failed(struct client *c, const char *method, const char *type, const char *words,
       const char *what)
{
	const char *is = error_of(c, method, "type"), *detail = error_of(c, method, "detail");
	const char *status = text(c->json, "status");
	bool good = status != NULL && strcmp(status, "invalid") == 0 && strcmp(is, type) == 0 &&
		    strstr(detail, words) != NULL;

	ok(good, "%s: %s", what, *detail == '\0' ? "no error" : detail);
	if (!good)
		printf("# got %s, %s: want invalid, %s: ...%s...\n", status, is, type, words);
}

/* What `brevet show KIND ID` prints of the object at that URL, and what it does with --json;
 * both live as long as the client's replies.  NULL: the command failed. */
const char *shown_text(struct trial *t, struct client *c, const char *kind, const char *url);
const json_t *shown(struct trial *t, struct client *c, const char *kind, const char *url);
/* Its row of evidence of that number, from 0; part: "validation" or "caa".  NULL: none. */
const json_t *evidence(const json_t *shown, size_t n, const char *part);
/* How many rows there are. */
size_t evidence_rows(const json_t *shown);

#endif
