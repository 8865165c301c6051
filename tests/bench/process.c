/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - what a process has used: /proc/PID/stat, status, io (proc(5)). */
#include "tests/bench/process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEEPEST 8

/* The text of /proc/PID/file, NUL-terminated; false: none. */
static bool
read_text(uint64_t pid, const char *file, char *buf, size_t size)
{
	char path[96];
	FILE *in;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%llu/%s", (unsigned long long)pid, file);
	in = fopen(path, "r");
	if (in == NULL)
		return false;
	n = fread(buf, 1, size - 1, in);
	buf[n] = '\0';
	fclose(in);
	return n > 0;
}

/* The number behind "key:" in a text of such lines; 0: no such line. */
static uint64_t
number_of(const char *text, const char *key)
{
	unsigned long long value = 0;
	const char *at = strstr(text, key);

	if (at != NULL)
		sscanf(at + strlen(key), " %llu", &value);
	return value;
}

static bool
add_cpu(struct process *p, const char *text)
{
	unsigned long long user, system, user_ended, system_ended;
	const char *at = strrchr(text, ')');	/* the name before it may hold anything */
	double tick = 1e3 / (double)sysconf(_SC_CLK_TCK);

	if (at == NULL || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
				 "%llu %llu %llu %llu", &user, &system, &user_ended,
				 &system_ended) != 4)
		return false;
	p->user += (double)(user + user_ended) * tick;
	p->system += (double)(system + system_ended) * tick;
	return true;
}

static void
add(struct process *p, uint64_t pid, unsigned depth)
{
	char text[4096], file[48], *at = text;
	unsigned long long child;
	int n;

	if (!read_text(pid, "stat", text, sizeof(text)) || !add_cpu(p, text))
		return;
	p->alive = true;
	if (read_text(pid, "status", text, sizeof(text))) {
		p->rss += number_of(text, "\nVmRSS:");
		p->peak += number_of(text, "\nVmHWM:");
	}
	if (read_text(pid, "io", text, sizeof(text))) {
		p->may_io = true;
		p->written += number_of(text, "\nwrite_bytes:");
	}
	snprintf(file, sizeof(file), "task/%llu/children", (unsigned long long)pid);
	if (depth == DEEPEST || !read_text(pid, file, text, sizeof(text)))
		return;
	for (; sscanf(at, "%llu%n", &child, &n) == 1; at += n)
		add(p, child, depth + 1);
}

struct process
process_read(uint64_t pid)
{
	struct process p = { 0 };

	if (pid != 0)
		add(&p, pid, 0);
	return p;
}
