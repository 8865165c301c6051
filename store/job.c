/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - what must be done and is not: one row for each job, until it is done. */
#include "store/records.h"

struct blob
job_encode(const struct job *job, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, job->kind);
	encode_id(&c, &job->id);
	encode_u32(&c, job->arg);
	return encoder_blob(&c);
}

bool
job_decode(struct blob key, struct job *job)
{
	struct decoder d = decoder_new(key, NULL);

	job->kind = (enum job_kind)decode_enum(&d, JOB_INCIDENT);
	job->id = decode_id(&d);
	job->arg = decode_u32(&d);
	return decoder_done(&d);
}

void
edit_job(struct edit *e, const struct job *job)
{
	edit_put(e, TABLE_JOBS, job_encode(job, edit_arena(e)), (struct blob){ NULL, 0 });
	edit_tell(e, job);
}

void
edit_job_done(struct edit *e, const struct job *job)
{
	edit_del(e, TABLE_JOBS, job_encode(job, edit_arena(e)));
}

struct list {
	struct job	*jobs;
	struct blob	 after;
	size_t		 n, max;
};

static bool
list_row(void *arg, struct blob key, struct blob value)
{
	struct list *list = arg;

	(void)value;
	if (list->n == list->max)
		return false;
	if (key.len == list->after.len && memcmp(key.data, list->after.data, key.len) == 0)
		return true;
	if (!job_decode(key, &list->jobs[list->n]))
		store_corrupt(TABLE_JOBS, key, "not a job");
	list->n++;
	return true;
}

size_t
store_job_list(const struct view *v, struct arena *a, const struct job *after, size_t max,
	       struct job **jobs)
{
	struct list list = { .max = max };

	if (after != NULL)
		list.after = job_encode(after, a);
	*jobs = list.jobs = arena_alloc(a, max * sizeof(list.jobs[0]));
	view_scan(v, TABLE_JOBS, list.after, list_row, &list);
	return list.n;
}
