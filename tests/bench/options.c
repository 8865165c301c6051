/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the command line of brevet-bench, as one table. */
#include "tests/bench/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ident.h"
#include "base/rand.h"
#include "tests/bench/dns.h"

#define USAGE_ERROR 2
#define CHOICES	    5

enum kind { TEXT, NUMBER, CHOICE, FLAG, SHOW_HELP, SHOW_VERSION };

#define AT(member) offsetof(struct options, member)

static const struct row {
	const char	*name;
	enum kind	 kind;
	size_t		 at;
	uint64_t	 least, most;		/* of a number */
	const char	*words[CHOICES];	/* of a choice */
	const char	*argument, *help;
} rows[] = {
	{ "directory", TEXT, AT(directory), 0, 0, { 0 }, "URL",
	  "the server's directory; needed" },
	{ "ca", TEXT, AT(ca), 0, 0, { 0 }, "FILE",
	  "PEM certificates to trust; default: those of the system" },
	{ "orders", NUMBER, AT(orders), 1, 100000000, { 0 }, "N",
	  "orders to make; default 100" },
	{ "accounts", NUMBER, AT(accounts), 1, 1000000, { 0 }, "N",
	  "accounts that take turns; default 1" },
	{ "concurrency", NUMBER, AT(concurrency), 1, 10000, { 0 }, "N",
	  "orders in flight; default 8" },
	{ "names", NUMBER, AT(names), 1, 1000, { 0 }, "N",
	  "names per order; default 1" },
	{ "key-type", CHOICE, AT(key_type), 0, 0, { "p256", "rsa2048" }, "p256|rsa2048",
	  "keys of the certificates; default p256" },
	{ "account-key", CHOICE, AT(account_key), 0, 0, { "es256", "rs256" }, "es256|rs256",
	  "keys of the accounts; default es256" },
	{ "keys", NUMBER, AT(keys), 1, 1000000, { 0 }, "N",
	  "certificate keys made beforehand that take turns; default 1000, RSA 16" },
	{ "connections", CHOICE, AT(connections), 0, 0, { "keep", "order", "request" },
	  "keep|order|request", "how long a connection is used; default keep" },
	{ "domain", TEXT, AT(domain), 0, 0, { 0 }, "SUFFIX",
	  "of the names, b<random>.SUFFIX; default bench.test" },
	{ "seed", NUMBER, AT(seed), 0, UINT64_MAX, { 0 }, "N",
	  "the same seed makes the same names" },
	{ "names-file", TEXT, AT(names_file), 0, 0, { 0 }, "FILE",
	  "take the names from this list or hosts file instead" },
	{ "write-hosts", TEXT, AT(write_hosts), 0, 0, { 0 }, "FILE",
	  "write a hosts file with all names ('-': to standard output) and end" },
	{ "http", TEXT, AT(http), 0, 0, { 0 }, "ADDR:PORT",
	  "where http-01 is answered; default 127.0.0.1:5002" },
	{ "tls", TEXT, AT(tls), 0, 0, { 0 }, "ADDR:PORT",
	  "where tls-alpn-01 is answered; default 127.0.0.1:5001" },
	{ "dns", TEXT, AT(dns), 0, 0, { 0 }, "ADDR:PORT",
	  "where DNS is answered, for all names; methods that ask DNS need it" },
	{ "method", CHOICE, AT(method), 0, 0,
	  { "http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01" },
	  "http-01|dns-01|tls-alpn-01|dns-account-01|dns-persist-01",
	  "the challenge that is answered; default http-01" },
	{ "until", CHOICE, AT(until), 0, 0, { "certificate", "valid", "authorizations" },
	  "certificate|valid|authorizations",
	  "how far each order goes: to the end, validated, or only read; default certificate" },
	{ "slow", NUMBER, AT(slow), 1, DNS_SLOW_MOST, { 0 }, "N",
	  "hold N validations beside the load whose targets never answer; needs --dns" },
	{ "slow-seconds", NUMBER, AT(slow_seconds), 1, 3600, { 0 }, "N",
	  "how long the server tries each of them; default 20" },
	{ "polite", FLAG, AT(polite), 0, 0, { 0 }, NULL,
	  "wait as Retry-After says; default: 5 ms, doubling to 100 ms" },
	{ "new-nonce", NUMBER, AT(new_nonce), 1, 1000000000, { 0 }, "N",
	  "make N newNonce requests instead of orders" },
	{ "idle", NUMBER, AT(idle), 1, 1000000, { 0 }, "N",
	  "hold N idle connections, beside a load or alone" },
	{ "seconds", NUMBER, AT(seconds), 1, 1000000, { 0 }, "N",
	  "how long --idle alone holds them; default 10" },
	{ "stall", NUMBER, AT(stall), 1, 86400, { 0 }, "SECONDS",
	  "without any reply the server is called stalled; default 30" },
	{ "pid", NUMBER, AT(pid), 1, INT32_MAX, { 0 }, "PID",
	  "the server's process: measure its CPU, memory and bytes written" },
	{ "json", FLAG, AT(json), 0, 0, { 0 }, NULL,
	  "print one JSON object instead of text" },
	{ "help", SHOW_HELP, 0, 0, 0, { 0 }, NULL, "print this text" },
	{ "version", SHOW_VERSION, 0, 0, 0, { 0 }, NULL, "print the version" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

__attribute__((format(printf, 1, 2))) static int
wrong(const char *fmt, ...)
{
	va_list ap;

	fputs("brevet-bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\nTry \"brevet-bench --help\".\n", stderr);
	return USAGE_ERROR;
}

static int
help(void)
{
	puts("usage: brevet-bench --directory URL [OPTION]...\n\n"
	     "Loads an ACME server with orders, answers its challenges, checks the\n"
	     "certificates and prints how long everything took.\n");
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s %s", rows[i].name,
			 rows[i].argument == NULL ? "" : rows[i].argument);
		printf("  %s\n\t%s\n", left, rows[i].help);
	}
	puts("\nExit status: 0 if every order succeeded, 1 if not, 2 for a wrong command line.");
	return 0;
}

static int
read_number(const struct row *row, const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0 ||
	    *value < row->least || *value > row->most)
		return wrong("--%s: \"%s\" is not a number from %llu to %llu", row->name, text,
			     (unsigned long long)row->least, (unsigned long long)row->most);
	return -1;
}

static int
read_choice(const struct row *row, const char *text, uint64_t *value)
{
	for (size_t i = 0; i < CHOICES && row->words[i] != NULL; i++)
		if (strcmp(text, row->words[i]) == 0) {
			*value = i;
			return -1;
		}
	return wrong("--%s: \"%s\" is none of %s", row->name, text, row->argument);
}

static int
take(struct options *o, const struct row *row, const char *text)
{
	void *member = (char *)o + row->at;

	if (row->at == AT(seed))
		o->seeded = true;
	switch (row->kind) {
	case TEXT:
		*(const char **)member = text;
		return -1;
	case NUMBER:
		return read_number(row, text, member);
	case CHOICE:
		return read_choice(row, text, member);
	case FLAG:
		*(bool *)member = true;
		return -1;
	case SHOW_HELP:
		return help();
	case SHOW_VERSION:
		puts("brevet-bench " PACKAGE_VERSION);
		return 0;
	}
	return -1;
}

/* What does not fit together. */
static int
judge(const struct options *o)
{
	if (o->write_hosts != NULL && !o->seeded)
		return wrong("--write-hosts needs --seed, or the load asks for other names");
	if (o->write_hosts != NULL && o->names_file != NULL)
		return wrong("--write-hosts and --names-file exclude each other");
	if (o->directory == NULL && o->write_hosts == NULL)
		return wrong("--directory is missing");
	if (o->new_nonce != 0 && o->orders != 0)
		return wrong("--new-nonce and --orders exclude each other");
	if (o->dns == NULL && o->method != METHOD_HTTP_01 && o->method != METHOD_TLS_ALPN_01)
		return wrong("--method %s needs --dns", options_word("method", o->method));
	if (o->slow != 0 && (o->dns == NULL || o->orders == 0))
		return wrong("--slow needs --dns, and orders");
	if (!ident_dns_ok(o->domain, strlen(o->domain)))
		return wrong("--domain: \"%s\" is not a name", o->domain);
	return -1;
}

static void
fill_in(struct options *o)
{
	if (o->orders == 0 && o->new_nonce == 0 && o->idle == 0)
		o->orders = 100;
	if (o->keys == 0)
		o->keys = o->key_type == KEY_RSA2048 ? 16 : 1000;
	if (o->keys > o->orders)
		o->keys = o->orders;
	if (!o->seeded)
		rand_bytes(&o->seed, sizeof(o->seed));
}

int
options_parse(struct options *o, int argc, char **argv)
{
	struct option known[ROWS + 1] = { 0 };
	int which, status;

	*o = (struct options){
		.accounts = 1, .concurrency = 8, .names = 1, .seconds = 10, .stall = 30,
		.slow_seconds = 20, .domain = "bench.test", .http = "127.0.0.1:5002",
		.tls = "127.0.0.1:5001",
	};
	for (size_t i = 0; i < ROWS; i++)
		known[i] = (struct option){
			.name = rows[i].name, .val = (int)i,
			.has_arg = rows[i].argument != NULL,
		};
	opterr = 0;
	while ((which = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (which == ':')
			return wrong("%s needs a value", argv[optind - 1]);
		if (which == '?')
			return wrong("%s is not an option", argv[optind - 1]);
		status = take(o, &rows[which], optarg);
		if (status >= 0)
			return status;
	}
	if (optind < argc)
		return wrong("\"%s\" is too much", argv[optind]);
	fill_in(o);
	return judge(o);
}

const char *
options_word(const char *option, uint64_t choice)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, option) == 0 && choice < CHOICES)
			return rows[i].words[choice];
	return "";
}
