#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"

#include "banned.h"

#define THREADS_MAX 256

struct worker {
	struct mn_pool *pool;
	pthread_t thread;
	int index;
};

struct mn_pool {
	int threads;			/* with the caller's */
	struct worker *workers;		/* threads - 1 of them */
	pthread_mutex_t mutex;
	pthread_cond_t start, done;

	/* Under the mutex: */
	unsigned long round;		/* goes up with each job */
	int busy;			/* workers not done with the round */
	int quit;

	/* The job: written before the round begins, then only read. */
	void (*fn)(void *ctx, int worker, size_t i);
	void *ctx;
	size_t n, grain, chunks;
	atomic_size_t next;		/* first chunk not handed out */
};

static void work(struct mn_pool *p, int worker)
{
	size_t chunk;

	while ((chunk = atomic_fetch_add(&p->next, 1)) < p->chunks) {
		size_t i = chunk * p->grain;
		size_t end = p->n - i < p->grain ? p->n : i + p->grain;

		for (; i < end; i++)
			p->fn(p->ctx, worker, i);
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct mn_pool *p = w->pool;
	unsigned long seen = 0;

	pthread_mutex_lock(&p->mutex);
	for (;;) {
		while (!p->quit && p->round == seen)
			pthread_cond_wait(&p->start, &p->mutex);
		if (p->quit)
			break;
		seen = p->round;
		pthread_mutex_unlock(&p->mutex);
		work(p, w->index);
		pthread_mutex_lock(&p->mutex);
		if (!--p->busy)
			pthread_cond_signal(&p->done);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

static int processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return CPU_COUNT(&set);
}

/* A thread that can't be had is done without: the work is the same. */
static void start_workers(struct mn_pool *p, int threads)
{
	sigset_t all, old;

	/* Signals are for the thread that knows what to do with them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (p->threads < threads) {
		struct worker *w = &p->workers[p->threads - 1];

		w->pool = p;
		w->index = p->threads;
		if (pthread_create(&w->thread, NULL, worker_main, w))
			break;
		p->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct mn_pool *mn_pool_new(int threads)
{
	struct mn_pool *p = mn_xcalloc(1, sizeof(*p));

	if (threads <= 0)
		threads = processors();
	if (threads < 1)
		threads = 1;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	p->threads = 1;
	if (pthread_mutex_init(&p->mutex, NULL) ||
	    pthread_cond_init(&p->start, NULL) ||
	    pthread_cond_init(&p->done, NULL))
		MN_BUG("cannot make a mutex");
	atomic_init(&p->next, 0);
	if (threads > 1) {
		p->workers = mn_xcalloc((size_t)threads - 1,
					sizeof(*p->workers));
		start_workers(p, threads);
	}
	return p;
}

int mn_pool_threads(const struct mn_pool *p)
{
	return p->threads;
}

void mn_pool_for(struct mn_pool *p, size_t n, size_t grain,
		 void (*fn)(void *ctx, int worker, size_t i), void *ctx)
{
	if (!grain)
		grain = 1;
	if (p->threads == 1 || n <= grain) {
		size_t i;

		for (i = 0; i < n; i++)
			fn(ctx, 0, i);
		return;
	}
	pthread_mutex_lock(&p->mutex);
	p->fn = fn;
	p->ctx = ctx;
	p->n = n;
	p->grain = grain;
	p->chunks = n / grain + (n % grain != 0);
	atomic_store(&p->next, 0);
	p->busy = p->threads - 1;
	p->round++;
	pthread_cond_broadcast(&p->start);
	pthread_mutex_unlock(&p->mutex);

	work(p, 0);

	pthread_mutex_lock(&p->mutex);
	while (p->busy)
		pthread_cond_wait(&p->done, &p->mutex);
	pthread_mutex_unlock(&p->mutex);
}

void mn_pool_free(struct mn_pool *p)
{
	int i;

	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->quit = 1;
	pthread_cond_broadcast(&p->start);
	pthread_mutex_unlock(&p->mutex);
	for (i = 0; i < p->threads - 1; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->start);
	pthread_mutex_destroy(&p->mutex);
	free(p->workers);
	free(p);
}
