/* SPDX-License-Identifier: Apache-2.0 */
/* wrong.h - wrong requests: a table of them, and how each kind is made.
 *
 * The arguments in the table are texts in which ' stands for ", and which are filled in
 * when the request is made:
 *
 *	@N nonce     @U url of the request	@K account's URL     @J the key as JWK
 *	@X @Y the key's coordinates		@H host:port	     @B base URL
 *	@P @L @S protected, payload, signature of a good request (in a body only)
 *	@0 NUL	     @{300,a} 300 times a	@(300,{}) the same with commas between */
#ifndef TESTS_WRONG_H
#define TESTS_WRONG_H

#include "tests/client.h"

/* Where the wrong requests are sent: accounts and objects, made once. */
struct bench {
	struct arena	*arena;		/* lives as long as the bench */
	struct client	*c;		/* with an account and an ES256 key */
	EVP_PKEY	*fresh;		/* ES256, no account has it */
	EVP_PKEY	*stranger;	/* ES256, of another account */
	EVP_PKEY	*rsa;		/* 2048, for CSRs */
	EVP_PKEY	*others[16];	/* by kind of key, made when first asked for */
	const char	*pending, *authz, *challenge, *unready;	/* a pending order; finalize */
	const char	*finalize;	/* of a ready order for n0 and n1.example.test */
	const char	*certificate;
	const char	*account, *orders;
	/* for fill() */
	EVP_PKEY	*key;
	const char	*url;
	const struct jws *jws;
	bool		 ended;		/* the server closed the connection */
	bool		 raw;		/* ... as it must here */
};

struct wrong {
	void		(*make)(struct bench *b, const char *arg);
	const char	*what, *arg;
	int		 status;	/* 0: no reply */
	const char	*type, *word;	/* word: something in the detail */
};

extern const struct wrong wrongs[];	/* ends with make NULL */

/* The text filled in, in c->arena. */
struct blob fill_blob(struct bench *b, const char *text);
const char *fill(struct bench *b, const char *text);

/* A key of that kind, kept: one of the algs of accounts, or what no CA should take. */
EVP_PKEY *key_of_kind(struct bench *b, const char *kind);

/* --- kinds; each leaves its reply in b->c->reply ------------------------------------------ */

/* newOrder with that protected header / with that body / with that payload as base64url. */
void make_header(struct bench *b, const char *arg);
void make_body(struct bench *b, const char *arg);
void make_payload_b64(struct bench *b, const char *arg);
/* newAccount with that protected header. */
void make_key_header(struct bench *b, const char *arg);
/* newAccount with that jwk: "ALG JWK". */
void make_jwk(struct bench *b, const char *arg);
/* newAccount, the signature cut or filled up to so many octets: "ALG OCTETS". */
void make_sized(struct bench *b, const char *arg);
/* newOrder, the signature as arg says: "der", "r=0", "s=0", "r=max", "flip", "other". */
void make_signature(struct bench *b, const char *arg);
/* "RESOURCE PAYLOAD", good otherwise. */
void make_payload(struct bench *b, const char *arg);
/* finalize with that CSR: "PART=VALUE|PART=VALUE". */
void make_csr(struct bench *b, const char *arg);
/* "METHOD RESOURCE", no body. */
void make_method(struct bench *b, const char *arg);
/* newOrder, with that media type; "": none. */
void make_media(struct bench *b, const char *arg);
/* Octets on a new connection. */
void make_http(struct bench *b, const char *arg);
/* The same without TLS, on the TLS port. */
void make_plain(struct bench *b, const char *arg);
/* The same as make_http(), then we close: nobody waits for a reply. */
void make_cut(struct bench *b, const char *arg);

#endif
