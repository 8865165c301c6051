/* SPDX-License-Identifier: Apache-2.0 */
/* fake_web.h - a web server on loopback whose answers, good and bad, a test writes
 * itself; a thread for each connection. */
#ifndef TESTS_FAKE_WEB_H
#define TESTS_FAKE_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_web;
struct fake_client;

/* Called once per connection with the head of the request. */
typedef void fake_serve(struct fake_client *c, const char *head);

/* Listens on that loopback address; port 0: any.  tls: with a self-signed certificate,
 * TLS 1.2 and 1.3; to a client that asks for the host "old.test" TLS 1.1 only, to
 * "plain.test" without TLS, to "stall.test" nothing. */
struct fake_web *fake_web_start(const char *addr, uint16_t port, bool tls, fake_serve *serve);
uint16_t fake_web_port(const struct fake_web *w);
unsigned fake_web_clients(struct fake_web *w);	/* so far */
void fake_web_stop(struct fake_web *w);		/* also ends what is being served */

/* False: the client is gone, or the server stops. */
bool fake_write(struct fake_client *c, const void *data, size_t n);
bool fake_printf(struct fake_client *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Waits that long; false as above. */
bool fake_pause(struct fake_client *c, int ms);

#endif
