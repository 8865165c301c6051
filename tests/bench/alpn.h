/* SPDX-License-Identifier: Apache-2.0 */
/* alpn.h - answers tls-alpn-01 (RFC 8737) on the load's own event loop. */
#ifndef BENCH_ALPN_H
#define BENCH_ALPN_H

#include <event2/event.h>
#include <stdint.h>

struct alpn;

/* Listens on ADDRESS:PORT; NULL after telling on standard error why not. */
struct alpn *alpn_open(struct event_base *loop, const char *address);
void alpn_close(struct alpn *alpn);

/* From now on the certificate for that name is the one that proves key_auth. */
void alpn_put(struct alpn *alpn, const char *name, const char *key_auth);
void alpn_drop(struct alpn *alpn, const char *name);

/* Handshakes so far, and those among them for a name that is not there. */
uint64_t alpn_hits(const struct alpn *alpn);
uint64_t alpn_misses(const struct alpn *alpn);

#endif
