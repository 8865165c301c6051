/* SPDX-License-Identifier: Apache-2.0 */
/* operator.c - the table of the operator's commands, and the steps that they share. */
#include "acme/operator.h"

#include <string.h>

#include "base/json.h"

static const struct command *const commands[] = {
	&account_revoke_command, &cert_revoke_command, &clock_accept_command, &eab_add_command,
	&eab_revoke_command, &eab_renew_command, &incident_end_command, &incident_start_command,
	&limit_set_command, &pause_command, &resume_command
};

bool
operator_text_maybe(const struct operator *o, const char *member, const char **text,
		    struct problem *p)
{
	return json_text_maybe(o->call.request, member, text, NULL, p);
}

bool
operator_text(const struct operator *o, const char *member, const char **text,
	      struct problem *p)
{
	*text = json_text(o->call.request, member, NULL, p);
	return *text != NULL;
}

bool
operator_id(const struct operator *o, const char *member, struct id *id, struct problem *p)
{
	const char *text;

	if (!operator_text(o, member, &text, p))
		return false;
	if (id_parse(text, strlen(text), id) && !id_none(id))
		return true;
	return problem(p, PROBLEM_MALFORMED, "\"%.60s\" is not the id of %s; \"brevet %s list\" "
		       "shows them", text, strcmp(member, "binding") == 0 ? "a binding" :
		       strcmp(member, "incident") == 0 ? "an incident" : "an account",
		       strcmp(member, "binding") == 0 ? "eab" : member);
}

static enum flow_next
operator_check(struct flow *f)
{
	struct operator *o = f->data;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i]->name, o->call.command) == 0)
			o->command = commands[i];
	if (o->command == NULL)
		return flow_fail(f, PROBLEM_MALFORMED, "no such command");
	if (o->command->check != NULL && !o->command->check(o, &f->problem))
		return FLOW_FAIL;
	return FLOW_NEXT;
}

static enum flow_next
operator_apply(struct flow *f)
{
	struct operator *o = f->data;

	return o->command->apply(o, f->txn, &f->problem) ? FLOW_NEXT : FLOW_FAIL;
}

static enum flow_next
operator_reply(struct flow *f)
{
	struct operator *o = f->data;
	bool good = f->problem.type == PROBLEM_NONE;

	if (good && o->command->done != NULL)
		o->command->done(o);
	o->call.done(o->call.arg, good ? json_incref(o->answer) : NULL, &f->problem);
	return FLOW_NEXT;
}

static const struct flow_step operator_steps[] = {
	{ ON_LOOP,   STEP(operator_check) },	/* the command, its members              */
	{ ON_WRITER, STEP(operator_apply) },	/* what holds now is judged and changed  */
	{ ON_LOOP,   STEP(operator_reply) },
	{ 0 }
};

static void
operator_ended(struct flow *f)
{
	struct operator *o = f->data;

	acme_config_release(o->call.config);
}

void
acme_operator(struct loop *l, const struct operator_call *call)
{
	struct flow *f = flow_new(l, operator_steps, NULL);
	struct operator *o = arena_alloc(f->arena, sizeof(*o));

	*o = (struct operator){ .call = *call, .arena = f->arena };
	o->call.request = json_keep(f->arena, json_incref((json_t *)call->request));
	acme_config_keep(call->config);
	o->answer = json_keep(f->arena, json_object());
	f->data = o;
	f->ended = operator_ended;
	flow_start(f);
}
