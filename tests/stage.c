/* SPDX-License-Identifier: Apache-2.0 */
/* stage.c - folders, servers and http-01 responders for tests. */
#include "tests/stage.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY	 "brevet: ready "
#define CLOCK	 ".clock"	/* behind its folder's name: the file of BREVET_CLOCK */
#define PATIENCE 60		/* seconds until it must be ready */

char *
stage_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = NULL;

	if (asprintf(&dir, "%s/brevet-test.XXXXXX", tmp == NULL ? "/tmp" : tmp) < 0 ||
	    mkdtemp(dir) == NULL)
		abort();
	return dir;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	remove(path);
	return 0;
}

void
stage_free(char *dir)
{
	if (getenv("STAGE_KEEP") != NULL)
		printf("# kept: %s\n", dir);
	else
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(dir);
}

bool
stage_write(const char *dir, const char *file, const char *text)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	out = fopen(path, "w");
	if (out == NULL)
		return false;
	fputs(text, out);
	return fclose(out) == 0;
}

const char *
stage_brevet(void)
{
	const char *brevet = getenv("BREVET");

	return brevet == NULL ? "./brevet" : brevet;
}

/* --- the server ----------------------------------------------------------------------- */

/* Runs argv with its output in a pipe and the rest in the log; returns the pid. */
static pid_t
run(const struct server *s, char *const *argv, int *out)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		abort();
	pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0) {
		int log = open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		char clock[520];

		snprintf(clock, sizeof(clock), "%s" CLOCK, s->dir);
		setenv("BREVET_CLOCK", clock, 1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		dup2(log, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

static void
show_log(const struct server *s)
{
	FILE *in = fopen(s->log, "r");
	char line[1024];

	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		fprintf(stderr, "# %s", line);
	if (in != NULL)
		fclose(in);
}

static bool
sets(const char *const *settings, const char *begin)
{
	for (; settings != NULL && *settings != NULL; settings++)
		if (strncmp(*settings, begin, strlen(begin)) == 0)
			return true;
	return false;
}

static bool
server_init(const struct server *s, const char *const *settings)
{
	char listen_at[64], http[64], *argv[64];
	size_t n = 0;
	int out, status;
	pid_t pid;

	snprintf(listen_at, sizeof(listen_at), "127.0.0.1:%u", s->port);
	snprintf(http, sizeof(http), "http.listen=127.0.0.1:%u", s->http_port);
	argv[n++] = (char *)s->brevet;
	argv[n++] = (char *)"init";
	argv[n++] = (char *)"--dir";
	argv[n++] = s->dir;
	argv[n++] = (char *)"--host";
	argv[n++] = (char *)"localhost";
	argv[n++] = (char *)"--listen";
	argv[n++] = listen_at;
	argv[n++] = (char *)"--set";
	argv[n++] = http;
	if (!sets(settings, "limit.")) {
		argv[n++] = (char *)"--set";
		argv[n++] = (char *)"limit.enabled=false";
	}
	if (!sets(settings, "validation.attempts=")) {
		argv[n++] = (char *)"--set";
		argv[n++] = (char *)"validation.attempts=1";
	}
	for (; settings != NULL && *settings != NULL && n < 60; settings++) {
		if (**settings != '-')
			argv[n++] = (char *)"--set";
		argv[n++] = (char *)*settings;
	}
	argv[n] = NULL;
	pid = run(s, argv, &out);
	for (char buf[512]; read(out, buf, sizeof(buf)) > 0;)
		;
	close(out);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	fprintf(stderr, "# %s init fails:\n", s->brevet);
	show_log(s);
	return false;
}

/* The line that says it is ready, within the patience. */
static bool
wait_ready(struct server *s, int out)
{
	struct pollfd ready = { .fd = out, .events = POLLIN };
	char text[1024] = "", *at, *end;
	size_t n = 0;

	while (n < sizeof(text) - 1 && poll(&ready, 1, PATIENCE * 1000) == 1) {
		ssize_t got = read(out, text + n, sizeof(text) - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
		at = strstr(text, READY);
		if (at == NULL || (end = strchr(at, '\n')) == NULL)
			continue;
		*end = '\0';
		snprintf(s->url, sizeof(s->url), "%.255s", at + strlen(READY));
		return true;
	}
	return false;
}

bool
server_again(struct server *s)
{
	char config[600];
	char *argv[] = { s->brevet, (char *)"serve", (char *)"--config", config, NULL };
	int out;
	bool ready;

	snprintf(config, sizeof(config), "%s/brevet.conf", s->dir);
	s->pid = run(s, argv, &out);
	ready = wait_ready(s, out);
	close(out);
	if (ready)
		return true;
	fprintf(stderr, "# %s serve never gets ready:\n", s->brevet);
	show_log(s);
	server_kill(s);
	return false;
}

struct server *
server_begin(const char *brevet, const char *dir, const char *const *settings)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->dir = strdup(dir)) == NULL)
		abort();
	snprintf(s->brevet, sizeof(s->brevet), "%s", brevet);
	snprintf(s->root, sizeof(s->root), "%s/root.pem", dir);
	snprintf(s->log, sizeof(s->log), "%s.log", dir);
	s->port = port_free();
	s->http_port = port_free();
	if (server_init(s, settings) && server_again(s))
		return s;
	server_free(s);
	return NULL;
}

bool
server_clock(const struct server *s, int64_t seconds)
{
#ifdef BREVET_FAULTS
	char file[520];
	FILE *out;

	snprintf(file, sizeof(file), "%s" CLOCK, s->dir);
	out = fopen(file, "w");
	if (out == NULL)
		abort();
	fprintf(out, "%lld\n", (long long)seconds);
	return fclose(out) == 0;
#else
	(void)s, (void)seconds;
	return false;
#endif
}

/* time() may be milliseconds late. */
bool
server_clock_at(const struct server *s, int64_t second)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return server_clock(s, second - now.tv_sec);
}

bool
server_clock_begins(const struct server *s, int64_t second)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	usleep((useconds_t)(1000000 - now.tv_nsec / 1000 + 2000));
	return server_clock_at(s, second);
}

void
server_kill(struct server *s)
{
	if (s->pid == 0)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

int
server_stop(struct server *s)
{
	int status = 0;

	if (s->pid == 0)
		return -1;
	kill(s->pid, SIGTERM);
	for (int i = 0; i < PATIENCE * 50; i++) {
		if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
			s->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		usleep(20000);
	}
	fprintf(stderr, "# the server does not stop\n");
	server_kill(s);
	return -1;
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	server_kill(s);
	free(s->dir);
	free(s);
}

int
server_fds(const struct server *s)
{
	char path[64];
	DIR *dir;
	int n = -2;	/* . and .. */

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)s->pid);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

long
server_memory(const struct server *s)
{
	char path[64], line[128];
	long kib = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)s->pid);
	in = fopen(path, "r");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (in != NULL)
		fclose(in);
	return kib;
}

long
server_cpu(const struct server *s)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(s->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		abort();
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

long
server_log_size(const struct server *s)
{
	struct stat st;

	return stat(s->log, &st) == 0 ? (long)st.st_size : 0;
}

long
server_event(const struct server *s, long from, const char *event, const char *member)
{
	FILE *in = fopen(s->log, "r");
	char *line = NULL;
	size_t room = 0;
	long found = -1;

	if (in == NULL)
		return -1;
	fseek(in, from, SEEK_SET);
	while (getline(&line, &room, in) > 0) {
		json_t *j = json_loads(line, 0, NULL);
		const char *is = json_string_value(json_object_get(j, "event"));

		if (is != NULL && strcmp(is, event) == 0)
			found = (long)json_integer_value(json_object_get(j, member));
		json_decref(j);
	}
	free(line);
	fclose(in);
	return found;
}

long
server_event_soon(const struct server *s, long from, const char *event, const char *member)
{
	long value = -1;

	for (int i = 0; i < 1000; i++) {
		value = server_event(s, from, event, member);
		if (value != -1)
			break;
		usleep(10000);
	}
	return value;
}
