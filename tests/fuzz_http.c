/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_http.c - any bytes into the real listener (F-6, R-17 to R-19): head scanner, evhttp,
 * routes and replies, over a socket, on the plain HTTP address.
 *
 * Whatever comes in, what comes out is nothing or replies that begin like HTTP/1.x ones,
 * the server closes after its peer has, and lives. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/http.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TURNS 2000

static struct loop *loop;
static struct sockaddr_in address;
static const char *const nothing[] = { NULL };

static void
keep_config(struct acme_config *c)
{
	(void)c;
}

static struct directory directory = { .name = "default", .path = "" };

/* A configuration without issuers: the plain routes find nothing, and say so. */
static struct acme_config config = {
	.base_url = "https://fuzz.test",
	.base_url_old = nothing,
	.directories = &directory,
	.ndirectory = 1,
	.caa_identities = nothing,
	.hosts = nothing,
	.users = 1,
	.release = keep_config,
};

static int
listening(void)
{
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 16) != 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		abort();
	return fd;
}

static void
begin(void)
{
	static struct http_options options = {
		.limits = { .size = { 16384, 65536 }, .idle = 60, .request = 30,
			    .connections = 100 },
	};

	log_set(LOG_ERROR);
	nonce_open("/nonexistent/nonces");
	loop = loop_new(0);
	options.writer = lane_new(0);
	acme_attach(loop, NULL, &config);
	http_attach(loop, &options);
	http_listen(loop, listening(), DOOR_PLAIN);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	begin();
	return 0;
}

/* Each reply that we see the beginning of begins like one. */
static void
judge(const char *reply, size_t n)
{
	static const char start[] = "HTTP/1.";

	if (n > 0 && strncmp(reply, start, n < 7 ? n : 7) != 0)
		abort();
}

static void
exchange(int fd, const uint8_t *data, size_t size)
{
	static char reply[1 << 20];
	size_t sent = 0, got = 0;
	bool open = true;

	for (int turn = 0; open && turn < TURNS; turn++) {
		ssize_t n = sent < size ? write(fd, data + sent, size - sent) : 0;

		if (n > 0)
			sent += (size_t)n;
		if (sent == size)
			shutdown(fd, SHUT_WR);
		event_base_loop(loop->base, EVLOOP_NONBLOCK);
		n = got < sizeof(reply) ? read(fd, reply + got, sizeof(reply) - got) : 0;
		if (n > 0)
			got += (size_t)n;
		else if (n == 0 || (n < 0 && errno != EAGAIN))
			open = false;
	}
	if (open)
		abort();	/* the server keeps a connection whose peer has gone */
	judge(reply, got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct linger rst = { 1, 0 };

	if (loop == NULL)
		begin();
	if (fd < 0 || (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
		       errno != EINPROGRESS))
		abort();
	event_base_loop(loop->base, EVLOOP_NONBLOCK);
	exchange(fd, data, size);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
	close(fd);
	for (int i = 0; i < 10 && http_connections() > 0; i++)
		event_base_loop(loop->base, EVLOOP_NONBLOCK);
	return 0;
}
