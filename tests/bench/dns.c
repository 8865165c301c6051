/* SPDX-License-Identifier: Apache-2.0 */
/* dns.c - answers DNS over UDP. */
#include "tests/bench/dns.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/table.h"

#define HEAD	12
#define BUFFER	(4 << 20)	/* octets of questions that wait in the kernel */
#define TTL	60
#define SLOW	"slow"
#define PIECE	255		/* octets of a string in a TXT record */

struct dns {
	int		 fd;
	struct event	*event;
	const char	*domain;
	struct in_addr	 target;
	struct table	 texts;
	uint64_t	 hits, misses;
};

struct message {
	uint8_t	 octets[4096];
	size_t	 len;		/* of the question, then of the answer */
	char	 name[NS_MAXDNAME];	/* that is asked for, in lower case */
	unsigned type;
};

/* --- The question ------------------------------------------------------------------------- */

/* One question, uncompressed; what stands behind it is cut off. */
static bool
read_question(struct message *m)
{
	size_t at = HEAD, n = 0;

	if (m->len < HEAD || (m->octets[2] & 0xf8) != 0 || m->octets[4] != 0 || m->octets[5] != 1)
		return false;
	while (at < m->len && m->octets[at] != 0) {
		size_t label = m->octets[at++];

		if (label > 63 || at + label > m->len || n + label + 2 > sizeof(m->name))
			return false;
		if (n > 0)
			m->name[n++] = '.';
		for (; label > 0; label--)
			m->name[n++] = (char)tolower(m->octets[at++]);
	}
	m->name[n] = '\0';
	if (at + 5 > m->len)
		return false;
	m->type = (unsigned)m->octets[at + 1] << 8 | m->octets[at + 2];
	m->len = at + 5;
	return true;
}

/* Does the name end in ".suffix"? */
static bool
is_below(const char *name, const char *suffix)
{
	size_t n = strlen(name), end = strlen(suffix);

	return n > end && name[n - end - 1] == '.' && strcmp(name + n - end, suffix) == 0;
}

/* The number of a slow name (see dns.h), which may be behind other labels; -1: another. */
static long
slow_number(const struct dns *dns, const char *name)
{
	size_t before = strlen(name) - strlen(dns->domain) - 1;
	const char *at = name + before - strlen(SLOW);

	if (before < strlen(SLOW) + 2 || strncmp(at, SLOW, strlen(SLOW)) != 0 || at[-1] != '.')
		return -1;
	for (at--; at > name && at[-1] != '.';)
		at--;
	return *at == 's' ? strtol(at + 1, NULL, 10) : -1;
}

/* --- The answer --------------------------------------------------------------------------- */

static void
put(struct message *m, const void *data, size_t n)
{
	if (m->len + n > sizeof(m->octets))
		abort();
	memcpy(m->octets + m->len, data, n);
	m->len += n;
}

static void
put16(struct message *m, unsigned n)
{
	put(m, (const uint8_t[]){ (uint8_t)(n >> 8), (uint8_t)n }, 2);
}

/* A record of the name that is asked for. */
static void
put_record(struct message *m, const void *data, size_t n)
{
	put16(m, 0xc000 | HEAD);
	put16(m, m->type);
	put16(m, ns_c_in);
	put16(m, 0), put16(m, TTL);
	put16(m, (unsigned)n);
	put(m, data, n);
	m->octets[7] = 1;
}

static void
put_text(struct message *m, const char *text)
{
	uint8_t data[2048];
	size_t n = 0;

	while (*text != '\0') {
		size_t piece = strlen(text) < PIECE ? strlen(text) : PIECE;

		if (n + 1 + piece > sizeof(data))
			abort();
		data[n++] = (uint8_t)piece;
		memcpy(data + n, text, piece);
		n += piece;
		text += piece;
	}
	put_record(m, data, n);
}

static void
put_address(const struct dns *dns, struct message *m, long slow)
{
	uint8_t address[4] = { 127, 1, (uint8_t)(slow >> 8), (uint8_t)slow };

	put_record(m, slow < 0 ? (const void *)&dns->target : address, sizeof(address));
}

/* Makes the question an answer; false: nobody answers it. */
static bool
answer(struct dns *dns, struct message *m)
{
	bool ours = is_below(m->name, dns->domain);
	long slow = ours ? slow_number(dns, m->name) : -1;
	const char *text;

	m->octets[2] |= 0x84;		/* a response, authoritative */
	m->octets[3] = 0x80;		/* recursion is available, NOERROR */
	memset(m->octets + 6, 0, 6);	/* no records so far */
	if (m->type == ns_t_a && ours)
		put_address(dns, m, slow);
	if (m->type != ns_t_txt)
		return true;
	if (slow >= 0)
		return false;
	text = table_get(&dns->texts, m->name, strlen(m->name));
	dns->hits++;
	if (text != NULL)
		put_text(m, text);
	else
		dns->misses++;
	return true;
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	struct dns *dns = arg;
	struct message m;
	union place from;
	socklen_t size = sizeof(from);
	ssize_t n;

	(void)what;
	while ((n = recvfrom(fd, m.octets, 1024, 0, &from.sa, &size)) >= 0) {
		m.len = (size_t)n;
		if (read_question(&m) && answer(dns, &m))
			(void)!sendto(fd, m.octets, m.len, 0, &from.sa, size);
		size = sizeof(from);
	}
}

/* --- Open and closed ---------------------------------------------------------------------- */

struct dns *
dns_open(struct event_base *loop, const char *address, const char *domain,
	 const struct in_addr *target)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	union place at;
	int len;

	if (dns == NULL)
		abort();
	dns->domain = domain;
	dns->target = *target;
	dns->fd = -1;
	if (!place_parse(&at, &len, "dns", address)) {
		dns_close(dns);
		return NULL;
	}
	dns->fd = socket(at.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(dns->fd, SOL_SOCKET, SO_RCVBUF, &(int){ BUFFER }, sizeof(int));
	if (dns->fd < 0 || bind(dns->fd, &at.sa, (socklen_t)len) != 0) {
		fprintf(stderr, "brevet-bench: --dns %s: %s\n", address, strerror(errno));
		dns_close(dns);
		return NULL;
	}
	dns->event = event_new(loop, dns->fd, EV_READ | EV_PERSIST, readable, dns);
	if (dns->event == NULL || event_add(dns->event, NULL) != 0)
		abort();
	return dns;
}

void
dns_close(struct dns *dns)
{
	if (dns == NULL)
		return;
	if (dns->event != NULL)
		event_free(dns->event);
	if (dns->fd >= 0)
		close(dns->fd);
	table_clear(&dns->texts);
	free(dns);
}

void
dns_put(struct dns *dns, const char *name, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	free(table_put(&dns->texts, name, copy));
}

void
dns_drop(struct dns *dns, const char *name)
{
	free(table_drop(&dns->texts, name));
}

uint64_t
dns_hits(const struct dns *dns)
{
	return dns->hits;
}

uint64_t
dns_misses(const struct dns *dns)
{
	return dns->misses;
}
