/* SPDX-License-Identifier: Apache-2.0 */
/* values.h - options that are hosts or URLs. */
#ifndef SERVER_VALUES_H
#define SERVER_VALUES_H

/* What is wrong with a value of that option (lists: one item), in words that follow the
 * value; NULL: nothing, or the option is neither host nor URL. */
const char *value_wrong(const char *option, const char *text);

#endif
