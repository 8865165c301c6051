/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - one curl multi per loop, driven by libevent.  Runs on: loop.
 *
 * A fetch goes to the address that was judged and to no other: CONNECT_TO pins it (a
 * RESOLVE pin would stay in the multi and serve later transfers), fetch_socket()
 * refuses the rest.  Redirects are not followed here. */
#include "va/fetch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "va/local.h"

struct fetcher {
	struct loop	*loop;
	CURLM		*multi;
	struct event	*timer;
};

/* --- the multi on the event loop -------------------------------------------------- */

/* Transfers that have ended: their flows get the answer. */
static void
fetcher_reap(struct fetcher *m)
{
	int left;

	for (CURLMsg *msg; (msg = curl_multi_info_read(m->multi, &left)) != NULL;) {
		CURL *easy = msg->easy_handle;
		CURLcode code = msg->data.result;
		char *mine;
		struct fetch *x;
		curl_off_t connected = 0;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &mine);
		x = (struct fetch *)(void *)mine;
		curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &x->error_number);
		curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
		x->connected = connected > 0;
		x->code = code;
		fetch_cancel(x);
		flow_wake(x->flow, x->ticket);
	}
}

static void
fetcher_ready(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *m = arg;
	int flags = (what & EV_READ ? CURL_CSELECT_IN : 0) |
		    (what & EV_WRITE ? CURL_CSELECT_OUT : 0), running;

	curl_multi_socket_action(m->multi, fd, flags, &running);
	fetcher_reap(m);
}

static void
fetcher_time(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *m = arg;
	int running;

	(void)fd, (void)what;
	curl_multi_socket_action(m->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	fetcher_reap(m);
}

/* From libcurl: what to watch that socket for. */
static int
fetcher_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *watched)
{
	struct fetcher *m = arg;
	short flags = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			      (what & CURL_POLL_OUT ? EV_WRITE : 0));
	struct event *e = NULL;

	(void)easy;
	if (watched != NULL)
		event_free(watched);
	if (what != CURL_POLL_REMOVE) {
		e = event_new(m->loop->base, fd, (short)(flags | EV_PERSIST), fetcher_ready, m);
		if (e == NULL || event_add(e, NULL) != 0)
			abort();
	}
	curl_multi_assign(m->multi, fd, e);
	return 0;
}

/* From libcurl: when to call it again. */
static int
fetcher_timer(CURLM *multi, long ms, void *arg)
{
	struct fetcher *m = arg;
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	(void)multi;
	if (ms < 0)
		evtimer_del(m->timer);
	else
		evtimer_add(m->timer, &tv);
	return 0;
}

struct fetcher *
fetcher_open(struct loop *l, struct problem *p)
{
	struct fetcher *m = calloc(1, sizeof(*m));

	if (m == NULL)
		abort();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(m);
		problem(p, PROBLEM_SERVER_INTERNAL, "libcurl cannot be initialised");
		return NULL;
	}
	m->loop = l;
	m->multi = curl_multi_init();
	m->timer = evtimer_new(l->base, fetcher_time, m);
	if (m->multi == NULL || m->timer == NULL)
		abort();
	curl_multi_setopt(m->multi, CURLMOPT_SOCKETFUNCTION, fetcher_watch);
	curl_multi_setopt(m->multi, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->multi, CURLMOPT_TIMERFUNCTION, fetcher_timer);
	curl_multi_setopt(m->multi, CURLMOPT_TIMERDATA, m);
	return m;
}

void
fetcher_close(void *fetcher)
{
	struct fetcher *m = fetcher;

	va_drop(m->loop);
	curl_multi_cleanup(m->multi);
	event_free(m->timer);
	curl_global_cleanup();
	free(m);
}

/* --- one transfer ----------------------------------------------------------------- */

/* From libcurl, before it dials: the last look at the address. */
static curl_socket_t
fetch_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct fetch *x = arg;

	if (purpose != CURLSOCKTYPE_IPCXN || !address_equal(&x->address, &to->addr))
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* From libcurl, all that it reads, before chunks are unwrapped: their sizes may come with
 * endless extensions, which neither fetch_head() nor fetch_body() sees. */
static int
fetch_octets(CURL *easy, curl_infotype type, char *data, size_t n, void *arg)
{
	struct fetch *x = arg;

	(void)easy, (void)data;
	if (type == CURLINFO_HEADER_IN || type == CURLINFO_DATA_IN)
		x->nread += n;
	return 0;
}

/* From libcurl after each round of reading; not 0 ends the transfer. */
static int
fetch_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct fetch *x = arg;

	(void)a, (void)b, (void)c, (void)d;
	x->much = x->nread > x->most;
	return x->much;
}

/* Each line of each head, 1xx ones too. */
static size_t
fetch_head(char *data, size_t size, size_t n, void *arg)
{
	struct fetch *x = arg;

	(void)data;
	x->nhead += size * n;
	x->head_long = x->nhead > FETCH_HEAD_MAX;
	return x->head_long ? 0 : size * n;
}

/* A body.  Returning less than n ends the transfer; then we had enough. */
static size_t
fetch_body(char *data, size_t size, size_t n, void *arg)
{
	struct fetch *x = arg;

	n *= size;
	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
	if (x->status != 200)
		return n + 1;
	x->body_long = n > sizeof(x->body) - x->nbody;
	if (x->body_long)
		return n + 1;
	memcpy(x->body + x->nbody, data, n);
	x->nbody += n;
	return n;
}

static void
fetch_limits(struct fetch *x)
{
	CURL *e = x->easy;

	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 1024L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)x->timeout_ms);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)x->connect_ms);
	/* The certificate of a redirect's target proves nothing here (BR 3.2.2.4.19). */
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);	/* not even read */
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
}

static struct curl_slist *
fetch_pin(const union address *a)
{
	char addr[64], text[96];
	bool six = a->sa.sa_family == AF_INET6;
	struct curl_slist *pin;

	address_print(a, addr);
	snprintf(text, sizeof(text), "::%s%s%s:%u", six ? "[" : "", addr, six ? "]" : "",
		 address_port(a));
	pin = curl_slist_append(NULL, text);
	if (pin == NULL)
		abort();
	return pin;
}

void
fetch_open(struct fetch *x, struct flow *f, unsigned ticket)
{
	x->fetcher = f->loop->slot[SLOT_FETCHER];
	x->flow = f;
	x->ticket = ticket;
	if (x->most == 0)
		x->most = FETCH_MAX;
	x->easy = curl_easy_init();
	if (x->easy == NULL)
		abort();
	x->pin = fetch_pin(&x->address);
	fetch_limits(x);
	curl_easy_setopt(x->easy, CURLOPT_URL, x->url);
	curl_easy_setopt(x->easy, CURLOPT_USERAGENT, x->agent);
	curl_easy_setopt(x->easy, CURLOPT_CONNECT_TO, x->pin);
	curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETFUNCTION, fetch_socket);
	curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, fetch_head);
	curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, fetch_body);
	curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(x->easy, CURLOPT_DEBUGFUNCTION, fetch_octets);
	curl_easy_setopt(x->easy, CURLOPT_DEBUGDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(x->easy, CURLOPT_XFERINFOFUNCTION, fetch_progress);
	curl_easy_setopt(x->easy, CURLOPT_XFERINFODATA, x);
	curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x);
}

void
fetch_go(struct fetch *x)
{
	if (curl_multi_add_handle(x->fetcher->multi, x->easy) != CURLM_OK)
		abort();
}

void
fetch_start(struct fetch *x, struct flow *f, unsigned ticket)
{
	fetch_open(x, f, ticket);
	fetch_go(x);
}

/* Status and Location of the last head, while the handle lives. */
static void
fetch_keep(struct fetch *x)
{
	struct curl_header *h;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
	if (curl_easy_header(x->easy, "Location", 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return;
	x->locations = h->amount;
	if (h->amount == 1)	/* of an empty one libcurl leaves the CR */
		x->location = arena_strndup(x->flow->arena, h->value,
					    strcspn(h->value, "\r\n"));
}

void
fetch_cancel(struct fetch *x)
{
	if (x->easy == NULL)
		return;
	fetch_keep(x);
	curl_multi_remove_handle(x->fetcher->multi, x->easy);
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->pin);
	x->easy = NULL;
	x->pin = NULL;
}

/* --- the answer ------------------------------------------------------------------- */

bool
fetch_answered(const struct fetch *x)
{
	bool enough = x->code == CURLE_WRITE_ERROR && !x->head_long;

	return x->status != 0 && (x->code == CURLE_OK || enough);
}

static bool
fetch_tls_failed(const struct fetch *x)
{
	switch (x->code) {
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_USE_SSL_FAILED:
		return true;
	default:
		return false;
	}
}

const char *
fetch_why(const struct fetch *x)
{
	if (x->head_long || x->code == CURLE_OUT_OF_MEMORY)	/* so it calls long lines */
		return "the head of the response is longer than 16 kB";
	if (x->much)
		return arena_printf(x->flow->arena, "the response is longer than %zu kB",
				    x->most / 1024);
	if (x->code == CURLE_OPERATION_TIMEDOUT)
		return x->connected ? "timeout: connected, but no whole answer in time" :
		       "timeout during connect; does a firewall drop packets?";
	if (x->code == CURLE_COULDNT_CONNECT && x->error_number == ECONNREFUSED)
		return "connection refused; does a web server listen there?";
	if (!fetch_tls_failed(x) && x->error_number != 0)
		return strerrordesc_np((int)x->error_number);
	return x->error[0] != '\0' ? x->error : curl_easy_strerror(x->code);
}

bool
fetch_problem(const struct fetch *x, const char *what, struct problem *p)
{
	const union address *a = &x->address;
	char addr[64];

	return problem(p, fetch_tls_failed(x) ? PROBLEM_TLS : PROBLEM_CONNECTION,
		       "%s: %s port %d: %s", what, address_print(a, addr), address_port(a),
		       fetch_why(x));
}
