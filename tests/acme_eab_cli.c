/* SPDX-License-Identifier: Apache-2.0 */
/* acme_eab_cli.c - brevet eab as the operator types it: what is refused, what is shown, and
 * that the secret is shown once. */
#include <stdlib.h>

#include "tests/attack.h"
#include "tests/bind.h"
#include "tests/chain.h"

static struct scene scene;

static void
test_usage(struct arena *a)
{
	static const struct row {
		const char	*words;
		int		 status;
		const char	*says;
	} rows[] = {
		{ "", 2, "add, list, show ID, revoke ID or renew ID" },
		{ "drop", 2, "add, list, show ID, revoke ID or renew ID" },
		{ "add word", 2, "add, list, show ID" },
		{ "list word", 2, "add, list, show ID" },
		{ "show", 2, "add, list, show ID" },
		{ "renew --uses 1", 2, "add, list, show ID" },
		{ "show a b", 2, "\"b\" makes no sense here" },
		{ "list --label x", 2, "list: --label makes no sense here" },
		{ "list --expires 1d", 2, "--expires makes no sense here" },
		{ "add --accounts", 2, "--accounts makes no sense here" },
		{ "show x --names a", 2, "--names makes no sense here" },
		{ "revoke x --json", 2, "--json makes no sense here" },
		{ "renew x --prevalidated", 2, "--prevalidated makes no sense here" },
		{ "add --nonsense", 2, "--nonsense: no such option" },
		{ "add --uses 0", 2, "--uses 0: a number from 1" },
		{ "add --uses -1", 2, "--uses -1: a number from 1" },
		{ "add --uses 1x", 2, "--uses 1x: a number from 1" },
		{ "add --uses ''", 2, "a number from 1" },
		{ "add --uses 99999999999999999999", 2, "a number from 1" },
		{ "add --contact a@b", 2, "write technical:ADDRESS or authorising:ADDRESS" },
		{ "add --contact technical:", 2, "write technical:ADDRESS" },
		{ "add --names ,", 2, "nothing stands there" },
		{ "add --label $(printf '\\377')", 2, "not UTF-8" },
		{ "add --label $(printf '\\033')", 1, "label has a control character" },
		{ "add --label $(printf %0256d 1)", 1, "label is longer than 255 octets" },
		{ "add --names 'a.test b..c'", 1, "\"b..c\" is not a pattern of names" },
		{ "add --deny 10.0.0.0/33", 1, "\"10.0.0.0/33\" is not a pattern of names" },
		{ "add --profiles nonsense", 1, "\"nonsense\" is not a profile of its directory" },
		{ "add --profiles short --directory plain", 1, "\"short\" is not a profile" },
		{ "add --methods tls-alpn-02", 1, "\"tls-alpn-02\" is not a challenge" },
		{ "add --methods dns-01 --directory plain", 1, "\"dns-01\" is not a challenge" },
		{ "add --directory nonsense", 1, "brevet.conf has no directory \"nonsense\"" },
		{ "add --expires 1", 1, "\"1\" is not a duration (365d, 12h) or \"never\"" },
		{ "add --expires 0s", 1, "not a duration" },
		{ "show nonsense", 1, "no binding \"nonsense\"; \"brevet eab list\" shows all" },
		{ "show " NOBODY, 1, "no binding" },
		{ "revoke nonsense", 1, "\"nonsense\" is not the id of a binding" },
		{ "revoke AaIO5P9hOYcQvAePNXUH2fiXCpAWWw", 1, "no such binding" },
		{ "renew AaIO5P9hOYcQvAePNXUH2fiXCpAWWw --uses 1", 1, "no such binding" },
		{ "renew AaIO5P9hOYcQvAePNXUH2fiXCpAWWw", 1, "Give --expires, --uses or both" },
	};
	const char *said;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int status = eab_run(a, scene.server, rows[i].words, &said);

		ok(status == rows[i].status, "eab %s: status %d", rows[i].words, status);
		ok(strstr(said, rows[i].says) != NULL, "and it says what to do: %s", said);
	}
	eab_run(a, scene.server, "list", &said);
	is(said, "", "none of it made a binding");
}

/* A list as long as it may be, which is more than a read of the socket takes. */
static void
test_long(struct arena *a)
{
	const char *names = "", *said;

	for (int i = 0; i < 1000; i++)
		names = arena_printf(a, "%s,n%d.%060d.example.test", names, i, i);
	ok(eab_run(a, scene.server, arena_printf(a, "add --names %s", names + 1), &said) == 0,
	   "a thousand names: %.60s", said);
	ok(eab_run(a, scene.server, arena_printf(a, "add --names a.test%s", names), &said) == 1,
	   "not one more");
	ok(strstr(said, "names is not a list of at most 1000") != NULL, "it says why: %s", said);
	eab_run(a, scene.server, "list --json", &said);
	ok(strstr(said, "\"n999.0") != NULL, "all are kept");
}

/* Does each line of the text come in said? */
static void
has_lines(const char *said, const char *what, const char *const *lines)
{
	for (; *lines != NULL; lines++)
		if (strstr(said, *lines) == NULL) {
			ok(false, "%s: no line \"%s\"", what, *lines);
			return;
		}
	ok(true, "%s: what to type", what);
}

static void
test_clients(struct arena *a)
{
	const char *said, *kid, *hmac, *url = arena_printf(
		a, "https://localhost:%u/other/directory", scene.server->port);
	const char *root = scene.server->root;

	ok(eab_run(a, scene.server, "add --directory other --names 10.0.0.0/8,fd00::/8,.corp.example "
		   "--expires 30d", &said) == 0, "a binding");
	kid = arena_strndup(a, strstr(said, "key id") + 15, 30);
	hmac = arena_strndup(a, strstr(said, "HMAC key") + 15, 86);
	ok(strstr(said, arena_printf(a, "directory URL  %s\n", url)) != NULL, "of its directory");
	has_lines(said, "certbot", (const char *const[]){
		arena_printf(a, "REQUESTS_CA_BUNDLE=%s certbot certonly --server %s ", root, url),
		arena_printf(a, "--eab-kid %s ", kid), arena_printf(a, "--eab-hmac-key %s ", hmac),
		"-d www.corp.example\n", NULL });
	has_lines(said, "lego", (const char *const[]){
		arena_printf(a, "LEGO_CA_CERTIFICATES=%s lego --server %s ", root, url),
		arena_printf(a, "--eab --kid %s ", kid), arena_printf(a, "--hmac %s ", hmac),
		"--domains www.corp.example run\n", NULL });
	has_lines(said, "acme.sh", (const char *const[]){
		arena_printf(a, "acme.sh --register-account --server %s --ca-bundle %s ", url,
			     root), NULL });
	has_lines(said, "uacme", (const char *const[]){
		arena_printf(a, "-a %s ", url), arena_printf(a, "-e %s:%s ", kid, hmac), NULL });
	has_lines(said, "Caddy", (const char *const[]){
		arena_printf(a, "acme_ca %s\n", url), arena_printf(a, "acme_ca_root %s\n", root),
		arena_printf(a, "key_id %s\n", kid), arena_printf(a, "mac_key %s\n", hmac), NULL });
	has_lines(said, "mod_md", (const char *const[]){
		arena_printf(a, "MDExternalAccountBinding %s %s\n", kid, hmac),
		arena_printf(a, "MDCertificateAuthority %s\n", url), NULL });
	has_lines(said, "cert-manager", (const char *const[]){
		"kind: ClusterIssuer\n", arena_printf(a, "server: %s\n", url),
		arena_printf(a, "keyID: %s\n", kid), arena_printf(a, "hmac: %s\n", hmac), NULL });
	ok(strstr(said, "@") == strstr(said, "@example.org"), "no word is left out");
}

/* All of a file. */
static const char *
file_text(struct arena *a, const char *path)
{
	FILE *in = fopen(path, "r");
	const char *all = "";
	char part[65536];
	size_t n;

	if (in == NULL)
		abort();
	while ((n = fread(part, 1, sizeof(part) - 1, in)) > 0) {
		part[n] = '\0';
		all = arena_printf(a, "%s%s", all, part);
	}
	fclose(in);
	return all;
}

static void
check_shown(struct arena *a, const struct binding_key *key, const struct client *c,
	    const char *serial)
{
	const char *said, *account = strrchr(c->kid, '/') + 1;

	eab_run(a, scene.server, arena_printf(a, "show %s", key->kid), &said);
	has_lines(said, "show", (const char *const[]){
		arena_printf(a, "kid            %s\n", key->kid), "state          spent\n",
		"uses           1/1\n", "label          The Partner, Ltd\n",
		"organisation   Partner\n",
		"technical      ops@partner.example dns@partner.example\n",
		"authorising    boss@partner.example\n", "names          .example.test\n",
		"deny           x.example.test\n", "profiles       short\n",
		"methods        http-01\n", "prevalidated   no\n",
		arena_printf(a, "account %s  valid  ", account), "  order ",
		"  valid       ", "  pending     ", "n1.example.test n2.example.test\n", NULL });
	ok(strcasestr(said, arena_printf(a, "certificate %s  issued  until ", serial)) != NULL,
	   "show: the certificate %s: %s", serial, said);
}

static void
check_shown_json(struct arena *a, const struct binding_key *key)
{
	const json_t *account, *orders, *cert;
	const char *said;
	json_t *o;

	eab_run(a, scene.server, arena_printf(a, "show --json %s", key->kid), &said);
	o = json_loads(said, 0, NULL);
	account = json_array_get(json_object_get(o, "accounts"), 0);
	orders = json_object_get(account, "orders");
	is(text(account, "status"), "valid", "show --json: the account");
	ok(json_array_size(orders) == 2, "show --json: its orders");
	is(text(json_array_get(orders, 0), "status"), "pending", "show --json: the newest first");
	cert = json_object_get(json_array_get(orders, 1), "certificate");
	is(text(cert, "state"), "issued", "show --json: the certificate");
	ok(text(cert, "not_after") != NULL, "show --json: until when");
	json_decref(o);
}

/* The HMAC key is told to who adds the binding, and to nobody after that (K-8). */
static void
check_secret(struct arena *a, const struct binding_key *key, const struct client *c)
{
	static const char *const words[] = { "list", "list --json", "show %s", "show --json %s" };
	const char *said, *show;

	for (size_t i = 0; i < COUNT(words); i++) {
		show = i < 2 ? words[i] : arena_printf(a, i == 2 ? "show %s" : "show --json %s",
						       key->kid);
		ok(eab_run(a, scene.server, show, &said) == 0 && strstr(said, key->kid) != NULL,
		   "%s has the binding", words[i]);
		ok(strstr(said, key->hmac) == NULL, "K-8 and not its secret");
	}
	said = file_text(a, scene.server->log);
	ok(strstr(said, key->kid) != NULL, "K-8 the server's log has the key id");
	ok(strstr(said, key->hmac) == NULL, "K-8 and not the secret, at level debug");
	ok(strstr((const char *)c->reply.body.data, key->hmac) == NULL, "K-8 nor has the account");
}

static void
test_show(struct arena *a)
{
	static const char *const names[] = { "n1.example.test", "n2.example.test" };
	struct binding_key key = eab_add(
		scene.server, "--label 'The Partner, Ltd' --organisation Partner "
		"--contact technical:ops@partner.example --contact technical:dns@partner.example "
		"--contact authorising:boss@partner.example --names .example.test "
		"--deny x.example.test --profiles short --methods http-01 --uses 1 --expires 365d");
	struct client *c = visitor(&scene);
	struct issued issued = { .key = NULL };
	struct client_order order;
	const char *serial;

	if (eab_register(c, &key) != 201 ||
	    !client_issue(c, scene.responder, names, 2, &issued) ||
	    !client_order_new(c, names, 1, &order)) {
		ok(false, "a certificate: %s", client_why(c));
		return;
	}
	serial = chain_serial(a, issued.pem);
	check_shown(a, &key, c, serial);
	check_shown_json(a, &key);
	client_post(c, c->kid, "");
	check_secret(a, &key, c);
	EVP_PKEY_free(issued.key);
	leave(c);
}

int
main(void)
{
	struct arena *a = arena_new();

	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "log.level=debug", "directory.default.eab=required",
			 "directory.other.eab=optional", "directory.plain.eab=required",
			 "directory.plain.methods=http-01", "directory.plain.profiles=fleet",
			 "profile.short.lifetime=6h", NULL }))
		return 1;
	test_usage(a);
	test_long(a);
	test_clients(a);
	test_show(a);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}
