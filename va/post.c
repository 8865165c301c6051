/* SPDX-License-Identifier: Apache-2.0 */
/* post.c - one POST to a service of the operator's, within a time limit.  Runs on: loop.
 *
 * Other than a validation's fetch it verifies the peer's certificate, may go to any
 * address, and leaves its connection for the next one. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "va/local.h"

#define ADDRESSES_MAX 4		/* that are tried, one after the other */
#define ROOM_FIRST    1024
#define READ_MAX      (FETCH_HEAD_MAX + 2 * POST_ANSWER_MAX)	/* octets, chunks' sizes too */

/* A post under way: the data of its flow, in that flow's arena.  It outlives the struct
 * post that asked for it when that is cancelled. */
struct posting {
	struct post		*post;		/* NULL: cancelled */
	struct va		*va;
	struct flow		*flow;
	struct event		*deadline;
	int64_t			 began;		/* monotonic, ms */
	int			 timeout_ms;
	unsigned		 ticket;	/* of what is waited for now */
	struct problem		 late;		/* the answer if the deadline comes now */
	struct posting		*next, **here;	/* in the loop's list */
	struct target		 target;
	const char		*shown;		/* in problems: what follows may be secret */
	struct lookup		 lookup;
	struct fetch		 fetch;
	union address		 list[ADDRESSES_MAX];
	size_t			 nlist, tried;
	struct curl_blob	 roots;
	uint8_t			*body;		/* nbody, room for more */
	size_t			 nbody, room;
};

#define POSTING(f) ((struct posting *)(f)->data)

bool
va_url_ok(const char *url, struct problem *p)
{
	struct arena *a = arena_new();
	struct target t;
	bool good = target_service(&t, url, a, p);

	arena_free(a);
	return good;
}

/* --- waiting ---------------------------------------------------------------------- */

static int
left_ms(const struct posting *x)
{
	int64_t left = x->began + x->timeout_ms - clock_mono_ms();

	return left < 1 ? 1 : (int)left;
}

/* Nobody wakes the flow any more, but the lane if it is in there. */
static void
quiet(struct posting *x)
{
	lookup_cancel(&x->lookup);
	fetch_cancel(&x->fetch);
}

static void
posting_late(evutil_socket_t fd, short what, void *arg)
{
	struct posting *x = arg;

	(void)fd, (void)what;
	quiet(x);
	x->flow->problem = x->late;
	flow_wake(x->flow, x->ticket);	/* no effect if it is in the lane */
}

/* --- the steps -------------------------------------------------------------------- */

static enum flow_next
post_resolve(struct flow *f)
{
	struct posting *x = POSTING(f);

	if (x->nlist > 0)
		return FLOW_NEXT;
	x->list[0] = x->target.address;
	x->nlist = x->target.literal ? 1 :
		   hosts_find(x->va->hosts, x->target.host, x->list, ADDRESSES_MAX);
	if (x->nlist > 0)
		return FLOW_NEXT;
	problem(&x->late, PROBLEM_DNS, "timeout: no answer about the addresses of %.120s within "
		"%d ms", x->target.host, x->timeout_ms);
	x->ticket = flow_arm(f);
	lookup_host(&x->lookup, f, x->ticket, x->target.host);
	return FLOW_WAIT;
}

static enum flow_next
post_choose(struct flow *f)
{
	struct posting *x = POSTING(f);

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (x->nlist > 0)
		return FLOW_NEXT;
	if (!lookup_ok(&x->lookup, &f->problem))
		return FLOW_FAIL;
	x->nlist = lookup_addresses(&x->lookup, x->list, ADDRESSES_MAX);
	return x->nlist > 0 ? FLOW_NEXT :
	       flow_fail(f, PROBLEM_DNS, "%.150s has no address", x->target.host);
}

/* From libcurl: a piece of the body.  Returning another length ends the transfer. */
static size_t
post_take(char *data, size_t size, size_t n, void *arg)
{
	struct posting *x = arg;

	n *= size;
	x->fetch.body_long = n > POST_ANSWER_MAX - x->nbody;
	if (x->fetch.body_long)
		return n + 1;
	if (x->nbody + n > x->room) {
		uint8_t *more = arena_alloc(x->flow->arena, x->room = 2 * (x->nbody + n) +
					    ROOM_FIRST);

		if (x->nbody > 0)
			memcpy(more, x->body, x->nbody);
		x->body = more;
	}
	memcpy(x->body + x->nbody, data, n);
	x->nbody += n;
	return n;
}

/* The roots of the system are a long file: libcurl keeps it parsed if it is named so. */
static void
post_trust(struct posting *x)
{
	const curl_version_info_data *is = curl_version_info(CURLVERSION_NOW);
	CURL *e = x->fetch.easy;

	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	if (x->post->roots.len > 0) {
		x->roots = (struct curl_blob){ (void *)x->post->roots.data, x->post->roots.len,
					       CURL_BLOB_NOCOPY };
		curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &x->roots);
	} else if (is->cainfo != NULL) {
		curl_easy_setopt(e, CURLOPT_CAINFO, is->cainfo);
	} else {
		curl_easy_setopt(e, CURLOPT_CAPATH, is->capath);
	}
}

static void
release_list(void *list)
{
	curl_slist_free_all(list);
}

static void
post_options(struct posting *x)
{
	CURL *e = x->fetch.easy;
	struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");

	list = curl_slist_append(list, "Expect:");	/* no waiting for 100 Continue */
	for (const char *const *h = x->post->headers; *h != NULL; h++)
		list = curl_slist_append(list, *h);
	arena_own(x->flow->arena, list, release_list);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, x->post->body.data);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->post->body.len);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, post_take);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 0L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 0L);
}

static enum flow_next
post_send(struct flow *f)
{
	struct posting *x = POSTING(f);
	int left = left_ms(x), more = (int)(x->nlist - x->tried);
	char address[64];

	x->fetch = (struct fetch){ .url = x->post->url, .agent = x->post->agent,
				   .address = x->list[x->tried++],
				   .timeout_ms = left + 1000,	/* our deadline is first */
				   .most = READ_MAX,
				   .connect_ms = (left + more - 1) / more };
	address_set_port(&x->fetch.address, x->target.port);
	problem(&x->late, PROBLEM_CONNECTION, "Fetching %s: %s port %d: timeout: no whole answer "
		"within %d ms", x->shown, address_print(&x->fetch.address, address), x->target.port,
		x->timeout_ms);
	x->nbody = 0;
	x->ticket = flow_arm(f);
	fetch_open(&x->fetch, f, x->ticket);
	post_trust(x);
	post_options(x);
	fetch_go(&x->fetch);
	return FLOW_WAIT;
}

static enum flow_next
post_heard(struct flow *f)
{
	struct posting *x = POSTING(f);
	const struct fetch *h = &x->fetch;

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (!fetch_answered(h)) {
		if (!h->connected && x->tried < x->nlist && left_ms(x) > 1)
			return FLOW_AGAIN;	/* with the next address */
		fetch_problem(h, arena_printf(f->arena, "Fetching %s", x->shown), &f->problem);
		return FLOW_FAIL;
	}
	return !h->body_long ? FLOW_NEXT :
	       flow_fail(f, PROBLEM_CONNECTION, "Fetching %s: the answer is longer than %d octets",
			 x->shown, POST_ANSWER_MAX);
}

static enum flow_next
post_report(struct flow *f)
{
	struct posting *x = POSTING(f);
	struct post *post = x->post;

	if (post == NULL)
		return FLOW_NEXT;
	post->problem = f->problem;
	post->status = x->fetch.status;
	post->answer = arena_blob(post->waiter->arena, x->body, x->nbody);
	post->took_ms = clock_mono_ms() - x->began;
	post->flow = NULL;
	flow_wake(post->waiter, post->ticket);
	return FLOW_NEXT;
}

/* Another address begins again at the top. */
static const struct flow_step post_steps[] = {
	{ ON_LOOP, STEP(post_resolve) },	/* host of the URL -> addresses; waits */
	{ ON_LOOP, STEP(post_choose) },
	{ ON_LOOP, STEP(post_send) },		/* -> status, body; waits              */
	{ ON_LOOP, STEP(post_heard) },		/* again, or an answer?                */
	{ ON_LOOP, STEP(post_report) },
	{ 0 }
};

/* --- begin and end ---------------------------------------------------------------- */

static void
posting_ended(struct flow *f)
{
	struct posting *x = POSTING(f);

	quiet(x);
	event_free(x->deadline);
	*x->here = x->next;
	if (x->next != NULL)
		x->next->here = x->here;
	va_release(x->va);
}

static struct posting *
posting_new(struct post *post)
{
	struct loop *l = post->waiter->loop;
	struct resolver *r = l->slot[SLOT_RESOLVER];
	struct flow *f = flow_new(l, post_steps, NULL);
	struct posting *x = arena_alloc(f->arena, sizeof(*x));

	f->data = x;
	f->ended = posting_ended;
	x->post = post;
	x->va = va_keep(post->va);
	x->flow = f;
	x->began = clock_mono_ms();
	x->timeout_ms = post->timeout_ms;
	x->deadline = loop_timer(l, x->timeout_ms, posting_late, x);
	x->next = r->postings;
	x->here = &r->postings;
	if (x->next != NULL)
		x->next->here = &x->next;
	r->postings = x;
	return x;
}

void
va_post(struct post *post)
{
	struct posting *x = posting_new(post);
	uint64_t number = log_flow;
	struct problem p;

	if (!target_service(&x->target, post->url, x->flow->arena, &p))
		abort();	/* va_url_ok() was not asked */
	x->shown = arena_printf(x->flow->arena, "https://%.110s", x->target.host);
	post->problem = (struct problem){ 0 };
	post->flow = x->flow;
	flow_start(x->flow);
	log_flow = number;
}

void
va_post_cancel(struct post *post)
{
	struct flow *f = post->flow;
	struct posting *x;

	if (f == NULL)
		return;
	x = POSTING(f);
	post->flow = NULL;
	x->post = NULL;
	problem(&post->problem, PROBLEM_SERVER_INTERNAL, "the question was given up");
	f->problem = post->problem;
	quiet(x);
	if (x->ticket != f->ticket)
		return;		/* in the lane: it ends when it comes out */
	while (f->at->run != NULL)
		f->at++;
	flow_pass(f);
}

void
posting_drop(struct resolver *r)
{
	for (struct posting *x = r->postings, *next; x != NULL; x = next) {
		next = x->next;
		if (x->post != NULL)
			va_post_cancel(x->post);
	}
}
