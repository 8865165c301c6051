/* SPDX-License-Identifier: Apache-2.0 */
/* where_holds.c - conditions as text, and which certificates they hold for.  Pure. */
#include <string.h>

#include "acme/policy.h"
#include "acme/where.h"
#include "base/clock.h"

/* --- text --------------------------------------------------------------------------- */

static const char *
issued_print(struct arena *a, const struct where *w)
{
	if (w->until > WHERE_TIME_LAST)
		return arena_printf(a, "issued >= %s", clock_print(a, w->from));
	if (w->from == 0)
		return arena_printf(a, "issued < %s", clock_print(a, w->until));
	return arena_printf(a, "issued between %s and %s", clock_print(a, w->from),
			    clock_print(a, w->until));
}

static int
rank(const struct where *w)
{
	return w->kind == WHERE_OR ? 1 : w->kind == WHERE_AND ? 2 : 3;
}

/* In parentheses if it binds less than it must. */
static const char *
part_print(struct arena *a, const struct where *w, int least)
{
	const char *text = where_print(a, w);

	return rank(w) < least ? arena_printf(a, "(%s)", text) : text;
}

const char *
where_print(struct arena *a, const struct where *w)
{
	switch (w->kind) {
	case WHERE_AND:
	case WHERE_OR:
		return arena_printf(a, "%s %s %s", part_print(a, w->left, rank(w)),
				    w->kind == WHERE_AND ? "and" : "or",
				    part_print(a, w->right, rank(w) + 1));
	case WHERE_NOT:
		return arena_printf(a, "not %s", part_print(a, w->left, 3));
	case WHERE_ISSUED:
		return issued_print(a, w);
	default:
		return arena_printf(a, "%s = \"%s\"", where_field(w->kind), w->text);
	}
}

/* --- certificates ------------------------------------------------------------------- */

bool
where_wants_names(const struct where *w)
{
	return w->kind == WHERE_NAME || (w->left != NULL && where_wants_names(w->left)) ||
	       (w->right != NULL && where_wants_names(w->right));
}

/* Does one of them stand for a name of the pattern?  A list that denies it would say so. */
static bool
names_meet(const char *pattern, const struct ident *idents, size_t n)
{
	const char *const deny[] = { pattern, NULL };
	const struct name_rules rules = { .deny = deny };

	for (size_t i = 0; i < n; i++)
		if (!policy_ruling(&rules, &idents[i]).permits)
			return true;
	return false;
}

bool
where_holds(const struct where *w, const struct cert *cert, const struct ident *idents, size_t n)
{
	switch (w->kind) {
	case WHERE_AND:
		return where_holds(w->left, cert, idents, n) &&
		       where_holds(w->right, cert, idents, n);
	case WHERE_OR:
		return where_holds(w->left, cert, idents, n) ||
		       where_holds(w->right, cert, idents, n);
	case WHERE_NOT:
		return !where_holds(w->left, cert, idents, n);
	case WHERE_ISSUER:
		return cert->scope.issuer == w->number;
	case WHERE_PROFILE:
		return cert->scope.profile == w->number;
	case WHERE_DIRECTORY:
		return cert->scope.directory == w->number;
	case WHERE_ACCOUNT:
		return id_equal(&cert->account, &w->id);
	case WHERE_BINDING:
		return id_equal(&cert->scope.binding, &w->id);
	case WHERE_NAME:
		return names_meet(w->text, idents, n);
	case WHERE_KEY:
		return memcmp(cert->spki_hash, w->key, sizeof(w->key)) == 0;
	case WHERE_SERIAL:
		return serial_equal(&cert->serial, &w->serial);
	case WHERE_ISSUED:
		return cert->created >= w->from && cert->created < w->until;
	}
	return false;
}
