/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the table of options; for config.c and settings.c. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "server/config.h"

enum option_type {
	TEXT,		/* const char * */
	ADDRESS,	/* the same: ADDRESS:PORT, or empty where that is the default */
	LIST,		/* const char *const *, ends with NULL */
	PATTERNS,	/* the same, each a pattern of identifiers */
	NETWORKS,	/* the same, each an address or a network */
	TIME,		/* int64_t, seconds */
	LIFETIME,	/* the same, or LIFETIME_CABF for the word cabf */
	COUNT,		/* int64_t */
	SIZE,		/* int64_t, bytes */
	FLAG,		/* bool */
	RATE		/* struct rate: N/DURATION, or off */
};

struct config_option {
	const char		*name;		/* "section.name" or "name" */
	enum option_type	 type;
	size_t			 offset;
	const char		*initial;	/* in the form of the file; lists: with spaces */
	int64_t			 least, most;
	const char		*help;
};

/* A titled section: issuer NAME { ... }. */
struct option_group {
	const char			*name, *help;
	const struct config_option	*options;
	size_t				 n;
};

/* Options whose names have a dot stand together, section by section. */
extern const struct config_option config_options[];
extern const size_t config_noption;

enum { GROUP_ISSUER, GROUP_PROFILE, GROUP_DIRECTORY, OPTION_GROUPS };
extern const struct option_group option_groups[OPTION_GROUPS];

#define OPTIONS_MAX  80
#define SECTIONS_MAX 24

/* What issuer_options[] fills. */
struct issuer_options {
	const char		*certificate, *key;
	const char *const	*alternates;
};

/* What directory_options[] fills. */
struct directory_options {
	const char		*path, *issuer, *eab;
	const char *const	*profiles, *const *methods, *const *allow, *const *deny;
};

/* The option of a section (NULL: outside of any; a group's name: one of its titled
 * sections); NULL: there is none. */
const struct config_option *option_find(const char *section, const char *name);

/* What a value of that type is, for people. */
const char *option_type_help(enum option_type type);

/* Is its value a list? */
bool option_is_list(const struct config_option *o);

/* Is it a value of that option (lists: one item)?  False with the reason in why. */
bool option_check(const struct config_option *o, const char *text, char *why, size_t size);

/* Number of a value that option_check() found good. */
int64_t option_number(const struct config_option *o, const char *text);

#endif
