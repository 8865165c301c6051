/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - what answers questions to DNS: libunbound, or a plain stub. */
#ifndef VA_ENGINE_H
#define VA_ENGINE_H

#include "va/resolve.h"

struct engine {
	/* A thing for resolver->dns; NULL with serverInternal. */
	void	*(*open)(struct loop *l, const struct va *va, struct problem *p);
	void	 (*close)(void *dns);
	/* Asks; may answer at once.  cancel: it will not be answered any more. */
	void	 (*ask)(void *dns, struct question *q);
	void	 (*cancel)(void *dns, struct question *q);
};

extern const struct engine unbound_engine;	/* validates itself, or nobody does */
extern const struct engine stub_engine;		/* the resolver validates */

/* An engine hands over a reply; a copy is kept.  One that cannot be read is a failure. */
void question_reply(struct question *q, const void *packet, size_t len,
		    enum security security);

/* Or a failure: an rcode, maybe why (copied, or NULL). */
void question_fail(struct question *q, int rcode, const char *why);

#endif
