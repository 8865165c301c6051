/* SPDX-License-Identifier: Apache-2.0 */
/* weaklist.c - lists of weak RSA keys, as Debian's openssl-blacklist had them after 2008.
 *
 * A file blacklist.RSA-BITS has one key a line: the last 20 hexadecimal digits of the
 * SHA-1 of "Modulus=" and the modulus in upper case and a newline; '#' begins a comment.
 * The lists are read once, before threads start, and kept as sorted 10-octet values. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/key.h"

#define OCTETS 10

static const unsigned sizes[] = { 2048, 3072, 4096 };

static struct list {
	uint8_t	*keys;		/* n of OCTETS */
	size_t	 n, room;
} lists[sizeof(sizes) / sizeof(sizes[0])];

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, OCTETS);
}

/* 20 digits at the beginning of the line. */
static bool
line_read(const char *line, uint8_t key[OCTETS])
{
	for (size_t i = 0; i < OCTETS; i++) {
		unsigned value;

		if (strspn(line + 2 * i, "0123456789abcdefABCDEF") < 2 ||
		    sscanf(line + 2 * i, "%2x", &value) != 1)
			return false;
		key[i] = (uint8_t)value;
	}
	return strspn(line + 2 * OCTETS, " \t\r\n") == strlen(line + 2 * OCTETS);
}

static bool
list_read(struct list *l, const char *file, FILE *f, struct problem *p)
{
	char line[256];

	for (unsigned number = 1; fgets(line, sizeof(line), f) != NULL; number++) {
		if (*line == '#' || *line == '\n')
			continue;
		if (l->n == l->room) {
			l->room = l->room * 2 + 1024;
			l->keys = realloc(l->keys, l->room * OCTETS);
			if (l->keys == NULL)
				abort();
		}
		if (!line_read(line, l->keys + l->n * OCTETS))
			return problem(p, PROBLEM_SERVER_INTERNAL, "%.150s:%u: not the end of a "
				       "SHA-1 in 20 hexadecimal digits", file, number);
		l->n++;
	}
	if (l->n > 0)
		qsort(l->keys, l->n, OCTETS, compare);
	return true;
}

bool
key_lists_open(const char *dir, struct problem *p)
{
	bool good = true;

	key_lists_close();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && good; i++) {
		char file[4096];
		FILE *f;

		snprintf(file, sizeof(file), "%s/blacklist.RSA-%u", dir, sizes[i]);
		f = fopen(file, "re");
		if (f == NULL && errno == ENOENT)
			continue;
		good = f != NULL ? list_read(&lists[i], file, f, p) :
		       problem(p, PROBLEM_SERVER_INTERNAL, "%.150s: %s", file, strerror(errno));
		if (f != NULL)
			fclose(f);
	}
	return good;
}

void
key_lists_close(void)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		free(lists[i].keys);
		lists[i] = (struct list){ NULL, 0, 0 };
	}
}

bool
key_listed(struct blob modulus)
{
	char text[8 + 2 * 512 + 2];
	uint8_t hash[SHA_DIGEST_LENGTH];
	size_t at = 8;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (modulus.len * 8 != sizes[i] || lists[i].n == 0)
			continue;
		memcpy(text, "Modulus=", at);
		for (size_t k = 0; k < modulus.len; k++, at += 2)
			snprintf(text + at, 3, "%02X", modulus.data[k]);
		text[at++] = '\n';
		SHA1((const uint8_t *)text, at, hash);
		return bsearch(hash + SHA_DIGEST_LENGTH - OCTETS, lists[i].keys, lists[i].n,
			       OCTETS, compare) != NULL;
	}
	return false;
}
