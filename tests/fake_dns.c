/* SPDX-License-Identifier: Apache-2.0 */
/* fake_dns.c - a DNS server on loopback, UDP and TCP. */
#include "tests/fake_dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ctype.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define UDP_MAX 1232
#define ROWS_MAX 8192

struct fake_dns {
	const struct fake_record *records;
	unsigned		 asked[ROWS_MAX];	/* how often, per row */
	int			 udp, tcp, quit[2];
	uint16_t		 port;
	pthread_t		 thread;
};

enum how {		/* bits */
	HOW_AD = 1,
	HOW_TRUNCATED = 2,
	HOW_HANGUP = 4,
	HOW_OTHER_ID = 8,
	HOW_OTHER_CASE = 16,
	HOW_GARBAGE = 32,
	HOW_STRAY = 64,
	HOW_BOGUS = 128
};

struct reply {
	uint8_t	 b[65536 + 1024];	/* what is too long is made, and then cut off */
	size_t	 len;
	unsigned answers, how;
};

static void
put16(struct reply *r, unsigned n)
{
	r->b[r->len++] = (uint8_t)(n >> 8);
	r->b[r->len++] = (uint8_t)n;
}

static void
put(struct reply *r, const void *data, size_t n)
{
	memcpy(r->b + r->len, data, n);
	r->len += n;
}

static void
put_name(struct reply *r, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		r->b[r->len++] = (uint8_t)n;
		put(r, name, n);
		name += n + (name[n] == '.');
	}
	r->b[r->len++] = 0;
}

static void
put_text(struct reply *r, const char *text)
{
	for (bool more = true; more;) {
		size_t n = strcspn(text, "|");

		more = text[n] == '|';
		r->b[r->len++] = (uint8_t)n;
		put(r, text, n);
		text += n + more;
	}
}

static void
put_address(struct reply *r, int family, const char *value, unsigned asked)
{
	const char *second = strchr(value, ',');
	uint8_t octets[16];
	char text[64];

	if (second != NULL && asked > 1)
		snprintf(text, sizeof(text), "%s", second + 1);
	else
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(value, ","), value);
	if (inet_pton(family, text, octets) != 1)
		abort();
	put(r, octets, family == AF_INET ? 4 : 16);
}

static void
put_caa(struct reply *r, const char *value)
{
	const char *tag, *rest;
	unsigned octet;

	if (*value == '#') {
		for (value += 2; sscanf(value, "%2x", &octet) == 1; value += 2)
			r->b[r->len++] = (uint8_t)octet;
		return;
	}
	tag = strchr(value, ' ') + 1;
	rest = strchrnul(tag, ' ');
	r->b[r->len++] = (uint8_t)atoi(value);
	r->b[r->len++] = (uint8_t)(rest - tag);
	put(r, tag, (size_t)(rest - tag));
	put(r, rest + 1, *rest == '\0' ? 0 : strlen(rest + 1));
}

static void
put_record(struct reply *r, const struct fake_record *row, unsigned asked)
{
	size_t at;

	if (r->len > 60000)
		return;
	put_name(r, row->name);
	put16(r, (unsigned)row->type);
	put16(r, ns_c_in);
	put16(r, 0), put16(r, 60);
	at = r->len;
	put16(r, 0);
	if (row->type == ns_t_txt)
		put_text(r, row->value);
	else if (row->type == ns_t_cname || row->type == ns_t_dname)
		put_name(r, row->value);
	else if (row->type == FAKE_CAA)
		put_caa(r, row->value);
	else
		put_address(r, row->type == ns_t_a ? AF_INET : AF_INET6, row->value, asked);
	r->b[at] = (uint8_t)((r->len - at - 2) >> 8);
	r->b[at + 1] = (uint8_t)(r->len - at - 2);
	r->answers++;
}

/* OPT with the extended error 7 (RFC 8914). */
static void
put_error(struct reply *r)
{
	static const char text[] = "of example";

	put(r, "\0", 1);
	put16(r, ns_t_opt);
	put16(r, UDP_MAX);
	put16(r, 0), put16(r, 0);
	put16(r, 4 + 2 + sizeof(text) - 1);
	put16(r, 15), put16(r, 2 + sizeof(text) - 1);
	put16(r, 7);
	put(r, text, sizeof(text) - 1);
}

/* A row of type 0: the rcode, -1: no reply; -2: the records of the name. */
static int
behave(struct fake_dns *d, size_t i, struct reply *r)
{
	static const struct {
		const char	*word;
		int		 rcode;
		unsigned	 how;
	} table[] = {
		{ "SERVFAIL", ns_r_servfail, 0 }, { "REFUSED", ns_r_refused, 0 },
		{ "FORMERR", ns_r_formerr, 0 }, { "NOTIMP", ns_r_notimpl, 0 },
		{ "SILENT", -1, 0 }, { "BOGUS", ns_r_servfail, HOW_BOGUS },
		{ "AD", -2, HOW_AD }, { "TRUNCATED", -2, HOW_TRUNCATED },
		{ "HANGUP", -2, HOW_TRUNCATED | HOW_HANGUP }, { "OTHER-ID", -2, HOW_OTHER_ID },
		{ "OTHER-CASE", -2, HOW_OTHER_CASE }, { "GARBAGE", -2, HOW_GARBAGE },
		{ "STRAY", -2, HOW_STRAY },
	};
	const char *value = d->records[i].value, *times = strchr(value, ' ');
	size_t n = strcspn(value, " ");

	if (times != NULL && ++d->asked[i] > (unsigned)atoi(times))
		return -2;
	for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++)
		if (strlen(table[k].word) == n && memcmp(table[k].word, value, n) == 0) {
			r->how |= table[k].how;
			return table[k].rcode;
		}
	abort();
}

/* What lies below a DNAME is an alias (RFC 6672); NULL: the name doesn't. */
static const char *
below_alias(struct fake_dns *d, struct reply *r, const char *name, char alias[NS_MAXDNAME])
{
	for (size_t i = 0; d->records[i].name != NULL; i++) {
		const struct fake_record *row = &d->records[i];
		size_t n = strlen(row->name), len = strlen(name);

		if (row->type != ns_t_dname || len <= n || name[len - n - 1] != '.' ||
		    strcasecmp(name + len - n, row->name) != 0)
			continue;
		snprintf(alias, NS_MAXDNAME, "%.*s%s", (int)(len - n), name, row->value);
		put_record(r, row, 0);
		put_record(r, &(struct fake_record){ name, ns_t_cname, alias }, 0);
		return alias;
	}
	return NULL;
}

/* The rcode, with the records of the name put; -1: no reply. */
static int
answer(struct fake_dns *d, struct reply *r, const char *name, int type)
{
	char below[NS_MAXDNAME];
	const char *alias = below_alias(d, r, name, below);
	bool known = false;

	for (size_t i = 0; alias == NULL && d->records[i].name != NULL; i++) {
		const struct fake_record *row = &d->records[i];

		if (strcasecmp(row->name, name) != 0)
			continue;
		known = true;
		if (row->type == 0) {
			int rcode = behave(d, i, r);

			if (rcode != -2)
				return rcode;
			continue;
		}
		if (row->type == type || row->type == ns_t_cname)
			put_record(r, row, ++d->asked[i]);
		if (row->type == ns_t_cname)
			alias = row->value;
	}
	if (alias != NULL && r->answers < 16)
		return answer(d, r, alias, type);
	return known ? ns_r_noerror : ns_r_nxdomain;
}

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;

void
fake_dns_change(struct fake_record *record, const char *value)
{
	pthread_mutex_lock(&table);
	record->value = value;
	pthread_mutex_unlock(&table);
}

void
fake_dns_rename(struct fake_record *record, const char *name)
{
	pthread_mutex_lock(&table);
	record->name = name;
	pthread_mutex_unlock(&table);
}

unsigned
fake_dns_given(struct fake_dns *d, const struct fake_record *record)
{
	unsigned n;

	pthread_mutex_lock(&table);
	n = d->asked[record - d->records];
	pthread_mutex_unlock(&table);
	return n;
}

/* What the server does to the reply at last. */
static void
reply_twist(struct reply *r, size_t question_end)
{
	if (r->how & HOW_OTHER_ID)
		r->b[1] ^= 1;
	if (r->how & HOW_OTHER_CASE)
		for (size_t i = 12; i < question_end - 4; i++)
			r->b[i] = (uint8_t)tolower(r->b[i]);
	if (r->how & HOW_BOGUS) {
		put_error(r);
		r->b[11] = 1;
	}
	if (r->how & HOW_GARBAGE)
		r->b[r->len++] = 0;
}

/* False: no reply. */
static bool
reply_make(struct fake_dns *d, struct reply *r, const uint8_t *query, size_t len, size_t max)
{
	char name[NS_MAXDNAME];
	int n = len < 12 ? -1 : dn_expand(query, query + len, query + 12, name, sizeof(name));
	size_t end = 12 + (size_t)n + 4;
	int rcode;

	if (n < 0 || end > len)
		return false;
	memset(r->b, 0, 12);
	memcpy(r->b, query, end);
	r->len = end;
	r->answers = r->how = 0;
	pthread_mutex_lock(&table);
	rcode = answer(d, r, name, query[end - 4] << 8 | query[end - 3]);
	pthread_mutex_unlock(&table);
	if (rcode < 0)
		return false;
	r->b[2] = 0x84 | (query[2] & 1);
	r->b[3] = (uint8_t)(0x80 | rcode | (r->how & HOW_AD ? 0x20 : 0));
	if (r->len > max || (max == UDP_MAX && (r->how & HOW_TRUNCATED) != 0)) {
		r->b[2] |= 2;	/* TC: come back over TCP */
		r->len = end;
		r->answers = 0;
	}
	memset(r->b + 4, 0, 8);
	r->b[5] = 1;
	r->b[6] = (uint8_t)(r->answers >> 8);
	r->b[7] = (uint8_t)r->answers;
	reply_twist(r, end);
	return true;
}

static void
send_udp(struct fake_dns *d, struct reply *r, const struct sockaddr_in *to)
{
	if (sendto(d->udp, r->b, r->len, 0, (const struct sockaddr *)to, sizeof(*to)) < 0)
		perror("# fake_dns");
}

static void
serve_udp(struct fake_dns *d, struct reply *r)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	uint8_t query[4096];
	ssize_t n = recvfrom(d->udp, query, sizeof(query), 0, (struct sockaddr *)&from, &size);

	if (n <= 0 || !reply_make(d, r, query, (size_t)n, UDP_MAX))
		return;
	if (r->how & HOW_STRAY) {
		r->b[1] ^= 1;
		send_udp(d, r, &from);
		r->b[1] ^= 1;
	}
	send_udp(d, r, &from);
}

static void
serve_tcp(struct fake_dns *d, struct reply *r)
{
	uint8_t query[4096], size[2];
	int fd = accept(d->tcp, NULL, NULL);
	ssize_t n = -1;

	if (fd >= 0 && recv(fd, size, 2, MSG_WAITALL) == 2)
		n = recv(fd, query, (size_t)(size[0] << 8 | size[1]) & 4095, MSG_WAITALL);
	if (n > 0 && reply_make(d, r, query, (size_t)n, 65535) && (r->how & HOW_HANGUP) == 0) {
		size[0] = (uint8_t)(r->len >> 8);
		size[1] = (uint8_t)r->len;
		if (send(fd, size, 2, MSG_NOSIGNAL | MSG_MORE) != 2 ||
		    send(fd, r->b, r->len, MSG_NOSIGNAL) < 0)
			perror("# fake_dns");
	}
	if (fd >= 0)
		close(fd);
}

static void *
serve(void *arg)
{
	struct fake_dns *d = arg;
	struct reply *r = malloc(sizeof(*r));
	struct pollfd fds[3] = { { d->quit[0], POLLIN, 0 }, { d->udp, POLLIN, 0 },
				 { d->tcp, POLLIN, 0 } };

	if (r == NULL)
		abort();
	while (poll(fds, 3, -1) > 0 && fds[0].revents == 0) {
		if (fds[1].revents != 0)
			serve_udp(d, r);
		if (fds[2].revents != 0)
			serve_tcp(d, r);
	}
	free(r);
	return NULL;
}

/* One port for both: false when somebody has that of TCP for UDP.  A resolver that asks thousands
 * of questions at once has as many ports, each for all addresses. */
static bool
bind_both(struct fake_dns *d)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(sin);

	d->tcp = socket(AF_INET, SOCK_STREAM, 0);
	d->udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(d->tcp, (struct sockaddr *)&sin, size) != 0 || listen(d->tcp, 64) != 0 ||
	    getsockname(d->tcp, (struct sockaddr *)&sin, &size) != 0)
		abort();
	d->port = ntohs(sin.sin_port);
	if (bind(d->udp, (struct sockaddr *)&sin, size) == 0)
		return true;
	close(d->tcp);
	close(d->udp);
	return false;
}

struct fake_dns *
fake_dns_start(const struct fake_record *records)
{
	struct fake_dns *d = calloc(1, sizeof(*d));
	int room = 1 << 20;	/* as much of it as the system gives */
	int tries = 0;

	if (d == NULL || pipe(d->quit) != 0)
		abort();
	d->records = records;
	for (size_t n = 0; records[n].name != NULL; n++)
		if (n == ROWS_MAX)
			abort();
	while (!bind_both(d))
		if (++tries == 100)
			abort();
	setsockopt(d->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (pthread_create(&d->thread, NULL, serve, d) != 0)
		abort();
	return d;
}

uint16_t
fake_dns_port(const struct fake_dns *d)
{
	return d->port;
}

void
fake_dns_stop(struct fake_dns *d)
{
	if (write(d->quit[1], "", 1) != 1)
		abort();
	pthread_join(d->thread, NULL);
	close(d->udp);
	close(d->tcp);
	close(d->quit[0]);
	close(d->quit[1]);
	free(d);
}
