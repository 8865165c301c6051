/* SPDX-License-Identifier: Apache-2.0 */
/* hook.c - the webhook: a service of the operator's that is asked about each new order and
 * authorization (docs/webhook.md).  Runs on: loop.
 *
 *	POST https://ipam.corp.example/brevet
 *	Brevet-Timestamp: 1795478400
 *	Brevet-Signature: v1=<hex of HMAC-SHA256(secret, timestamp "." body)>
 *
 *	{"event":"order","directory":"default","account":"...","contacts":[],
 *	 "address":"10.0.0.7","profile":"default",
 *	 "identifiers":[{"type":"dns","value":"www.corp.example"}]}
 *
 * What it may answer: acme/answer.c. */
#include "acme/hook.h"

#include <openssl/hmac.h>
#include <string.h>

#include "acme/answer.h"
#include "acme/count.h"
#include "acme/limits.h"
#include "acme/local.h"
#include "acme/reply.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define TURNS	   64		/* questions at a time, on a loop */
#define RETRY	   30		/* seconds, while it does not answer */
#define RETRY_STOP 5
#define AGENT	   "Brevet-Webhook/1"

struct hook {
	struct asking			 asking;	/* first */
	struct turn			 turn;
	enum hook_event			 event;
	const struct acme_profile	*profile;
	struct limits_ask		 ask;
	int64_t				 began_us;	/* monotonic */
	bool				 asked;
	bool				 dropped;	/* the server stops */
	struct post			 post;
};

static const char *const events[] = {
	[HOOK_ORDER] = "order", [HOOK_AUTHORIZATION] = "authorization"
};

static void
hook_give_up(struct asking *asking)
{
	struct hook *h = (struct hook *)asking;

	if (h->asked && h->post.flow == NULL)	/* answered just now */
		return;
	va_post_cancel(&h->post);
	h->dropped = true;
}

/* Waits for what comes with that ticket. */
static enum flow_next
hook_wait(struct flow *f, unsigned ticket)
{
	struct hook *h = REQUEST(f)->hook;

	h->asking.ticket = ticket;
	asking_enter(acme_local(f->loop), &h->asking);
	return FLOW_WAIT;
}

void
hook_begin(struct request *rq, enum hook_event event, const struct acme_profile *profile,
	   const struct limits_ask *ask)
{
	struct hook *h;

	if (rq->config->webhook.url == NULL)
		return;
	h = rq->hook = arena_alloc(rq->flow->arena, sizeof(*h));
	h->asking.flow = rq->flow;
	h->asking.give_up = hook_give_up;
	h->event = event;
	h->profile = profile;
	h->ask = *ask;
}

/* What the limits will refuse is not worth a question. */
static bool
within_limits(struct request *rq, const struct hook *h)
{
	struct view *v = view_open(rq->store);
	bool good = limits_order_ahead(rq, v, &h->ask, &rq->flow->problem);

	view_close(v);
	return good;
}

enum flow_next
hook_turn(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct hook *h = rq->hook;

	if (h == NULL)
		return FLOW_NEXT;
	if (!within_limits(rq, h))
		return FLOW_FAIL;
	h->began_us = clock_mono_us();
	if (turn_take(&acme_local(f->loop)->hooks, &h->turn, f, "", TURNS))
		return FLOW_NEXT;
	h->turn.due = INT64_MAX;	/* late as it may be, it wants to know */
	h->turn.ticket = flow_arm(f);
	return hook_wait(f, h->turn.ticket);
}

/* --- the question ----------------------------------------------------------------- */

static json_t *
idents_json(const struct hook *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->ask.n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "type",
						      ident_type_name(h->ask.idents[i].type),
						      "value", h->ask.idents[i].value));
	return list;
}

static const char *
question(const struct request *rq)
{
	const struct hook *h = rq->hook;
	const struct account *account = rq->account;
	struct arena *a = rq->flow->arena;
	json_t *o, *contacts = json_array();

	for (size_t i = 0; i < account->ncontact; i++)
		json_array_append_new(contacts, json_string(account->contact[i]));
	o = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:o}", "event", events[h->event],
		      "directory", rq->directory->name, "account", id_print(a, &account->id),
		      "contacts", contacts, "address", rq->address, "profile",
		      h->profile->name, "identifiers", idents_json(h));
	if (rq->binding != NULL)
		json_object_set_new(o, "binding", json_pack(
			"{s:s, s:s}", "id", id_print(a, &rq->binding->id), "label",
			rq->binding->label));
	return json_print(a, json_keep(a, o));
}

/* "v1=" and the HMAC-SHA256 of timestamp "." body in hex. */
static const char *
signature(struct arena *a, struct blob secret, const char *timestamp, const char *body)
{
	const char *text = arena_printf(a, "%s.%s", timestamp, body);
	char *hex = arena_alloc(a, sizeof("v1=") + 2 * EVP_MAX_MD_SIZE), *at = stpcpy(hex, "v1=");
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (HMAC(EVP_sha256(), secret.data, (int)secret.len, (const uint8_t *)text,
		 strlen(text), mac, &n) == NULL)
		abort();
	for (unsigned i = 0; i < n; i++)
		at += sprintf(at, "%02x", mac[i]);
	return hex;
}

static const char *const *
headers(struct arena *a, struct blob secret, const char *body)
{
	const char **list = arena_alloc(a, 3 * sizeof(*list));
	const char *now = arena_printf(a, "%lld", (long long)clock_now());

	list[0] = arena_printf(a, "Brevet-Timestamp: %s", now);
	list[1] = arena_printf(a, "Brevet-Signature: %s", signature(a, secret, now, body));
	return list;
}

enum flow_next
hook_ask(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct hook *h = rq->hook;
	struct acme_local *l = acme_local(f->loop);
	const struct acme_webhook *w = &rq->config->webhook;
	int64_t left;
	const char *body;

	if (h == NULL)
		return FLOW_NEXT;
	asking_leave(&h->asking);
	h->dropped = l->stopping;
	left = w->timeout_ms - (clock_mono_us() - h->began_us) / 1000;
	if (h->dropped || left < 1) {
		problem(&h->post.problem, PROBLEM_CONNECTION, "%d questions were asked before "
			"this one, and not answered within %d ms", TURNS, w->timeout_ms);
		return FLOW_NEXT;
	}
	body = question(rq);
	h->post = (struct post){
		.va = rq->config->va,
		.url = w->url,
		.roots = w->roots,
		.agent = AGENT,
		.headers = headers(f->arena, w->secret, body),
		.body = { (const uint8_t *)body, strlen(body) },
		.timeout_ms = (int)left,
		.waiter = f,
	};
	h->post.ticket = flow_arm(f);
	h->asked = true;
	va_post(&h->post);
	return hook_wait(f, h->post.ticket);
}

/* --- the answer ------------------------------------------------------------------- */

static enum flow_next
refuse(struct flow *f, const struct hook *h, const json_t *said)
{
	answer_refusal(said, f->arena, h->ask.idents, h->ask.n, &f->problem);
	if (h->event == HOOK_AUTHORIZATION)
		f->problem.status = 403;
	log_event(LOG_INFO, "webhook refuses", "s:s, s:s, s:s, s:s, s:I", "asked",
		  events[h->event], "account", id_print(f->arena, &REQUEST(f)->account->id),
		  "names", ident_list(f->arena, h->ask.idents, h->ask.n), "detail", f->problem.detail,
		  "ms", (json_int_t)h->post.took_ms);
	return FLOW_FAIL;
}

static enum flow_next
unanswered(struct flow *f, const struct hook *h, const struct problem *why)
{
	bool allows = REQUEST(f)->config->webhook.absent_allows;

	log_event(LOG_WARN, "webhook absent", "s:s, s:s, s:s, s:s, s:s", "asked",
		  events[h->event], "account", id_print(f->arena, &REQUEST(f)->account->id),
		  "names", ident_list(f->arena, h->ask.idents, h->ask.n), "detail", why->detail,
		  "holds", allows ? "allow" : "refuse");
	if (allows)
		return FLOW_NEXT;
	problem_status(&f->problem, PROBLEM_SERVER_INTERNAL, 503, "the service that decides about "
		       "new %ss does not answer; try again", events[h->event]);
	f->problem.retry_after = RETRY;
	return FLOW_FAIL;
}

static enum flow_next
stopped(struct flow *f)
{
	problem_status(&f->problem, PROBLEM_SERVER_INTERNAL, 503, "the server is stopping; try "
		       "again");
	f->problem.retry_after = RETRY_STOP;
	return FLOW_FAIL;
}

enum flow_next
hook_judge(struct flow *f)
{
	static const enum count_webhook results[] = {
		[ANSWER_NONE] = WEBHOOK_UNUSABLE, [ANSWER_YES] = WEBHOOK_ALLOWED,
		[ANSWER_NO] = WEBHOOK_REFUSED
	};
	struct hook *h = REQUEST(f)->hook;
	enum answer answer = ANSWER_NONE;
	const json_t *said = NULL;
	struct problem why;

	if (h == NULL)
		return FLOW_NEXT;
	asking_leave(&h->asking);
	turn_give(&h->turn);
	why = h->post.problem;
	if (why.type == PROBLEM_NONE)
		answer = answer_read(&h->post, f->arena, &said, &why);
	metric_add(&count_webhook, h->dropped ? WEBHOOK_STOPPED :
		   h->post.problem.type != PROBLEM_NONE ? WEBHOOK_UNREACHABLE : results[answer],
		   0, 1);
	if (h->dropped)
		return stopped(f);
	metric_observe(&count_webhook_seconds, 0, 0, clock_mono_us() - h->began_us);
	if (answer == ANSWER_NO)
		return refuse(f, h, said);
	return answer == ANSWER_YES ? FLOW_NEXT : unanswered(f, h, &why);
}
