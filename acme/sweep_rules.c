/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_rules.c - clean-up: what goes and what must stay.  Each rule is asked twice: on a loop,
 * and in the edit that deletes. */
#include "acme/sweep_rules.h"

#include "acme/status.h"

int64_t
sweep_until_now(const struct sweep_terms *t)
{
	return t->now;
}

int64_t
sweep_until_orders(const struct sweep_terms *t)
{
	return t->now - t->orders;
}

int64_t
sweep_until_certs(const struct sweep_terms *t)
{
	return t->now - t->certificates;
}

/* --- certificates ------------------------------------------------------------------- */

bool
sweep_waited_for(const struct sweep_ask *q, const struct store_end *end)
{
	return store_renewal_open(store_renewal_get(q->view, q->arena, &end->serial));
}

/* Is it revoked, good for longer, and in no CRL to come? */
bool
sweep_unlisted(const struct sweep_ask *q, const struct store_end *end)
{
	const struct cert *cert = store_cert_get(q->view, q->arena, &end->serial);

	return cert != NULL && cert->state == CERT_REVOKED && cert->not_after >= q->terms->now &&
	       !store_revoked_stands(q->view, cert);
}

/* Does somebody still work on the incident? */
static bool
incident_needs(const struct sweep_ask *q, const struct id *id)
{
	const struct incident *incident;

	if (id_none(id))
		return false;
	incident = store_incident_get(q->view, q->arena, id);
	return incident != NULL && incident->state != INCIDENT_ENDED;
}

/* An intended one has a job, a revoked one stays until a CRL has told of it for the last
 * time, and none goes unseen by SWEEP_ENDED. */
bool
sweep_cert_goes(const struct sweep_ask *q, const struct store_end *end)
{
	const struct cert *cert = store_cert_get(q->view, q->arena, &end->serial);
	const struct renewal *renewal = store_renewal_get(q->view, q->arena, &end->serial);

	if (cert == NULL || cert->state == CERT_INTENDED ||
	    store_renewal_open(renewal))
		return false;
	if (cert->state == CERT_REVOKED && store_revoked_stands(q->view, cert))
		return false;
	return renewal == NULL || !incident_needs(q, &renewal->incident);
}

/* --- orders ------------------------------------------------------------------------- */

/* One that led to a certificate goes with it; one that is being processed has a job. */
bool
sweep_order_goes(const struct sweep_ask *q, const struct store_end *end)
{
	const struct order *order = store_order_get(q->view, q->arena, &end->id);

	if (order == NULL || order->state == ORDER_PROCESSING)
		return false;
	return !order->has_csr || store_cert_get(q->view, q->arena, &order->serial) == NULL;
}

/* --- authorizations ----------------------------------------------------------------- */

static bool
proved(const struct authz *authz)
{
	for (size_t i = 0; i < authz->nchallenge; i++)
		if (authz->challenges[i].state == CHALLENGE_VALID)
			return true;
	return false;
}

/* While it is validated there is a job. */
bool
sweep_unproved_goes(const struct sweep_ask *q, const struct store_end *end)
{
	const struct authz *authz = store_authz_get(q->view, q->arena, &end->id);

	return authz != NULL && !proved(authz) && !status_validating(authz);
}

/* Orders of its account that were made before its end may have used it.  Ids sort by the time
 * they were made.  One that was being validated when its time came is found here. */
bool
sweep_proved_goes(const struct sweep_ask *q, const struct store_end *end)
{
	const struct authz *authz = store_authz_get(q->view, q->arena, &end->id);
	const struct order *first;
	struct id id;

	if (authz == NULL)
		return false;
	if (!proved(authz))
		return end->at < sweep_until_orders(q->terms) && !status_validating(authz);
	if (!store_order_first(q->view, &authz->account, &id))
		return true;
	first = store_order_get(q->view, q->arena, &id);
	return first == NULL || first->created > authz->expires;
}

/* --- incidents ---------------------------------------------------------------------- */

bool
sweep_incident_goes(const struct sweep_ask *q, const struct id *id)
{
	const struct incident *incident = store_incident_get(q->view, q->arena, id);
	int64_t end;

	if (incident == NULL || incident->state != INCIDENT_ENDED)
		return false;
	end = incident->created + incident->spread;
	if (end < incident->revoke_at)
		end = incident->revoke_at;
	return end < q->terms->now - q->terms->certificates;
}
