/* SPDX-License-Identifier: Apache-2.0 */
/* unbound.c - one libunbound context per loop, on the loop's event_base: no thread, no
 * cache beyond the question.  Runs on: loop.
 *
 * libunbound asks each server up to three times while it says SERVFAIL or nothing, and
 * keeps the SERVFAIL for five seconds; so we don't ask again.  How long it waits for a
 * server it learns from that server's other answers, and one that was silent often enough it
 * asks no more.  That is right for the servers of a zone.  A forwarder answers at once what
 * it has, late what it must ask for, and not at all for zones whose servers are down, which
 * must not be held against the others: what is learned of it is over at once, and it gets
 * four seconds each time.  libunbound may call back inside ub_resolve_event(). */
#include <arpa/nameser.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#include "va/engine.h"
#include "va/local.h"

#define ROOT_HINTS "/usr/share/dns/root.hints"

/* name, value; in this order. */
static const char *const settings[][2] = {
	{ "cache-max-ttl:", "0" },		/* each validation sees DNS as it is */
	{ "cache-max-negative-ttl:", "0" },
	{ "do-not-query-localhost:", "no" },	/* a resolver may live on this host */
	{ "unblock-lan-zones:", "yes" },	/* internal zones are asked for like others */
	{ "insecure-lan-zones:", "yes" },
	{ "infra-keep-probing:", "yes" },	/* a resolver that was down is tried again */
	{ "outgoing-range:", "2048" },		/* questions at a time: two for each of the
						 * connections of a loop, all in vain; 1 KiB each */
	{ "outgoing-num-tcp:", "32" },
	{ "outbound-msg-retry:", "3" },
	{ "qname-minimisation:", "yes" },
	{ "use-caps-for-id:", "yes" },		/* 0x20: harder to answer in another's name */
	{ "harden-dnssec-stripped:", "yes" },
	{ "aggressive-nsec:", "no" },		/* nor does one denial answer for others */
	{ "val-permissive-mode:", "no" },
	{ "val-bogus-ttl:", "5" },		/* like that of SERVFAIL */
};

/* Local zones of libunbound that would answer "no data" before DNS is asked. */
static const char *const unblocked[] = { "test.", "home.arpa." };

static bool
unbound_say(int error, const char *what, const char *value, struct problem *p)
{
	if (error == 0)
		return true;
	return problem(p, PROBLEM_SERVER_INTERNAL, "%s: \"%.80s\": libunbound: %s", what, value,
		       ub_strerror(error));
}

/* Whom it asks, and how patiently. */
static bool
unbound_servers(struct ub_ctx *dns, const struct va *va, struct problem *p)
{
	const char *ms = va->recursive ? "400" : "4000", *s = va->recursive ? "900" : "-1";

	if (!unbound_say(ub_ctx_set_option(dns, "infra-cache-min-rtt:", ms),
			 "infra-cache-min-rtt:", ms, p) ||
	    !unbound_say(ub_ctx_set_option(dns, "infra-host-ttl:", s), "infra-host-ttl:", s, p))
		return false;
	for (const char **r = va->resolvers; *r != NULL; r++)
		if (!unbound_say(ub_ctx_set_fwd(dns, *r), "validation.resolvers", *r, p))
			return false;
	if (va->recursive)	/* its own list of root servers may be old */
		return access(ROOT_HINTS, R_OK) != 0 ||
		       unbound_say(ub_ctx_set_option(dns, "root-hints:", ROOT_HINTS),
				   "validation.resolvers", ROOT_HINTS, p);
	return va->resolvers[0] != NULL ||
	       unbound_say(ub_ctx_resolvconf(dns, NULL), "validation.resolvers",
			   "/etc/resolv.conf", p);
}

/* All settings come before the first change of a zone, which closes them. */
static bool
unbound_set(struct ub_ctx *dns, const struct va *va, struct problem *p)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (!unbound_say(ub_ctx_set_option(dns, settings[i][0], settings[i][1]),
				 settings[i][0], settings[i][1], p))
			return false;
	ub_ctx_debugout(dns, NULL);	/* its words don't fit our log */
	if (!unbound_servers(dns, va, p))
		return false;
	for (const char **z = va->insecure; *z != NULL; z++)
		if (!unbound_say(ub_ctx_set_option(dns, "domain-insecure:", *z),
				 "validation.insecure", *z, p))
			return false;
	if (va->dnssec == VA_DNSSEC_VALIDATE &&
	    !unbound_say(ub_ctx_add_ta_file(dns, va->anchors), "validation.trust_anchors",
			 va->anchors, p))
		return false;
	for (size_t i = 0; i < sizeof(unblocked) / sizeof(unblocked[0]); i++)
		if (!unbound_say(ub_ctx_zone_remove(dns, unblocked[i]), "validation",
				 unblocked[i], p))
			return false;
	return true;
}

static void *
unbound_open(struct loop *l, const struct va *va, struct problem *p)
{
	struct ub_ctx *dns = ub_ctx_create_event(l->base);

	if (dns == NULL) {
		problem(p, PROBLEM_SERVER_INTERNAL, "libunbound: cannot make a context");
	} else if (!unbound_set(dns, va, p)) {
		ub_ctx_delete(dns);
		dns = NULL;
	}
	return dns;
}

static void
unbound_close(void *dns)
{
	ub_ctx_delete(dns);
}

/* From libunbound.  A bogus answer has a good rcode and records: only `security` tells. */
static void
unbound_answer(void *arg, int rcode, void *packet, int len, int security, char *why,
	       int limited)
{
	struct question *q = arg;
	bool checked = q->lookup->resolver->dnssec == VA_DNSSEC_VALIDATE;

	(void)limited;
	if (security == 1) {
		q->security = SECURITY_BOGUS;
		question_fail(q, rcode != 0 ? rcode : ns_r_servfail, why);
	} else if (rcode != 0 || len < NS_HFIXEDSZ) {
		question_fail(q, rcode != 0 ? rcode : ns_r_servfail,
			      "no server gave a useful answer");
	} else {
		question_reply(q, packet, (size_t)len, !checked ? SECURITY_UNCHECKED :
			       security == 2 ? SECURITY_SECURE : SECURITY_INSECURE);
	}
}

static void
unbound_ask(void *dns, struct question *q)
{
	int error = ub_resolve_event(dns, q->name, q->type, ns_c_in, q, unbound_answer, &q->id);

	if (error != 0)
		question_fail(q, ns_r_servfail, ub_strerror(error));
}

static void
unbound_cancel(void *dns, struct question *q)
{
	ub_cancel(dns, q->id);
}

const struct engine unbound_engine = {
	unbound_open, unbound_close, unbound_ask, unbound_cancel
};
