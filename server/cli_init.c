/* SPDX-License-Identifier: Apache-2.0 */
/* cli_init.c - brevet init: a CA in a folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/cli.h"

struct init {
	const char	*dir, *name, *listen, *key_type;
	const char	*hosts;			/* with commas */
	const char	*settings[SETTINGS_MAX + 1];
	size_t		 nsetting;
	struct arena	*arena;
};

static bool
init_option(struct init *in, int o)
{
	switch (o) {
	case 'd':
		in->dir = optarg;
		break;
	case 'n':
		in->name = optarg;
		break;
	case 'l':
		in->listen = optarg;
		break;
	case 'k':
		in->key_type = optarg;
		break;
	case 'o':
		in->hosts = in->hosts == NULL ? optarg :
			    arena_printf(in->arena, "%s,%s", in->hosts, optarg);
		break;
	default:
		if (in->nsetting >= SETTINGS_MAX - 30)
			return false;
		in->settings[in->nsetting++] = optarg;
	}
	return true;
}

/* Is the key among the settings? */
static bool
given(const struct init *in, const char *key)
{
	for (size_t i = 0; i < in->nsetting; i++)
		if (strncmp(in->settings[i], key, strlen(key)) == 0 &&
		    in->settings[i][strlen(key)] == '=')
			return true;
	return false;
}

static void
add_setting(struct init *in, const char *key, const char *value)
{
	if (!given(in, key))
		in->settings[in->nsetting++] = arena_printf(in->arena, "%s=%s", key, value);
}

/* In front of all others. */
static void
first_setting(struct init *in, const char *key, const char *value)
{
	const char *setting = arena_printf(in->arena, "%s=%s", key, value);

	for (size_t i = 0; i < in->nsetting; i++)
		if (strncmp(in->settings[i], setting, strlen(key) + 1) == 0) {
			setting = in->settings[i];
			memmove(&in->settings[i], &in->settings[i + 1],
				(in->nsetting - i) * sizeof(in->settings[0]));
			in->nsetting--;
			i--;
		}
	memmove(&in->settings[1], &in->settings[0], in->nsetting * sizeof(in->settings[0]));
	in->settings[0] = setting;
	in->nsetting++;
}

/* Is there a setting that begins so? */
static bool
begins(const struct init *in, const char *with)
{
	for (size_t i = 0; i < in->nsetting; i++)
		if (strncmp(in->settings[i], with, strlen(with)) == 0)
			return true;
	return false;
}

/* Kinds of certificates to begin with. */
static const char *const samples[][2] = {
	{ "fleet.description", "machines of your own: 47 days" },
	{ "fleet.lifetime", "47d" },
	{ "fleet.backdate", "1h" },
	{ "tlsserver.description", "as long as the CA/Browser Forum allows on the day" },
	{ "tlsserver.lifetime", "cabf" },
	{ "tlsserver.backdate", "1h" },
	{ "shortlived.description", "six days, revoked by their end: no CRL pointer" },
	{ "shortlived.lifetime", "160h" },
	{ "shortlived.backdate", "1h" },
	{ "shortlived.crl", "false" },
	{ "session.description", "for what runs a few hours" },
	{ "session.lifetime", "6h" },
	{ "session.backdate", "5m" },
};

const char *
cli_init_lifetime(const char *profile)
{
	size_t len = strlen(profile);

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (strncmp(samples[i][0], profile, len) == 0 &&
		    strcmp(samples[i][0] + len, ".lifetime") == 0)
			return samples[i][1];
	return NULL;
}

/* The first of the file is for orders that name none.  One that is called default is made only
 * for who says what it is. */
static void
first_profiles(struct init *in)
{
	for (size_t i = sizeof(samples) / sizeof(samples[0]); i-- > 0;)
		first_setting(in, arena_printf(in->arena, "profile.%s", samples[i][0]),
			      samples[i][1]);
	if (!begins(in, "profile.default."))
		return;
	first_setting(in, "profile.default.backdate", "1h");
	first_setting(in, "profile.default.lifetime", "47d");
}

/* Each --host is one name, or several with commas. */
static bool
hosts_check(const struct init *in, struct problem *p)
{
	char *list = arena_strdup(in->arena, in->hosts), *save, *host;

	for (host = strtok_r(list, ",", &save); host != NULL; host = strtok_r(NULL, ",", &save))
		if (!config_value_check("hosts", host, p))
			return false;
	return true;
}

/* CRLs are served beside the ACME port: 80 beside 443, else the next one. */
static bool
init_settings(struct init *in, struct problem *p)
{
	const char *host, *port;

	for (size_t i = 0; i < in->nsetting; i++)
		if (!config_setting_check(in->settings[i], p))
			return false;
	if (!hosts_check(in, p))
		return false;
	first_profiles(in);
	first_setting(in, "issuer.main.key", "issuing.key");
	first_setting(in, "issuer.main.certificate", "issuing.pem");
	if (!config_address(in->arena, in->listen, &host, &port) || atoi(port) == 65535)
		return problem(p, PROBLEM_SERVER_INTERNAL, "--listen %.100s: not ADDRESS:PORT",
			       in->listen);
	add_setting(in, "name", in->name);
	add_setting(in, "hosts", in->hosts);
	add_setting(in, "listen", in->listen);
	add_setting(in, "http.listen", arena_printf(
		in->arena, strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d", host,
		strcmp(port, "443") == 0 ? 80 : atoi(port) + 1));
	return true;
}

static bool
write_file(const struct init *in, const char *name, mode_t mode, struct blob text,
	   struct problem *p)
{
	const char *path = arena_printf(in->arena, "%s/%s", in->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool good = fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len &&
		    fsync(fd) == 0;

	if (!good)
		problem(p, PROBLEM_SERVER_INTERNAL, "%.150s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

static bool
make_folder(const struct init *in, const char *name, struct problem *p)
{
	const char *path = arena_printf(in->arena, "%s/%s", in->dir, name);
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return true;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	return problem(p, PROBLEM_SERVER_INTERNAL, "%.150s: %s", path, strerror(errno));
}

static bool
no_ca_yet(const struct init *in, struct problem *p)
{
	static const char *const marks[] = { CONFIG_NAME, "root.pem", "issuing.pem",
					     "issuing.key", "offline/ca.key", "data/data.mdb" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (access(arena_printf(in->arena, "%s/%s", in->dir, marks[i]), F_OK) == 0)
			return problem(p, PROBLEM_SERVER_INTERNAL, "%.100s holds a CA already "
				       "(%s): choose another folder", in->dir, marks[i]);
	return true;
}

static bool
write_config(const struct init *in, struct problem *p)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool good;

	if (out == NULL)
		abort();
	fputs("# brevet.conf - configuration of the Brevet CA server.\n"
	      "# \"brevet help config\" lists every option, \"brevet check\" judges this file,\n"
	      "# \"brevet reload\" makes a running server read it.\n\n", out);
	config_print_settings(out, in->settings);
	fclose(out);
	good = write_file(in, CONFIG_NAME, 0600, (struct blob){ (uint8_t *)text, len }, p);
	free(text);
	return good;
}

static bool
write_all(const struct init *in, const struct ca_made *ca, struct problem *p)
{
	struct store *s;

	if (!make_folder(in, "", p) || !no_ca_yet(in, p) || !make_folder(in, "offline", p) ||
	    !make_folder(in, "data", p) ||
	    !write_file(in, "root.pem", 0644, ca->root_pem, p) ||
	    !write_file(in, "offline/ca.key", 0600, ca->root_key_pem, p) ||
	    !write_file(in, "issuing.pem", 0644, ca->issuing_pem, p) ||
	    !write_file(in, "issuing.key", 0600, ca->issuing_key_pem, p) ||
	    !write_config(in, p))
		return false;
	s = store_open(arena_printf(in->arena, "%s/data", in->dir), 1 << 24, true, p);
	if (s == NULL)
		return false;
	store_close(s);
	return true;
}

static int
init_run(struct init *in)
{
	struct problem p = { 0 };
	struct ca_made ca;
	struct config *config;
	const char *file;

	if (!init_settings(in, &p) || !no_ca_yet(in, &p) ||
	    !ca_make(&ca, in->arena, in->name, in->key_type, clock_now(), &p) ||
	    !write_all(in, &ca, &p))
		return cli_failed(&p);
	file = arena_printf(in->arena, "%s/" CONFIG_NAME, in->dir);
	config = config_read(file, NULL, &p);
	if (config == NULL)
		return cli_failed(&p);
	printf("CA \"%s\" made in %s\n\n"
	       "  root certificate   %s/root.pem (give it to your clients)\n"
	       "  its SHA-256        %s\n"
	       "  root key           %s/offline/ca.key\n"
	       "                     carry it away: the server never needs it\n"
	       "  directory URL      %s\n\n"
	       "next: brevet serve --config %s\n", in->name, in->dir, in->dir, ca.fingerprint,
	       in->dir, config->acme.directories[0].url, file);
	acme_config_release(&config->acme);
	return EXIT_GOOD;
}

int
cli_init(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "name", required_argument, NULL, 'n' },
		{ "host", required_argument, NULL, 'o' },
		{ "listen", required_argument, NULL, 'l' },
		{ "key-type", required_argument, NULL, 'k' },
		{ "set", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct init in = { .name = "Brevet", .listen = "0.0.0.0:443", .key_type = "p256" };
	int o, status = EXIT_USAGE;

	in.arena = arena_new();
	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (!init_option(&in, o))
			break;
	if (o > 0)
		fprintf(stderr, "brevet init: too many --set\n");
	else if (o < 0 && cli_words(argc, argv, 0)) {
		if (in.hosts == NULL)
			in.hosts = "localhost";
		if (in.dir != NULL)
			status = init_run(&in);
		else
			fprintf(stderr, "brevet init: where? give --dir DIR\n");
	}
	arena_free(in.arena);
	return status;
}
