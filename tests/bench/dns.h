/* SPDX-License-Identifier: Apache-2.0 */
/* dns.h - answers DNS (RFC 1035) over UDP on the load's own event loop: the resolver of the
 * server under test.
 *
 * Below the domain every name has one address, and the TXT records that are put there.
 * Below "slow." and the domain, s12-3 and the like have the address 127.1.0.12, which the
 * number tells; questions for TXT records there are never answered.  Whatever else is asked
 * for is not there. */
#ifndef BENCH_DNS_H
#define BENCH_DNS_H

#include <event2/event.h>
#include <stdint.h>

#include "tests/bench/listen.h"

#define DNS_SLOW_MOST 65000	/* of those numbers */

struct dns;

/* Answers at ADDRESS:PORT; names below the domain, which stays, have that address.  NULL
 * after telling on standard error why not. */
struct dns *dns_open(struct event_base *loop, const char *address, const char *domain,
		     const struct in_addr *target);
void dns_close(struct dns *dns);

/* A TXT record; the text is copied. */
void dns_put(struct dns *dns, const char *name, const char *text);
void dns_drop(struct dns *dns, const char *name);

/* Questions for TXT records so far, and those among them for names without any. */
uint64_t dns_hits(const struct dns *dns);
uint64_t dns_misses(const struct dns *dns);

#endif
