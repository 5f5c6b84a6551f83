/*
 * timeit: runs two commands by turns, A B A B ..., and compares them.
 *
 *	timeit [-n RUNS] [-w] [-p SCRIPT] -- A... [-- B...]
 *
 *	-n  runs of each (default 10)
 *	-w  one run of each before that does not count
 *	-p  "sh SCRIPT a|b RUN" is run before each run, and is not measured
 *
 * An argument %n becomes the number of the run, from 1 (0: the one that does
 * not count). Standard input and output of the commands are /dev/null. What is
 * found goes to stdout as assignments for the shell: wall times in seconds
 * (a, a_min, a_max, b, ...; a and b are medians), time of processors, of all
 * children too (a_cpu, b_cpu, medians), peak memory of the largest process in
 * KiB (a_rss, b_rss), ratio = a / b. A command that fails ends it all: exit 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "banned.h"

#define RUNS_MAX 10000
#define ARGS_MAX 64

extern char **environ;

struct side {
	const char *name;
	char **argv;
	int argc;
	double *time, *cpu;	/* of each run, in seconds */
	long rss;		/* KiB, the most of all runs */
};

static void die(const char *what, const char *name)
{
	fprintf(stderr, "timeit: %s: %s\n", name, what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Runs argv with nothing to read, and nobody to read it; its wall time. */
static double run(char *const *argv, double *cpu, long *rss)
{
	posix_spawn_file_actions_t fa;
	struct rusage use;
	double start, time;
	int status, r;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	start = now();
	r = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	if (r)
		die(strerror(r), argv[0]);
	while (wait4(pid, &status, 0, &use) < 0)
		if (errno != EINTR)
			die(strerror(errno), argv[0]);
	time = now() - start;
	posix_spawn_file_actions_destroy(&fa);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die("failed", argv[0]);
	if (cpu)
		*cpu = seconds(&use.ru_utime) + seconds(&use.ru_stime);
	if (rss && use.ru_maxrss > *rss)
		*rss = use.ru_maxrss;
	return time;
}

static void run_side(struct side *s, char *prepare, long i)
{
	char sh[] = "sh", name[2] = { s->name[0] }, number[24];
	char *before[] = { sh, prepare, name, number, NULL };
	char *argv[ARGS_MAX + 1] = { NULL };

	snprintf(number, sizeof(number), "%ld", i);
	for (int k = 0; k < s->argc; k++)
		argv[k] = strcmp(s->argv[k], "%n") ? s->argv[k] : number;
	if (prepare)
		run(before, NULL, NULL);
	if (i == 0)
		run(argv, NULL, NULL);
	else
		s->time[i - 1] = run(argv, &s->cpu[i - 1], &s->rss);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(double *v, long n)
{
	qsort(v, (size_t)n, sizeof(*v), by_size);
	return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

static double report(struct side *s, long n)
{
	double median = median_of(s->time, n);

	printf("%s=%.6f %s_min=%.6f %s_max=%.6f %s_cpu=%.6f %s_rss=%ld\n",
	       s->name, median, s->name, s->time[0], s->name, s->time[n - 1],
	       s->name, median_of(s->cpu, n), s->name, s->rss);
	return median;
}

static void take_command(struct side *s, const char *name, char ***at, long n)
{
	s->name = name;
	s->argv = *at;
	while (**at && strcmp(**at, "--"))
		(*at)++;
	s->argc = (int)(*at - s->argv);
	if (s->argc < 1 || s->argc > ARGS_MAX)
		die("no command, or too long", name);
	if (**at)
		(*at)++;
	s->time = calloc((size_t)n, sizeof(*s->time));
	s->cpu = calloc((size_t)n, sizeof(*s->cpu));
	if (!s->time || !s->cpu)
		die("out of memory", name);
}

int main(int argc, char **argv)
{
	struct side side[2] = { { .name = NULL } };
	int sides = 0, warm = 0, c;
	char *prepare = NULL, **at;
	double median[2] = { 0 };
	long n = 10;

	while ((c = getopt(argc, argv, "+n:wp:")) >= 0) {
		if (c == 'n')
			n = strtol(optarg, NULL, 10);
		else if (c == 'w')
			warm = 1;
		else if (c == 'p')
			prepare = optarg;
		else
			return 129;
	}
	if (n < 1 || n > RUNS_MAX)
		die("1 to 10000 runs", "-n");
	at = argv + optind;
	take_command(&side[sides++], "a", &at, n);
	if (*at)
		take_command(&side[sides++], "b", &at, n);
	for (long i = warm ? 0 : 1; i <= n; i++)
		for (int k = 0; k < sides; k++)
			run_side(&side[k], prepare, i);
	for (int k = 0; k < sides; k++) {
		median[k] = report(&side[k], n);
		free(side[k].time);
		free(side[k].cpu);
	}
	if (sides == 2)
		printf("ratio=%.3f\n", median[0] / median[1]);
	return 0;
}
