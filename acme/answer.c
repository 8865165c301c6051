/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - what the webhook's answer means (docs/webhook.md):
 *
 *	{"allow": true}
 *	{"allow": false, "reason": "not in the inventory"}
 *	{"refused": [{"type": "dns", "value": "www.corp.example", "reason": "sold"}]}
 *
 * A no is a no whatever else the answer says; what is neither yes nor no is no answer. */
#include "acme/answer.h"

#include <string.h>
#include <strings.h>

#include "acme/offer.h"
#include "base/json.h"

enum answer
answer_read(const struct post *post, struct arena *a, const json_t **said, struct problem *p)
{
	const json_t *allow, *refused;

	if (post->status != 200) {
		problem(p, PROBLEM_CONNECTION, "the webhook answers with status %ld, not 200",
			post->status);
		return ANSWER_NONE;
	}
	*said = json_parse(a, post->answer.data, post->answer.len, "the webhook's answer", p);
	if (*said == NULL)
		return ANSWER_NONE;
	allow = json_object_get(*said, "allow");
	refused = json_object_get(*said, "refused");
	if (json_is_false(allow) || json_array_size(refused) > 0)
		return ANSWER_NO;
	if (json_is_true(allow) && (refused == NULL || json_is_array(refused)))
		return ANSWER_YES;
	problem(p, PROBLEM_CONNECTION, "the webhook's answer has neither \"allow\": true or false "
		"nor a list \"refused\"");
	return ANSWER_NONE;
}

static const char *
member(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text == NULL ? "" : text;
}

/* What it says against one identifier; NULL: nothing. */
static const json_t *
entry_of(const json_t *said, const struct ident *ident)
{
	const json_t *list = json_object_get(said, "refused"), *entry;
	size_t i;

	json_array_foreach(list, i, entry)
		if (strcmp(member(entry, "type"), ident_type_name(ident->type)) == 0 &&
		    strcasecmp(member(entry, "value"), ident->value) == 0)
			return entry;
	return NULL;
}

/* The reason, or that of the first entry. */
static const char *
reason_of(const json_t *said)
{
	const char *reason = member(said, "reason");

	return *reason != '\0' ? reason :
	       member(json_array_get(json_object_get(said, "refused"), 0), "reason");
}

void
answer_refusal(const json_t *said, struct arena *a, const struct ident *idents, size_t n,
	       struct problem *p)
{
	struct problem *sub = arena_alloc(a, n * sizeof(*sub));
	const char *reason;
	size_t nsub = 0;

	for (size_t i = 0; i < n; i++) {
		const json_t *entry = entry_of(said, &idents[i]);

		if (entry == NULL)
			continue;
		reason = member(entry, "reason");
		problem(&sub[nsub], PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\": this CA's operator "
			"does not permit it%s%.100s", idents[i].value,
			*reason == '\0' ? "" : ": ", reason);
		sub[nsub++].ident = &idents[i];
	}
	reason = reason_of(said);
	if (nsub > 0)
		offer_refused(a, sub, nsub, p);
	else
		problem(p, PROBLEM_REJECTED_IDENTIFIER, "this CA's operator does not permit "
			"this%s%.160s", *reason == '\0' ? "" : ": ", reason);
}
