/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - what a process and its descendants have used, from /proc. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct process {
	bool		 alive;
	double		 user, system;		/* ms of CPU, with ended children */
	uint64_t	 rss, peak;		/* KiB */
	bool		 may_io;		/* written is known */
	uint64_t	 written;		/* bytes towards storage */
};

/* Adds up the tree of that process; pid 0: nothing. */
struct process process_read(uint64_t pid);

#endif
