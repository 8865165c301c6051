/* SPDX-License-Identifier: Apache-2.0 */
/* acme_full.c - the map full, and the disk full, under load: a clear
 * 503, nothing half done, reads go on; and it works again when there is room. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/b64.h"
#include "tests/chain.h"
#include "tests/scene.h"

#define FILLERS	    4
#define ORDERS_MAX  5000
#define BIG	    40		/* names of an order that only takes room */
#define DISK	    "size=10m"
#define BALLAST	    (4 << 20)
#define VERDICT	    30		/* seconds */

static struct scene scene;
static atomic_bool full;

/* A client that makes orders until there is no more room. */
struct filler {
	pthread_t	 thread;
	struct client	*c;
	char		*orders[ORDERS_MAX];	/* acknowledged */
	size_t		 norder;
	char		*certificates[ORDERS_MAX], *pems[ORDERS_MAX];
	size_t		 ncertificate;
	bool		 refused;
	int		 status;	/* of the request that was refused */
	char		 type[64], after[16], detail[256];
};

static void
note_refusal(struct filler *f)
{
	const char *after = reply_only(&f->c->reply, "Retry-After");

	f->status = f->c->reply.status;
	snprintf(f->type, sizeof(f->type), "%s", f->c->type);
	snprintf(f->detail, sizeof(f->detail), "%s", f->c->detail);
	snprintf(f->after, sizeof(f->after), "%s", after == NULL ? "" : after);
	f->refused = f->status >= 400 || f->status == 0;
	if (f->refused)
		atomic_store(&full, true);
}

static bool
fill_order(struct filler *f, const char *const *names, size_t n, struct client_order *order)
{
	if (!client_order_new(f->c, names, n, order))
		return false;
	f->orders[f->norder++] = strdup(order->url);
	return true;
}

/* The whole way to a certificate. */
static bool
fill_certificate(struct filler *f)
{
	static const char *const names[] = { "n0.example.test", "n1.example.test" };
	struct client *c = f->c;
	struct client_order order;
	EVP_PKEY *key;
	const char *pem;
	bool good;

	if (!fill_order(f, names, 2, &order))
		return false;
	for (size_t i = 0; i < 2; i++) {
		const char *status = client_prove(c, scene.responder, order.authz[i]);

		if (status == NULL || strcmp(status, "valid") != 0)
			return false;
	}
	key = key_new("ES256");
	good = client_finalize(c, &order, csr_of_names(c->arena, key, names, 2));
	EVP_PKEY_free(key);
	if (!good)
		return false;
	pem = client_download(c, order.certificate);
	if (pem == NULL)
		return false;
	f->certificates[f->ncertificate] = strdup(order.certificate);
	f->pems[f->ncertificate++] = strdup(pem);
	return true;
}

static void *
fill_up(void *arg)
{
	struct filler *f = arg;
	const char *names[BIG];
	struct client_order order;
	bool good = true;

	while (good && f->norder < ORDERS_MAX - 1 && !atomic_load(&full)) {
		for (size_t i = 0; i < BIG; i++)
			names[i] = arena_printf(f->c->arena, "a%zu.n%zu.example.test", f->norder,
						i);
		good = f->norder % 4 == 0 ? fill_certificate(f) :
		       fill_order(f, names, BIG, &order);
		if (!good)
			note_refusal(f);
		client_clear(f->c);
	}
	return NULL;
}

/* --- what must hold ------------------------------------------------------------------- */

static void
check_refusals(const struct filler *fillers, const char *what)
{
	size_t orders = 0, certificates = 0, refused = 0;

	for (size_t i = 0; i < FILLERS; i++) {
		const struct filler *f = &fillers[i];

		orders += f->norder;
		certificates += f->ncertificate;
		if (!f->refused)
			continue;
		refused++;
		ok(f->status == 503 && strcmp(f->type, "serverInternal") == 0,
		   "%s: 503 serverInternal: %d %s: %s", what, f->status, f->type, f->detail);
		ok(strtoul(f->after, NULL, 10) > 0, "with Retry-After: %s", f->after);
	}
	ok(refused > 0 && orders > FILLERS && certificates > 0,
	   "%s after %zu orders and %zu certificates", what, orders, certificates);
}

/* Is everything there that was acknowledged, and nothing else? */
static void
check_kept(struct filler *f, const char *what)
{
	struct client *c = f->c;
	const char *next = arena_printf(c->arena, "%s/orders", c->kid);
	size_t orders = 0, certificates = 0, listed = 0;

	for (size_t i = 0; i < f->norder; i++) {
		orders += client_post(c, f->orders[i], "") == 200;
		orders -= strcmp(c->fault, "") != 0;
	}
	for (size_t i = 0; i < f->ncertificate; i++) {
		const char *pem = client_download(c, f->certificates[i]);

		certificates += pem != NULL && strcmp(pem, f->pems[i]) == 0;
	}
	ok(orders == f->norder, "%s: %zu of %zu orders are read", what, orders, f->norder);
	ok(certificates == f->ncertificate, "%s: %zu of %zu certificates are read", what,
	   certificates, f->ncertificate);
	ok(client_post(c, c->kid, "") == 200, "%s: the account is read", what);
	while (next != NULL && client_post(c, next, "") == 200) {
		listed += json_array_size(json_object_get(c->json, "orders"));
		next = reply_link(&c->reply, c->arena, "next", 0);
	}
	ok(listed == f->norder, "%s: %zu orders are listed, none that was refused", what, listed);
	client_clear(c);
}

static void
check_reads(struct filler *fillers, const char *what)
{
	struct client *c = visitor(&scene);

	ok(client_get(c, "GET", scene.server->url) == 200, "%s: the directory", what);
	ok(client_get(c, "HEAD", client_url(c, "new-nonce")) == 200, "%s: newNonce", what);
	client_account(c, "ES256", "{}");
	ok(c->reply.status == 503 || c->reply.status == 201, "%s: newAccount: %d", what,
	   c->reply.status);
	leave(c);
	for (size_t i = 0; i < FILLERS; i++)
		check_kept(&fillers[i], what);
}

/* What was begun before is settled, well or with a refusal, but never stays half done. */
static void
check_settled(struct filler *f, const char *what)
{
	size_t settled = 0;

	for (size_t i = 0; i < f->norder; i++) {
		const char *status = "processing";

		for (int k = 0; k < VERDICT && strcmp(status, "processing") == 0; k++) {
			client_post(f->c, f->orders[i], "");
			status = json_string_value(json_object_get(f->c->json, "status"));
			status = status == NULL ? "" : status;
			if (reply_header(&f->c->reply, "Retry-After", 0) != NULL)
				status = "processing";
		}
		settled += strcmp(status, "processing") != 0;
		client_clear(f->c);
	}
	ok(settled == f->norder, "%s: nothing is left half done: %zu of %zu orders", what, settled,
	   f->norder);
}

static void
fillers_start(struct filler *fillers)
{
	atomic_store(&full, false);
	for (size_t i = 0; i < FILLERS; i++) {
		fillers[i].c = visitor(&scene);
		fillers[i].c->patience = 5;
		ok(client_account(fillers[i].c, "ES256", "{}"), "an account");
	}
	for (size_t i = 0; i < FILLERS; i++)
		pthread_create(&fillers[i].thread, NULL, fill_up, &fillers[i]);
	for (size_t i = 0; i < FILLERS; i++)
		pthread_join(fillers[i].thread, NULL);
}

static void
fillers_free(struct filler *fillers)
{
	for (size_t i = 0; i < FILLERS; i++) {
		struct filler *f = &fillers[i];

		for (size_t k = 0; k < f->norder; k++)
			free(f->orders[k]);
		for (size_t k = 0; k < f->ncertificate; k++) {
			free(f->certificates[k]);
			free(f->pems[k]);
		}
		leave(f->c);
	}
	free(fillers);
}

/* --- the map -------------------------------------------------------------------------- */

/* An order that was there before the map was full: its challenge still gets its verdict;
 * finalize is refused, and the order stays ready. */
static void
check_begun(struct client *c, const struct client_order *order, const char *const *names)
{
	EVP_PKEY *key = key_new("ES256");
	struct blob der = csr_of_names(c->arena, key, names, 1);
	const char *csr = arena_printf(c->arena, "{\"csr\":\"%s\"}",
				       b64_print(c->arena, der.data, der.len));

	is(client_prove(c, scene.responder, order->authz[0]), "valid", "R-7 map full: an order of "
	   "before can be proved");
	client_post(c, order->finalize, csr);
	ok(c->reply.status == 503, "R-7 map full: finalize: 503: %d", c->reply.status);
	client_post(c, order->url, "");
	is(json_string_value(json_object_get(c->json, "status")), "ready",
	   "R-7 map full: and the order stays ready");
	EVP_PKEY_free(key);
}

static void
test_map(void)
{
	static const char *const names[] = { "n2.example.test" };
	struct filler *fillers = calloc(FILLERS, sizeof(*fillers));
	struct client *c;
	struct client_order order;

	if (!scene_begin(&scene, 0, (const char *const[]){ "store.map=4M", "workers=2", NULL }))
		exit(1);
	c = visitor(&scene);
	client_account(c, "ES256", "{}");
	ok(client_order_new(c, names, 1, &order), "an order");
	fillers_start(fillers);
	check_refusals(fillers, "R-7 map full");
	check_reads(fillers, "R-7 map full");
	check_begun(c, &order, names);
	for (size_t i = 0; i < FILLERS; i++)
		check_settled(&fillers[i], "R-7 map full");
	server_kill(scene.server);
	ok(server_again(scene.server), "R-7 map full: killed, serves again");
	check_reads(fillers, "R-7 map full, restarted");
	client_close(c);
	fillers_free(fillers);
	scene_stop(&scene);
}

/* --- the disk ------------------------------------------------------------------------- */

/* A small disk of its own at that place, which nobody else sees; false: not permitted. */
static bool
disk_new(const char *dir)
{
	return mkdir(dir, 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("brevet-test", dir, "tmpfs", 0, DISK) == 0;
}

/* Something that can be removed when the disk is full. */
static bool
ballast_put(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool good = fd >= 0 && posix_fallocate(fd, 0, BALLAST) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void
disk_full(const char *ballast)
{
	static const char *const names[] = { "n3.example.test" };
	struct filler *fillers = calloc(FILLERS, sizeof(*fillers));
	struct issued issued = { .key = NULL };
	struct client *c;

	ok(ballast_put(ballast), "a file that takes room");
	fillers_start(fillers);
	check_refusals(fillers, "R-6 disk full");
	check_reads(fillers, "R-6 disk full");
	ok(unlink(ballast) == 0, "room again");
	for (size_t i = 0; i < FILLERS; i++)
		check_settled(&fillers[i], "R-6 room again");
	c = visitor(&scene);
	ok(client_account(c, "ES256", "{}"), "R-6 room again: an account");
	ok(client_issue(c, scene.responder, names, 1, &issued), "R-6 room again: a certificate");
	EVP_PKEY_free(issued.key);
	client_close(c);
	check_reads(fillers, "R-6 room again");
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	ok(server_again(scene.server), "and serves again");
	check_reads(fillers, "R-6 restarted");
	fillers_free(fillers);
	server_stop(scene.server);
}

static void
test_disk(void)
{
	char dir[512], ballast[600];

	scene_prepare(&scene, 0);
	snprintf(dir, sizeof(dir), "%s/ca", scene.dir);
	snprintf(ballast, sizeof(ballast), "%s/ballast", dir);
	if (!disk_new(dir)) {
		tap_skip("R-6 disk full", strerror(errno));
		scene_end(&scene);
		return;
	}
	if (scene_serve(&scene, (const char *const[]){ "workers=2", NULL }))
		disk_full(ballast);
	umount2(dir, MNT_DETACH);
	scene_end(&scene);
}

int
main(void)
{
	test_map();
	test_disk();
	return tap_done();
}
