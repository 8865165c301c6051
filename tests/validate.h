/* SPDX-License-Identifier: Apache-2.0 */
/* validate.h - one validation, from its question to its answer, for tests of methods. */
#ifndef TESTS_VALIDATE_H
#define TESTS_VALIDATE_H

#include "va/va.h"

/* Runs the loop, which has no thread of its own, until the validation is answered.  The
 * identifier is read from the name; the rest of the question is filled.  The record in the
 * answer lasts until the next one. */
void validate(struct loop *l, struct validation *v, const char *name);

#endif
