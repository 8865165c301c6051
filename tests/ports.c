/* SPDX-License-Identifier: Apache-2.0 */
/* ports.c - ports of 127.0.0.1 for tests, never the same for two programs. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/stage.h"

/* Below the range that the system takes for outgoing connections (32768 and up): nobody
 * gets one by accident while a server is down.  As in lib.sh. */
#define FIRST  10240
#define SLICES 220
#define SLICE  100

int
port_listen(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(*port) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		abort();
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 256) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		close(fd);
		return -1;
	}
	*port = ntohs(at.sin_port);
	return fd;
}

/* The file of a slice in the folder that lib.sh has too; whoever locks it has the slice until
 * he ends.  -1: somebody else has it. */
static int
slice_lock(const char *folder, unsigned slice)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/%u", folder, slice);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Takes a slice, and sets its number; its file, -1 when the folder is not ours. */
static int
slice_take(unsigned *slice)
{
	char folder[64];
	struct stat st;
	int fd;

	snprintf(folder, sizeof(folder), "/tmp/brevet-ports.%u", (unsigned)geteuid());
	mkdir(folder, 0700);
	*slice = (unsigned)getpid() % SLICES;
	if (lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return -1;
	for (unsigned i = 0; i < SLICES; i++) {
		fd = slice_lock(folder, *slice);
		if (fd >= 0)
			return fd;
		*slice = (*slice + 1) % SLICES;
	}
	return -1;
}

/* The file has an octet for each port that was given out: a port comes again as late as
 * can be. */
uint16_t
port_free(void)
{
	static int file = -2;
	static unsigned slice, n;
	struct stat st;

	if (file == -2)
		file = slice_take(&slice);
	for (int i = 0; i < SLICE; i++) {
		uint16_t port;
		int fd;

		if (file >= 0 && write(file, ".", 1) == 1 && fstat(file, &st) == 0)
			n = (unsigned)st.st_size;
		else
			n++;
		port = (uint16_t)(FIRST + slice * SLICE + n % SLICE);
		fd = port_listen(&port);
		if (fd >= 0) {
			close(fd);
			return port;
		}
	}
	abort();
}
