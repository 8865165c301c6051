/* SPDX-License-Identifier: Apache-2.0 */
/* jobs.c - after each commit: jobs start, waiters look again; after a crash: jobs that
 * still stand are started. */
#include "acme/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "acme/local.h"

#include "base/log.h"

static struct {
	struct loop	**loops;
	unsigned	  n;
} all;

static const char *
account_url(struct arena *a, const char *base_url, const struct directory *d,
	    const struct id *account)
{
	return arena_printf(a, "%s%s/acme/account/%s", base_url, d->path, id_print(a, account));
}

const char *
jobs_account_url(const struct acme_config *c, struct arena *a, uint32_t directory,
		 const struct id *account)
{
	return account_url(a, c->base_url, acme_directory_of(c, directory), account);
}

const char *const *
jobs_account_urls_old(const struct acme_config *c, struct arena *a, uint32_t directory,
		      const struct id *account)
{
	const struct directory *d = acme_directory_of(c, directory);
	const char **urls;
	size_t n = 0;

	while (c->base_url_old[n] != NULL)
		n++;
	urls = arena_alloc(a, (n + 1) * sizeof(urls[0]));
	while (n-- > 0)
		urls[n] = account_url(a, c->base_url_old[n], d, account);
	return urls;
}

const struct acme_profile *
jobs_profile(const struct acme_config *c, uint32_t number)
{
	for (size_t i = 0; i < c->nprofile; i++)
		if (c->profiles[i].number == number)
			return &c->profiles[i];
	return NULL;
}

const struct acme_issuer *
jobs_issuer(const struct acme_config *c, uint32_t number)
{
	for (size_t i = 0; i < c->nissuer; i++)
		if (c->issuers[i].number == number)
			return &c->issuers[i];
	return NULL;
}

/* --- a job starts on the loop that its id picks ----------------------------------- */

struct start {
	struct loop	*loop;
	struct job	 job;
	bool		 resumed;
};

static void
job_ended(struct flow *f)
{
	acme_config_release(WORK(f)->config);
}

static const struct flow_step *
job_steps(const struct start *s)
{
	if (s->job.kind == JOB_VALIDATE)
		return validate_steps;
	if (s->job.kind == JOB_INCIDENT)
		return incident_steps;
	return s->resumed ? issue_resumed_steps : issue_steps;
}

static void
job_begin(void *arg)
{
	struct start *s = arg;
	struct acme_local *l = acme_local(s->loop);
	struct flow *f = flow_new(s->loop, job_steps(s), NULL);
	struct work *w = arena_alloc(f->arena, sizeof(*w));

	w->job = s->job;
	w->resumed = s->resumed;
	w->store = l->store;
	w->config = acme_config_keep(l->config);
	f->data = w;
	f->job = true;
	f->ended = job_ended;
	free(s);
	flow_start(f);
}

static void
job_send(const struct job *job, bool resumed)
{
	struct start *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->loop = all.loops[job->id.b[ID_LEN - 1] % all.n];
	s->job = *job;
	s->resumed = resumed;
	loop_call(s->loop, job_begin, s);
}

/* --- what the writer tells -------------------------------------------------------- */

struct news {
	struct loop	*loop;
	size_t		 n;
	struct id	 ids[];
};

static void
news_read(void *arg)
{
	struct news *news = arg;

	wait_changed(acme_local(news->loop), news->ids, news->n);
	free(news);
}

static void
hook_changed(void *arg, const struct id *ids, size_t n)
{
	(void)arg;
	if (n == 0 || !wait_any())
		return;
	for (unsigned i = 0; i < all.n; i++) {
		struct news *news = malloc(sizeof(*news) + n * sizeof(ids[0]));

		if (news == NULL)
			abort();
		news->loop = all.loops[i];
		news->n = n;
		memcpy(news->ids, ids, n * sizeof(ids[0]));
		loop_call(news->loop, news_read, news);
	}
}

static void
hook_job(void *arg, const struct job *job)
{
	(void)arg;
	job_send(job, false);
}

struct writer_hooks
acme_writer_hooks(struct loop **loops, unsigned n)
{
	all.loops = loops;
	all.n = n;
	return (struct writer_hooks){ hook_changed, hook_job, NULL };
}

/* --- at start --------------------------------------------------------------------- */

#define RESUME_PAGE 256

size_t
acme_resume(struct store *s)
{
	struct job last, *after = NULL, *jobs;
	size_t n, sum = 0;

	do {
		struct arena *a = arena_new();
		struct view *v = view_open(s);

		n = store_job_list(v, a, after, RESUME_PAGE, &jobs);
		view_close(v);
		for (size_t i = 0; i < n; i++)
			job_send(&jobs[i], true);
		if (n > 0) {
			last = jobs[n - 1];
			after = &last;
		}
		sum += n;
		arena_free(a);
	} while (n == RESUME_PAGE);
	log_event(LOG_INFO, "jobs resumed", "s:I", "jobs", (json_int_t)sum);
	return sum;
}
