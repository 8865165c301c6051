/* SPDX-License-Identifier: Apache-2.0 */
/* binding.c - the operator's external account bindings: eab-add, eab-revoke, eab-renew.
 * Runs on: loop, writer. */
#include <string.h>

#include "acme/eab.h"
#include "acme/operator.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define TEXT_MAX 255		/* octets of a label, a name ... */
#define LIST_MAX 1000

/* --- the request ------------------------------------------------------------------- */

static bool
printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	return true;
}

static bool
text_read(const struct operator *o, const char *member, const char **text, struct problem *p)
{
	if (!operator_text_maybe(o, member, text, p))
		return false;
	if (*text == NULL)
		*text = "";
	if (!printable(*text))
		return problem(p, PROBLEM_MALFORMED, "%s has a control character", member);
	return strlen(*text) <= TEXT_MAX ||
	       problem(p, PROBLEM_MALFORMED, "%s is longer than %d octets", member, TEXT_MAX);
}

/* A member that is an array of texts, or missing. */
struct list {
	const char	*member;
	bool		(*fits)(const struct operator *o, const char *text);
	const char	*kind;		/* what each must be, in words */
};

static bool
list_read(const struct operator *o, const struct list *what, const char ***list,
	  struct problem *p)
{
	const json_t *array = json_object_get(o->call.request, what->member);
	size_t n = json_array_size(array);

	if (array != NULL && (!json_is_array(array) || n > LIST_MAX))
		return problem(p, PROBLEM_MALFORMED, "%s is not a list of at most %d",
			       what->member, LIST_MAX);
	*list = arena_alloc(o->arena, (n + 1) * sizeof(**list));
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (text == NULL || strlen(text) > TEXT_MAX || !what->fits(o, text))
			return problem(p, PROBLEM_MALFORMED, "\"%.100s\" is not %s",
				       text == NULL ? "" : text, what->kind);
		(*list)[i] = arena_strdup(o->arena, text);
	}
	return true;
}

static bool
pattern_fits(const struct operator *o, const char *text)
{
	(void)o;
	return policy_pattern_ok(text);
}

/* That of the binding. */
static const struct directory *
directory_of(const struct operator *o)
{
	const struct binding *b = o->doing;

	return acme_directory_of(o->call.config, b->directory);
}

static bool
profile_fits(const struct operator *o, const char *text)
{
	const struct directory *d = directory_of(o);

	for (size_t i = 0; i < d->nprofile; i++)
		if (strcmp(d->profiles[i]->name, text) == 0)
			return true;
	return false;
}

static bool
method_fits(const struct operator *o, const char *text)
{
	enum method method;

	return method_parse(text, &method) && (directory_of(o)->methods & METHOD_BIT(method)) != 0;
}

static bool
contact_fits(const struct operator *o, const char *text)
{
	(void)o;
	return *text != '\0' && printable(text);
}

static bool
lists_read(const struct operator *o, struct binding *b, struct problem *p)
{
	const char **methods;
	enum method method;
	const struct {
		struct list	  what;
		const char	***list;
	} rows[] = {
		{ { "names", pattern_fits, "a pattern of names" }, &b->allow },
		{ { "deny", pattern_fits, "a pattern of names" }, &b->deny },
		{ { "profiles", profile_fits, "a profile of its directory" }, &b->profiles },
		{ { "methods", method_fits, "a challenge of its directory" }, &methods },
		{ { "technical", contact_fits, "a contact" }, &b->technical },
		{ { "authorising", contact_fits, "a contact" }, &b->authorising },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!list_read(o, &rows[i].what, rows[i].list, p))
			return false;
	for (; *methods != NULL; methods++)
		if (method_parse(*methods, &method))
			b->methods |= METHOD_BIT(method);
	return true;
}

/* When it ends, told as a duration from now; 0: never. */
static bool
expires_read(const struct operator *o, int64_t *expires, struct problem *p)
{
	const char *text;
	int64_t life;

	if (!operator_text_maybe(o, "expires", &text, p))
		return false;
	*expires = 0;
	if (text == NULL || strcmp(text, "never") == 0)
		return true;
	if (!clock_duration_parse(text, &life) || life < 1)
		return problem(p, PROBLEM_MALFORMED, "\"%.40s\" is not a duration (365d, 12h) or "
			       "\"never\"", text);
	*expires = clock_now() + life;
	return true;
}

static bool
uses_read(const struct operator *o, uint64_t *uses, struct problem *p)
{
	const json_t *member = json_object_get(o->call.request, "uses");

	*uses = member == NULL ? 1 : (uint64_t)json_integer_value(member);
	return member == NULL || (json_is_integer(member) && json_integer_value(member) >= 0) ||
	       problem(p, PROBLEM_MALFORMED, "uses is not a number, 0 for any");
}

static bool
directory_read(const struct operator *o, struct binding *b, struct problem *p)
{
	const char *name;
	const struct directory *d;

	if (!operator_text_maybe(o, "directory", &name, p))
		return false;
	d = acme_directory(o->call.config, name == NULL ? "default" : name);
	if (d == NULL)
		return problem(p, PROBLEM_MALFORMED, "brevet.conf has no directory \"%.60s\"",
			       name);
	b->directory = d->number;
	return d->eab != EAB_NONE ||
	       problem(p, PROBLEM_MALFORMED, "directory %.60s looks at no bindings: set eab = "
		       "optional or required in its section of brevet.conf", d->name);
}

/* --- eab-add ----------------------------------------------------------------------- */

static bool
add_check(struct operator *o, struct problem *p)
{
	struct binding *b = o->doing = arena_alloc(o->arena, sizeof(*b));

	b->state = BINDING_VALID;
	b->created = clock_now();
	if (!directory_read(o, b, p) || !text_read(o, "label", &b->label, p) ||
	    !text_read(o, "organisation", &b->organisation, p) || !lists_read(o, b, p) ||
	    !expires_read(o, &b->expires, p) || !uses_read(o, &b->uses_max, p) ||
	    !json_flag(o->call.request, "prevalidated", &b->prevalidated, p))
		return false;
	if (b->prevalidated && b->allow[0] == NULL)
		return problem(p, PROBLEM_MALFORMED, "a binding whose names count as validated "
			       "must say which names: give --names");
	b->id = id_new(clock_now_ms());
	eab_key_new(b->key);
	return true;
}

static void
answer_expires(struct operator *o, int64_t expires)
{
	if (expires != 0)
		json_object_set_new(o->answer, "expires",
				    json_string(clock_print(o->arena, expires)));
}

static bool
add_apply(struct operator *o, struct edit *e, struct problem *p)
{
	struct binding *b = o->doing;

	if (!edit_room(e, p))
		return false;
	store_binding_add(e, b);
	return true;
}

/* The only time that the key is told. */
static void
add_done(struct operator *o)
{
	const struct binding *b = o->doing;
	const struct directory *d = acme_directory_of(o->call.config, b->directory);

	json_object_set_new(o->answer, "kid", json_string(id_print(o->arena, &b->id)));
	json_object_set_new(o->answer, "hmac_key",
			    json_string(b64_print(o->arena, b->key, sizeof(b->key))));
	json_object_set_new(o->answer, "directory_url",
			    json_sprintf("%s%s/directory", o->call.config->base_url, d->path));
	answer_expires(o, b->expires);
	log_event(LOG_INFO, "binding added", "s:s, s:s, s:s, s:s", "binding",
		  id_print(o->arena, &b->id), "label", b->label, "directory", d->name,
		  "by", "operator");
}

const struct command eab_add_command = { "eab-add", add_check, add_apply, add_done };

/* --- eab-revoke, eab-renew ---------------------------------------------------------- */

struct change {
	struct id	id;
	bool		accounts;	/* revoke: its accounts too */
	bool		longer, more;	/* renew: expires, uses are given */
	int64_t		expires;	/* then also the one that it has afterwards */
	uint64_t	uses;
};

static bool
revoke_check(struct operator *o, struct problem *p)
{
	struct change *c = o->doing = arena_alloc(o->arena, sizeof(*c));

	return operator_id(o, "binding", &c->id, p) &&
	       json_flag(o->call.request, "accounts", &c->accounts, p);
}

static const struct binding *
binding_there(struct operator *o, struct edit *e, const struct id *id, struct problem *p)
{
	const struct binding *there = store_binding_get(edit_view(e), o->arena, id);

	if (there == NULL)
		problem(p, PROBLEM_MALFORMED, "no such binding; \"brevet eab list\" shows all");
	return there;
}

/* All accounts of the binding that are still valid. */
static size_t
accounts_revoke(struct operator *o, struct edit *e, const struct id *binding)
{
	size_t n, revoked = 0, page = 256;
	struct id *ids, *after = NULL;

	do {
		n = store_binding_accounts(edit_view(e), o->arena, binding, after, page, &ids);
		for (size_t i = 0; i < n; i++) {
			const struct account *there = store_account_get(edit_view(e), o->arena,
									&ids[i]);
			struct account next;

			if (there == NULL || there->state != ACCOUNT_VALID)
				continue;
			next = *there;
			next.state = ACCOUNT_REVOKED;
			store_account_put(e, &next);
			revoked++;
		}
		after = n > 0 ? &ids[n - 1] : NULL;
	} while (n == page);
	return revoked;
}

static bool
revoke_apply(struct operator *o, struct edit *e, struct problem *p)
{
	struct change *c = o->doing;
	const struct binding *there = binding_there(o, e, &c->id, p);
	struct binding next;

	if (there == NULL)
		return false;
	if (there->state == BINDING_REVOKED && !c->accounts)
		return problem(p, PROBLEM_MALFORMED, "it is revoked already");
	next = *there;
	next.state = BINDING_REVOKED;
	store_binding_put(e, &next);
	if (c->accounts)
		json_object_set_new(o->answer, "accounts",
				    json_integer((json_int_t)accounts_revoke(o, e, &c->id)));
	return true;
}

static void
change_done(struct operator *o)
{
	const struct change *c = o->doing;

	answer_expires(o, c->expires);
	log_event(LOG_INFO, strcmp(o->call.command, "eab-renew") == 0 ? "binding renewed" :
		  "binding revoked", "s:s, s:s", "binding", id_print(o->arena, &c->id), "by",
		  "operator");
}

const struct command eab_revoke_command = {
	"eab-revoke", revoke_check, revoke_apply, change_done
};

static bool
renew_check(struct operator *o, struct problem *p)
{
	struct change *c = o->doing = arena_alloc(o->arena, sizeof(*c));

	c->longer = json_object_get(o->call.request, "expires") != NULL;
	c->more = json_object_get(o->call.request, "uses") != NULL;
	if (!c->longer && !c->more)
		return problem(p, PROBLEM_MALFORMED, "renew for how long, or for how many "
			       "accounts more? Give --expires, --uses or both");
	return operator_id(o, "binding", &c->id, p) && expires_read(o, &c->expires, p) &&
	       uses_read(o, &c->uses, p);
}

/* A revoked one stays revoked: its key may be in wrong hands. */
static bool
renew_apply(struct operator *o, struct edit *e, struct problem *p)
{
	struct change *c = o->doing;
	const struct binding *there = binding_there(o, e, &c->id, p);
	struct binding next;

	if (there == NULL)
		return false;
	if (there->state == BINDING_REVOKED)
		return problem(p, PROBLEM_MALFORMED, "it is revoked; add a new one");
	next = *there;
	if (!c->longer)
		c->expires = next.expires;
	next.expires = c->expires;
	if (c->more)
		next.uses_max = c->uses == 0 ? 0 : next.uses + c->uses;
	store_binding_put(e, &next);
	return true;
}

const struct command eab_renew_command = { "eab-renew", renew_check, renew_apply, change_done };
