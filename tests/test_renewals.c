/* SPDX-License-Identifier: Apache-2.0 */
/* test_renewals.c - renewals, the index of those that are due, the slots of time, incidents. */
#include "tests/store_make.h"

static void
put(const struct renewal *renewal)
{
	struct edit *e = edit_begin(s);

	store_renewal_put(e, renewal);
	commit(e);
}

static const char *
due(int64_t now, const struct due *after, size_t max)
{
	defer_struct(view) *v = view_open(s);
	const char *text = "";
	struct due *rows;
	size_t n = store_due_list(v, a, now, after, max, &rows);

	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%u:%d-%d ", text, rows[i].serial.b[SERIAL_LEN - 1],
				    (int)rows[i].start, (int)rows[i].end);
	return text;
}

static const char *
counts(int64_t now)
{
	defer_struct(view) *v = view_open(s);
	struct store_due n = store_due_count(v, now);

	return arena_printf(a, "%d %d", (int)n.begun, (int)n.ended);
}

static const char *
loads(uint32_t first, size_t n)
{
	defer_struct(view) *v = view_open(s);
	uint32_t *load = arena_alloc(a, n * sizeof(*load));
	const char *text = "";

	store_slots_load(v, first, n, load);
	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%d ", text, (int)load[i]);
	return text;
}

/* The shortest length of each class, and how many there are. */
static const char *
lengths(void)
{
	static const int known[] = { 1, 600, 900 };
	static const size_t class[] = { 0, 33, 38 };
	defer_struct(view) *v = view_open(s);
	uint32_t n[SLOTS_LENGTHS];
	const char *text = "";

	store_slots_lengths(v, n);
	for (size_t i = 0; i < SLOTS_LENGTHS; i++)
		for (size_t k = 0; n[i] != 0 && k < 3; k++)
			if (class[k] == i)
				text = arena_printf(a, "%s%d:%d ", text, known[k], (int)n[i]);
	return text;
}

static void
windows(void)
{
	struct renewal one = sample_renewal(1, 300, 900), two = sample_renewal(2, 600, 1500);
	struct due after = { one.serial, 300, 900 };

	put(&one);
	put(&two);
	is(due(299, NULL, 9), "", "no window has begun");
	is(due(300, NULL, 9), "1:300-900 ", "one has");
	is(due(9999, NULL, 9), "1:300-900 2:600-1500 ", "both have");
	is(due(9999, NULL, 1), "1:300-900 ", "not more than wanted");
	is(due(9999, &after, 9), "2:600-1500 ", "those behind one");
	is(loads(0, 6), "0 0 1 1 0 0 ", "each counts in the slot of its middle");
	is(lengths(), "600:1 900:1 ", "and by its length");
	is(counts(299), "0 0", "at first none is due");
	is(counts(600), "1 0", "then one");
	is(counts(900), "2 1", "then both, one of them too late");
	is(counts(100000000), "2 2", "then both");
	one.start = 86400;
	one.end = 86401;
	put(&one);
	is(due(99999, NULL, 9), "2:600-1500 1:86400-86401 ", "a window is moved");
	is(loads(0, 6), "0 0 0 1 0 0 ", "its load has left");
	is(loads(287, 3), "0 1 0 ", "and is elsewhere");
	is(lengths(), "1:1 900:1 ", "its length is another one");
	two.order = sample_id(9);
	put(&two);
	is(due(99999, NULL, 9), "2:600-1500 1:86400-86401 ", "an order changes nothing there");
	reopen();
	is(counts(99999), "2 2", "after a restart it is as before");
	two.successor = sample_serial(3);
	put(&two);
	is(due(99999, NULL, 9), "1:86400-86401 ", "who has a successor is not waited for");
	one.closed = true;
	put(&one);
	is(due(99999, NULL, 9), "", "nor is one that is closed");
	is(counts(100000000), "0 0", "nobody is counted");
	is(loads(0, 6), "0 0 0 0 0 0 ", "no load is left");
	is(lengths(), "", "and no length");
}

static void
pass(int64_t now)
{
	struct edit *e = edit_begin(s);

	store_slots_pass(e, now);
	commit(e);
}

#define ROW ((int64_t)SLOTS_ROW * SLOT_SECONDS)

/* What is over does not count, whatever becomes of it afterwards. */
static void
passing(void)
{
	struct renewal over = sample_renewal(1, 600, 1500), late = sample_renewal(3, 600, 1500);
	struct renewal next = sample_renewal(2, ROW, ROW + 900);

	put(&over);
	put(&next);
	pass(ROW - 1);
	is(loads(3, 1), "1 ", "a row that is not over counts");
	pass(ROW);
	is(loads(3, 1), "0 ", "one that is does not");
	is(loads(SLOTS_ROW + 1, 1), "1 ", "the next one does");
	is(lengths(), "900:1 ", "in the lengths, too");
	is(counts(10 * ROW), "2 2", "both are due");
	put(&late);
	is(lengths(), "900:1 ", "what comes when it is over does not count");
	pass(0);
	is(lengths(), "900:1 ", "nor when the clock goes back");
	reopen();
	over.closed = late.closed = next.closed = true;
	put(&over);
	put(&late);
	is(lengths(), "900:1 ", "what is over is not taken away twice");
	put(&next);
	is(lengths(), "", "what is not, is");
	is(counts(10 * ROW), "0 0", "nothing is due");
}

static const struct renewal *
got(unsigned n)
{
	defer_struct(view) *v = view_open(s);
	struct serial serial = sample_serial(n);

	return store_renewal_get(v, a, &serial);
}

/* Each field; the bytes between them are nobody's. */
static const char *
fields(const struct renewal *r)
{
	if (r == NULL)
		return "none";
	return arena_printf(a, "%s %jd %jd-%jd %s %s %s %d", serial_hex(a, &r->serial),
			    (intmax_t)r->not_after, (intmax_t)r->start, (intmax_t)r->end,
			    id_print(a, &r->order), serial_hex(a, &r->successor),
			    id_print(a, &r->incident), r->closed);
}

static void
records(void)
{
	struct renewal full = sample_renewal(7, 1000, 2000), *list;
	struct serial first = sample_serial(1);
	struct edit *e;
	struct view *v;

	full.order = sample_id(8);
	full.successor = sample_serial(9);
	full.incident = sample_id(10);
	full.closed = true;
	put(&full);
	is(fields(got(6)), "none", "no such renewal");
	is(fields(got(7)), fields(&full), "all of it is kept");
	v = view_open(s);
	ok(store_renewal_list(v, a, NULL, 9, &list) == 3 && list[2].start == 1000, "all of them");
	ok(store_renewal_list(v, a, &first, 1, &list) == 1 && list[0].start == 600, "a page");
	view_close(v);
	e = edit_begin(s);
	for (unsigned n = 1; n < 10; n++) {
		struct serial serial = sample_serial(n);

		store_renewal_del(e, &serial);
	}
	commit(e);
	ok(got(7) == NULL, "it can be deleted");
}

/* What has been put, in any order, is what is counted. */
static void
many(void)
{
	enum { N = 200, STEPS = 3000, SPAN = 400000 };
	struct renewal all[N] = { 0 };
	uint64_t random = 1, wrong = 0;
	struct edit *e = edit_begin(s);

	for (unsigned i = 0; i < STEPS; i++) {
		struct renewal *r = &all[i % N];

		random = random * 6364136223846793005u + 1442695040888963407u;
		*r = sample_renewal(i % N + 1, (int64_t)(random >> 40) % SPAN, 0);
		r->end = r->start + 1 + (int64_t)(random >> 20) % 90000;
		r->closed = (random >> 60) % 3 == 0;
		if ((random >> 60) % 5 == 0) {
			store_renewal_del(e, &r->serial);
			r->closed = true;
		} else {
			store_renewal_put(e, r);
		}
	}
	commit(e);
	for (int64_t now = 0; now < SPAN + 100000; now += 6000) {
		defer_struct(view) *v = view_open(s);
		struct store_due n = store_due_count(v, now), there = { 0 };

		for (unsigned i = 0; i < N; i++) {
			there.begun += !all[i].closed && all[i].start < now;
			there.ended += !all[i].closed && all[i].end <= now;
		}
		wrong += n.begun != there.begun || n.ended != there.ended;
	}
	ok(wrong == 0, "3000 random changes: counted as they are, at each time");
	e = edit_begin(s);
	for (unsigned i = 0; i < N; i++)
		store_renewal_del(e, &all[i].serial);
	commit(e);
	is(counts(100000000), "0 0", "all are deleted: nothing is counted");
	e = edit_begin(s);
	for (uint32_t slot = 0; slot < SPAN / SLOT_SECONDS + 400; slot++) {
		uint32_t load;

		store_slots_load(edit_view(e), slot, 1, &load);
		wrong += load != 0;
	}
	edit_abort(e);
	ok(wrong == 0, "and no load is left");
}

static void
incidents(void)
{
	struct incident incident = {
		.id = sample_id(50), .state = INCIDENT_OPEN, .created = 1000, .spread = 3600,
		.revoke_at = 9000, .reason = 4, .at = sample_serial(3), .matched = 10,
		.revoked = 1, .where = "issuer = x", .explanation = "https://x/"
	};
	struct serial first = sample_serial(1), second = sample_serial(2), *serials;
	const struct incident *read;
	struct id *ids, other = sample_id(51);
	struct edit *e = edit_begin(s);
	struct view *v;

	store_incident_put(e, &incident);
	incident.id = other;
	store_incident_put(e, &incident);
	store_incident_cert_put(e, &other, &second);
	store_incident_cert_put(e, &other, &first);
	incident.id = sample_id(52);
	store_incident_cert_put(e, &incident.id, &first);
	commit(e);
	reopen();
	v = view_open(s);
	read = store_incident_get(v, a, &other);
	ok(read != NULL && read->revoke_at == 9000 && read->matched == 10 &&
	   read->revoked == 1, "an incident");
	is(read->where, "issuer = x", "its expression");
	ok(store_incident_get(v, a, &incident.id) == NULL, "no such incident");
	ok(store_incident_list(v, a, NULL, 9, &ids) == 2 && id_equal(&ids[1], &other), "both");
	ok(store_incident_cert_list(v, a, &other, NULL, 9, &serials) == 2 &&
	   serial_equal(&serials[0], &first), "its certificates");
	ok(store_incident_cert_list(v, a, &other, &first, 9, &serials) == 1 &&
	   serial_equal(&serials[0], &second), "those behind the first");
	view_close(v);
	e = edit_begin(s);
	store_incident_cert_del(e, &other, &first);
	ok(store_incident_cert_list(edit_view(e), a, &other, NULL, 9, &serials) == 1, "one less");
	edit_abort(e);
}

int
main(void)
{
	store_make();
	windows();
	records();
	many();
	passing();
	incidents();
	return store_end();
}
