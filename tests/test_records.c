/* SPDX-License-Identifier: Apache-2.0 */
/* test_records.c - records in the store: accounts, orders, authorizations, certificates,
 * revocation lists, bindings, jobs, evidence, and when they end. */
#include "store/store.h"

#include "tests/store_make.h"

static void
add_account(struct edit *e, const void *record)
{
	store_account_add(e, record);
}

static void
put_account(struct edit *e, const void *record)
{
	store_account_put(e, record);
}

static void
put_order(struct edit *e, const void *record)
{
	store_order_put(e, record);
}

static void
accounts(void)
{
	struct account one = sample_account(a, 1), two = sample_account(a, 2);
	const struct account *got;
	uint8_t old[32];
	struct view *v;
	struct id id;

	ok(kept(add_account, &one) && kept(add_account, &two), "two accounts");
	reopen();
	v = view_open(s);
	got = store_account_get(v, a, &one.id);
	ok(got != NULL && id_equal(&got->id, &one.id) && got->created == 1000 &&
	   got->ncontact == 2, "one is there");
	is(got->contact[1], one.contact[1], "with its contact");
	ok(store_account_find(v, 1, one.thumbprint, &id) && id_equal(&id, &one.id),
	   "its key finds it");
	ok(!store_account_find(v, 2, one.thumbprint, &id), "not in another directory");
	view_close(v);

	memcpy(old, one.thumbprint, 32);
	memset(one.thumbprint, 0xab, 32);
	one.state = ACCOUNT_DEACTIVATED;
	ok(kept(put_account, &one), "its key is rolled over");
	v = view_open(s);
	ok(!store_account_find(v, 1, old, &id), "the old key finds nothing");
	ok(store_account_find(v, 1, one.thumbprint, &id) && id_equal(&id, &one.id),
	   "the new one does");
	ok(store_account_get(v, a, &one.id)->state == ACCOUNT_DEACTIVATED, "and the record");
	view_close(v);

	memcpy(two.thumbprint, one.thumbprint, 32);
	ok(!kept(put_account, &two), "not to a key that has an account");
	two.id = sample_id(3);
	ok(!kept(add_account, &two), "no second account for a key");
	two = sample_account(a, 2);
	ok(!kept(add_account, &two), "no second account of an id");
	two.id = sample_id(99);
	ok(!kept(put_account, &two), "none is put that is not there");
}

struct ends {
	const char	*text;
};

static bool
ends_row(void *arg, struct blob key, struct blob value)
{
	struct ends *ends = arg;
	struct decoder d = decoder_new(key, a);
	char kind = (char)decode_u8(&d);
	long time = (long)decode_u64(&d);

	(void)value;
	ends->text = arena_printf(a, "%s%ld%c%u ", ends->text, time, kind,
				  key.data[key.len - 1]);
	return true;
}

static const char *
ends(void)
{
	defer_struct(view) *v = view_open(s);
	struct ends ends = { "" };

	view_scan(v, TABLE_ENDS, (struct blob){ NULL, 0 }, ends_row, &ends);
	return ends.text;
}

static void
orders(void)
{
	struct order small = sample_order(a, 10, 2, false);
	struct order large = sample_order(a, 11, 100, true);
	const struct order *got;
	struct view *v;

	is(ends(), "", "no ends yet");
	ok(kept(add_order, &small) && kept(add_order, &large), "two orders");
	is(ends(), "2000o10 2000o11 ", "and their ends");
	small.expires = 70000;
	small.state = ORDER_VALID;
	ok(kept(put_order, &small), "one changes its end");
	is(ends(), "2000o11 70000o10 ", "the row is moved");
	ok(kept(put_order, &small), "put once more");
	is(ends(), "2000o11 70000o10 ", "it stays");
	ok(!kept(add_order, &small), "no second order of an id");
	small.id = sample_id(12);
	ok(!kept(put_order, &small), "none is put that is not there");
	reopen();
	v = view_open(s);
	got = store_order_get(v, a, &large.id);
	ok(got != NULL && id_equal(&got->id, &large.id) && got->nident == 100 &&
	   got->nauthz == 100 && id_equal(&got->authz[99], &large.authz[99]), "the large one");
	is(got->idents[99].value, large.idents[99].value, "its last name");
	ok(store_order_get(v, a, &small.id) == NULL, "no such");
	view_close(v);
}

static const char *
list(const struct id *account, const struct id *before, size_t max)
{
	defer_struct(view) *v = view_open(s);
	const char *text = "";
	struct id *ids;
	size_t n = store_order_list(v, a, account, before, max, &ids);

	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%u ", text, ids[i].b[ID_LEN - 1]);
	return text;
}

static void
order_lists(void)
{
	struct id one = sample_id(201), two = sample_id(202), three = sample_id(203), before;
	struct edit *e = edit_begin(s);

	for (unsigned i = 20; i < 26; i++) {
		struct order order = sample_order(a, i, 1, false);

		order.account = i & 1 ? one : three;
		store_order_add(e, &order);
	}
	commit(e);
	is(list(&one, NULL, 10), "25 23 21 ", "newest first");
	is(list(&one, NULL, 2), "25 23 ", "not more than wanted");
	before = sample_id(23);
	is(list(&one, &before, 10), "21 ", "those before one");
	is(list(&two, NULL, 10), "", "an account without");
	is(list(&three, NULL, 10), "24 22 20 ", "the last account");
	is(list(&one, NULL, 0), "", "none wanted");
}

static void
others(void)
{
	struct authz authz = sample_authz(a, 30, true);
	struct cert cert = sample_cert(a, 31, 3000);
	struct crl crl = { .issuer = 1, .shard = 2, .number = 3, .this_update = 4,
			   .next_update = 5, .der = sample_blob(a, 50000) };
	struct edit *e = edit_begin(s);
	struct view *v;
	const struct authz *z;
	const struct cert *c;
	const struct crl *r;

	store_authz_add(e, &authz);
	store_cert_add(e, &cert);
	store_crl_put(e, &crl);
	authz.state = AUTHZ_VALID;
	authz.expires = 2500;
	store_authz_put(e, &authz);
	cert.state = CERT_REVOKED;
	store_cert_put(e, &cert);
	commit(e);
	reopen();
	ok(strstr(ends(), "2500a30 ") != NULL && strstr(ends(), "9000c31 ") != NULL &&
	   strstr(ends(), "2000a30 ") == NULL, "ends within one edit");
	v = view_open(s);
	z = store_authz_get(v, a, &authz.id);
	ok(z != NULL && z->state == AUTHZ_VALID && z->nchallenge == 3 &&
	   z->challenges[1].validated == 1234 && z->ident.wildcard, "authorization");
	is(z->challenges[0].error, authz.challenges[0].error, "its challenge's error");
	ok(z->challenges[2].error == NULL, "and none");
	c = store_cert_get(v, a, &cert.serial);
	ok(c != NULL && c->state == CERT_REVOKED && c->der.len == 3000 && c->shard == 3 &&
	   memcmp(c->der.data, cert.der.data, 3000) == 0, "certificate");
	r = store_crl_get(v, a, 1, 2);
	ok(r != NULL && r->number == 3 && r->der.len == 50000, "revocation list");
	ok(store_crl_get(v, a, 1, 3) == NULL && store_crl_get(v, a, 2, 2) == NULL, "no other");
	view_close(v);
}

static void
add_binding(struct edit *e, const void *record)
{
	store_binding_add(e, record);
}

static void
put_binding(struct edit *e, const void *record)
{
	store_binding_put(e, record);
}

/* The last octets of ids. */
static const char *
numbers(const struct id *ids, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%u ", text, ids[i].b[ID_LEN - 1]);
	return text;
}

static const char *
binding_list(const struct view *v, const struct id *after, size_t max)
{
	struct id *ids;
	size_t n = store_binding_list(v, a, after, max, &ids);

	return numbers(ids, n);
}

static const char *
member_list(const struct view *v, const struct id *binding, const struct id *after, size_t max)
{
	struct id *ids;
	size_t n = store_binding_accounts(v, a, binding, after, max, &ids);

	return numbers(ids, n);
}

static void
bindings(void)
{
	struct binding one = sample_binding(a, 60, 3), two = sample_binding(a, 61, 0);
	const struct binding *got;
	struct view *v;

	ok(kept(add_binding, &two) && kept(add_binding, &one), "two bindings");
	reopen();
	v = view_open(s);
	got = store_binding_get(v, a, &one.id);
	ok(got != NULL && id_equal(&got->id, &one.id) && got->uses == 1 && got->prevalidated &&
	   memcmp(got->key, one.key, sizeof(one.key)) == 0, "one is there");
	is(got->allow[2], "text2.example", "with its names");
	ok(store_binding_get(v, a, &(struct id){ { 7 } }) == NULL, "no other");
	is(binding_list(v, NULL, 10), "60 61 ", "oldest first");
	is(binding_list(v, NULL, 1), "60 ", "not more than wanted");
	is(binding_list(v, &one.id, 10), "61 ", "those behind one");
	view_close(v);
	one.uses = 2;
	one.state = BINDING_REVOKED;
	ok(kept(put_binding, &one), "it is used, and revoked");
	v = view_open(s);
	got = store_binding_get(v, a, &one.id);
	ok(got->uses == 2 && got->state == BINDING_REVOKED, "and is");
	view_close(v);
	ok(!kept(add_binding, &one), "no second binding of an id");
	one.id = sample_id(62);
	ok(!kept(put_binding, &one), "none is put that is not there");
}

/* Whose accounts they are. */
static void
members(void)
{
	struct id one = sample_id(60), two = sample_id(61), account;
	struct edit *e = edit_begin(s);
	struct view *v;

	for (unsigned i = 70; i < 76; i++) {
		account = sample_id(i);
		store_binding_join(e, i & 1 ? &one : &two, &account,
				   arena_printf(a, "{\"n\":%u}", i));
	}
	commit(e);
	reopen();
	v = view_open(s);
	is(member_list(v, &one, NULL, 10), "71 73 75 ", "the accounts of a binding");
	is(member_list(v, &two, NULL, 2), "70 72 ", "not more than wanted");
	account = sample_id(72);
	is(member_list(v, &two, &account, 2), "74 ", "those behind one, and of that binding alone");
	account = sample_id(71);
	is(store_binding_jws(v, a, &one, &account), "{\"n\":71}", "what bound an account");
	ok(store_binding_jws(v, a, &two, &account) == NULL, "another binding did not");
	view_close(v);
}

static void
jobs(void)
{
	struct job job[3] = { { JOB_VALIDATE, sample_id(40), 2 },
			      { JOB_VALIDATE, sample_id(41), 0 }, { JOB_ISSUE, sample_id(1), 0 } };
	struct job *found;
	struct edit *e = edit_begin(s);
	struct view *v;

	for (int i = 2; i >= 0; i--)
		edit_job(e, &job[i]);
	edit_job(e, &job[1]);
	commit(e);
	reopen();
	v = view_open(s);
	ok(store_job_list(v, a, NULL, 10, &found) == 3 && found[0].arg == 2 &&
	   id_equal(&found[1].id, &job[1].id) && found[2].kind == JOB_ISSUE, "jobs stand");
	ok(store_job_list(v, a, NULL, 2, &found) == 2, "not more than wanted");
	ok(store_job_list(v, a, &found[1], 2, &found) == 1 && found[0].kind == JOB_ISSUE,
	   "those behind one");
	view_close(v);
	e = edit_begin(s);
	for (int i = 0; i < 3; i++)
		edit_job_done(e, &job[i]);
	ok(edit_changes(e) == 3, "they are done");
	edit_job_done(e, &job[0]);
	ok(edit_changes(e) == 3, "once");
	commit(e);
	v = view_open(s);
	ok(store_job_list(v, a, NULL, 10, &found) == 0, "and gone");
	view_close(v);
}

/* Adds rows first to last of that object, of which six stay at most. */
static void
evidence_of(const struct id *id, unsigned first, unsigned last, int64_t ms)
{
	struct edit *e = edit_begin(s);

	for (unsigned i = first; i <= last; i++)
		store_evidence_add(e, id, ms, arena_printf(a, "{\"n\":%u}", i), 6);
	commit(e);
}

static void
evidence(void)
{
	struct id one = sample_id(70), two = sample_id(71);
	const char **texts;
	struct view *v;

	evidence_of(&one, 1, 3, 5000);
	evidence_of(&two, 1, 4, 5000);
	v = view_open(s);
	ok(store_evidence_list(v, a, &one, 10, &texts) == 3, "evidence of one millisecond is kept");
	is(texts[0], "{\"n\":1}", "the oldest first");
	is(texts[2], "{\"n\":3}", "the newest last");
	ok(store_evidence_list(v, a, &one, 2, &texts) == 2, "no more than was asked for");
	view_close(v);
	evidence_of(&one, 4, 20, 6000);
	reopen();
	v = view_open(s);
	ok(store_evidence_list(v, a, &one, 100, &texts) == 6, "six rows stay of twenty");
	is(texts[0], "{\"n\":15}", "which are the last ones");
	is(texts[5], "{\"n\":20}", "in their order");
	ok(store_evidence_list(v, a, &two, 100, &texts) == 4, "another object keeps its own");
	ok(store_evidence_list(v, a, &(struct id){ { 72 } }, 100, &texts) == 0, "a third has none");
	view_close(v);
}

static void
snapshot(void)
{
	struct account account = sample_account(a, 50);
	struct view *v = view_open(s);

	kept(add_account, &account);
	for (unsigned i = 0; i < 50; i++) {	/* pages are used again, not those of v */
		account.created = 5000 + i;
		kept(put_account, &account);
	}
	ok(store_account_get(v, a, &account.id) == NULL, "a view stays as it was");
	view_close(v);
	v = view_open(s);
	ok(store_account_get(v, a, &account.id)->created == 5049, "a new one sees the last");
	view_close(v);
}

static int
corrupt(void)
{
	defer_struct(view) *v = view_open(s);

	freopen("/dev/null", "w", stderr);
	store_order_get(v, a, &(struct id){ { 9 } });
	return 0;
}

static void
corruption(void)
{
	struct id id = { { 9 } };
	struct edit *e = edit_begin(s);

	edit_put(e, TABLE_ORDERS, BLOB_ID(&id), BLOB_TEXT("\1nonsense"));
	commit(e);
	reopen();
	ok(child(corrupt) == -1, "a record that cannot be read ends the process");
}

int
main(void)
{
	store_make();
	accounts();
	orders();
	order_lists();
	others();
	bindings();
	members();
	jobs();
	evidence();
	snapshot();
	corruption();
	return store_end();
}
