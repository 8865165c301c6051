/* SPDX-License-Identifier: Apache-2.0 */
/* attack_tls.c - attacks on TLS: old versions, renegotiation, floods of key updates, early
 * data, names of servers. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/attack.h"

#define IDLE 2000	/* ms, as we set it */

static struct scene scene;
static struct client *c;

/* A handshake, and what comes of it. */
struct shake {
	int		 min, max;	/* versions; 0: any */
	const char	*ciphers;	/* up to TLS 1.2; NULL: the usual ones */
	const char	*groups, *alpn;
	const char	*sni;		/* NULL: none */
	SSL_CTX		*ctx;
	SSL		*ssl;
	int		 fd;
	long		 n;		/* key updates */
};

static bool
shake(struct shake *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(c->port) };
	struct timeval patience = { .tv_sec = 10 };

	s->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(s->ctx, 0);
	SSL_CTX_set_min_proto_version(s->ctx, s->min);
	SSL_CTX_set_max_proto_version(s->ctx, s->max);
	if (s->ciphers != NULL && SSL_CTX_set_cipher_list(s->ctx, s->ciphers) != 1)
		abort();
	if (s->groups != NULL && SSL_CTX_set1_groups_list(s->ctx, s->groups) != 1)
		abort();
	if (s->alpn != NULL)
		SSL_CTX_set_alpn_protos(s->ctx, (const uint8_t *)s->alpn,
					(unsigned)strlen(s->alpn));
	s->ssl = SSL_new(s->ctx);
	if (s->sni != NULL)
		SSL_set_tlsext_host_name(s->ssl, s->sni);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(s->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		abort();
	SSL_set_fd(s->ssl, s->fd);
	return SSL_connect(s->ssl) == 1;
}

static void
end(struct shake *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->ctx);
	close(s->fd);
	ERR_clear_error();
}

/* A request on it is answered. */
static bool
works(struct shake *s)
{
	const char *get = arena_printf(c->arena, "GET /directory HTTP/1.1\r\nHost: localhost:%u\r\n"
				       "\r\n", c->port);
	char buf[4096] = "";

	return SSL_write(s->ssl, get, (int)strlen(get)) > 0 &&
	       SSL_read(s->ssl, buf, sizeof(buf) - 1) > 0 && strncmp(buf, "HTTP/1.1 200", 12) == 0;
}

static void
test_versions(void)
{
	static const struct {
		int version;
		const char *name;
		bool good;
	} versions[] = {
		{ TLS1_VERSION, "1.0", false }, { TLS1_1_VERSION, "1.1", false },
		{ TLS1_2_VERSION, "1.2", true }, { TLS1_3_VERSION, "1.3", true },
	};

	for (size_t i = 0; i < COUNT(versions); i++) {
		struct shake s = { .min = versions[i].version, .max = versions[i].version,
				   .sni = "localhost" };
		bool up = shake(&s) && works(&s);

		ok(up == versions[i].good, "R-20 TLS %s is %s", versions[i].name,
		   up ? "spoken" : "refused");
		ok(SSL_get_current_compression(s.ssl) == NULL, "R-20 without compression");
		end(&s);
	}
}

static void
test_ciphers(void)
{
	static const char *const bad[] = {
		"AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA",
		"ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256", "NULL", "aNULL",
	};
	struct shake s = { .max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" };

	ok(shake(&s) && works(&s), "R-20 ECDHE with AES-GCM");
	end(&s);
	for (size_t i = 0; i < COUNT(bad); i++) {
		s = (struct shake){ .max = TLS1_2_VERSION, .ciphers = bad[i] };
		ok(!shake(&s), "R-20 not %s", bad[i]);
		end(&s);
	}
	s = (struct shake){ .groups = "P-521" };
	ok(!shake(&s), "R-20 not with P-521 alone");
	end(&s);
}

static int handshakes;

static void
count_handshakes(const SSL *ssl, int where, int result)
{
	(void)ssl, (void)result;
	handshakes += where == SSL_CB_HANDSHAKE_DONE;
}

static void
test_renegotiation(void)
{
	struct shake s = { .max = TLS1_2_VERSION };

	ok(shake(&s) && works(&s), "R-20 a connection by TLS 1.2");
	SSL_set_info_callback(s.ssl, count_handshakes);
	if (SSL_renegotiate(s.ssl) == 1 && SSL_do_handshake(s.ssl) == 1)
		works(&s);
	ok(handshakes == 0, "R-20 no second handshake on it");
	end(&s);
}

/* Asks for new keys of both sides until the server has enough of it; the times. */
static void *
flood(void *arg)
{
	struct shake *s = arg;
	char buf[1];

	s->n = 0;
	while (SSL_key_update(s->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 &&
	       SSL_do_handshake(s->ssl) == 1)
		s->n++;
	SSL_read(s->ssl, buf, 1);
	return NULL;
}

/* There is one worker: others must get their turn. */
static void
test_key_updates(void)
{
	struct shake s = { .min = TLS1_3_VERSION };
	long before, began, worst = 0, spent, took;
	pthread_t thread;

	ok(shake(&s) && works(&s), "R-20 a connection by TLS 1.3");
	before = server_cpu(scene.server);
	began = now_ms();
	pthread_create(&thread, NULL, flood, &s);
	for (int i = 0; i < 20; i++) {
		long asked = now_ms();

		client_get(c, "GET", scene.server->url);
		if (now_ms() - asked > worst)
			worst = now_ms() - asked;
		usleep(50000);
	}
	pthread_join(thread, NULL);
	took = now_ms() - began;
	spent = server_cpu(scene.server) - before;
	ok(took < IDLE + 8000, "R-20 a flood of %ld key updates is cut off after %ld ms", s.n,
	   took);
	ok(spent < took, "R-20 it cost %ld ms of CPU", spent);
	ok(worst < IDLE - 500, "R-20 others waited %ld ms at most", worst);
	end(&s);
}

static void
test_early_data(void)
{
	struct shake s = { .min = TLS1_3_VERSION }, again = { .min = TLS1_3_VERSION };
	SSL_SESSION *session;
	size_t written;

	ok(shake(&s) && works(&s), "R-20 a first connection");
	session = SSL_get1_session(s.ssl);
	ok(SSL_SESSION_get_max_early_data(session) == 0, "R-20 its ticket allows no early data");
	end(&s);
	ok(shake(&again), "a second connection");
	SSL_set_session(again.ssl, session);
	ok(SSL_write_early_data(again.ssl, "GET ", 4, &written) != 1, "R-20 nor is any taken");
	SSL_SESSION_free(session);
	end(&again);
}

static void
test_names(void)
{
	char longest[256] = "";
	struct shake s = { .sni = NULL };

	memset(longest, 'a', sizeof(longest) - 1);
	ok(shake(&s) && works(&s), "R-20 no SNI: served all the same");
	end(&s);
	s = (struct shake){ .sni = "evil.test" };
	ok(shake(&s) && works(&s), "R-20 another name in SNI: our own certificate");
	end(&s);
	s = (struct shake){ .sni = longest };
	shake(&s);
	end(&s);
	ok(client_get(c, "GET", scene.server->url) == 200, "R-20 SNI of 255 octets: the server "
	   "lives");
	s = (struct shake){ .alpn = "\x02h2" };
	if (shake(&s)) {
		const uint8_t *alpn;
		unsigned n;

		SSL_get0_alpn_selected(s.ssl, &alpn, &n);
		ok(n == 0 && works(&s), "R-20 h2 is not chosen");
	} else {
		ok(true, "R-20 h2 alone is refused");
	}
	end(&s);
	s = (struct shake){ .alpn = "\x02h2\x08http/1.1" };
	ok(shake(&s) && works(&s), "R-20 http/1.1 among others is");
	end(&s);
}

/* Records of 16 kB, and garbage where records should be. */
static void
test_records(void)
{
	struct shake s = { .sni = "localhost" };
	static char big[60000];
	const char *head = arena_printf(c->arena, "POST /acme/new-order HTTP/1.1\r\n"
					"Host: localhost:%u\r\nContent-Length: %zu\r\n"
					"Content-Type: application/jose+json\r\n\r\n",
					c->port, sizeof(big));
	char buf[4096] = "";
	uint8_t noise[512];

	memset(big, ' ', sizeof(big));
	ok(shake(&s) && SSL_write(s.ssl, head, (int)strlen(head)) > 0 &&
	   SSL_write(s.ssl, big, sizeof(big)) == sizeof(big) &&
	   SSL_read(s.ssl, buf, sizeof(buf) - 1) > 0 && strncmp(buf, "HTTP/1.1 400", 12) == 0,
	   "R-20 a body in records of 16 kB");
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 7);
	memcpy(noise, "\x17\x03\x03\x01\xf0", 5);
	if (write(s.fd, noise, sizeof(noise)) != sizeof(noise))
		abort();
	SSL_set_shutdown(s.ssl, 0);
	while (SSL_read(s.ssl, buf, sizeof(buf)) > 0)
		;
	ok(!works(&s), "R-20 a record that is no record: the end");
	end(&s);
	ok(client_get(c, "GET", scene.server->url) == 200, "R-20 others are served");
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=1", "limits.idle=2s", NULL }))
		return 1;
	c = visitor(&scene);
	test_versions();
	test_ciphers();
	test_renegotiation();
	test_key_updates();
	test_early_data();
	test_names();
	test_records();
	leave(c);
	scene_stop(&scene);
	return tap_done();
}
