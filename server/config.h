/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the configuration file: one table of options, an immutable snapshot. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdio.h>

#include "acme/acme.h"

#define CONFIG_NAME "brevet.conf"

struct config {
	struct acme_config	  acme;		/* first; freeing it frees all of this */
	struct arena		 *arena;
	const char		 *file;
	/* as written in the file, in the order of the table */
	const char		 *name, *listen, *base_url, *http_listen, *http_base_url;
	const char		 *metrics_listen;	/* "": none */
	const char		 *weak_keys;
	const char		 *data, *log_level, *terms, *website;
	const char *const	 *hosts, *const *base_url_old, *const *caa_identities;
	const char *const	 *quirks, *const *reuse;
	int64_t			  workers, signers;
	int64_t			  order_lifetime, authz_lifetime, hold, names, crl_lifetime;
	int64_t			  head, body, idle, request, connections, held;
	int64_t			  map;
	int64_t			  http_port, tls_port, timeout, per_target, validations;
	const char *const	 *resolvers, *const *allow_addresses, *const *insecure;
	const char		 *hosts_file, *mode, *dnssec, *caa, *anchors;
	const char		 *webhook_url, *webhook_secret, *webhook_ca, *webhook_absent;
	int64_t			  webhook_timeout;
	const char *const	 *limit_exempt;
};

/* Reads the file and applies the settings ("key=value", NULL-terminated or NULL).  NULL
 * after a message for the operator in p (file and line where there are any).  Opens
 * issuers' certificates and keys and the validation's files too, so whoever gets a
 * configuration can serve with it.  The caller gets one use: acme_config_release(). */
struct config *config_read(const char *file, const char *const *settings, struct problem *p);

/* The file that a command uses: `given`, else $BREVET_CONFIG, ./brevet.conf,
 * /etc/brevet/brevet.conf; NULL: none of them is there. */
const char *config_find(const char *given);

/* Every option with its type, default and help, as `brevet help config` prints it. */
void config_help(FILE *out);

/* What a snapshot can't change in a running server: NULL when `next` may replace `now`
 * as a whole, else the options that keep their old value until a restart. */
const char *config_fixed(const struct config *now, const struct config *next,
			 struct arena *a);

/* What an operator should know of that profile although it is none that is refused; NULL:
 * nothing. */
const char *config_profile_doubt(const struct acme_config *c,
				 const struct acme_profile *profile);

/* "HOST:PORT" or "[ADDR]:PORT" into its parts, in the arena.  False: not such a thing. */
bool config_address(struct arena *a, const char *text, const char **host, const char **port);

/* Is `setting` ("key=value") one that init may write: a known key, a good value? */
bool config_setting_check(const char *setting, struct problem *p);

/* Is it a good value of that option (of a list: one item)? */
bool config_value_check(const char *option, const char *value, struct problem *p);

/* Writes settings in the file's form, sections gathered, each under a comment that tells
 * what it is. */
void config_print_settings(FILE *out, const char *const *settings);

#endif
