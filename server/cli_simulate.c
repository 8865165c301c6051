/* SPDX-License-Identifier: Apache-2.0 */
/* cli_simulate.c - brevet simulate: how evenly a fleet would renew. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/cli.h"
#include "server/options.h"
#include "server/simulate.h"

#define HOUR	     3600
#define DAY	     86400
#define FLEET_MOST   100000000
#define YEARS_MOST   20
#define LIFETIME_MOST (398 * DAY)

/* --- values of options --------------------------------------------------------------- */

static bool
refuse(const char *option, const char *value, const char *wants)
{
	fprintf(stderr, "brevet simulate: --%s: \"%s\" is not %s\n", option, value, wants);
	return false;
}

/* "10000000", "10000k" or "10M". */
static bool
fleet_take(struct simulate *s, const char *value)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (n > 0 && n <= FLEET_MOST && (*end == 'k' || *end == 'M'))
		n *= *end++ == 'k' ? 1000 : 1000000;
	if (errno != 0 || *end != '\0' || n < 1 || n > FLEET_MOST)
		return refuse("fleet", value, "a number of certificates from 1 to 100M");
	s->run.fleet = n;
	return true;
}

static bool
lifetime_take(struct simulate *s, const char *value)
{
	if (!clock_duration_parse(value, &s->run.lifetime) || s->run.lifetime < HOUR ||
	    s->run.lifetime > LIFETIME_MOST)
		return refuse("lifetime", value, "a duration from 1h to 398d");
	return true;
}

static bool
years_take(struct simulate *s, const char *value)
{
	char *end;
	double years = strtod(value, &end);

	if (end == value || *end != '\0' || !(years * 365 * DAY >= HOUR && years <= YEARS_MOST))
		return refuse("years", value, "a number of years up to 20");
	s->run.length = (int64_t)(years * 365 * DAY);
	return true;
}

static bool
clients_take(struct simulate *s, const char *value)
{
	static const char *const names[] = { "ari", "cron", "mixed" };

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(value, names[i]) == 0) {
			s->run.clients = (enum simulated_clients)i;
			return true;
		}
	}
	return refuse("clients", value, "ari, cron or mixed");
}

static bool
start_take(struct simulate *s, const char *value)
{
	s->run.burst = strcmp(value, "burst") == 0;
	return s->run.burst || strcmp(value, "spread") == 0 ||
	       refuse("start", value, "spread or burst");
}

/* "120d,2d" */
static bool
outage_take(struct simulate *s, const char *value)
{
	const char *comma = strchr(value, ',');
	struct arena *a = arena_new();
	bool good = comma != NULL &&
		    clock_duration_parse(arena_strndup(a, value, (size_t)(comma - value)),
					 &s->run.outage_start) &&
		    clock_duration_parse(comma + 1, &s->run.outage_length) &&
		    s->run.outage_length > 0;

	arena_free(a);
	return good || refuse("outage", value, "START,LENGTH, as in 120d,2d");
}

/* "50,66": percent */
static bool
band_take(struct simulate *s, const char *value)
{
	char *end, *last = NULL;
	double from = strtod(value, &end), until = 0;

	if (*end == ',')
		until = strtod(end + 1, &last);
	if (last == NULL || last == end + 1 || *last != '\0' ||
	    !(from >= 10 && from < until && until <= 90))
		return refuse("band", value, "FROM,UNTIL in percent, from 10 to 90");
	s->run.from = (int)(from * 10 + 0.5);
	s->run.until = (int)(until * 10 + 0.5);
	return s->run.from < s->run.until || refuse("band", value, "a band");
}

static bool
seed_take(struct simulate *s, const char *value)
{
	char *end;

	errno = 0;
	s->run.seed = strtoull(value, &end, 10);
	return (*value >= '0' && *value <= '9' && *end == '\0' && errno == 0) ||
	       refuse("seed", value, "a number");
}

/* --- profiles ------------------------------------------------------------------------ */

/* What it lives if it is issued today. */
static void
profile_use(struct simulate *s, const struct acme_profile *profile)
{
	int64_t now = clock_now();

	s->run.lifetime = acme_profile_life(profile, now, now);
}

/* One that `brevet init` writes, for who has no configuration. */
static bool
profile_shipped(struct simulate *s, const char *name)
{
	const char *lifetime = cli_init_lifetime(name);

	if (lifetime != NULL) {
		profile_use(s, &(struct acme_profile){
			.lifetime = option_number(option_find("profile", "lifetime"), lifetime)
		});
		return true;
	}
	return refuse("profile", name, "tlsserver, fleet, shortlived or session; give --config "
		      "FILE for one of yours, or --lifetime");
}

/* One of brevet.conf; its band too, if none was asked for. */
static int
profile_take(struct simulate *s, const struct cli_config *given, const char *name)
{
	struct config *config;
	const struct acme_profile *profile = NULL;

	if (given->file == NULL && given->nsetting == 0)
		return profile_shipped(s, name) ? EXIT_GOOD : EXIT_USAGE;
	config = cli_config_read(given);
	if (config == NULL)
		return EXIT_FAILED;
	for (size_t i = 0; i < config->acme.nprofile; i++)
		if (strcmp(config->acme.profiles[i].name, name) == 0)
			profile = &config->acme.profiles[i];
	if (profile != NULL)
		profile_use(s, profile);
	if (s->run.from == 0) {
		s->run.from = (int)config->acme.renewal.from * 10;
		s->run.until = (int)config->acme.renewal.until * 10;
	}
	acme_config_release(&config->acme);
	if (profile == NULL) {
		fprintf(stderr, "brevet simulate: brevet.conf has no profile \"%s\"\n", name);
		return EXIT_FAILED;
	}
	if (s->run.lifetime < HOUR) {
		fprintf(stderr, "brevet simulate: profile \"%s\" lives less than an hour, which is "
			"too short to be simulated\n", name);
		return EXIT_FAILED;
	}
	return EXIT_GOOD;
}

/* --- the command line ---------------------------------------------------------------- */

static const struct option options[] = {
	{ "fleet", required_argument, NULL, 'f' },
	{ "profile", required_argument, NULL, 'p' },
	{ "lifetime", required_argument, NULL, 'l' },
	{ "years", required_argument, NULL, 'y' },
	{ "clients", required_argument, NULL, 'k' },
	{ "start", required_argument, NULL, 't' },
	{ "outage", required_argument, NULL, 'o' },
	{ "band", required_argument, NULL, 'b' },
	{ "seed", required_argument, NULL, 'e' },
	{ "csv", required_argument, NULL, 'v' },
	{ "svg", required_argument, NULL, 'g' },
	{ "no-smoothing", no_argument, NULL, 'n' },
	{ "compare", no_argument, NULL, 'm' },
	CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
};

struct given {
	struct cli_config	 config;
	const char		*profile;
	bool			 lifetime;
};

static bool
option_take(struct simulate *s, struct given *given, int o)
{
	switch (o) {
	case 'f': return fleet_take(s, optarg);
	case 'p': given->profile = optarg; return true;
	case 'l': given->lifetime = true; return lifetime_take(s, optarg);
	case 'y': return years_take(s, optarg);
	case 'k': return clients_take(s, optarg);
	case 't': return start_take(s, optarg);
	case 'o': return outage_take(s, optarg);
	case 'b': return band_take(s, optarg);
	case 'e': return seed_take(s, optarg);
	case 'v': s->csv = optarg; return true;
	case 'g': s->svg = optarg; return true;
	case 'n': s->run.smooth = false; return true;
	case 'm': s->nresult = 2; return true;
	default: return cli_config_option(&given->config, o);
	}
}

/* What does not fit together. */
static bool
check(struct simulate *s, const struct given *given)
{
	const struct simulation *run = &s->run;

	if (run->fleet == 0 || (given->profile == NULL) == !given->lifetime) {
		fprintf(stderr, "brevet simulate: --fleet and either --profile or --lifetime are "
			"needed; try \"brevet simulate --help\"\n");
		return false;
	}
	if (s->nresult == 2 && !run->smooth) {
		fprintf(stderr, "brevet simulate: --compare shows both, so --no-smoothing makes no "
			"sense beside it\n");
		return false;
	}
	return true;
}

/* Times that need the lifetime. */
static bool
check_times(struct simulate *s)
{
	struct simulation *run = &s->run;
	int64_t begun = run->burst ? DAY : run->lifetime;

	if (run->length == 0)
		run->length = 5 * run->lifetime;
	if (run->length > (int64_t)YEARS_MOST * 365 * DAY)
		run->length = (int64_t)YEARS_MOST * 365 * DAY;
	if (run->outage_length == 0)
		return true;
	if (run->outage_start < begun || run->outage_start >= run->length) {
		fprintf(stderr, "brevet simulate: --outage: must begin when the fleet has begun "
			"(%s), and before the end\n", run->burst ? "a day" : "a lifetime");
		return false;
	}
	return true;
}

/* --- what is told -------------------------------------------------------------------- */

static void
progress(int percent)
{
	fprintf(stderr, "\r%3d %%", percent);
}

static bool
file_write(const struct simulate *s, const char *name,
	   bool (*write)(const struct simulate *s, FILE *out))
{
	FILE *out;
	bool good;

	if (name == NULL)
		return true;
	out = fopen(name, "w");
	good = out != NULL && write(s, out);
	if (out != NULL && fclose(out) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "brevet simulate: %s: %s\n", name, strerror(errno));
	return good;
}

/* The default of an option in percent. */
static int
thousandths(const char *option)
{
	const struct config_option *o = option_find(NULL, option);

	return (int)option_number(o, o->initial) * 10;
}

int
cli_simulate(int argc, char **argv)
{
	struct simulate s = { .nresult = 1, .run = { .burst = true, .smooth = true, .seed = 1 } };
	struct given given = { .profile = NULL };
	int o, status = EXIT_USAGE;
	bool good;

	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (!option_take(&s, &given, o))
			return EXIT_USAGE;
	if (o == 0)
		return status;
	if (!cli_words(argc, argv, 0) || !check(&s, &given))
		return EXIT_USAGE;
	status = given.profile == NULL ? EXIT_GOOD : profile_take(&s, &given.config, given.profile);
	if (status != EXIT_GOOD)
		return status;
	if (s.run.from == 0) {
		s.run.from = thousandths("renewal.from");
		s.run.until = thousandths("renewal.until");
	}
	if (!check_times(&s))
		return EXIT_USAGE;
	s.run.progress = isatty(STDERR_FILENO) ? progress : NULL;
	simulate_run(&s);
	simulate_print(&s);
	good = file_write(&s, s.csv, simulate_csv);
	good = file_write(&s, s.svg, simulate_svg) && good;
	simulate_free(&s);
	return good ? EXIT_GOOD : EXIT_FAILED;
}
