/* SPDX-License-Identifier: Apache-2.0 */
/* local.c - what ACME keeps on each loop.  Runs on: loop. */
#include "acme/local.h"

#include <stdlib.h>
#include <string.h>

#include "acme/terms.h"
#include "base/json.h"

const struct acme_config *
acme_config_keep(const struct acme_config *c)
{
	atomic_fetch_add(&((struct acme_config *)c)->users, 1);
	return c;
}

void
acme_config_release(const struct acme_config *c)
{
	struct acme_config *mine = (struct acme_config *)c;

	if (atomic_fetch_sub(&mine->users, 1) == 1)
		mine->release(mine);
}

void
acme_config_number(struct acme_config *c, struct edit *e)
{
	terms_take(c, e);
	for (size_t i = 0; i < c->ndirectory; i++)
		c->directories[i].number = store_name_number(e, 'd', c->directories[i].name);
	for (size_t i = 0; i < c->nissuer; i++)
		c->issuers[i].number = store_name_number(e, 'i', c->issuers[i].name);
	for (size_t i = 0; i < c->nprofile; i++)
		c->profiles[i].number = store_name_number(e, 'p', c->profiles[i].name);
}

const struct directory *
acme_directory(const struct acme_config *c, const char *name)
{
	for (size_t i = 0; i < c->ndirectory; i++)
		if (strcmp(c->directories[i].name, name) == 0)
			return &c->directories[i];
	return NULL;
}

const struct directory *
acme_directory_of(const struct acme_config *c, uint32_t number)
{
	for (size_t i = 0; i < c->ndirectory; i++)
		if (c->directories[i].number == number)
			return &c->directories[i];
	return NULL;
}

static void
local_free(void *arg)
{
	struct acme_local *l = arg;

	for (size_t i = 0; i < KEY_CACHE; i++)
		EVP_PKEY_free(l->keys[i].object);
	if (l->clock_timer != NULL)
		event_free(l->clock_timer);
	if (l->crl_timer != NULL)
		event_free(l->crl_timer);
	acme_own_free(l->own);
	acme_sweep_free(l->sweep);
	acme_config_release(l->config);
	free(l);
}

void
acme_attach(struct loop *loop, struct store *s, const struct acme_config *c)
{
	struct acme_local *l = calloc(1, sizeof(*l));

	if (l == NULL)
		abort();
	l->loop = loop;
	l->store = s;
	l->config = acme_config_keep(c);
	loop_keep(loop, SLOT_ACME, l, local_free);
}

void
acme_configure(struct loop *loop, const struct acme_config *c)
{
	struct acme_local *l = acme_local(loop);
	const struct acme_config *old = l->config;

	l->config = acme_config_keep(c);
	acme_config_release(old);
	if (l->own != NULL)
		acme_own_look(l->own);	/* its hosts may be others now */
}

void
acme_stop(struct loop *loop)
{
	struct acme_local *l = acme_local(loop);

	l->stopping = true;
	wait_release(l);
	asking_drop(l);
}

void
asking_enter(struct acme_local *l, struct asking *asking)
{
	asking->next = l->askings;
	asking->here = &l->askings;
	if (asking->next != NULL)
		asking->next->here = &asking->next;
	l->askings = asking;
}

void
asking_leave(struct asking *asking)
{
	if (asking->here == NULL)
		return;
	*asking->here = asking->next;
	if (asking->next != NULL)
		asking->next->here = asking->here;
	asking->here = NULL;
}

void
asking_drop(struct acme_local *l)
{
	for (struct asking *asking = l->askings; asking != NULL; asking = asking->next) {
		asking->give_up(asking);
		flow_wake(asking->flow, asking->ticket);
	}
}

struct acme_local *
acme_local(const struct loop *l)
{
	return l->slot[SLOT_ACME];
}

EVP_PKEY *
acme_key(struct acme_local *l, const struct account *account, struct arena *a,
	 enum key_type *type)
{
	size_t slot = account->thumbprint[0] % KEY_CACHE;
	struct problem p;
	struct jwk jwk;
	json_t *j;

	if (l->keys[slot].object == NULL ||
	    memcmp(l->keys[slot].thumbprint, account->thumbprint, 32) != 0) {
		j = json_parse(a, account->jwk, strlen(account->jwk), "stored key", &p);
		if (j == NULL || !jwk_parse(&jwk, a, j, &p))
			return NULL;
		EVP_PKEY_free(l->keys[slot].object);
		memcpy(l->keys[slot].thumbprint, account->thumbprint, 32);
		l->keys[slot].type = jwk.key.type;
		l->keys[slot].object = key_open(&jwk.key);
	}
	*type = l->keys[slot].type;
	return l->keys[slot].object;
}
