/* SPDX-License-Identifier: Apache-2.0 */
/* where.c - the conditions that pick the certificates of an incident.  Pure. */
#include "acme/where.h"

#include <string.h>

#include "acme/policy.h"
#include "base/clock.h"


static const struct field {
	enum where_kind	 kind;
	const char	*name, *value;		/* what it is compared with, in words */
} fields[] = {
	{ WHERE_ISSUER, "issuer", "the name of an issuer" },
	{ WHERE_PROFILE, "profile", "the name of a profile" },
	{ WHERE_DIRECTORY, "directory", "the name of a directory" },
	{ WHERE_ACCOUNT, "account", "the id of an account" },
	{ WHERE_BINDING, "binding", "the id of a binding" },
	{ WHERE_NAME, "name", "a name or a pattern (www.corp.example, .corp.example, "
	  "*.corp.example, 10.0.0.0/8)" },
	{ WHERE_KEY, "key", "the SHA-256 of a SubjectPublicKeyInfo, 64 hexadecimal digits" },
	{ WHERE_SERIAL, "serial", "a serial in hexadecimal" },
	{ WHERE_ISSUED, "issued", "a time (2026-11-01 or 2026-11-01T12:00:00Z)" },
};
#define NFIELD (sizeof(fields) / sizeof(fields[0]))

static const struct field *
field_of(enum where_kind kind)
{
	const struct field *field = fields;

	while (field->kind != kind)
		field++;
	return field;
}

const char *
where_field(enum where_kind kind)
{
	return field_of(kind)->name;
}

/* --- tokens ------------------------------------------------------------------------- */

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_SIGN		/* ( ) = != < <= > >= */
};

struct token {
	enum token_kind	 kind;
	const char	*text;
	int		 column;
};

struct parser {
	struct arena	*arena;
	const char	*text, *at;
	struct token	 token;		/* the one to be read next */
	unsigned	 depth;
	struct problem	*problem;
};

static bool
expected(const struct parser *r, const char *what)
{
	const struct token *t = &r->token;

	if (t->kind == TOKEN_END)
		return problem(r->problem, PROBLEM_MALFORMED, "column %d: expected %s, but it ends "
			       "here", t->column, what);
	return problem(r->problem, PROBLEM_MALFORMED, "column %d: expected %s, not \"%.40s\"",
		       t->column, what, t->text);
}

static size_t
word_len(const char *at)
{
	return strcspn(at, " \t\r\n()=!<>\"");
}

static size_t
sign_len(const char *at)
{
	if (strchr("()=", *at) != NULL)
		return 1;
	return strchr("!<>", *at) == NULL ? 0 : at[1] == '=' ? 2 : *at != '!';
}

/* Reads the next token; false: it is none. */
static bool
advance(struct parser *r)
{
	struct token *t = &r->token;
	size_t skip = 0, len;

	r->at += strspn(r->at, " \t\r\n");
	t->column = (int)(r->at - r->text) + 1;
	t->kind = TOKEN_SIGN;
	len = *r->at == '\0' ? 0 : sign_len(r->at);
	if (*r->at == '\0') {
		t->kind = TOKEN_END;
	} else if (*r->at == '"') {
		t->kind = TOKEN_QUOTED;
		skip = 1;
		len = strcspn(r->at + 1, "\"");
		if (r->at[1 + len] == '\0')
			return problem(r->problem, PROBLEM_MALFORMED, "column %d: the quotation "
				       "mark has no second one", t->column);
	} else if (len == 0) {
		t->kind = TOKEN_WORD;
		len = word_len(r->at);
		if (len == 0)
			return problem(r->problem, PROBLEM_MALFORMED, "column %d: \"!\" is no "
				       "operator: write != or not", t->column);
	}
	t->text = arena_strndup(r->arena, r->at + skip, len);
	r->at += len + 2 * skip;
	return true;
}

static bool
is_token(const struct parser *r, enum token_kind kind, const char *text)
{
	return r->token.kind == kind && strcmp(r->token.text, text) == 0;
}

static bool
is_word(const struct parser *r, const char *text)
{
	return is_token(r, TOKEN_WORD, text);
}

static bool
is_keyword(const struct parser *r)
{
	return is_word(r, "and") || is_word(r, "or") || is_word(r, "not") || is_word(r, "between");
}

/* --- conditions --------------------------------------------------------------------- */

static struct where *
node(const struct parser *r, enum where_kind kind, struct where *left, struct where *right)
{
	struct where *w = arena_alloc(r->arena, sizeof(*w));

	w->kind = kind;
	w->left = left;
	w->right = right;
	return w;
}

static bool
key_read(const char *text, uint8_t key[32])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 64; i++) {
		const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i] | ' ');

		if (digit == NULL || *digit == '\0')
			return false;
		key[i / 2] = (uint8_t)(key[i / 2] << 4 | (digit - digits));
	}
	return text[64] == '\0';
}

/* The value of a condition that is no time. */
static bool
value_fits(struct where *w)
{
	switch (w->kind) {
	case WHERE_ACCOUNT:
	case WHERE_BINDING:
		return id_parse(w->text, strlen(w->text), &w->id) && !id_none(&w->id);
	case WHERE_NAME:
		return policy_pattern_ok(w->text);
	case WHERE_KEY:
		return key_read(w->text, w->key);
	case WHERE_SERIAL:
		return serial_hex_parse(w->text, &w->serial);
	default:
		return *w->text != '\0';
	}
}

static bool
value_read(struct parser *r, struct where *w)
{
	if ((r->token.kind != TOKEN_WORD && r->token.kind != TOKEN_QUOTED) || is_keyword(r))
		return expected(r, field_of(w->kind)->value);
	w->column = r->token.column;
	w->text = r->token.text;
	return value_fits(w) ? advance(r) : expected(r, field_of(w->kind)->value);
}

static bool
time_read(struct parser *r, int64_t *when)
{
	const char *text = r->token.text;

	if (r->token.kind != TOKEN_WORD && r->token.kind != TOKEN_QUOTED)
		return expected(r, field_of(WHERE_ISSUED)->value);
	if (strlen(text) == strlen("2026-11-01"))
		text = arena_printf(r->arena, "%sT00:00:00Z", text);
	if (!clock_parse(text, when) || *when < 0 || *when > WHERE_TIME_LAST)
		return expected(r, field_of(WHERE_ISSUED)->value);
	return advance(r);
}

static bool
between_read(struct parser *r, struct where *w)
{
	if (!advance(r) || !time_read(r, &w->from))
		return false;
	if (!is_word(r, "and"))
		return expected(r, "\"and\" and the time before which it ends");
	if (!advance(r))
		return false;
	w->column = r->token.column;
	if (!time_read(r, &w->until))
		return false;
	return w->from < w->until ||
	       problem(r->problem, PROBLEM_MALFORMED, "column %d: the second time must be later "
		       "than the first", w->column);
}

/* "issued" and what follows it. */
static bool
issued_read(struct parser *r, struct where *w)
{
	const char *sign = r->token.text;
	int64_t when = 0;

	w->until = INT64_MAX;
	if (is_word(r, "between"))
		return between_read(r, w);
	if (r->token.kind != TOKEN_SIGN || strspn(sign, "<>=") != strlen(sign))
		return expected(r, "<, <=, >, >=, = or between");
	if (!advance(r) || !time_read(r, &when))
		return false;
	if (*sign != '<')
		w->from = when + (strcmp(sign, ">") == 0 && when < WHERE_TIME_LAST);
	if (*sign != '>')
		w->until = when + (strcmp(sign, "<") != 0);
	return true;
}

static struct where *
condition_read(struct parser *r)
{
	const struct field *field = fields;
	struct where *w;
	bool differs;

	while (field < fields + NFIELD && !is_word(r, field->name))
		field++;
	if (field == fields + NFIELD) {
		expected(r, "issuer, profile, directory, account, binding, name, key, serial, "
			 "issued, not or (");
		return NULL;
	}
	if (!advance(r))
		return NULL;
	w = node(r, field->kind, NULL, NULL);
	if (w->kind == WHERE_ISSUED)
		return issued_read(r, w) ? w : NULL;
	differs = is_token(r, TOKEN_SIGN, "!=");
	if (!differs && !is_token(r, TOKEN_SIGN, "=")) {
		expected(r, "= or !=");
		return NULL;
	}
	if (!advance(r) || !value_read(r, w))
		return NULL;
	return differs ? node(r, WHERE_NOT, w, NULL) : w;
}

/* --- expressions -------------------------------------------------------------------- */

static struct where *expression_read(struct parser *r);

static struct where *
group_read(struct parser *r)
{
	struct where *w = expression_read(r);

	if (w != NULL && !is_token(r, TOKEN_SIGN, ")")) {
		expected(r, "\"and\", \"or\" or \")\"");
		return NULL;
	}
	return w != NULL && advance(r) ? w : NULL;
}

static struct where *
factor_read(struct parser *r)
{
	bool not = is_word(r, "not"), group = is_token(r, TOKEN_SIGN, "(");
	struct where *w;

	if (!not && !group)
		return condition_read(r);
	if (++r->depth > WHERE_DEPTH_MAX) {
		problem(r->problem, PROBLEM_MALFORMED, "column %d: more than %d parentheses and "
			"\"not\"s in each other", r->token.column, WHERE_DEPTH_MAX);
		return NULL;
	}
	if (!advance(r))
		return NULL;
	w = group ? group_read(r) : factor_read(r);
	r->depth--;
	return w == NULL || group ? w : node(r, WHERE_NOT, w, NULL);
}

/* Operands of the same operator, from left to right. */
static struct where *
chain_read(struct parser *r, enum where_kind kind, const char *word,
	   struct where *(*operand)(struct parser *r))
{
	struct where *w = operand(r), *right;

	while (w != NULL && is_word(r, word)) {
		right = advance(r) ? operand(r) : NULL;
		w = right == NULL ? NULL : node(r, kind, w, right);
	}
	return w;
}

static struct where *
term_read(struct parser *r)
{
	return chain_read(r, WHERE_AND, "and", factor_read);
}

static struct where *
expression_read(struct parser *r)
{
	return chain_read(r, WHERE_OR, "or", term_read);
}

struct where *
where_parse(struct arena *a, const char *text, struct problem *p)
{
	struct parser r = { .arena = a, .text = text, .at = text, .problem = p };
	struct where *w;

	if (strlen(text) > WHERE_TEXT_MAX) {
		problem(p, PROBLEM_MALFORMED, "the expression is longer than %d octets",
			WHERE_TEXT_MAX);
		return NULL;
	}
	w = advance(&r) ? expression_read(&r) : NULL;
	if (w != NULL && r.token.kind != TOKEN_END) {
		expected(&r, "\"and\", \"or\" or the end");
		return NULL;
	}
	return w;
}
