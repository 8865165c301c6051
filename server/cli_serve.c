/* SPDX-License-Identifier: Apache-2.0 */
/* cli_serve.c - brevet serve: start, drain, stop.  Runs on: main, whose loop
 * has the signals and the admin socket. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/http.h"
#include "server/listen.h"
#include "server/serve.h"
#include "server/tls.h"

#define DRAIN_MS 10000
#define LOOK_MS	 10

/* --- listening sockets ------------------------------------------------------------ */

struct attach {
	struct loop	*loop;
	int		 fd;
	enum door	 door;
};

static void
attach_socket(void *arg)
{
	struct attach *at = arg;

	http_listen(at->loop, at->fd, at->door);
	free(at);
}

static void
attach_sockets(struct serve *s)
{
	for (unsigned i = 0; i < s->threads.n; i++)
		for (int door = 0; door < DOORS; door++) {
			struct attach *at;

			if (s->fds[door][i] < 0)
				continue;
			at = calloc(1, sizeof(*at));
			if (at == NULL)
				abort();
			*at = (struct attach){ s->threads.loops[i], s->fds[door][i],
					       (enum door)door };
			loop_call(at->loop, attach_socket, at);
		}
}

/* --- our own certificate ---------------------------------------------------------- */

struct context {
	struct loop	*loop;
	SSL_CTX		*ctx;
};

static void
take_context(void *arg)
{
	struct context *c = arg;

	http_context(c->loop, c->ctx);
	SSL_CTX_free(c->ctx);
	free(c);
}

/* On main: the first certificate is there. */
static void
begin_serving(void *arg)
{
	struct serve *s = arg;

	if (s->ready || s->stopping)
		return;
	s->ready = true;
	attach_sockets(s);
	acme_resume(s->threads.store);
	acme_crl_start(s->threads.loops[0]);
	acme_sweep_start(s->threads.loops[s->threads.n - 1]);
	log_event(LOG_INFO, "ready", "s:s, s:s", "base_url", s->config->base_url, "version",
		  PACKAGE_VERSION);
	printf("brevet: ready %s\n", s->config->acme.directories[0].url);
	fflush(stdout);
}

/* On the loop of own.c.  The loops get the context before the listening sockets: both
 * go through their lanes. */
static void
install_own(void *arg, const struct own_certificate *own)
{
	struct serve *s = arg;
	SSL_CTX *ctx = tls_context(own);

	if (ctx == NULL) {
		log_event(LOG_ERROR, "own certificate does not fit its key", "");
		return;
	}
	for (unsigned i = 0; i < s->threads.n; i++) {
		struct context *c = calloc(1, sizeof(*c));

		if (c == NULL)
			abort();
		SSL_CTX_up_ref(ctx);
		*c = (struct context){ s->threads.loops[i], ctx };
		loop_call(c->loop, take_context, c);
	}
	SSL_CTX_free(ctx);
	loop_call(s->threads.main, begin_serving, s);
}

static void serve_stop(struct serve *s);

static void
stop_unready(void *arg)
{
	struct serve *s = arg;

	if (s->ready)
		return;
	s->failed = true;
	serve_stop(s);
}

static void
own_failed(void *arg, const struct problem *p)
{
	struct serve *s = arg;

	log_event(LOG_ERROR, "own certificate not issued", "s:s", "detail", p->detail);
	loop_call(s->threads.main, stop_unready, s);
}

/* --- the admin socket ------------------------------------------------------------- */

static json_t *
status_of(struct serve *s)
{
	struct writer_counts counts = writer_counts(s->threads.writer);

	return json_pack("{s:b, s:s, s:i, s:o, s:I, s:i, s:i, s:i, s:I, s:I}", "ok", 1,
			 "version", PACKAGE_VERSION, "pid", (int)getpid(), "directory",
			 json_string(s->config->acme.directories[0].url), "uptime",
			 (json_int_t)(clock_now() - s->threads.began),
			 "connections", (int)http_connections(), "held", (int)acme_held(),
			 "map_percent", (int)store_full(s->threads.store), "commits",
			 (json_int_t)counts.commits, "changes", (json_int_t)counts.flows);
}

static void
operator_done(void *arg, json_t *answer, const struct problem *p)
{
	if (answer == NULL) {
		admin_fail(arg, p->detail);
		return;
	}
	json_object_set_new(answer, "ok", json_true());
	admin_reply(arg, answer);
}

static void
admin_command(struct admin_request *rq, const char *command, const json_t *request, void *arg)
{
	struct serve *s = arg;

	if (strcmp(command, "status") == 0)
		admin_reply(rq, status_of(s));
	else if (s->stopping)
		admin_fail(rq, "the server is stopping");
	else if (strcmp(command, "reload") == 0)
		serve_reload(s, rq);
	else
		acme_operator(s->threads.main, &(struct operator_call){
			command, request, &s->config->acme, operator_done, rq });
}

/* --- drain and stop --------------------------------------------------------------- */

static void
drain_loop(void *arg)
{
	struct loop *l = arg;

	http_drain(l);
	acme_stop(l);
}

struct count {
	struct serve	*serve;
	struct loop	*loop;
	size_t		 flows;
};

/* On main. */
static void
count_told(void *arg)
{
	struct count *c = arg;
	struct serve *s = c->serve;

	s->flows += c->flows;
	if (++s->counted == s->threads.n && s->flows == 0)
		event_base_loopbreak(s->threads.main->base);
	free(c);
}

/* On a loop. */
static void
count_flows(void *arg)
{
	struct count *c = arg;

	c->flows = c->loop->flows;
	loop_call(c->serve->threads.main, count_told, c);
}

/* Every loop tells how many flows it has; when it is none at all, we are done. */
static void
drain_look(evutil_socket_t fd, short what, void *arg)
{
	struct serve *s = arg;

	(void)fd, (void)what;
	if (clock_mono_ms() >= s->drain_until) {
		log_event(LOG_WARN, "stopped with work in hand", "s:I", "flows",
			  (json_int_t)s->flows);
		event_base_loopbreak(s->threads.main->base);
		return;
	}
	if (s->counted < s->threads.n)
		return;
	s->counted = 0;
	s->flows = s->threads.main->flows;
	for (unsigned i = 0; i < s->threads.n; i++) {
		struct count *c = calloc(1, sizeof(*c));

		if (c == NULL)
			abort();
		*c = (struct count){ s, s->threads.loops[i], 0 };
		loop_call(c->loop, count_flows, c);
	}
}

static void
serve_stop(struct serve *s)
{
	struct timeval tv = { 0, LOOK_MS * 1000 };

	if (s->stopping) {	/* asked twice: at once */
		s->drain_until = 0;
		return;
	}
	s->stopping = true;
	log_event(LOG_INFO, "stopping", "s:i", "connections", (int)http_connections());
	for (unsigned i = 0; i < s->threads.n; i++)
		loop_call(s->threads.loops[i], drain_loop, s->threads.loops[i]);
	s->drain_until = clock_mono_ms() + DRAIN_MS;
	s->counted = s->threads.n;
	s->drain = event_new(s->threads.main->base, -1, EV_PERSIST, drain_look, s);
	if (s->drain == NULL || event_add(s->drain, &tv) != 0)
		abort();
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct serve *s = arg;

	(void)what;
	if (number != SIGHUP)
		serve_stop(s);
	else if (!s->stopping)
		serve_reload(s, NULL);
}

/* --- start ------------------------------------------------------------------------ */

static void
take_signals(struct serve *s)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < 3; i++) {
		s->signals[i] = evsignal_new(s->threads.main->base, numbers[i], on_signal, s);
		if (s->signals[i] == NULL || evsignal_add(s->signals[i], NULL) != 0)
			abort();
	}
}

static bool
number_names(struct store *store, struct config *c, struct problem *p)
{
	struct edit *e = edit_begin(store);

	acme_config_number(&c->acme, e);
	return edit_commit(e, p);
}

static bool
bind_doors(struct serve *s, struct problem *p)
{
	const struct config *c = s->config;
	unsigned n = s->threads.n;

	for (unsigned i = 0; i < n; i++)
		s->fds[DOOR_METRICS][i] = -1;
	return listen_bind(s->fds[DOOR_ACME], n, "listen", c->listen, p) &&
	       listen_bind(s->fds[DOOR_PLAIN], n, "http.listen", c->http_listen, p) &&
	       (*c->metrics_listen == '\0' ||
		listen_bind(s->fds[DOOR_METRICS], n, "metrics.listen", c->metrics_listen, p));
}

/* As many descriptors as the system lets us have: a shell's usual 1,024 are a tenth of the
 * connections. */
static void
take_descriptors(const struct config *c)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < (rlim_t)c->connections)
		log_event(LOG_WARN, "fewer descriptors than connections", "s:I, s:I", "descriptors",
			  (json_int_t)files.rlim_cur, "connections", (json_int_t)c->connections);
}

static int
serve_run(struct serve *s, struct store *store, const char *nonces, struct problem *p)
{
	const char *path = arena_printf(s->config->arena, "%s/" ADMIN_SOCKET, s->config->data);

	if (!threads_start(&s->threads, store, s->config, p))
		return cli_failed(p);
	if (!bind_doors(s, p) ||
	    (s->admin = admin_open(s->threads.main, path,
				   (struct admin_handler){ admin_command, s }, p)) == NULL) {
		threads_stop(&s->threads);
		return cli_failed(p);
	}
	nonce_open(nonces);
	take_signals(s);
	acme_clock_start(s->threads.loops[0]);
	acme_own_start(s->threads.loops[0], install_own, own_failed, s);
	event_base_loop(s->threads.main->base, EVLOOP_NO_EXIT_ON_EMPTY);

	admin_close(s->admin);
	for (size_t i = 0; i < 3; i++)
		event_free(s->signals[i]);
	event_free(s->drain);
	threads_stop(&s->threads);
	if (!nonce_close(nonces))
		log_event(LOG_WARN, "nonces not kept", "s:s", "detail", strerror(errno));
	log_event(LOG_INFO, "stopped", "s:I", "flows", (json_int_t)s->flows);
	return s->failed ? EXIT_FAILED : EXIT_GOOD;
}

int
cli_serve(int argc, char **argv)
{
	struct cli_config options = { 0 };
	struct serve s = { .options = &options };
	struct problem p = { 0 };
	struct store *store;
	char nonces[4096];
	bool done;
	int status = cli_config_options(&options, argc, argv, 0, &done);

	if (done)
		return status;
	s.config = cli_config_read(&options);
	if (s.config == NULL)
		return EXIT_FAILED;
	serve_log_level(s.config);
	take_descriptors(s.config);
	/* A reload frees this configuration. */
	snprintf(nonces, sizeof(nonces), "%s/nonces", s.config->data);
	store = store_open(s.config->data, (uint64_t)s.config->map, false, &p);
	if (store == NULL || !key_lists_open(s.config->weak_keys, &p) ||
	    !number_names(store, s.config, &p))
		status = cli_failed(&p);
	else
		status = serve_run(&s, store, nonces, &p);
	key_lists_close();
	if (store != NULL)
		store_close(store);
	acme_config_release(&s.config->acme);
	return status;
}
