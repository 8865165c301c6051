/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_webhook.c - the section webhook (docs/webhook.md), with the files it names. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/snapshot.h"

#define SECRET_LEAST 16
#define SECRET_MOST  4096
#define ROOTS_MOST   (4 << 20)

struct wanted {
	const char	*option, *file;
	off_t		 most;		/* octets */
	bool		 private;	/* nobody but its owner may read it */
};

/* Always false: option, file and what is wrong with it. */
static bool
bad(const struct config *c, const struct wanted *w, const char *why, struct problem *p)
{
	return problem(p, PROBLEM_SERVER_INTERNAL, "%.80s: %s: %.100s: %s", c->file, w->option,
		       w->file, why);
}

static ssize_t
read_all(int fd, uint8_t *to, size_t n)
{
	size_t got = 0;
	ssize_t more;

	while ((more = read(fd, to + got, n - got)) > 0)
		got += (size_t)more;
	return more < 0 ? -1 : (ssize_t)got;
}

/* The whole of it, size octets; NULL, or why not. */
static const char *
take_open(struct config *c, int fd, size_t size, struct blob *content)
{
	uint8_t *text = arena_alloc(c->arena, size);
	ssize_t n = read_all(fd, text, size);

	*content = (struct blob){ text, n < 0 ? 0 : (size_t)n };
	return n < 0 ? strerror(errno) : NULL;
}

static bool
take_file(struct config *c, const struct wanted *w, struct blob *content, struct problem *p)
{
	int fd = open(snapshot_path(c, w->file), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why = NULL;
	struct stat st;

	if (fd < 0)
		return bad(c, w, strerror(errno), p);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		why = "is not a file";
	else if (w->private && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		why = "can be read by others than its owner; chmod 0600";
	else if (st.st_size > w->most)
		why = "is too long";
	else
		why = take_open(c, fd, (size_t)st.st_size, content);
	close(fd);
	return why == NULL || bad(c, w, why, p);
}

/* All of the file but white space at its end. */
static bool
take_secret(struct config *c, struct blob *secret, struct problem *p)
{
	struct wanted w = { "webhook.secret", c->webhook_secret, SECRET_MOST, true };

	if (*c->webhook_secret == '\0')
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: webhook.url wants webhook.secret, "
			       "the file with the secret that signs", c->file);
	if (!take_file(c, &w, secret, p))
		return false;
	while (secret->len > 0 && strchr(" \t\r\n", secret->data[secret->len - 1]) != NULL)
		secret->len--;
	return secret->len >= SECRET_LEAST ||
	       bad(c, &w, "holds less than 16 octets; \"openssl rand -hex 32\" "
		   "makes a good one", p);
}

static bool
take_roots(struct config *c, struct blob *roots, struct problem *p)
{
	struct wanted w = { "webhook.ca", c->webhook_ca, ROOTS_MOST, false };

	if (*c->webhook_ca == '\0')
		return true;
	if (!take_file(c, &w, roots, p))
		return false;
	return pem_certificates(*roots) > 0 ||
	       bad(c, &w, "holds no certificates in PEM, or a damaged one", p);
}

bool
snapshot_webhook(struct config *c, struct problem *p)
{
	struct acme_webhook *w = &c->acme.webhook;
	struct problem why;

	if (*c->webhook_url == '\0')
		return true;
	if (!va_url_ok(c->webhook_url, &why))
		return problem(p, PROBLEM_SERVER_INTERNAL, "%.80s: webhook.url: %s", c->file,
			       why.detail);
	w->url = c->webhook_url;
	w->timeout_ms = (int)c->webhook_timeout * 1000;
	w->absent_allows = strcmp(c->webhook_absent, "allow") == 0;
	return take_secret(c, &w->secret, p) && take_roots(c, &w->roots, p);
}
