/* SPDX-License-Identifier: Apache-2.0 */
/* fake_alpn.h - a responder of tls-alpn-01 on loopback, in one thread, right or wrong in
 * every way. */
#ifndef TESTS_FAKE_ALPN_H
#define TESTS_FAKE_ALPN_H

#include <stdbool.h>
#include <stdint.h>

enum fake_proof {
	RIGHT,
	NONE,			/* no acmeIdentifier */
	OLD_OID,		/* 1.3.6.1.5.5.7.1.30.1 */
	NOT_CRITICAL,
	OCTETS_31,
	OCTETS_33,
	TRAILING,		/* an octet behind the OCTET STRING */
	BARE,			/* the digest without 04 20 */
	LONG_FORM,		/* 04 81 20: BER, not DER */
	BIT_OFF,
	TWICE,
	AS_TEXT			/* base64url of the digest, as in dns-01 */
};

enum fake_signer {
	SELF,
	OTHER_KEY,		/* subject is issuer, but the signature is not its own */
	OTHER_NAME,		/* its own signature, but the issuer has another name */
	RSA_KEY,		/* its own, by RSA */
	EXPIRED			/* its own, but over */
};

enum fake_manner {
	USUAL,			/* TLS 1.3 */
	TLS_1_2,
	TLS_1_1,
	NO_ALPN,		/* the server chooses nothing */
	H2,			/* it chooses h2 */
	HUGE,			/* a chain of 1 MB */
	BIG,			/* of 80 kB */
	ASKS_BACK,		/* for a certificate of the client */
	NEW_HANDSHAKE,		/* TLS 1.2, renegotiates at once */
	TICKETS,		/* sends eight of them */
	SILENT,			/* accepts, and sends nothing */
	HALF,			/* sends half a record */
	FLOOD,			/* HelloRequests without end */
	PLAIN,			/* answers in HTTP */
	RESETS,			/* the connection, after the ClientHello */
	CLOSES,			/* likewise */
	ALERTS			/* an alert instead of a ServerHello */
};

struct fake_alpn_case {
	const char	*san;	/* as OpenSSL's configuration has it, "|" before another
				 * extension; NULL: none */
	enum fake_proof	 proof;
	enum fake_signer signer;
	enum fake_manner manner;
};

/* What the last connection was like. */
struct fake_alpn_seen {
	char		 sni[256];
	uint8_t		 alpn[64];
	unsigned	 nalpn;
	bool		 data;	/* it sent application data */
	bool		 resumed;
};

struct fake_alpn;

/* Listens at 127.0.0.1, and at the same port of ::1 if that exists. */
struct fake_alpn *fake_alpn_start(void);
uint16_t fake_alpn_port(const struct fake_alpn *s);
bool fake_alpn_six(const struct fake_alpn *s);
unsigned fake_alpn_clients(struct fake_alpn *s);	/* so far */
void fake_alpn_stop(struct fake_alpn *s);

/* How the connections from now on are served; key_auth is a key authorization. */
void fake_alpn_serve(struct fake_alpn *s, const struct fake_alpn_case *c,
		     const char *key_auth);

/* Waits until a connection has ended. */
struct fake_alpn_seen fake_alpn_wait(struct fake_alpn *s);

#endif
