/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c - the local socket of a running server.  Runs on: main. */
#include "server/admin.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_LEN (1 << 20)

struct admin {
	struct loop		*loop;
	struct evconnlistener	*listener;
	struct admin_handler	 handler;
	struct session		*sessions;
	char			 path[108];
};

struct admin_request {
	struct session	*session;	/* NULL: the client has gone */
};

struct session {
	struct session		*next, **here;
	struct admin		*admin;
	struct bufferevent	*bev;
	struct admin_request	*waiting;	/* one at a time */
};

static void
session_free(struct session *s)
{
	if (s->waiting != NULL)
		s->waiting->session = NULL;
	*s->here = s->next;
	if (s->next != NULL)
		s->next->here = s->here;
	bufferevent_free(s->bev);
	free(s);
}

static void session_read(struct bufferevent *bev, void *arg);

void
admin_reply(struct admin_request *rq, json_t *reply)
{
	struct session *s = rq->session;
	char *text = json_dumps(reply, JSON_COMPACT);

	if (text == NULL)
		abort();
	free(rq);
	json_decref(reply);
	if (s != NULL) {
		evbuffer_add_printf(bufferevent_get_output(s->bev), "%s\n", text);
		s->waiting = NULL;
		bufferevent_trigger(s->bev, EV_READ, BEV_OPT_DEFER_CALLBACKS);
	}
	free(text);
}

void
admin_fail(struct admin_request *rq, const char *error)
{
	admin_reply(rq, json_pack("{s:b, s:s}", "ok", 0, "error", error));
}

static void
session_line(struct session *s, const char *line)
{
	struct admin_request *rq = calloc(1, sizeof(*rq));
	json_t *request = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *command = json_string_value(json_object_get(request, "command"));

	if (rq == NULL)
		abort();
	rq->session = s;
	s->waiting = rq;
	if (command == NULL)
		admin_fail(rq, "not a JSON object with a \"command\"");
	else
		s->admin->handler.run(rq, command, request, s->admin->handler.arg);
	json_decref(request);
}

static void
session_read(struct bufferevent *bev, void *arg)
{
	struct session *s = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	char *line;

	if (s->waiting != NULL)
		return;
	line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
	if (line != NULL) {
		session_line(s, line);
		free(line);
	} else if (evbuffer_get_length(in) > LINE_MAX_LEN) {
		session_free(s);
	}
}

static void
session_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		session_free(arg);
}

static void
session_begin(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
	      int len, void *arg)
{
	struct admin *a = arg;
	struct session *s = calloc(1, sizeof(*s));

	(void)listener, (void)addr, (void)len;
	if (s == NULL)
		abort();
	s->admin = a;
	s->bev = bufferevent_socket_new(a->loop->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (s->bev == NULL)
		abort();
	s->next = a->sessions;
	s->here = &a->sessions;
	if (s->next != NULL)
		s->next->here = &s->next;
	a->sessions = s;
	bufferevent_setcb(s->bev, session_read, NULL, session_event, s);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
}

static bool
address_of(struct sockaddr_un *un, const char *path, struct problem *p)
{
	un->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(un->sun_path))
		return problem(p, PROBLEM_SERVER_INTERNAL, "%.100s...: too long for a socket; "
			       "use a shorter data folder", path);
	strcpy(un->sun_path, path);
	return true;
}

struct admin *
admin_open(struct loop *l, const char *path, struct admin_handler handler, struct problem *p)
{
	struct sockaddr_un un = { 0 };
	struct admin *a = calloc(1, sizeof(*a));
	mode_t mask;

	if (a == NULL)
		abort();
	*a = (struct admin){ .loop = l, .handler = handler };
	if (!address_of(&un, path, p)) {
		free(a);
		return NULL;
	}
	strcpy(a->path, path);
	unlink(path);	/* of a server that died: the store's lock says that none lives */
	mask = umask(0177);
	a->listener = evconnlistener_new_bind(l->base, session_begin, a, LEV_OPT_CLOSE_ON_FREE |
					      LEV_OPT_CLOSE_ON_EXEC, 16,
					      (struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (a->listener == NULL) {
		problem(p, PROBLEM_SERVER_INTERNAL, "%s: %s", path, strerror(errno));
		free(a);
		return NULL;
	}
	return a;
}

void
admin_close(struct admin *a)
{
	while (a->sessions != NULL)
		session_free(a->sessions);
	evconnlistener_free(a->listener);
	unlink(a->path);
	free(a);
}

/* --- the other end ---------------------------------------------------------------- */

static json_t *
read_reply(FILE *f, struct problem *p)
{
	char *line = NULL;
	size_t size = 0;
	json_t *reply = NULL;

	if (getline(&line, &size, f) > 0)
		reply = json_loads(line, 0, NULL);
	free(line);
	if (reply == NULL) {
		problem(p, PROBLEM_SERVER_INTERNAL, "the server went away; see its log");
		return NULL;
	}
	if (!json_is_true(json_object_get(reply, "ok"))) {
		problem(p, PROBLEM_SERVER_INTERNAL, "%.200s",
			json_string_value(json_object_get(reply, "error")));
		json_decref(reply);
		return NULL;
	}
	return reply;
}

json_t *
admin_ask(const char *path, const json_t *request, struct problem *p)
{
	struct sockaddr_un un = { 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	json_t *reply = NULL;
	FILE *f;

	if (fd < 0 || !address_of(&un, path, p) || (f = fdopen(fd, "r+")) == NULL)
		return NULL;
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) != 0) {
		problem(p, PROBLEM_SERVER_INTERNAL, "no server answers at %.150s (%s); start "
			"it with \"brevet serve\"", path, strerror(errno));
	} else if (json_dumpf(request, f, JSON_COMPACT) == 0 && fputc('\n', f) != EOF &&
		   fflush(f) == 0) {
		reply = read_reply(f, p);
	}
	fclose(f);
	return reply;
}
