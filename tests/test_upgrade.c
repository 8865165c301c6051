/* SPDX-License-Identifier: Apache-2.0 */
/* test_upgrade.c - stores of older formats, as their versions left them (tests/corpus/
 * store-format-N), are opened and become ours. */
#include <sys/stat.h>

#include "store/codec.h"
#include "store/schema.h"
#include "store/store.h"
#include "tests/sample.h"
#include "tests/tap.h"

#define MAP (64u << 20)

static struct arena *a;

/* Unpacks a sample into a new folder. */
static const char *
unpack(const char *sample)
{
	const char *srcdir = getenv("srcdir"), *dir = sample_folder(a);
	const char *from = arena_printf(a, "%s/tests/corpus/%s", srcdir == NULL ? "." : srcdir,
					sample);
	const char *line = arena_printf(a, "gzip -dc '%s/data.mdb.gz' >'%s/data.mdb'", from, dir);

	if (system(line) != 0) {
		printf("Bail out! %s\n", line);
		exit(1);
	}
	return dir;
}

static struct id
id_of(const char *text)
{
	struct id id;

	if (!id_parse(text, strlen(text), &id))
		abort();
	return id;
}

static struct serial
serial_of(const char *hex)
{
	struct serial serial;

	if (!serial_hex_parse(hex, &serial))
		abort();
	return serial;
}

static uint32_t
format_of(const struct view *v)
{
	struct decoder d = decoder_new(store_meta_get(v, a, "format"), a);

	return decode_u32(&d);
}

/* How many records of a kind have an end. */
static size_t
ended(const struct view *v, char kind)
{
	struct store_end_query q = { .kind = kind, .until = INT64_MAX, .max = 100 };
	struct store_end *ends;

	return store_end_list(v, a, &q, &ends);
}

/* What certbot made there. */
static void
check_objects(const struct view *v)
{
	struct id id = id_of("AaIO8tGGHZIfstmynwkP2t9j1BNliQ"), found, *ids;
	const struct account *account = store_account_get(v, a, &id);
	struct serial good = serial_of("6b05dff504eff6d4f7786a9582984a2958afa9ee");
	struct serial bad = serial_of("6b05dff71e1f74aed2d0484140c0487368f7080b");
	const struct order *order;
	const struct cert *cert;
	struct revoked *revoked;

	ok(account != NULL && account->state == ACCOUNT_VALID, "format 1: the account");
	if (account == NULL)
		return;
	is(account->contact[0], "mailto:format@one.test", "format 1: its contact");
	ok(id_none(&account->scope.binding), "format 1: no binding had it");
	ok(store_account_find(v, account->scope.directory, account->thumbprint, &found) &&
	   id_equal(&id, &found), "format 1: its key finds it");
	ok(store_order_list(v, a, &id, NULL, 10, &ids) == 2, "format 1: its orders");
	order = store_order_get(v, a, &ids[1]);
	ok(order != NULL && order->state == ORDER_VALID && order->nident == 2 &&
	   memcmp(&order->serial, &good, sizeof(good)) == 0, "format 1: the first one");
	is(order->idents[0].value, "www.format.test", "format 1: its first name");
	ok(store_authz_get(v, a, &order->authz[0]) != NULL, "format 1: its authorization");
	cert = store_cert_get(v, a, &good);
	ok(cert != NULL && cert->state == CERT_ISSUED && cert->der.len > 300,
	   "format 1: the certificate");
	cert = store_cert_get(v, a, &bad);
	ok(cert != NULL && cert->state == CERT_REVOKED && cert->reason == 4,
	   "format 1: the one that is revoked");
	ok(store_revoked_list(v, a, cert->scope.issuer, cert->shard, &revoked) == 1 &&
	   memcmp(&revoked[0].serial, &bad, sizeof(bad)) == 0, "format 1: the list of them");
	ok(store_crl_get(v, a, cert->scope.issuer, cert->shard) != NULL, "format 1: the CRL");
	ok(store_counts(v).n[COUNT_ORDERS][ORDER_VALID] == 2, "format 1: what is counted");
	ok(ended(v, 'o') == 2 && ended(v, 'a') == 2 && ended(v, 'c') == 3, "format 1: ends: %zu %zu %zu",
	   ended(v, 'o'), ended(v, 'a'), ended(v, 'c'));
	is(store_name(v, a, 'd', account->scope.directory), "default", "format 1: the directory");
}

/* What only newer formats have. */
static void
check_new_tables(struct store *s)
{
	struct binding binding = { .id = sample_id(5), .directory = 1, .state = BINDING_VALID };
	struct edit *e = edit_begin(s);
	struct problem p = { 0 };
	struct view *v;
	struct id *ids;
	const char **texts;

	store_binding_add(e, &binding);
	store_evidence_add(e, &binding.id, 1700000000000, "{}", 1);
	ok(edit_commit(e, &p), "a binding and evidence are added: %s", p.detail);
	v = view_open(s);
	ok(store_binding_list(v, a, NULL, 10, &ids) == 1, "the binding is there");
	ok(store_evidence_list(v, a, &binding.id, 10, &texts) == 1, "the evidence too");
	view_close(v);
}

static void
from_format_1(void)
{
	const char *dir = unpack("store-format-1");
	struct problem p = { 0 };
	struct store *s = store_open_reader(dir, &p);
	struct view *v;

	ok(s == NULL, "format 1: a reader does not touch it");
	ok(strstr(p.detail, "has format 1; start \"brevet serve\" once") != NULL, "and says who "
	   "does: %s", p.detail);
	s = store_open(dir, MAP, false, &p);
	ok(s != NULL, "format 1: a server opens it");
	if (s == NULL)
		return;
	v = view_open(s);
	ok(format_of(v) == STORE_FORMAT, "it has format %d then", STORE_FORMAT);
	check_objects(v);
	view_close(v);
	check_new_tables(s);
	store_close(s);
	s = store_open_reader(dir, &p);
	ok(s != NULL, "a reader opens it now");
	v = view_open(s);
	check_objects(v);
	view_close(v);
	store_close(s);
	s = store_open(dir, MAP, false, &p);
	ok(s != NULL, "so does a server, again");
	store_close(s);
	sample_remove(a, dir);
}

int
main(void)
{
	a = arena_new();
	from_format_1();
	arena_free(a);
	return tap_done();
}
