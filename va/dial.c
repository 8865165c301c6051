/* SPDX-License-Identifier: Apache-2.0 */
/* dial.c - from a host to the address that is dialled, and the wait for one's turn.
 * Runs on: loop. */
#include "va/dial.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "va/local.h"

#define CONNECT_MS_MAX 10000

struct dialler *
dialler_open(struct problem *p)
{
	struct dialler *d = calloc(1, sizeof(*d));

	if (d == NULL)
		abort();
	d->tls = shake_context();
	if (d->tls != NULL)
		return d;
	free(d);
	problem(p, PROBLEM_SERVER_INTERNAL, "OpenSSL cannot make a context for tls-alpn-01");
	return NULL;
}

void
dialler_close(void *dialler)
{
	struct dialler *d = dialler;

	SSL_CTX_free(d->tls);
	free(d);
}

/* --- turns ------------------------------------------------------------------------ */

struct dialler *
dialler_of(const struct flow *f)
{
	return f->loop->slot[SLOT_DIALLER];
}

/* The flow sleeps until its turn comes.  One that comes at the very end of its time is of
 * no use: it would dial, with all who began when it did, for the blink of an eye. */
static enum flow_next
turn_wait(struct attempt *a, struct turn *t, unsigned ticket)
{
	t->ticket = ticket;
	t->due = a->began + a->timeout_ms - a->timeout_ms / 10;
	return FLOW_WAIT;
}

enum flow_next
dial_name(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const char *name = ident_base(&a->ident);
	unsigned most = a->va->per_target;

	if (a->turn.line != NULL || turn_take(&dialler_of(f)->names, &a->turn, f, name, most))
		return FLOW_NEXT;
	return turn_wait(a, &a->turn,
			 attempt_wait(a, PROBLEM_RATE_LIMITED, "%.120s: %u other validations of "
				      "this name took longer than %d ms; try again when they are "
				      "over", name, most, a->timeout_ms));
}

/* Before the turn at the address, which others want too: who waits here has nothing of theirs. */
enum flow_next
dial_account(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	struct destination *d = &a->to;
	char text[64];
	struct share share = { .flow = f, .key = a->account_url, .most = 2 * a->va->per_account,
			       .part = address_print(&d->choice[d->tried], text) };

	if (a->account_url == NULL ||
	    turn_share(&dialler_of(f)->accounts, &d->account, &share))
		return FLOW_NEXT;
	return turn_wait(a, &d->account,
			 attempt_wait(a, PROBLEM_RATE_LIMITED, "%s: too many other validations of "
				      "this account wait for %s, or for other addresses, and get no "
				      "answer; does it answer?", d->what, text));
}

/* That the deadline came is for the step behind to see. */
enum flow_next
dial_target(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	struct destination *d = &a->to;
	unsigned most = a->va->per_target;
	char text[64];

	address_print(&d->choice[d->tried], text);
	if (f->problem.type != PROBLEM_NONE ||
	    turn_take(&dialler_of(f)->addresses, &d->target, f, text, most))
		return FLOW_NEXT;
	return turn_wait(a, &d->target,
			 attempt_wait(a, PROBLEM_RATE_LIMITED, "%s: %u other validations were "
				      "waiting for %s for longer than %d ms; does it answer?",
				      d->what, most, text, a->timeout_ms));
}

enum flow_next
dial_socket(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	struct destination *d = &a->to;

	if (f->problem.type != PROBLEM_NONE ||
	    turn_take(&dialler_of(f)->sockets, &d->socket, f, "", a->va->connections))
		return FLOW_NEXT;
	return turn_wait(a, &d->socket,
			 attempt_wait(a, PROBLEM_RATE_LIMITED, "%s: too many other validations "
				      "are under way; try again later", d->what));
}

void
dial_give(struct attempt *a)
{
	turn_give(&a->to.socket);
	turn_give(&a->to.target);
	turn_give(&a->to.account);
}

bool
dial_hopes(const struct attempt *a)
{
	return turn_hopes(&a->turn) || turn_hopes(&a->to.account) || turn_hopes(&a->to.target) ||
	       turn_hopes(&a->to.socket);
}

void
dial_done(struct attempt *a, const char *to, long status, const char *why)
{
	const struct problem *late = &a->flow->problem;
	struct dial d = { .to = to, .address = a->to.choice[a->to.tried - 1],
			  .status = status, .why = why, .ms = clock_mono_ms() - a->to.began };

	if (late->type != PROBLEM_NONE)
		d.why = late->detail;
	record_dial(&a->record, &d);
	if (d.why == NULL) {
		turn_good(&a->turn);
		turn_good(&a->to.account);
		turn_good(&a->to.target);
		turn_good(&a->to.socket);
	}
	dial_give(a);
}

void
dial_leave(struct attempt *a)
{
	turn_leave(&a->turn);
	turn_leave(&a->to.account);
	turn_leave(&a->to.target);
	turn_leave(&a->to.socket);
}

/* --- addresses -------------------------------------------------------------------- */

enum flow_next
dial_resolve(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const struct destination *d = &a->to;

	if (d->nchoice > 0 || d->literal ||
	    hosts_find(a->va->hosts, d->host, &(union address){ 0 }, 1) > 0)
		return FLOW_NEXT;
	lookup_host(&a->lookup, f,
		    attempt_wait(a, PROBLEM_DNS, "timeout: no answer about the addresses of "
				 "%.120s within %d ms; are its name servers up?", d->host,
				 a->timeout_ms), d->host);
	return FLOW_WAIT;
}

/* All addresses of the host, whoever knows them. */
static size_t
dial_addresses(struct attempt *a, union address *list, struct problem *p)
{
	const struct destination *d = &a->to;
	size_t n;

	if (d->literal) {
		list[0] = d->address;
		return 1;
	}
	n = hosts_find(a->va->hosts, d->host, list, LOOKUP_ADDRESSES_MAX);
	if (n > 0 || !lookup_ok(&a->lookup, p))
		return n;
	n = lookup_addresses(&a->lookup, list, LOOKUP_ADDRESSES_MAX);
	if (n == 0 && lookup_partial(&a->lookup))
		problem(p, PROBLEM_DNS, "%.150s: no address, and DNS failed to answer one of the "
			"questions for A and AAAA", d->host);
	else if (n == 0)
		problem(p, PROBLEM_DNS, "%.150s has no address: no A and no AAAA record%s",
			d->host, lookup_nxdomain(&a->lookup) ? " (NXDOMAIN)" : "");
	return n;
}

static bool
dial_forbidden(const struct destination *d, const union address *addr, const char *why,
	       struct problem *p)
{
	char text[64];

	return problem(p, PROBLEM_CONNECTION, "%s: %s is %s %s address; name it in "
		       "validation.allow_addresses to permit it", d->what,
		       address_print(addr, text),
		       strchr("AIOaeiou", why[0]) != NULL ? "an" : "a", why);
}

/* IPv6 first, then IPv4; the second choice is of the other family if there is one. */
static void
dial_order(struct destination *d, const union address *list, size_t n)
{
	const union address *six = NULL, *four = NULL, *more = NULL;

	for (size_t i = 0; i < n; i++) {
		const union address **first = list[i].sa.sa_family == AF_INET6 ? &six : &four;

		if (*first == NULL)
			*first = &list[i];
		else if (more == NULL)
			more = &list[i];
	}
	d->choice[0] = *(six != NULL ? six : four);
	if (six != NULL && four != NULL)
		more = four;
	if (more != NULL)
		d->choice[1] = *more;
	d->nchoice = more != NULL ? 2 : 1;
	d->tried = 0;
}

enum flow_next
dial_choose(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	union address list[LOOKUP_ADDRESSES_MAX];
	struct problem forbidden = { 0 };
	const char *why;
	size_t n, kept = 0;

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (a->to.nchoice > 0)
		return FLOW_NEXT;
	n = dial_addresses(a, list, &f->problem);
	if (n == 0)
		return FLOW_FAIL;
	for (size_t i = 0; i < n; i++) {
		address_set_port(&list[i], a->to.port);
		if (va_address_ok(a->va, &list[i].sa, &why))
			list[kept++] = list[i];
		else if (forbidden.type == PROBLEM_NONE)
			dial_forbidden(&a->to, &list[i], why, &forbidden);
	}
	if (kept == 0) {
		f->problem = forbidden;
		return FLOW_FAIL;
	}
	dial_order(&a->to, list, kept);
	return FLOW_NEXT;
}

union address
dial_next(struct attempt *a, int *connect_ms)
{
	struct destination *d = &a->to;
	int left = attempt_left(a);

	*connect_ms = CONNECT_MS_MAX;
	if (d->tried + 1 < d->nchoice && *connect_ms > (left + 1) / 2)
		*connect_ms = (left + 1) / 2;
	d->began = clock_mono_ms();
	address_print(&d->choice[d->tried], a->address);
	return d->choice[d->tried++];
}

bool
dial_more(const struct attempt *a)
{
	return a->to.tried < a->to.nchoice && attempt_left(a) > 1;
}
