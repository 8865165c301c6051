/* SPDX-License-Identifier: Apache-2.0 */
/* wrong_web.h - a web server's answers to http-01, right and wrong: the token of the
 * challenge says which. */
#ifndef TESTS_WRONG_WEB_H
#define TESTS_WRONG_WEB_H

#include "tests/fake_web.h"

#define THUMB ".0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"	/* behind the token: right */

/* Answers /.well-known/acme-challenge/TOKEN and /hop/NUMBER/TOKEN: the token "right" as it
 * must be, "redirect7" after seven redirects, others as the tables in wrong_web.c say. */
void wrong_web_serve(struct fake_client *c, const char *head);

#endif
