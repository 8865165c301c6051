/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_csr.c - any bytes as a CSR (F-5): what is accepted has the names and
 * the key that OpenSSL reads, and a good signature.
 *
 * A mutated CSR has no good signature, so each input is tried as it is and signed anew
 * with the key of the seeds. */
#include "ca/ca.h"
#include "tests/csr_make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* PKCS #8; of the seeds in corpus/csr, and of nothing else. */
static const uint8_t seed_key[] = {
	0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86,
	0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
	0xbd, 0x1e, 0x49, 0x08, 0x9a, 0x2b, 0x9b, 0x4a, 0x83, 0xec, 0x70, 0x78,
	0xca, 0x40, 0x29, 0xe3, 0x01, 0x05, 0x04, 0x38, 0x90, 0x6b, 0x66, 0x11,
	0x8d, 0x20, 0xf1, 0x10, 0x22, 0x49, 0x41, 0xa2, 0xa1, 0x44, 0x03, 0x42,
	0x00, 0x04, 0x41, 0x87, 0x49, 0x5d, 0xd0, 0x74, 0xed, 0x00, 0x30, 0xf5,
	0x68, 0xe4, 0xc2, 0xba, 0x75, 0xcb, 0x6d, 0x3d, 0xd2, 0x52, 0xfb, 0xe0,
	0xdf, 0xe2, 0x48, 0x54, 0x81, 0x06, 0x18, 0xe8, 0x2c, 0x69, 0xa0, 0xf9,
	0x38, 0xe5, 0x2f, 0x0b, 0xf3, 0x97, 0x9c, 0xd6, 0x4b, 0x3d, 0x54, 0x5e,
	0xd9, 0x22, 0x7d, 0x84, 0x48, 0xbb, 0xb3, 0x63, 0xc5, 0xa1, 0x0a, 0xb6,
	0x92, 0x6b, 0x41, 0x15, 0x44, 0x55,
};

static void
try_csr(struct blob der)
{
	struct csr csr;
	struct problem p = { .type = PROBLEM_NONE };
	struct openssl_csr other;

	if (!csr_parse(&csr, make_arena, der, &p)) {
		if (p.type != PROBLEM_BAD_CSR || p.detail[0] == '\0')
			abort();
		return;
	}
	other = read_by_openssl(der);
	if (!other.parsed || other.names == NULL || csr.nident == 0 ||
	    strcmp(other.names, ident_list(make_arena, csr.idents, csr.nident)) != 0 ||
	    other.spki.len != csr.spki.len ||
	    memcmp(other.spki.data, csr.spki.data, csr.spki.len) != 0)
		abort();
}

/* The first element inside of the first element, as OpenSSL finds it; NULL: none. */
static struct blob
signed_part(struct blob der)
{
	const unsigned char *at = der.data, *from;
	long len;
	int tag, class;

	if ((ASN1_get_object(&at, &len, &tag, &class, (long)der.len) & 0x80) != 0)
		return NOTHING;
	from = at;
	if ((ASN1_get_object(&at, &len, &tag, &class, der.data + der.len - at) & 0x80) != 0)
		return NOTHING;
	return (struct blob){ from, (size_t)(at - from + len) };
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static EVP_PKEY *key;
	struct blob der = { data, size }, part;

	if (key == NULL)
		key = key_private_parse((struct blob){ seed_key, sizeof(seed_key) });
	make_arena = arena_new();
	try_csr(der);
	part = signed_part(der);
	if (part.data != NULL)
		try_csr(make_signed(key, "SHA256", ECDSA_SHA256, part));
	ERR_clear_error();
	arena_free(make_arena);
	return 0;
}
