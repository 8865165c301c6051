/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the one table of options: name, type, bounds, default, help. */
#include "server/options.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct config, member)
#define DAY	   86400

const struct config_option config_options[] = {
	{ "name", TEXT, AT(name), "Brevet", 0, 0, "name of this CA, for people" },
	{ "listen", ADDRESS, AT(listen), "0.0.0.0:443", 0, 0,
	  "address and port of the ACME server (HTTPS)" },
	{ "base_url", TEXT, AT(base_url), "", 0, 0,
	  "how clients reach it, no slash behind; default: https://, first of hosts, port" },
	{ "base_url_old", LIST, AT(base_url_old), "", 0, 0,
	  "former base URLs that clients may still have in their account URL" },
	{ "hosts", LIST, AT(hosts), "localhost", 0, 0,
	  "names and addresses in the server's own certificate" },
	{ "data", TEXT, AT(data), "data", 0, 0,
	  "folder of the store; relative to the configuration file" },
	{ "workers", COUNT, AT(workers), "0", 0, 64, "event loops; 0: one per core" },
	{ "signers", COUNT, AT(signers), "0", 0, 64, "signing threads; 0: one per core" },
	{ "terms_of_service", TEXT, AT(terms), "", 0, 0,
	  "URL of terms that new accounts must agree to; empty: none" },
	{ "website", TEXT, AT(website), "", 0, 0, "URL of a page about this CA" },
	{ "caa_identities", LIST, AT(caa_identities), "", 0, 0,
	  "issuer names of this CA in CAA records; none: every issue property in a CAA record "
	  "then forbids this CA to issue" },
	{ "quirks", LIST, AT(quirks), "", 0, 0,
	  "deviations for broken clients: padded-csr, short-es256" },
	{ "weak_keys", TEXT, AT(weak_keys), "/usr/share/openssl-blacklist", 0, 0,
	  "folder with lists of weak keys (blacklist.RSA-2048 ...), if there is one" },
	{ "log.level", TEXT, AT(log_level), "info", 0, 0, "debug, info, warn or error" },
	{ "http.listen", ADDRESS, AT(http_listen), "0.0.0.0:80", 0, 0,
	  "address and port of CRLs and issuer certificates (plain HTTP)" },
	{ "http.base_url", TEXT, AT(http_base_url), "", 0, 0,
	  "how others reach it; default: http://, first of hosts, port" },
	{ "metrics.listen", ADDRESS, AT(metrics_listen), "", 0, 0,
	  "address and port of GET /metrics (plain HTTP, Prometheus); empty: none" },
	{ "order.lifetime", TIME, AT(order_lifetime), "7d", 60, 30 * DAY,
	  "until a pending order or authorization expires" },
	{ "order.authz_lifetime", TIME, AT(authz_lifetime), "7d", 60, 398 * DAY,
	  "until a valid authorization expires" },
	{ "order.reuse", LIST, AT(reuse), "valid", 0, 0,
	  "an account's authorizations that its new orders use again: valid, pending or none" },
	{ "order.names", COUNT, AT(names), "100", 1, 1000, "identifiers of an order, at most" },
	{ "order.hold", TIME, AT(hold), "1s", 0, 20,
	  "how long a request waits for its verdict before it is told \"processing\"" },
	{ "policy.allow", PATTERNS, AT(acme.rules.allow), "", 0, 0,
	  "names that certificates may have: www.corp.example, .corp.example (it and all "
	  "below), *.corp.example, 10.0.0.0/8; none: any" },
	{ "policy.deny", PATTERNS, AT(acme.rules.deny), "", 0, 0,
	  "names that no certificate has, written in the same way" },
	{ "policy.labels", COUNT, AT(acme.labels_max), "10", 2, 127,
	  "labels of a DNS name, at most" },
	{ "policy.length", COUNT, AT(acme.name_max), "253", 4, 253,
	  "octets of a DNS name, at most" },
	{ "webhook.url", TEXT, AT(webhook_url), "", 0, 0,
	  "https:// URL that decides about each new order; empty: none" },
	{ "webhook.secret", TEXT, AT(webhook_secret), "", 0, 0,
	  "file with the secret that signs what is sent there, mode 0600" },
	{ "webhook.ca", TEXT, AT(webhook_ca), "", 0, 0,
	  "PEM file of the roots to trust there; empty: the system's" },
	{ "webhook.timeout", TIME, AT(webhook_timeout), "5s", 1, 60, "for its answer" },
	{ "webhook.absent", TEXT, AT(webhook_absent), "refuse", 0, 0,
	  "refuse or allow: what holds when it does not answer" },
	{ "limit.enabled", FLAG, AT(acme.limits.enabled), "true", 0, 0,
	  "whether the limits below hold" },
	{ "limit.accounts", RATE, AT(acme.limits.rates[LIMIT_ACCOUNTS]), "10000/1d", 0, 0,
	  "new accounts from a network (IPv4 /24, IPv6 /48)" },
	{ "limit.orders", RATE, AT(acme.limits.rates[LIMIT_ORDERS]), "20000/1d", 0, 0,
	  "new orders and pre-authorizations of an account; renewals don't count" },
	{ "limit.renewals", RATE, AT(acme.limits.rates[LIMIT_RENEWALS]), "20000/1d", 0, 0,
	  "renewals that an account has begun and not finished" },
	{ "limit.name", RATE, AT(acme.limits.rates[LIMIT_NAME]), "10000/1d", 0, 0,
	  "certificates with the same name; renewals don't count" },
	{ "limit.names", RATE, AT(acme.limits.rates[LIMIT_NAMES]), "1440/1d", 0, 0,
	  "certificates with exactly the same names; renewals don't count" },
	{ "limit.failures", RATE, AT(acme.limits.rates[LIMIT_FAILURES]), "60/1h", 0, 0,
	  "failed validations of a name by an account" },
	{ "limit.requests", RATE, AT(acme.limits.rates[LIMIT_REQUESTS]), "60000/1m", 0, 0,
	  "requests from an address (IPv6: from a /64)" },
	{ "limit.exempt", NETWORKS, AT(limit_exempt), "127.0.0.0/8 ::1", 0, 0,
	  "addresses and networks that limit.accounts and limit.requests leave alone" },
	{ "limit.pause_after", TIME, AT(acme.limits.pause_after), "7d", 0, 365 * DAY,
	  "0s: never; an account and name whose validations failed so long, and ..." },
	{ "limit.pause_failures", COUNT, AT(acme.limits.pause_failures), "100", 1, 1000000,
	  "... so many times without success get no more orders until they are resumed" },
	{ "renewal.from", COUNT, AT(acme.renewal.from), "50", 10, 89,
	  "clients are told to renew when so many percent of a certificate's life are over, or "
	  "later ..." },
	{ "renewal.until", COUNT, AT(acme.renewal.until), "66", 11, 90,
	  "... and before so many are" },
	{ "renewal.smoothing", FLAG, AT(acme.renewal.smoothing), "true", 0, 0,
	  "whether renewals are planned so that they come evenly" },
	{ "renewal.poll", TIME, AT(acme.renewal.poll), "6h", 60, DAY,
	  "how often clients ask when to renew, at most; oftener where certificates live less "
	  "than 48 times as long" },
	{ "retention.orders", TIME, AT(acme.retention.orders), "7d", 0, 3660 * DAY,
	  "orders and authorizations that led to no certificate stay so long behind their end" },
	{ "retention.certificates", TIME, AT(acme.retention.certificates), "365d", 0, 3660 * DAY,
	  "certificates stay so long behind their end, with their orders, authorizations and "
	  "what was seen when these were proved" },
	{ "retention.every", TIME, AT(acme.retention.every), "1m", 0, DAY,
	  "from one clean-up of the store to the next; 0s: nothing is ever deleted" },
	{ "retention.doubt", TIME, AT(acme.retention.doubt), "1d", 0, 30 * DAY,
	  "how long clean-up waits when the clock has jumped ahead, so that a wrong one can be set "
	  "right first" },
	{ "crl.lifetime", TIME, AT(crl_lifetime), "4d", 600, 10 * DAY,
	  "from thisUpdate to nextUpdate; signed anew at half of it" },
	{ "limits.head", SIZE, AT(head), "16K", 1024, 1 << 20, "a request's head" },
	{ "limits.body", SIZE, AT(body), "64K", 1024, 1 << 24, "a request's body" },
	{ "limits.idle", TIME, AT(idle), "60s", 1, 3600, "a connection without a request" },
	{ "limits.request", TIME, AT(request), "30s", 1, 3600,
	  "from a request's first octet to its last, and for taking the reply" },
	{ "limits.connections", COUNT, AT(connections), "10000", 1, 1000000,
	  "connections at the same time" },
	{ "limits.held", COUNT, AT(held), "1024", 0, 1000000,
	  "requests that wait for a verdict at the same time" },
	{ "store.map", SIZE, AT(map), "256G", 1 << 20, (int64_t)1 << 40,
	  "address space of the store: the size that it can grow to" },
	{ "validation.http_port", COUNT, AT(http_port), "80", 1, 65535,
	  "port of http-01; other than 80 only for tests" },
	{ "validation.tls_port", COUNT, AT(tls_port), "443", 1, 65535,
	  "port of https redirects and tls-alpn-01; other than 443 only for tests" },
	{ "validation.timeout", TIME, AT(timeout), "20s", 1, 60, "a whole validation" },
	{ "validation.attempts", COUNT, AT(acme.attempts), "3", 1, 10,
	  "how often a validation is tried that fails for DNS or the network, within its "
	  "timeout" },
	{ "validation.caa_age", TIME, AT(acme.caa_age), "8h", 0, 8 * 3600,
	  "how long a CAA check holds; older ones are made again at finalize" },
	{ "validation.per_target", COUNT, AT(per_target), "32", 1, 10000,
	  "validations of one name, and connections to one address, at the same time on "
	  "each event loop; others wait for their turn" },
	{ "validation.per_account", COUNT, AT(acme.per_account), "64", 1, 10000,
	  "validations of one account that get on, at the same time on each event loop; "
	  "others wait for their turn, and their time begins with it; fifteen times as many "
	  "may be slow" },
	{ "validation.connections", COUNT, AT(validations), "1000", 1, 100000,
	  "connections of validations at the same time on each event loop" },
	{ "validation.resolvers", LIST, AT(resolvers), "", 0, 0,
	  "DNS resolvers, ADDRESS or ADDRESS@PORT; none: those of the system; the word "
	  "recursive alone: the name servers of each zone, from the root down" },
	{ "validation.hosts_file", TEXT, AT(hosts_file), "", 0, 0,
	  "names and addresses that are known without DNS, as in /etc/hosts" },
	{ "validation.allow_addresses", LIST, AT(allow_addresses), "", 0, 0,
	  "addresses or networks that may be dialled although they are special" },
	{ "validation.insecure", LIST, AT(insecure), "internal home.arpa test local", 0, 0,
	  "zones of your own, where DNSSEC is not looked for, nor (unless caa = always) CAA" },
	{ "validation.dnssec", TEXT, AT(dnssec), "off", 0, 0,
	  "validate: DNS answers are validated here; trust-ad: by the resolvers, whose word "
	  "is believed, so the way to them must be safe; off: by nobody" },
	{ "validation.trust_anchors", TEXT, AT(anchors), "/usr/share/dns/root.key", 0, 0,
	  "DS or DNSKEY records to validate from: the root's, or those of zones of your own" },
	{ "validation.caa", TEXT, AT(caa), "auto", 0, 0,
	  "auto, always or off: whether CAA records are obeyed; auto: but for names under "
	  "validation.insecure" },
	{ "validation.mode", TEXT, AT(mode), "private", 0, 0,
	  "private or public: whether private networks may be dialled" },
};

const size_t config_noption = sizeof(config_options) / sizeof(config_options[0]);

static const struct config_option issuer_options[] = {
	{ "certificate", TEXT, offsetof(struct issuer_options, certificate), "", 0, 0,
	  "PEM file: the issuing CA's certificate, then those above it" },
	{ "key", TEXT, offsetof(struct issuer_options, key), "", 0, 0,
	  "PEM file: its private key, mode 0600" },
	{ "alternates", LIST, offsetof(struct issuer_options, alternates), "", 0, 0,
	  "PEM files: other chains, each from a cross-certificate of this CA on" },
};

static const struct config_option profile_options[] = {
	{ "description", TEXT, offsetof(struct acme_profile, description), "", 0, 0,
	  "what it is for, or a URL that tells: clients see it in the directory" },
	{ "lifetime", LIFETIME, offsetof(struct acme_profile, lifetime), "47d", 60, 398 * DAY,
	  "from notBefore to notAfter, both ends counted; cabf: as the CA/Browser Forum says on "
	  "the day, and proofs of control are no older than it allows" },
	{ "backdate", TIME, offsetof(struct acme_profile, backdate), "1h", 0, 2 * DAY,
	  "notBefore lies so long before the signature" },
	{ "client_auth", FLAG, offsetof(struct acme_profile, client_auth), "false", 0, 0,
	  "also for TLS clients (clientAuth)" },
	{ "methods", LIST, offsetof(struct acme_profile, method_names), "", 0, 0,
	  "the challenges that its orders may use, among the directory's; default: all" },
	{ "key_types", LIST, offsetof(struct acme_profile, key_types), "", 0, 0,
	  "the keys that certificates may have: ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072, "
	  "rsa-4096; default: all" },
	{ "crl", FLAG, offsetof(struct acme_profile, crl), "true", 0, 0,
	  "whether certificates say where their CRL is; false only for short lives" },
	{ "common_name", FLAG, offsetof(struct acme_profile, common_name), "false", 0, 0,
	  "the first name also as the subject's CN" },
};

static const struct config_option directory_options[] = {
	{ "path", TEXT, offsetof(struct directory_options, path), "", 0, 0,
	  "before /directory in its URLs; default: /NAME, for \"default\" nothing" },
	{ "issuer", TEXT, offsetof(struct directory_options, issuer), "", 0, 0,
	  "the issuer of its certificates; default: the first" },
	{ "profiles", LIST, offsetof(struct directory_options, profiles), "", 0, 0,
	  "profiles that it offers, the first for orders that name none; default: all" },
	{ "methods", LIST, offsetof(struct directory_options, methods), "http-01 dns-01 tls-alpn-01",
	  0, 0, "challenges that are offered: http-01, dns-01, tls-alpn-01, dns-account-01, "
	  "dns-persist-01" },
	{ "eab", TEXT, offsetof(struct directory_options, eab), "none", 0, 0,
	  "external account binding of new accounts: none, optional or required" },
	{ "allow", PATTERNS, offsetof(struct directory_options, allow), "", 0, 0,
	  "names as in policy.allow, for this directory" },
	{ "deny", PATTERNS, offsetof(struct directory_options, deny), "", 0, 0,
	  "names as in policy.deny, for this directory" },
};

const struct option_group option_groups[OPTION_GROUPS] = {
	{ "issuer", "issuer NAME { ... }: an issuing CA; the first one is that of the default\n"
	  "directory",
	  issuer_options, sizeof(issuer_options) / sizeof(issuer_options[0]) },
	{ "profile", "profile NAME { ... }: a kind of certificate; the first one is for orders that\n"
	  "name none",
	  profile_options, sizeof(profile_options) / sizeof(profile_options[0]) },
	{ "directory", "directory NAME { ... }: clients with accounts and rules of their own; "
	  "\"default\" is\nthere without a section",
	  directory_options, sizeof(directory_options) / sizeof(directory_options[0]) },
};

static const struct config_option *
find_in(const struct config_option *list, size_t n, const char *section, const char *name)
{
	size_t len = section == NULL ? 0 : strlen(section);

	for (size_t i = 0; i < n; i++) {
		const char *o = list[i].name;

		if (len > 0 && (strncmp(o, section, len) != 0 || o[len] != '.'))
			continue;
		if (strcmp(len > 0 ? o + len + 1 : o, name) == 0)
			return &list[i];
	}
	return NULL;
}

const struct config_option *
option_find(const char *section, const char *name)
{
	for (size_t g = 0; g < OPTION_GROUPS && section != NULL; g++)
		if (strcmp(section, option_groups[g].name) == 0)
			return find_in(option_groups[g].options, option_groups[g].n, NULL, name);
	return find_in(config_options, config_noption, section, name);
}

static void
help_rows(FILE *out, const struct config_option *list, size_t n, const char *indent)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s\n%s\t%s; default %s%s%s\n%s\t%s\n", indent, list[i].name,
			indent, option_type_help(list[i].type), *list[i].initial == '\0' ? "none" : "\"",
			list[i].initial, *list[i].initial == '\0' ? "" : "\"", indent,
			list[i].help);
}

void
config_help(FILE *out)
{
	fputs("Options of brevet.conf.  \"section.name\" is written section { name = value };\n"
	      "lists are { a, b }.  --set KEY=VALUE takes the names as they stand here, and\n"
	      "issuer.NAME.key or profile.NAME.lifetime for titled sections.\n\n", out);
	help_rows(out, config_options, config_noption, "");
	for (size_t i = 0; i < OPTION_GROUPS; i++) {
		fprintf(out, "\n%s\n", option_groups[i].help);
		help_rows(out, option_groups[i].options, option_groups[i].n, "    ");
	}
}
