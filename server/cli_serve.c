/* SPDX-License-Identifier: Apache-2.0 */
/* cli_serve.c - brevet serve: start, reload, drain, stop.  Runs on: main, whose loop
 * has the signals and the admin socket. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/admin.h"
#include "server/cli.h"
#include "server/http.h"
#include "server/threads.h"
#include "server/tls.h"

#define DRAIN_MS 10000
#define LOOK_MS	 10

struct serve {
	struct threads		 threads;
	struct config		*config;		/* the newest; one use of it is ours */
	const struct cli_config	*options;
	struct admin		*admin;
	struct event		*signals[3], *drain;
	int			 fds[2][LOOPS_MAX];	/* listening: HTTPS, plain */
	int64_t			 began, drain_until;
	size_t			 flows;			/* that live, as the loops counted */
	unsigned		 counted;		/* loops that have told theirs */
	bool			 ready, stopping, failed;
};

/* --- listening sockets ------------------------------------------------------------------------ */

static int
bind_one(const struct addrinfo *ai, bool shared)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || (!shared && listen(fd, 1) != 0)) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* One socket for each loop on the same port.  The first try is without SO_REUSEPORT:
 * else two servers of one user could share the port without a word. */
static bool
bind_address(int *fds, unsigned n, const char *option, const char *text, struct problem *p)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM }, *ai;
	struct arena *a = arena_new();
	const char *host, *port;
	int error, alone;

	config_address(a, text, &host, &port);
	error = getaddrinfo(host, port, &hints, &ai);
	if (error != 0) {
		problem(p, PROBLEM_SERVER_INTERNAL, "%s = %s: %s", option, text,
			gai_strerror(error));
		arena_free(a);
		return false;
	}
	alone = bind_one(ai, false);
	if (alone >= 0)
		close(alone);
	for (unsigned i = 0; i < n && alone >= 0; i++)
		if ((fds[i] = bind_one(ai, true)) < 0 || listen(fds[i], 1024) != 0)
			alone = -1;
	if (alone < 0)
		problem(p, PROBLEM_SERVER_INTERNAL, "%s = %s: %s%s", option, text,
			strerror(errno), errno == EADDRINUSE ?
			"; another server has that port: stop it, or choose another" :
			errno == EACCES ? "; ports below 1024 need CAP_NET_BIND_SERVICE" : "");
	freeaddrinfo(ai);
	arena_free(a);
	return alone >= 0;
}

struct attach {
	struct loop	*loop;
	int		 fd;
	bool		 plain;
};

static void
attach_socket(void *arg)
{
	struct attach *at = arg;

	http_listen(at->loop, at->fd, at->plain);
	free(at);
}

static void
attach_sockets(struct serve *s)
{
	for (unsigned i = 0; i < s->threads.n; i++)
		for (int plain = 0; plain < 2; plain++) {
			struct attach *at = calloc(1, sizeof(*at));

			if (at == NULL)
				abort();
			*at = (struct attach){ s->threads.loops[i], s->fds[plain][i],
					       plain != 0 };
			loop_call(at->loop, attach_socket, at);
		}
}

/* --- our own certificate ------------------------------------------------------------------------ */

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
	log_event(LOG_INFO, "ready", "s:s, s:s", "url",
		  s->config->base_url, "version", PACKAGE_VERSION);
	printf("brevet: ready %s/directory\n", s->config->base_url);
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

/* --- reload ---------------------------------------------------------------------------------------- */

struct reload {
	struct serve		*serve;
	struct config		*next;
	struct admin_request	*rq;		/* who asked; NULL: a signal */
};

static enum flow_next
reload_read(struct flow *f)
{
	struct reload *r = f->data;
	struct config *now = r->serve->config;
	const char *fixed;

	r->next = config_read(now->file, r->serve->options->settings, &f->problem);
	if (r->next == NULL)
		return FLOW_FAIL;
	fixed = config_fixed(now, r->next, f->arena);
	if (fixed != NULL)
		log_event(LOG_WARN, "only a restart changes these", "s:s", "options", fixed);
	return FLOW_NEXT;
}

static enum flow_next
reload_number(struct flow *f)
{
	struct reload *r = f->data;

	acme_config_number(&r->next->acme, f->txn);
	return FLOW_NEXT;
}

struct configure {
	struct loop			*loop;
	const struct acme_config	*config;
};

static void
configure_loop(void *arg)
{
	struct configure *c = arg;

	acme_configure(c->loop, c->config);
	acme_config_release(c->config);
	free(c);
}

static void
spread(struct serve *s, struct config *next)
{
	for (unsigned i = 0; i < s->threads.n; i++) {
		struct configure *c = calloc(1, sizeof(*c));

		if (c == NULL)
			abort();
		*c = (struct configure){ s->threads.loops[i], acme_config_keep(&next->acme) };
		loop_call(c->loop, configure_loop, c);
	}
	acme_config_release(&s->config->acme);
	s->config = next;
}

static void
set_log_level(const struct config *c)
{
	enum log_level level = LOG_INFO;

	log_level_parse(c->log_level, &level);
	log_set(level);
}

static enum flow_next
reload_spread(struct flow *f)
{
	struct reload *r = f->data;

	if (f->problem.type != PROBLEM_NONE) {
		log_event(LOG_ERROR, "configuration kept", "s:s", "detail", f->problem.detail);
		if (r->next != NULL)
			acme_config_release(&r->next->acme);
	} else {
		set_log_level(r->next);
		spread(r->serve, r->next);
		log_event(LOG_INFO, "configuration read", "s:s", "file", r->next->file);
	}
	if (r->rq != NULL && f->problem.type != PROBLEM_NONE)
		admin_fail(r->rq, f->problem.detail);
	else if (r->rq != NULL)
		admin_reply(r->rq, json_pack("{s:b, s:s}", "ok", 1, "configuration",
					     r->next->file));
	return FLOW_NEXT;
}

static const struct flow_step reload_steps[] = {
	{ ON_LOOP,   STEP(reload_read) },	/* the file is good, or the old one stays */
	{ ON_WRITER, STEP(reload_number) },	/* new names get their numbers            */
	{ ON_LOOP,   STEP(reload_spread) },	/* each loop takes the new snapshot       */
	{ 0 }
};

static void
serve_reload(struct serve *s, struct admin_request *rq)
{
	struct flow *f = flow_new(s->threads.main, reload_steps, NULL);
	struct reload *r = arena_alloc(f->arena, sizeof(*r));

	*r = (struct reload){ s, NULL, rq };
	f->data = r;
	flow_start(f);
}

/* --- the admin socket ------------------------------------------------------------------------------- */

static json_t *
status_of(struct serve *s)
{
	struct writer_counts counts = writer_counts(s->threads.writer);

	return json_pack("{s:b, s:s, s:i, s:s, s:I, s:i, s:i, s:i, s:I, s:I}", "ok", 1,
			 "version", PACKAGE_VERSION, "pid", (int)getpid(), "directory",
			 s->config->base_url, "uptime", (json_int_t)(clock_now() - s->began),
			 "connections", (int)http_connections(), "held", (int)acme_held(),
			 "map_percent", (int)store_full(s->threads.store), "commits",
			 (json_int_t)counts.commits, "changes", (json_int_t)counts.flows);
}

static void
admin_command(struct admin_request *rq, const char *command, const json_t *request, void *arg)
{
	struct serve *s = arg;

	(void)request;
	if (strcmp(command, "status") == 0)
		admin_reply(rq, status_of(s));
	else if (strcmp(command, "reload") == 0 && !s->stopping)
		serve_reload(s, rq);
	else
		admin_fail(rq, "no such command");
}

/* --- drain and stop ----------------------------------------------------------------------------------- */

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

/* --- start ---------------------------------------------------------------------------------------------- */

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

static int
serve_run(struct serve *s, struct store *store, const char *nonces, struct problem *p)
{
	const char *path = arena_printf(s->config->arena, "%s/" ADMIN_SOCKET, s->config->data);

	s->began = clock_now();
	if (!threads_start(&s->threads, store, s->config, p))
		return cli_failed(p);
	if (!bind_address(s->fds[0], s->threads.n, "listen", s->config->listen, p) ||
	    !bind_address(s->fds[1], s->threads.n, "http.listen", s->config->http_listen, p) ||
	    (s->admin = admin_open(s->threads.main, path,
				   (struct admin_handler){ admin_command, s }, p)) == NULL) {
		threads_stop(&s->threads);
		return cli_failed(p);
	}
	nonce_open(nonces);
	take_signals(s);
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
	const char *nonces;
	bool done;
	int status = cli_config_options(&options, argc, argv, &done);

	if (done)
		return status;
	s.config = cli_config_read(&options);
	if (s.config == NULL)
		return EXIT_FAILED;
	set_log_level(s.config);
	nonces = arena_printf(s.config->arena, "%s/nonces", s.config->data);
	store = store_open(s.config->data, (uint64_t)s.config->map, false, &p);
	if (store == NULL || !number_names(store, s.config, &p))
		status = cli_failed(&p);
	else
		status = serve_run(&s, store, nonces, &p);
	if (store != NULL)
		store_close(store);
	acme_config_release(&s.config->acme);
	return status;
}
