#include "git/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

#include "banned.h"

#define AT_ONCE 8

struct job {
	pthread_t thread;
	int fd, started;
	int failed;		/* errno */
};

static void *run(void *arg)
{
	struct job *j = arg;

	j->failed = 0;
	while (fsync(j->fd)) {
		if (errno == EINTR)
			continue;
		if (errno != EINVAL)	/* nothing to sync on this one */
			j->failed = errno;
		break;
	}
	return NULL;
}

int mn_sync_fds(const int *fds, size_t n, size_t *which)
{
	struct job j[AT_ONCE];
	int r = 0;

	for (size_t at = 0; at < n && !r; at += AT_ONCE) {
		size_t k = n - at < AT_ONCE ? n - at : AT_ONCE;

		for (size_t i = 0; i < k; i++) {
			j[i].fd = fds[at + i];
			/* the first is for this thread itself */
			j[i].started = i && !pthread_create(&j[i].thread,
							    NULL, run, &j[i]);
		}
		for (size_t i = 0; i < k; i++)
			if (!j[i].started)
				run(&j[i]);
		for (size_t i = 0; i < k; i++) {
			if (j[i].started)
				pthread_join(j[i].thread, NULL);
			if (j[i].failed && !r) {
				r = j[i].failed;
				*which = at + i;
			}
		}
	}
	return r;
}

int mn_sync_dirs(const char *const *paths, size_t n, struct mn_err *err)
{
	int *fds = mn_xmalloc(n * sizeof(*fds) + 1);
	size_t *of = mn_xmalloc(n * sizeof(*of) + 1);
	size_t k = 0, which = 0;
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		fds[k] = open(paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fds[k] >= 0)
			of[k++] = i;
		else if (errno != ENOENT)
			r = mn_err_sys(err, "cannot open '%s'", paths[i]);
	}
	if (!r) {
		errno = mn_sync_fds(fds, k, &which);
		if (errno)
			r = mn_err_sys(err, "cannot sync '%s'",
				       paths[of[which]]);
	}
	while (k)
		close(fds[--k]);
	free(fds);
	free(of);
	return r;
}
