/* SPDX-License-Identifier: Apache-2.0 */
/* test_upgrade.c - stores of older formats, as their versions left them (tests/corpus/
 * store-format-N), are opened and become ours. */
#include <sys/stat.h>

#include "store/codec.h"
#include "store/schema.h"
#include "store/store.h"
#include "tests/tap.h"
#include "tests/unpack.h"

#define MAP (64u << 20)

static struct arena *a;

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

/* A sample, and what certbot made there: an account that has two certificates, of which the
 * second is revoked. */
static const struct sample {
	unsigned	 format;
	const char	*folder, *account, *contact;
	const char	*good, *bad;		/* serials */
	size_t		 norder, nauthz, nevidence;	/* of the first order's authorization */
} samples[] = {
	{ 1, "store-format-1", "AaIO8tGGHZIfstmynwkP2t9j1BNliQ", "mailto:format@one.test",
	  "6b05dff504eff6d4f7786a9582984a2958afa9ee", "6b05dff71e1f74aed2d0484140c0487368f7080b",
	  2, 2, 0 },
	{ 3, "store-format-3", "AaIpldfpAxHyWqPluh3mCrmuFxulbA", "mailto:format@three.test",
	  "6b0cb1a1f17c1af6fad95c89eaa4112739938317", "6b0cb1a26b96f541362e5376623bc10217b93053",
	  3, 3, 1 },
};

static void
check_account(const struct view *v, const struct sample *sample)
{
	struct id id = id_of(sample->account), found;
	const struct account *account = store_account_get(v, a, &id);

	ok(account != NULL && account->state == ACCOUNT_VALID, "format %u: the account",
	   sample->format);
	if (account == NULL)
		return;
	is(account->contact[0], sample->contact, "its contact");
	ok(id_none(&account->scope.binding), "no binding had it");
	ok(store_account_find(v, account->scope.directory, account->thumbprint, &found) &&
	   id_equal(&id, &found), "its key finds it");
	is(store_name(v, a, 'd', account->scope.directory), "default", "the directory");
}

static void
check_order(const struct view *v, const struct sample *sample)
{
	struct id account = id_of(sample->account), *ids;
	struct serial good = serial_of(sample->good);
	const struct order *order;
	const char **texts;

	ok(store_order_list(v, a, &account, NULL, 10, &ids) == sample->norder, "its orders");
	order = store_order_get(v, a, &ids[sample->norder - 1]);
	ok(order != NULL && order->state == ORDER_VALID && order->nident == 2 &&
	   serial_equal(&order->serial, &good), "the first one");
	is(order->idents[0].value, "www.format.test", "its first name");
	ok(order->replaces == NULL, "it replaces nothing");
	ok(store_authz_get(v, a, &order->authz[0]) != NULL, "its authorization");
	ok(store_evidence_list(v, a, &order->authz[0], 10, &texts) == sample->nevidence,
	   "%zu pieces of evidence", sample->nevidence);
}

static void
check_certs(const struct view *v, const struct sample *sample)
{
	struct serial good = serial_of(sample->good), bad = serial_of(sample->bad);
	const struct cert *cert = store_cert_get(v, a, &good);
	struct revoked *revoked;

	ok(cert != NULL && cert->state == CERT_ISSUED && cert->der.len > 300, "the certificate");
	ok(store_renewal_get(v, a, &good) == NULL, "whose renewal nobody has planned");
	cert = store_cert_get(v, a, &bad);
	ok(cert != NULL && cert->state == CERT_REVOKED && cert->reason == 4,
	   "the one that is revoked");
	ok(store_revoked_list(v, a, cert->scope.issuer, cert->shard, &revoked) == 1 &&
	   serial_equal(&revoked[0].serial, &bad), "the list of them");
	ok(store_crl_get(v, a, cert->scope.issuer, cert->shard) != NULL, "the CRL");
}

static void
check_objects(const struct view *v, const struct sample *sample)
{
	check_account(v, sample);
	check_order(v, sample);
	check_certs(v, sample);
	ok(store_counts(v).n[COUNT_ORDERS][ORDER_VALID] == 2, "what is counted");
	ok(ended(v, 'o') == sample->norder && ended(v, 'a') == sample->nauthz && ended(v, 'c') == 3,
	   "ends: %zu %zu %zu", ended(v, 'o'), ended(v, 'a'), ended(v, 'c'));
}

/* Clean-up finds its way: the ends tell when, and go with what they are of. */
static void
check_ends(struct store *s, const struct sample *sample)
{
	struct serial good = serial_of(sample->good);
	struct edit *e = edit_begin(s);
	const struct cert *cert = store_cert_get(edit_view(e), a, &good);
	struct store_end_query q = { .kind = 'c', .until = cert->not_after + 1, .max = 100 };
	struct store_end *ends;
	size_t n = store_end_list(edit_view(e), a, &q, &ends);
	struct problem p = { 0 };
	struct view *v;

	ok(n > 0 && ends[n - 1].at == cert->not_after &&
	   serial_equal(&ends[n - 1].serial, &good), "the certificate's end is found");
	q.until--;
	ok(store_end_list(edit_view(e), a, &q, &ends) == n - 1, "not before its time");
	store_order_del(e, store_order_get(edit_view(e), a, &cert->order));
	store_cert_del(e, cert);
	ok(edit_commit(e, &p), "it goes, with its order: %s", p.detail);
	v = view_open(s);
	ok(ended(v, 'o') == sample->norder - 1 && ended(v, 'c') == 2, "and their ends");
	view_close(v);
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

/* As a client's new order would claim it. */
static void
check_renewal(struct store *s, const struct sample *sample)
{
	struct renewal renewal = { .serial = serial_of(sample->good), .not_after = 9000,
				   .start = 600, .end = 1200 };
	struct edit *e = edit_begin(s);
	struct problem p = { 0 };
	struct view *v;

	ok(store_due_count(edit_view(e), 9000).begun == 0, "no renewal is due");
	store_renewal_put(e, &renewal);
	ok(edit_commit(e, &p), "one is planned: %s", p.detail);
	v = view_open(s);
	ok(store_due_count(v, 900).begun == 1, "and due");
	view_close(v);
}

static void
from_format(const struct sample *sample)
{
	const char *dir = unpack(a, sample->folder);
	struct problem p = { 0 };
	struct store *s = store_open_reader(dir, &p);
	struct view *v;

	ok(s == NULL, "format %u: a reader does not touch it", sample->format);
	ok(strstr(p.detail, arena_printf(a, "has format %u; start \"brevet serve\" once",
					 sample->format)) != NULL, "and says who does: %s", p.detail);
	s = store_open(dir, MAP, false, &p);
	ok(s != NULL, "format %u: a server opens it", sample->format);
	if (s == NULL)
		return;
	v = view_open(s);
	ok(format_of(v) == STORE_FORMAT, "it has format %d then", STORE_FORMAT);
	check_objects(v, sample);
	view_close(v);
	check_new_tables(s);
	store_close(s);
	s = store_open_reader(dir, &p);
	ok(s != NULL, "a reader opens it now");
	v = view_open(s);
	check_objects(v, sample);
	view_close(v);
	store_close(s);
	s = store_open(dir, MAP, false, &p);
	ok(s != NULL, "so does a server, again");
	check_renewal(s, sample);
	check_ends(s, sample);
	store_close(s);
	sample_remove(a, dir);
}

int
main(void)
{
	a = arena_new();
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		from_format(&samples[i]);
	arena_free(a);
	return tap_done();
}
