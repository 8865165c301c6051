/* SPDX-License-Identifier: Apache-2.0 */
/* test_codec.c - records to bytes and back, and bytes that cannot be. */
#include "store/codec.h"

#include "base/defer.h"
#include "store/records.h"
#include "tests/sample.h"
#include "tests/tap.h"

static struct arena *a;

static bool
same(struct blob x, struct blob y)
{
	return x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
}

static const char *
hex(struct blob b)
{
	char *s = arena_alloc(a, 2 * b.len + 1);

	for (size_t i = 0; i < b.len; i++)
		sprintf(s + 2 * i, "%02x", b.data[i]);
	return s;
}

/* --- fields ------------------------------------------------------------------------- */

static void
lengths(void)
{
	static const size_t values[] = { 0, 1, 127, 128, 16383, 16384, 1u << 28, 0xffffffff };
	static const struct {
		const char	*bytes;
		size_t		 len;
		const char	*what;
	} wrong[] = {
		{ "", 0, "nothing" }, { "\x80", 1, "an end too early" },
		{ "\x80\x00", 2, "zeros at the end" }, { "\x81\x80\x00", 3, "more of them" },
		{ "\xff\xff\xff\xff\xff\x01", 6, "more than 35 bits" }
	};
	bool good = true;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct encoder c = { .arena = a };
		struct decoder d;

		encode_length(&c, values[i]);
		d = decoder_new(encoder_blob(&c), a);
		good &= decode_length(&d) == values[i] && decoder_done(&d);
	}
	ok(good, "lengths come back");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct blob b = arena_blob(a, wrong[i].bytes, wrong[i].len);
		struct decoder d = decoder_new(b, a);

		ok(decode_length(&d) == 0 && !decoder_done(&d), "no length: %s", wrong[i].what);
	}
}

static void
fields(void)
{
	struct decoder d = decoder_new(arena_blob(a, "\x03" "a\0b", 4), a);

	is(decode_text(&d), "", "no text has a NUL in it");
	ok(!decoder_done(&d), "and that is an error");
	d = decoder_new(arena_blob(a, "\x04" "ab", 3), a);
	is(decode_maybe(&d), "", "a text that is longer than its bytes");
	ok(d.failed, "is an error");
	d = decoder_new(arena_blob(a, "\x03\x01\x02", 3), a);
	ok(decode_count(&d, 2) == 0 && d.failed, "more elements than can be there");
	d = decoder_new(arena_blob(a, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), a);
	ok(decode_time(&d) == 0 && d.failed, "a time after all times");
	d = decoder_new(arena_blob(a, "\x02", 1), a);
	ok(!decode_flag(&d) && d.failed, "a flag that is 2");
	d = decoder_new(arena_blob(a, "\x00", 1), a);
	decode_enum(&d, 3);
	ok(d.failed, "a state that is 0");
	d = decoder_new(arena_blob(a, "\x04", 1), a);
	decode_enum(&d, 3);
	ok(d.failed, "a state that is 4 of 3");
	d = decoder_new((struct blob){ NULL, 0 }, a);
	ok(!decoder_done(&d), "no bytes at all");
	d = decoder_new(arena_blob(a, "\x01\x02", 2), a);
	decode_u8(&d);
	ok(!decoder_done(&d), "bytes left over");
}

/* --- records ------------------------------------------------------------------------- */

/* Decodes and encodes again; NULL: refused. */
#define AGAIN(kind)							\
	static struct blob						\
	again_##kind(struct blob bytes, struct arena *s)		\
	{								\
		struct kind record = { 0 };				\
									\
		if (!kind##_decode(bytes, s, &record))			\
			return (struct blob){ NULL, 0 };		\
		return kind##_encode(&record, s);			\
	}
AGAIN(account)
AGAIN(order)
AGAIN(authz)
AGAIN(cert)
AGAIN(crl)
AGAIN(binding)

DEFER_STRUCT(arena, arena_free)

/* A copy that ends where the bytes end, so that a sanitizer sees who reads on. */
static bool
refused(struct blob (*again)(struct blob, struct arena *), struct blob bytes)
{
	defer_struct(arena) *s = arena_new();
	uint8_t *copy = malloc(bytes.len == 0 ? 1 : bytes.len);
	bool is_refused;

	if (copy == NULL)
		abort();
	memcpy(copy, bytes.data, bytes.len);
	is_refused = again((struct blob){ copy, bytes.len }, s).data == NULL;
	free(copy);
	return is_refused;
}

/* Refused, or something that comes back as itself. */
static bool
means_something(struct blob (*again)(struct blob, struct arena *), struct blob bytes)
{
	defer_struct(arena) *s = arena_new();
	struct blob back = again(bytes, s);

	return back.data == NULL || same(back, again(back, s));
}

static void
record(const char *what, struct blob bytes, struct blob (*again)(struct blob, struct arena *))
{
	size_t step = bytes.len > 2000 ? bytes.len / 199 : 1;
	uint8_t *copy = arena_alloc(a, bytes.len + 1);
	bool good = true;

	memcpy(copy, bytes.data, bytes.len);
	ok(same(bytes, again(bytes, a)), "%s: %zu octets there and back", what, bytes.len);
	for (size_t n = 0; n < bytes.len && good; n += step)
		good = refused(again, (struct blob){ bytes.data, n });
	ok(good, "%s: cut off anywhere", what);
	copy[bytes.len] = 0;
	ok(refused(again, (struct blob){ copy, bytes.len + 1 }), "%s: one octet more", what);
	copy[0] = 99;
	ok(refused(again, (struct blob){ copy, bytes.len }), "%s: another version", what);
	copy[0] = RECORD_VERSION;
	for (size_t i = 0; i < bytes.len; i += step) {
		copy[i] ^= 0xff;
		good &= means_something(again, (struct blob){ copy, bytes.len });
		copy[i] ^= 0xff;
	}
	ok(good, "%s: bytes turned over are refused, or mean something", what);
}

static void
records(void)
{
	struct account account = sample_account(a, 5);
	struct order order = sample_order(a, 6, 1, false);
	struct authz authz = sample_authz(a, 7, false);
	struct cert cert = sample_cert(a, 8, 0);
	struct crl crl = { .number = UINT64_MAX, .this_update = 1, .next_update = 2,
			   .der = sample_blob(a, 100000) };
	struct binding binding = sample_binding(a, 9, 2), bound = { 0 };
	struct order back = { 0 };
	struct blob bytes;

	record("account", account_encode(&account, a), again_account);
	account.jwk = sample_text(a, 1400, 'j');
	account.ncontact = 0;
	account.agent = account.address = NULL;
	record("account, long", account_encode(&account, a), again_account);
	record("order", order_encode(&order, a), again_order);
	order = sample_order(a, 6, 100, true);
	bytes = order_encode(&order, a);
	record("order, longest", bytes, again_order);
	record("authz", authz_encode(&authz, a), again_authz);
	authz = sample_authz(a, 7, true);
	record("authz, longest", authz_encode(&authz, a), again_authz);
	record("cert", cert_encode(&cert, a), again_cert);
	cert = sample_cert(a, 8, 60000);
	record("cert, longest", cert_encode(&cert, a), again_cert);
	record("crl", crl_encode(&crl, a), again_crl);
	record("binding", binding_encode(&binding, a), again_binding);
	ok(binding_decode(binding_encode(&binding, a), a, &bound) && bound.uses == 1 &&
	   bound.uses_max == 2 && bound.expires == 9000 && bound.prevalidated &&
	   memcmp(bound.key, binding.key, BINDING_KEY) == 0, "the binding's fields");
	is(bound.deny[1], "text1.example", "its second pattern");
	ok(bound.deny[2] == NULL, "and the end of its list");
	binding = sample_binding(a, 9, 1000);
	record("binding, longest", binding_encode(&binding, a), again_binding);
	binding = (struct binding){ .state = BINDING_REVOKED };
	record("binding, barest", binding_encode(&binding, a), again_binding);

	ok(order_decode(bytes, a, &back) && back.nident == 100 && back.nauthz == 100 &&
	   back.idents[99].wildcard && back.not_after == INT64_MAX, "the order's fields");
	is(back.idents[0].value, order.idents[0].value, "its first name");
	is(back.idents[0].shown, order.idents[0].shown, "as the client spelled it");
	is(back.error, order.error, "its error");
	ok(back.has_csr && same(back.spki, order.spki), "its key");
	is(back.replaces, order.replaces, "what it replaces");
	ok(serial_equal(&back.replaced, &order.replaced), "and the serial of that");
}

/* The bytes of our format.  Who changes these makes a store that older versions cannot
 * read: that needs another number, and a step that reads this one. */
static void
format(void)
{
	struct crl crl = { .number = 5, .revocations = 3, .this_update = 1, .next_update = 2,
			   .der = { (const uint8_t *)"\x30\x00", 2 } };
	struct order order = sample_order(a, 1, 1, false), old = { .replaces = "" };
	struct cert cert = sample_cert(a, 1, 2);
	struct binding binding = sample_binding(a, 1, 1);
	struct job job = { JOB_ISSUE, sample_id(9), 7 }, back;
	struct renewal renewal = sample_renewal(1, 300, 900);
	uint8_t before[512];
	struct blob bytes;

	is(hex(crl_encode(&crl, a)),
	   "01" "0000000000000005" "0000000000000003" "0000000000000001"
	   "0000000000000002" "023000",
	   "crl of schema.h");
	order.scope.binding = sample_id(0);
	is(hex(order_encode(&order, a)),
	   "02" "00000000000007d0" "00000000000000000000000000000000000000000001"
	   "00000001" "00000002" "01020304" "00000000000000000000000000000000000000000000"
	   "01" "00000000000003e8" "0000000000000000" "0000000000000000"
	   "01" "01" "00" "0d6e616d65302e6578616d706c65" "00"
	   "01" "00000000000000000000000000000000000000000001" "00" "00" "00", "order");
	/* Before format 4: nothing behind "has_csr". */
	bytes = order_encode(&order, a);
	memcpy(before, bytes.data, bytes.len - 1);
	before[0] = 1;
	ok(order_decode((struct blob){ before, bytes.len - 1 }, a, &old) && old.nident == 1 &&
	   old.replaces == NULL, "an order of version 1");
	ok(!order_decode((struct blob){ before, bytes.len }, a, &old), "that has no more");
	is(hex(cert_encode(&cert, a)),
	   "01" "0000000000002328" "00000000000000000000000000000000000000000001"
	   "00000000000000000000000000000000000000000002"
	   "00000001" "00000002" "01020304" "0000000000000000000000000000000000000000004d"
	   "02" "00000000000003e8" "0000000000000384" "00000003"
	   "2222222222222222222222222222222222222222222222222222222222222222" "020007",
	   "cert");
	binding.authorising = binding.profiles = NULL;
	binding.organisation = "";
	is(hex(binding_encode(&binding, a)),
	   "01" "00000001" "01" "00000000000003e8" "0000000000002328" "0000000000000001"
	   "0000000000000002"
	   "3333333333333333333333333333333333333333333333333333333333333333"
	   "3333333333333333333333333333333333333333333333333333333333333333"
	   "07706172746e6572" "00" "010d74657874302e6578616d706c65" "00"
	   "010d74657874302e6578616d706c65" "010d74657874302e6578616d706c65" "00" "00000006"
	   "01", "binding");
	renewal.order = sample_id(2);
	renewal.incident = sample_id(3);
	renewal.successor = sample_serial(4);
	is(hex(renewal_encode(&renewal, a)),
	   "01" "000000000000076c" "000000000000012c" "0000000000000384"
	   "00000000000000000000000000000000000000000002"
	   "0000000000000000000000000000000000000004"
	   "00000000000000000000000000000000000000000003" "00", "renewal");
	is(hex(job_encode(&job, a)),
	   "02" "00000000000000000000000000000000000000000009" "00000007", "job");
	ok(job_decode(job_encode(&job, a), &back) && back.kind == JOB_ISSUE &&
	   id_equal(&back.id, &job.id) && back.arg == 7, "and back");
	ok(!job_decode((struct blob){ (const uint8_t *)"\x02", 1 }, &back), "half a job");
}

int
main(void)
{
	a = arena_new();
	lengths();
	fields();
	records();
	format();
	arena_free(a);
	return tap_done();
}
