/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/tap.h"
int main(void) { return tap_done(); }
