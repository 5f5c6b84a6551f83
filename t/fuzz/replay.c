/*
 * replay: runs a fuzz target once on each file of a corpus, without
 * libFuzzer, for "make test" with any compiler. Speaks TAP; a target finds
 * fault by crashing, which ends the plan early.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "banned.h"

#define FILE_MAX_SIZE (64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the files in dir, sorted; NULL-ended; the caller frees. */
static char **list(const char *dir)
{
	size_t n = 0, cap = 16;
	char **names = mn_xcalloc(cap, sizeof(*names));
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return names;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (n + 1 == cap) {
			cap *= 2;
			names = mn_xrealloc(names, cap * sizeof(*names));
		}
		names[n++] = mn_xstrdup(e->d_name);
		names[n] = NULL;
	}
	closedir(d);
	qsort(names, n, sizeof(*names), by_name);
	return names;
}

static int replay(const char *path, struct mn_buf *b)
{
	struct mn_err err = MN_ERR_INIT;
	uint8_t *exact;

	mn_buf_clear(b);
	if (mn_io_read_file(b, path, FILE_MAX_SIZE, &err) < 0) {
		fprintf(stderr, "# %s\n", err.msg);
		return -1;
	}
	/* memory of just this size, so that a sanitizer sees the end */
	exact = mn_xmalloc(b->len ? b->len : 1);
	memcpy(exact, b->p, b->len);
	LLVMFuzzerTestOneInput(exact, b->len);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	struct mn_buf b = MN_BUF_INIT, path = MN_BUF_INIT;
	char **names, **n;
	int failed = 0, count = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 129;
	}
	names = list(argv[1]);
	for (n = names; *n; n++) {
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/%s", argv[1], *n);
		if (replay(path.p, &b) < 0)
			failed = 1;
		else
			count++;
		free(*n);
	}
	printf("%sok 1 - %d inputs of %s\n1..1\n",
	       failed || !count ? "not " : "", count, argv[1]);
	free(names);
	mn_buf_release(&path);
	mn_buf_release(&b);
	return failed || !count;
}
