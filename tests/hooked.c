/* SPDX-License-Identifier: Apache-2.0 */
/* hooked.c - a server with a webhook, for tests. */
#include "tests/hooked.h"

#include <arpa/nameser.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fake_dns.h"

struct scene scene;
struct fake_hook *hook;
struct hook_ca hook_ca;
uint16_t hook_metrics;

static struct fake_dns *dns;
static struct fake_record records[] = {
	{ HOOK_HOST, ns_t_a, "127.0.0.1" },
	{ "two.example.test", ns_t_a, "127.0.0.9" },
	{ "two.example.test", ns_t_a, "127.0.0.1" },
	{ "dead.example.test", 0, "SERVFAIL" },
	{ "mute.example.test", 0, "SILENT" },
	{ "empty.example.test", ns_t_txt, "no address" },
	{ NULL, 0, NULL }
};

const char *
hooked_path(struct client *c, const char *file)
{
	return arena_printf(c->arena, "%s/%s", scene.dir, file);
}

bool
hooked_configure(struct client *c, const char *text)
{
	const char *conf = hooked_path(c, "ca/brevet.conf");
	FILE *f = fopen(conf, "a");

	return f != NULL && fputs(text, f) != EOF && fclose(f) == 0 &&
	       system(arena_printf(c->arena, "%s reload --config %s >%s 2>&1", stage_brevet(), conf,
				   hooked_path(c, "reload"))) == 0;
}

bool
hooked_at(struct client *c, const char *host, uint16_t port)
{
	return hooked_configure(c, arena_printf(c->arena, "webhook { url = "
						"\"https://%s:%u/decide?for=1\" }\n", host, port));
}

bool
hooked_back(struct client *c)
{
	return hooked_at(c, HOOK_HOST, fake_hook_port(hook));
}

int
hooked_order(struct client *c, const char *payload)
{
	return client_post(c, client_url(c, "new-order"), payload);
}

bool
hooked_absent(long from, const char *words)
{
	FILE *in = fopen(scene.server->log, "r");
	char line[4096];
	bool found = false;

	if (in == NULL || fseek(in, from, SEEK_SET) != 0)
		return false;
	while (!found && fgets(line, sizeof(line), in) != NULL) {
		if (strstr(line, "\"event\":\"webhook absent\"") == NULL)
			continue;
		found = strstr(line, words) != NULL;
		if (!found)
			printf("# %s", line);
	}
	fclose(in);
	return found;
}

static bool
serve(void)
{
	struct arena *a = arena_new();
	const char *settings[] = {
		"workers=1", "webhook.timeout=3s", "limit.enabled=false",
		"directory.default.eab=optional",
		arena_printf(a, "validation.resolvers=127.0.0.1@%u", fake_dns_port(dns)),
		arena_printf(a, "metrics.listen=127.0.0.1:%u", hook_metrics),
		arena_printf(a, "webhook.url=https://" HOOK_HOST ":%u/decide?for=1",
			     fake_hook_port(hook)),
		arena_printf(a, "webhook.secret=%s/secret", scene.dir),
		arena_printf(a, "webhook.ca=%s/hook.pem", scene.dir), NULL
	};
	bool good = scene_serve(&scene, settings);

	arena_free(a);
	return good;
}

bool
hooked_begin(void)
{
	char file[512];

	dns = fake_dns_start(records);
	scene_prepare(&scene, 0);
	stage_write(scene.dir, "secret", HOOK_SECRET "\n");
	snprintf(file, sizeof(file), "%s/secret", scene.dir);
	chmod(file, 0600);
	snprintf(file, sizeof(file), "%s/hook.pem", scene.dir);
	hook_ca = hook_ca_new("Hook CA", file);
	hook = fake_hook_start(&hook_ca, HOOK_GOOD, HOOK_SECRET);
	hook_metrics = port_free();
	if (serve())
		return true;
	hooked_end();
	return false;
}

void
hooked_end(void)
{
	scene_end(&scene);
	fake_hook_stop(hook);
	hook_ca_free(&hook_ca);
	fake_dns_stop(dns);
}
