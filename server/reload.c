/* SPDX-License-Identifier: Apache-2.0 */
/* reload.c - SIGHUP and `brevet reload`: a new snapshot for every loop.
 * Runs on: main, writer. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/serve.h"

struct reload {
	struct serve		*serve;
	struct config		*next;
	struct admin_request	*rq;		/* who asked; NULL: a signal */
};

static bool
issues(const struct acme_config *c, const char *name)
{
	for (size_t i = 0; i < c->nissuer; i++)
		if (strcmp(c->issuers[i].name, name) == 0)
			return true;
	return false;
}

/* Without its issuer a certificate can be revoked, but no CRL tells it. */
static void
tell_lost(const struct acme_config *now, const struct acme_config *next)
{
	for (size_t i = 0; i < now->nissuer; i++)
		if (!issues(next, now->issuers[i].name))
			log_event(LOG_WARN, "issuer removed: its CRL is signed no more", "s:s",
				  "issuer", now->issuers[i].name);
	for (size_t i = 0; i < now->ndirectory; i++)
		if (acme_directory(next, now->directories[i].name) == NULL)
			log_event(LOG_WARN, "directory removed", "s:s", "directory",
				  now->directories[i].name);
}

static enum flow_next
reload_read(struct flow *f)
{
	struct reload *r = f->data;
	struct config *now = r->serve->config;
	const char *fixed;

	r->next = config_read(now->file, r->serve->options->settings, &f->problem);
	if (r->next == NULL)
		return FLOW_FAIL;
	fixed = config_fixed(now, r->next, f->arena);
	if (fixed != NULL)
		log_event(LOG_WARN, "only a restart changes these", "s:s", "options", fixed);
	return FLOW_NEXT;
}

static enum flow_next
reload_number(struct flow *f)
{
	struct reload *r = f->data;

	acme_config_number(&r->next->acme, f->txn);
	return FLOW_NEXT;
}

struct configure {
	struct loop			*loop;
	const struct acme_config	*config;
	struct http_limits		 limits;
};

static void
configure_loop(void *arg)
{
	struct configure *c = arg;

	acme_configure(c->loop, c->config);
	http_limit(c->loop, &c->limits);
	acme_config_release(c->config);
	free(c);
}

static void
spread(struct serve *s, struct config *next)
{
	for (unsigned i = 0; i < s->threads.n; i++) {
		struct configure *c = calloc(1, sizeof(*c));

		if (c == NULL)
			abort();
		*c = (struct configure){ s->threads.loops[i], acme_config_keep(&next->acme),
					  threads_limits(next) };
		loop_call(c->loop, configure_loop, c);
	}
	acme_config_release(&s->config->acme);
	s->config = next;
}

void
serve_log_level(const struct config *c)
{
	enum log_level level = LOG_INFO;

	log_level_parse(c->log_level, &level);
	log_set(level);
}

static enum flow_next
reload_spread(struct flow *f)
{
	struct reload *r = f->data;

	if (f->problem.type != PROBLEM_NONE) {
		log_event(LOG_ERROR, "configuration kept", "s:s", "detail", f->problem.detail);
		if (r->next != NULL)
			acme_config_release(&r->next->acme);
	} else {
		serve_log_level(r->next);
		tell_lost(&r->serve->config->acme, &r->next->acme);
		spread(r->serve, r->next);
		log_event(LOG_INFO, "configuration read", "s:s", "file", r->next->file);
	}
	if (r->rq != NULL && f->problem.type != PROBLEM_NONE)
		admin_fail(r->rq, f->problem.detail);
	else if (r->rq != NULL)
		admin_reply(r->rq, json_pack("{s:b, s:s}", "ok", 1, "configuration",
					     r->next->file));
	return FLOW_NEXT;
}

static const struct flow_step reload_steps[] = {
	{ ON_LOOP,   STEP(reload_read) },	/* the file is good, or the old one stays */
	{ ON_WRITER, STEP(reload_number) },	/* new names get their numbers            */
	{ ON_LOOP,   STEP(reload_spread) },	/* each loop takes the new snapshot       */
	{ 0 }
};

void
serve_reload(struct serve *s, struct admin_request *rq)
{
	struct flow *f = flow_new(s->threads.main, reload_steps, NULL);
	struct reload *r = arena_alloc(f->arena, sizeof(*r));

	*r = (struct reload){ s, NULL, rq };
	f->data = r;
	flow_start(f);
}
