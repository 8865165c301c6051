/* SPDX-License-Identifier: Apache-2.0 */
/* issue.c - the value of CAA's issue and issuewild (RFC 8659 section 4.2). */
#include "va/issue.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "va/local.h"

struct cursor {
	const char	*at, *end;
};

static void
blank_skip(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

/* Letters, digits and hyphens, no hyphen at either end. */
static bool
label_skip(struct cursor *c)
{
	const char *from = c->at;

	while (c->at < c->end && (isalnum((unsigned char)*c->at) || *c->at == '-'))
		c->at++;
	return c->at > from && *from != '-' && c->at[-1] != '-';
}

static bool
parameter_parse(struct cursor *c, struct arena *a, struct issue_parameter *parameter)
{
	const char *from = c->at;

	if (!label_skip(c))
		return false;
	parameter->tag = arena_strndup(a, from, (size_t)(c->at - from));
	blank_skip(c);
	if (c->at == c->end || *c->at++ != '=')
		return false;
	blank_skip(c);
	for (from = c->at; c->at < c->end && *c->at > 0x20 && *c->at < 0x7f && *c->at != ';';)
		c->at++;
	parameter->value = arena_strndup(a, from, (size_t)(c->at - from));
	blank_skip(c);
	return true;
}

static bool
parameters_parse(struct issue *i, struct cursor *c, struct arena *a)
{
	size_t most = 1;

	for (const char *at = c->at; at < c->end; at++)
		most += *at == ';';
	i->parameters = arena_alloc(a, most * sizeof(*i->parameters));
	for (;;) {
		blank_skip(c);
		if (!parameter_parse(c, a, &i->parameters[i->n++]))
			return false;
		if (c->at == c->end)
			return true;
		if (*c->at++ != ';')
			return false;
	}
}

static bool
issue_read(struct issue *i, struct cursor *c, struct arena *a)
{
	const char *from;

	blank_skip(c);
	if (c->at < c->end && *c->at != ';') {
		from = c->at;
		do
			if (!label_skip(c))
				return false;
		while (c->at < c->end && *c->at == '.' && c->at++);
		i->issuer = arena_strndup(a, from, (size_t)(c->at - from));
		blank_skip(c);
	}
	if (c->at == c->end)
		return true;
	if (*c->at++ != ';')
		return false;
	blank_skip(c);
	return c->at == c->end || parameters_parse(i, c, a);
}

bool
issue_parse(struct issue *i, struct arena *a, const void *value, size_t len)
{
	struct cursor c = { value, (const char *)value + len };

	*i = (struct issue){ .issuer = "" };
	if (issue_read(i, &c, a))
		return true;
	*i = (struct issue){ .issuer = "" };
	return false;
}

bool
issue_ours(const struct issue *i, const struct va *va)
{
	for (const char **ours = va->issuers; *ours != NULL; ours++)
		if (strcasecmp(*ours, i->issuer) == 0)
			return true;
	return false;
}

const char *
issue_find(const struct issue *i, const char *tag, unsigned *times)
{
	const char *value = NULL;

	*times = 0;
	for (size_t n = 0; n < i->n; n++)
		if (strcasecmp(i->parameters[n].tag, tag) == 0 && ++*times == 1)
			value = i->parameters[n].value;
	return value;
}
