/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h - the server side of TLS. */
#ifndef SERVER_TLS_H
#define SERVER_TLS_H

#include <openssl/ssl.h>

#include "acme/acme.h"

/* A context for that certificate, TLS 1.2 and 1.3; the caller owns a reference.  NULL: the
 * certificate and key do not fit together. */
SSL_CTX *tls_context(const struct own_certificate *own);

#endif
