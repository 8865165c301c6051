/* SPDX-License-Identifier: Apache-2.0 */
/* packet.h - DNS messages (RFC 1035 section 4): questions made, replies read.
 *
 * A reply is read strictly: one question, every record whole, compression that only
 * points back, nothing behind the last record. */
#ifndef VA_PACKET_H
#define VA_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_NAME_MAX	 255	/* octets of a name on the wire, with the root's */
#define PACKET_QUERY_MAX 300
#define PACKET_REPLY_MAX 65535
#define PACKET_UDP_MAX	 1232	/* octets of a reply that we take over UDP */

#define PACKET_TYPE_CAA 257

/* A reply that was read.  Points into the octets, which outlive it. */
struct packet {
	const uint8_t	*data;
	size_t		 len;
	uint16_t	 id;
	bool		 truncated, authentic;	/* TC, AD */
	unsigned	 rcode;			/* with EDNS's upper bits: ns_r_noerror ... */
	int		 type;			/* that was asked for */
	size_t		 question_len;		/* of name, type and class behind the header */
	unsigned	 answers;
	size_t		 answers_at;
	uint8_t		 target[PACKET_NAME_MAX];	/* where the aliases lead, lower case */
	size_t		 target_len;
	unsigned	 aliases;
	bool		 circle;		/* they lead nowhere, in a circle or too far */
	uint32_t	 ttl;			/* the least of the aliases and answers; 0: none */
	int		 error;			/* extended DNS error (RFC 8914), -1: none */
	const char	*error_text;		/* error_len octets of it; not NUL-terminated */
	size_t		 error_len;
};

/* False: not a reply of that form.  Of a truncated one
 * only header and question are read. */
bool packet_parse(struct packet *p, const uint8_t *data, size_t len);

struct answer {		/* one record's data */
	uint32_t	 ttl;
	const uint8_t	*data;
	size_t		 len;
};

/* The next record in the answer section that has the type asked for and belongs to the
 * name asked for, or to what its aliases lead to; *at begins with 0.  False: no more. */
bool packet_answer(const struct packet *p, unsigned *at, struct answer *answer);

/* Where the aliases lead, as text without a final dot, for people: octets of a label that
 * are not printable, or a dot, become '?'. */
void packet_target(const struct packet *p, char text[PACKET_NAME_MAX + 1]);

/* A query with RD, AD and EDNS for that name, class IN; the case of its letters is taken
 * from the bits of `mix` (no mix: NULL), 32 octets.  Returns its length; 0: no such name. */
size_t packet_query(uint8_t query[PACKET_QUERY_MAX], uint16_t id, const char *name, int type,
		    const uint8_t *mix);

/* Is it the reply to that query: its id, and its question to the letter? */
bool packet_fits(const struct packet *p, const uint8_t *query);

#endif
