/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - what brevet-bench was asked to do. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* In the order of the words of --connections, --key-type, --account-key, --method and
 * --until. */
enum connections { CONNECTIONS_KEEP, CONNECTIONS_ORDER, CONNECTIONS_REQUEST };
enum key_type { KEY_P256, KEY_RSA2048 };
enum account_key { ACCOUNT_ES256, ACCOUNT_RS256 };
enum method { METHOD_HTTP_01, METHOD_DNS_01, METHOD_TLS_ALPN_01, METHOD_DNS_ACCOUNT_01,
	      METHOD_DNS_PERSIST_01 };
enum until { UNTIL_CERTIFICATE, UNTIL_VALID, UNTIL_AUTHORIZATIONS };

struct options {
	const char	*directory, *ca;
	uint64_t	 orders, accounts, concurrency, names, keys;
	uint64_t	 new_nonce, idle, seconds, stall;
	uint64_t	 connections, key_type, account_key, method, until;	/* enums above */
	uint64_t	 slow, slow_seconds;
	const char	*domain, *http, *tls, *dns, *names_file, *write_hosts;
	uint64_t	 seed, pid;		/* pid 0: none */
	bool		 seeded, polite, json;
};

/* Reads the command line.  -1: go on; else the exit status, after printing help, the
 * version or what is wrong. */
int options_parse(struct options *o, int argc, char **argv);

/* The word of a choice ("keep", "p256"), for reports. */
const char *options_word(const char *option, uint64_t choice);

#endif
