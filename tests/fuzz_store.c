/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_store.c - any bytes as any record (F-14): refused, or what comes out goes in again.
 *
 * The first octet picks the kind ('A' account, 'O' order, 'Z' authorization, 'C'
 * certificate, 'R' revocation list, 'B' binding, 'W' renewal, 'I' incident, 'J' key of a
 * job); the record is the rest.  Build with
 * -fsanitize=fuzzer, or with tests/fuzz_main.c, which replays a corpus. */
#include <stdlib.h>

#include "store/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRY(kind)							\
	static void							\
	try_##kind(struct blob bytes, struct arena *a)			\
	{								\
		struct kind record = { 0 }, again = { 0 };		\
		struct blob first, second;				\
									\
		if (!kind##_decode(bytes, a, &record))			\
			return;						\
		first = kind##_encode(&record, a);			\
		if (!kind##_decode(first, a, &again))			\
			abort();					\
		second = kind##_encode(&again, a);			\
		if (first.len != second.len ||				\
		    memcmp(first.data, second.data, first.len) != 0)	\
			abort();					\
	}
TRY(account)
TRY(order)
TRY(authz)
TRY(cert)
TRY(crl)
TRY(binding)
TRY(renewal)
TRY(incident)

static void
try_job(struct blob bytes, struct arena *a)
{
	struct job job;
	struct blob again;

	if (!job_decode(bytes, &job))
		return;
	again = job_encode(&job, a);
	if (again.len != bytes.len || memcmp(again.data, bytes.data, bytes.len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blob bytes;
	struct arena *a;

	if (size == 0)
		return 0;
	bytes = (struct blob){ data + 1, size - 1 };
	a = arena_new();
	switch (data[0]) {
	case 'A':
		try_account(bytes, a);
		break;
	case 'O':
		try_order(bytes, a);
		break;
	case 'Z':
		try_authz(bytes, a);
		break;
	case 'C':
		try_cert(bytes, a);
		break;
	case 'R':
		try_crl(bytes, a);
		break;
	case 'B':
		try_binding(bytes, a);
		break;
	case 'W':
		try_renewal(bytes, a);
		break;
	case 'I':
		try_incident(bytes, a);
		break;
	case 'J':
		try_job(bytes, a);
		break;
	}
	arena_free(a);
	return 0;
}
