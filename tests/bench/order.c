/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - one issuance (RFC 8555 section 7.4), from newOrder to a checked certificate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "tests/bench/bench.h"

#define PAUSE_FIRST 5		/* ms between polls, doubling */
#define PAUSE_MOST  100
#define PATIENCE    60e3	/* ms until an authorization or order must be decided */

struct proof {
	const char	*url;			/* of the authorization */
	const char	*challenge;		/* NULL: none needed */
	const char	*key;			/* of what proves it */
	bool		 valid;
};

struct order {
	struct worker	*worker;
	struct arena	*arena;
	const struct account *account;
	const struct leaf *leaf;
	const char	**names;
	size_t		 nnames;
	const char	*url, *finalize, *certificate;
	struct proof	*proofs;
	size_t		 nproofs, at;
	enum stage	 stage;
	double		 began, stage_began;
	long		 pause;			/* ms before the next poll */
	struct event	*timer;
	void		(*resume)(struct order *o);
};

static void
end(struct order *o)
{
	struct worker *w = o->worker;
	struct bench *b = w->bench;

	for (size_t i = 0; i < o->nproofs; i++)
		if (o->proofs[i].key != NULL)
			respond_drop(b->respond, o->proofs[i].key);
	if (o->timer != NULL)
		event_free(o->timer);
	if (b->options->connections == CONNECTIONS_ORDER)
		peer_hang_up(w->peer);
	arena_free(o->arena);
	w->order = NULL;
}

void
order_abandon(struct order *o, const char *type, const char *detail)
{
	stats_fail(&o->worker->bench->stats, o->stage, type, detail);
	end(o);
}

static void
fail(struct order *o, const char *type, const char *detail)
{
	struct worker *w = o->worker;

	order_abandon(o, type, detail);
	worker_next(w);
}

/* The body of a reply with that status; NULL: the order has failed, and is gone. */
static json_t *
object(struct order *o, const struct answer *answer, int status)
{
	const char *type, *detail;
	json_t *j;

	if (answer->status != status) {
		type = answer_type(answer, &detail);
		fail(o, type, detail);
		return NULL;
	}
	j = answer_json(answer);
	if (j == NULL)
		fail(o, "malformed reply", "it is no JSON object");
	return j;
}

const char *
order_text(const json_t *j, const char *member)
{
	const char *s = json_string_value(json_object_get(j, member));

	return s == NULL ? "" : s;
}

static void
next_stage(struct order *o, enum stage stage)
{
	double now = stats_now();

	stats_add(&o->worker->bench->stats, o->stage, now - o->stage_began);
	o->stage = stage;
	o->stage_began = now;
	o->at = 0;
	o->pause = PAUSE_FIRST;
}

static void
post(struct order *o, const char *url, const char *payload,
     void (*took)(struct worker *w, const struct answer *answer))
{
	worker_post(o->worker, o->account, url, payload, took);
}

/* --- Waiting ------------------------------------------------------------------------------ */

static void
wake(evutil_socket_t fd, short what, void *arg)
{
	struct order *o = arg;

	(void)fd;
	(void)what;
	o->worker->bench->stats.polls++;
	o->resume(o);
}

/* Calls resume() after a pause; retry_after is what the reply asked for. */
static void
later(struct order *o, long retry_after, void (*resume)(struct order *o))
{
	struct bench *b = o->worker->bench;
	struct timeval wait;
	long ms = o->pause;

	if (stats_now() - o->stage_began > PATIENCE) {
		fail(o, "undecided", "neither valid nor invalid after 60 s");
		return;
	}
	if (b->options->polite && retry_after >= 0)
		ms = retry_after * 1000;
	else
		o->pause = o->pause * 2 < PAUSE_MOST ? o->pause * 2 : PAUSE_MOST;
	wait = (struct timeval){ ms / 1000, ms % 1000 * 1000 };
	o->resume = resume;
	if (o->timer == NULL)
		o->timer = evtimer_new(b->loop, wake, o);
	if (o->timer == NULL || evtimer_add(o->timer, &wait) != 0)
		abort();
}

/* --- The certificate ---------------------------------------------------------------------- */

/* It has come as far as it shall. */
static void
succeed(struct order *o)
{
	struct worker *w = o->worker;
	struct stats *s = &w->bench->stats;

	next_stage(o, STAGE_WHOLE);
	stats_add(s, STAGE_WHOLE, o->stage_began - o->began);
	s->good++;
	end(o);
	worker_next(w);
}

static void
took_certificate(struct worker *w, const struct answer *answer)
{
	struct order *o = w->order;
	const char *fault, *type, *detail;

	if (answer->status != 200) {
		type = answer_type(answer, &detail);
		fail(o, type, detail);
		return;
	}
	fault = leaf_fault(o->leaf, answer->body, o->names, o->nnames);
	if (fault != NULL) {
		fail(o, "wrong certificate", fault);
		return;
	}
	succeed(o);
}

static void ask_order(struct order *o);

/* An order after finalize. */
static void
took_order(struct order *o, const struct answer *answer)
{
	json_t *j = object(o, answer, 200);
	const char *status = order_text(j, "status"), *type, *detail;

	if (j == NULL)
		return;
	if (strcmp(status, "valid") == 0) {
		o->certificate = arena_strdup(o->arena, order_text(j, "certificate"));
		next_stage(o, STAGE_DOWNLOAD);
		post(o, o->certificate, "", took_certificate);
	} else if (strcmp(status, "processing") == 0 || strcmp(status, "ready") == 0) {
		later(o, answer->retry_after, ask_order);
	} else {
		type = problem_type_of(json_object_get(j, "error"), &detail);
		fail(o, type, detail);
	}
}

static void
took_finalize(struct worker *w, const struct answer *answer)
{
	took_order(w->order, answer);
}

static void
ask_order(struct order *o)
{
	post(o, o->url, "", took_finalize);
}

static void
finalize(struct order *o)
{
	struct blob csr = leaf_request(o->arena, o->leaf, o->names, o->nnames);
	const char *payload = arena_printf(o->arena, "{\"csr\":\"%s\"}",
					   b64_print(o->arena, csr.data, csr.len));

	post(o, o->finalize, payload, took_finalize);
}

/* --- Authorizations ----------------------------------------------------------------------- */

/* Moves on to a proof that is not valid yet; false: there is none. */
static bool
next_proof(struct order *o)
{
	while (o->at < o->nproofs && o->proofs[o->at].valid)
		o->at++;
	return o->at < o->nproofs;
}

static void ask_verdict(struct order *o);

static void
took_verdict(struct worker *w, const struct answer *answer)
{
	struct order *o = w->order;
	json_t *j = object(o, answer, 200);
	const char *status = order_text(j, "status"), *type, *detail;

	if (j == NULL)
		return;
	if (strcmp(status, "valid") == 0) {
		o->proofs[o->at].valid = true;
		o->pause = PAUSE_FIRST;
		ask_verdict(o);
	} else if (strcmp(status, "pending") == 0) {
		later(o, answer->retry_after, ask_verdict);
	} else {
		type = problem_type_of(json_object_get(respond_challenge(w->bench->respond, j),
						       "error"), &detail);
		fail(o, type, detail);
	}
}

static void
ask_verdict(struct order *o)
{
	if (next_proof(o)) {
		post(o, o->proofs[o->at].url, "", took_verdict);
		return;
	}
	if (o->worker->bench->options->until == UNTIL_VALID) {
		succeed(o);
		return;
	}
	next_stage(o, STAGE_FINALIZE);
	finalize(o);
}

static void ask_challenge(struct order *o);

static void
took_challenge(struct worker *w, const struct answer *answer)
{
	struct order *o = w->order;
	json_t *j = object(o, answer, 200);
	bool valid = strcmp(order_text(j, "status"), "valid") == 0;

	if (j == NULL)
		return;
	o->at++;
	if (next_proof(o)) {
		ask_challenge(o);
		return;
	}
	o->at = 0;
	if (valid)
		ask_verdict(o);
	else
		later(o, answer->retry_after, ask_verdict);
}

static void
ask_challenge(struct order *o)
{
	post(o, o->proofs[o->at].challenge, "{}", took_challenge);
}

static void ask_authorization(struct order *o);

static void
took_authorization(struct worker *w, const struct answer *answer)
{
	struct order *o = w->order;
	struct proof *proof = &o->proofs[o->at];
	struct respond *respond = w->bench->respond;
	json_t *j = object(o, answer, 200);
	const json_t *challenge;

	if (j == NULL)
		return;
	proof->valid = strcmp(order_text(j, "status"), "valid") == 0;
	challenge = respond_challenge(respond, j);
	if (proof->valid) {
		w->bench->stats.reused++;
	} else if (challenge == NULL) {
		fail(o, "no such challenge", "the authorization has none of the load's method");
		return;
	} else {
		proof->challenge = arena_strdup(o->arena, order_text(challenge, "url"));
		proof->key = respond_put(respond, o->arena, o->account, arena_strdup(o->arena,
					 order_text(json_object_get(j, "identifier"), "value")),
					 challenge);
	}
	o->at++;
	ask_authorization(o);
}

static void
ask_authorization(struct order *o)
{
	if (o->at < o->nproofs) {
		post(o, o->proofs[o->at].url, "", took_authorization);
		return;
	}
	if (o->worker->bench->options->until == UNTIL_AUTHORIZATIONS) {
		succeed(o);
		return;
	}
	next_stage(o, STAGE_CHALLENGE);
	if (next_proof(o)) {
		ask_challenge(o);
		return;
	}
	o->stage = STAGE_FINALIZE;	/* nothing to prove: no sample of that */
	finalize(o);
}

/* --- newOrder ----------------------------------------------------------------------------- */

static void
took_new_order(struct worker *w, const struct answer *answer)
{
	struct order *o = w->order;
	json_t *j = object(o, answer, 201);
	const json_t *list = json_object_get(j, "authorizations"), *url;
	size_t i;

	if (j == NULL)
		return;
	if (answer->location == NULL || json_array_size(list) == 0) {
		fail(o, "malformed reply", "an order without Location or authorizations");
		return;
	}
	o->url = arena_strdup(o->arena, answer->location);
	o->finalize = arena_strdup(o->arena, order_text(j, "finalize"));
	o->nproofs = json_array_size(list);
	o->proofs = arena_alloc(o->arena, o->nproofs * sizeof(*o->proofs));
	json_array_foreach(list, i, url)
		o->proofs[i].url = arena_strdup(o->arena, json_is_string(url) ?
						json_string_value(url) : "");
	next_stage(o, STAGE_AUTHORIZATIONS);
	ask_authorization(o);
}

const char *
order_identifiers(struct arena *a, const char *const *names, size_t n)
{
	size_t room = 32, len;
	char *out;

	for (size_t i = 0; i < n; i++)
		room += strlen(names[i]) + 32;
	out = arena_alloc(a, room);
	len = (size_t)snprintf(out, room, "{\"identifiers\":[");
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(out + len, room - len,
					"%s{\"type\":\"dns\",\"value\":\"%s\"}", i == 0 ? "" : ",",
					names[i]);
	snprintf(out + len, room - len, "]}");
	return out;
}

void
order_start(struct worker *w, uint64_t number)
{
	struct bench *b = w->bench;
	const struct options *options = b->options;
	struct arena *a = arena_new();
	struct order *o = arena_alloc(a, sizeof(*o));

	o->arena = a;
	o->worker = w;
	w->order = o;
	o->account = &b->accounts[(w->number + number / options->concurrency *
				   options->concurrency) % options->accounts];
	o->leaf = &b->leaves[number % options->keys];
	o->nnames = options->names;
	o->names = arena_alloc(a, o->nnames * sizeof(*o->names));
	for (size_t i = 0; i < o->nnames; i++)
		o->names[i] = names_get(b->names, a, number * o->nnames + i);
	o->stage = STAGE_NEW_ORDER;
	o->began = o->stage_began = stats_now();
	post(o, b->target->new_order, order_identifiers(a, o->names, o->nnames), took_new_order);
}
