/* SPDX-License-Identifier: Apache-2.0 */
/* incident.c - job: an incident from its start to its end.  Windows are moved, clients renew,
 * and when the time is over what is left is revoked.
 *
 * Each time around is one batch: what it is about is found on a thread of the pool, in a view;
 * the writer judges each certificate again, changes it, and moves the incident's mark in the
 * same edit.  So a crash takes back at most a batch, and none is done twice. */
#include "acme/incident.h"

#include "acme/count.h"
#include "acme/jobs.h"
#include "acme/local.h"
#include "acme/renewal.h"
#include "acme/revoke.h"
#include "base/clock.h"
#include "base/log.h"

#define LOOK_MS	   1000		/* while nothing is to be done */
#define SIGNING_MS 100		/* until a certificate is signed, or lost */

struct run {
	struct asking		 asking;	/* first: while it waits */
	struct event		*timer;
	struct arena		*batch;		/* of what follows */
	const struct incident	*incident;	/* NULL: gone */
	struct incident_page	 page;		/* of MARKING */
	struct serial		*serials;	/* nserial, of REVOKING */
	size_t			 nserial;
	bool			 stuck;		/* of MARKING: another version began it */
	struct serial		 settled;	/* of OPEN: nobody waits for any up to it */
	bool			 all_settled;
	/* by the edit */
	enum incident_state	 state;		/* as it is now */
	struct serial		 changed[INCIDENT_BATCH];
	size_t			 nchanged;
	bool			 over;
};

static void
run_give_up(struct asking *asking)
{
	(void)asking;
}

static void
run_free(void *arg)
{
	struct run *run = arg;

	if (run->timer != NULL)
		event_free(run->timer);
	arena_free(run->batch);
}

static struct run *
run_new(struct flow *f)
{
	struct run *run = WORK(f)->doing = arena_alloc(f->arena, sizeof(*run));

	run->asking.flow = f;
	run->asking.give_up = run_give_up;
	return arena_own(f->arena, run, run_free);
}

static enum flow_next
incident_begin(struct flow *f)
{
	struct run *run = WORK(f)->doing == NULL ? run_new(f) : WORK(f)->doing;

	arena_free(run->batch);
	run->batch = arena_new();
	return FLOW_NEXT;
}

/* --- what the next batch is about --------------------------------------------------- */

static void
find_matching(const struct view *v, struct run *run)
{
	const struct incident *incident = run->incident;
	struct problem p = { 0 };

	run->page = (struct incident_page){
		.where = incident_where(v, run->batch, incident->where, &p),
		.now = clock_now(), .created = incident->created, .at = incident->at,
		.waits = true };
	if (run->page.where != NULL) {
		incident_search(v, run->batch, &run->page);
		return;
	}
	/* It was good when it was stored, by a version that knows more. */
	log_event(LOG_ERROR, "incident not understood", "s:s, s:s", "incident",
		  id_print(run->batch, &incident->id), "detail", p.detail);
	run->stuck = true;
}

/* Certificates that are open do not open again, so the mark only moves on. */
static void
find_settled(const struct view *v, struct run *run)
{
	const struct serial *after = serial_none(&run->settled) ? NULL : &run->settled;
	struct serial *serials;
	size_t n = store_incident_cert_list(v, run->batch, &run->incident->id, after,
					    INCIDENT_BATCH, &serials), i = 0;
	int64_t now = clock_now();

	while (i < n && incident_settled(v, run->batch, &serials[i], now))
		run->settled = serials[i++];
	run->all_settled = i == n && n < INCIDENT_BATCH;
}

static enum flow_next
incident_find(struct flow *f)
{
	struct work *w = WORK(f);
	struct run *run = w->doing;
	struct view *v = view_open(w->store);
	const struct incident *incident = store_incident_get(v, run->batch, &w->job.id);

	run->incident = incident;
	if (incident != NULL && incident->state == INCIDENT_MARKING)
		find_matching(v, run);
	else if (incident != NULL && incident->state == INCIDENT_OPEN && incident->revoke_at == 0)
		find_settled(v, run);
	else if (incident != NULL && incident->state == INCIDENT_REVOKING)
		run->nserial = store_incident_cert_list(
			v, run->batch, &incident->id, serial_none(&incident->at) ? NULL :
			&incident->at, INCIDENT_BATCH, &run->serials);
	view_close(v);
	return FLOW_NEXT;
}

/* --- the edit ----------------------------------------------------------------------- */

/* Of the time that windows are spread over, what is left; all of it if that is too little, after
 * a long time without a server, or more, after the clock was ahead. */
static int64_t
spread_left(const struct incident *incident, int64_t revoke_at, int64_t now)
{
	int64_t left = incident->created + incident->spread - now;

	if (left < incident->spread / 2 || left > incident->spread)
		left = incident->spread;
	if (revoke_at != 0 && left > revoke_at - now)
		left = revoke_at - now;
	return left < SLOT_SECONDS ? SLOT_SECONDS : left;
}

/* The certificate belongs to the incident, and its window is moved.  Also if it has a successor:
 * where several hosts have certificates of the same names, one host's may look like that of
 * another's, and a client that lost its new one still asks for the old. */
static void
mark(struct edit *e, struct arena *a, const struct incident *incident,
     const struct rivals *rivals, const struct cert *cert)
{
	const struct renewal *there = store_renewal_get(edit_view(e), a, &cert->serial);
	struct renewal next = { .serial = cert->serial, .not_after = cert->not_after };
	int64_t now = clock_now(), spread;
	struct window window;

	store_incident_cert_put(e, &incident->id, &cert->serial);
	if (there != NULL)
		next = *there;
	if (next.closed)
		return;
	spread = spread_left(incident, incident_revoked_at(edit_view(e), a, incident, rivals,
							   &cert->serial), now);
	window = store_renewal_open(&next) ?
		 renewal_within(edit_view(e), a, cert, now, spread) :
		 renewal_somewhere(cert, now, spread);
	next.start = window.start;
	next.end = window.end;
	next.incident = incident->id;
	store_renewal_put(e, &next);
}

static void
mark_batch(struct edit *e, struct run *run, struct incident *next)
{
	const struct rivals rivals = incident_rivals(edit_view(e), run->batch, next);
	int64_t now = clock_now();

	for (size_t i = 0; i < run->page.n; i++) {
		const struct cert *cert = store_cert_get(edit_view(e), run->batch,
							 &run->page.certs[i]->serial);

		if (cert == NULL || cert->state != CERT_ISSUED || cert->not_after < now)
			continue;
		mark(e, run->batch, next, &rivals, cert);
		run->changed[run->nchanged++] = cert->serial;
	}
	next->matched += run->nchanged;
	next->at = run->page.at;
	if (!run->page.last)
		return;
	next->state = INCIDENT_OPEN;
	next->at = (struct serial){ { 0 } };
}

static void
revoke_batch(struct edit *e, struct run *run, struct incident *next)
{
	int64_t now = clock_now();

	for (size_t i = 0; i < run->nserial; i++) {
		const struct cert *cert = store_cert_get(edit_view(e), run->batch,
							 &run->serials[i]);

		next->at = run->serials[i];
		if (cert == NULL || cert->state != CERT_ISSUED || cert->not_after < now)
			continue;
		revoke_record(e, cert, next->reason);
		run->changed[run->nchanged++] = cert->serial;
	}
	next->revoked += run->nchanged;
	if (run->nserial < INCIDENT_BATCH)
		next->state = INCIDENT_ENDED;
}

/* Has it moved on since the batch was found?  Another flow of the same incident there is not. */
static bool
batch_fits(const struct run *run, const struct incident *there)
{
	return run->incident != NULL && there->state == run->incident->state &&
	       serial_equal(&there->at, &run->incident->at);
}

static void
batch_apply(struct edit *e, struct run *run, struct incident *next)
{
	switch (next->state) {
	case INCIDENT_MARKING:
		mark_batch(e, run, next);
		break;
	case INCIDENT_OPEN:
		if (next->revoke_at != 0 && clock_now() >= next->revoke_at)
			next->state = INCIDENT_REVOKING;
		else if (next->revoke_at == 0 && run->all_settled)
			next->state = INCIDENT_ENDED;
		break;
	case INCIDENT_REVOKING:
		revoke_batch(e, run, next);
		break;
	case INCIDENT_ENDED:
		break;
	}
}

static enum flow_next
incident_record(struct flow *f)
{
	struct work *w = WORK(f);
	struct run *run = w->doing;
	const struct incident *there = store_incident_get(edit_view(f->txn), run->batch,
							  &w->job.id);
	struct incident next;

	run->nchanged = 0;
	run->over = run->stuck || there == NULL || there->state == INCIDENT_ENDED;
	run->state = there == NULL ? INCIDENT_ENDED : there->state;
	if (!run->over && batch_fits(run, there)) {
		next = *there;
		batch_apply(f->txn, run, &next);
		run->state = next.state;
		run->over = next.state == INCIDENT_ENDED;
		if (next.state != there->state || !serial_equal(&next.at, &there->at))
			store_incident_put(f->txn, &next);
	}
	if (run->over && !run->stuck)
		edit_job_done(f->txn, &w->job);
	return FLOW_NEXT;
}

/* --- and then ----------------------------------------------------------------------- */

static void
tell_revoked(const struct run *run, struct arena *a)
{
	metric_add(&count_certificates, COUNT_CERT_REVOKED, 0, run->nchanged);
	for (size_t i = 0; i < run->nchanged; i++)
		log_event(LOG_INFO, "certificate revoked", "s:s, s:i, s:s, s:s", "serial",
			  serial_hex(a, &run->changed[i]), "reason", run->incident->reason, "by",
			  "incident", "incident", id_print(a, &run->incident->id));
}

static void
tell(const struct run *run, struct arena *a)
{
	static const char *const events[] = {
		[INCIDENT_OPEN] = "incident open: windows are moved",
		[INCIDENT_REVOKING] = "incident: its time is over, certificates are revoked",
		[INCIDENT_ENDED] = "incident ended",
	};

	if (run->incident == NULL)
		return;
	if (run->incident->state == INCIDENT_REVOKING)
		tell_revoked(run, a);
	if (run->state != run->incident->state && run->state != INCIDENT_MARKING)
		log_event(LOG_INFO, events[run->state], "s:s", "incident",
			  id_print(a, &run->incident->id));
}

static void
run_look(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;

	(void)fd, (void)what;
	flow_wake(run->asking.flow, run->asking.ticket);
}

/* The next batch at once, or a pause. */
static enum flow_next
incident_pause(struct flow *f)
{
	struct run *run = WORK(f)->doing;
	int64_t ms = 0;

	tell(run, run->batch);
	if (run->over || acme_local(f->loop)->stopping)
		return FLOW_NEXT;
	if (run->state == INCIDENT_OPEN && run->incident->state == INCIDENT_OPEN)
		ms = LOOK_MS;
	else if (run->state == INCIDENT_MARKING && run->page.signing)
		ms = SIGNING_MS;
	if (ms == 0)
		return FLOW_NEXT;
	run->asking.ticket = flow_arm(f);
	run->timer = loop_timer(f->loop, ms, run_look, run);
	asking_enter(acme_local(f->loop), &run->asking);
	return FLOW_WAIT;
}

/* Its row stands until it is over: if the server stops here, the next one goes on. */
static enum flow_next
incident_again(struct flow *f)
{
	struct run *run = WORK(f)->doing;

	asking_leave(&run->asking);
	if (run->timer != NULL)
		event_free(run->timer);
	run->timer = NULL;
	return run->over || acme_local(f->loop)->stopping ? FLOW_NEXT : FLOW_AGAIN;
}

const struct flow_step incident_steps[] = {
	{ ON_LOOP,   STEP(incident_begin) },
	{ ON_CRYPTO, STEP(incident_find) },	/* the next certificates                */
	{ ON_WRITER, STEP(incident_record) },	/* windows moved, or revoked; the mark  */
	{ ON_LOOP,   STEP(incident_pause) },	/* waits while clients renew            */
	{ ON_LOOP,   STEP(incident_again) },
	{ 0 }
};
