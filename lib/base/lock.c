#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/date.h"

#include "banned.h"

/* Whether fd is still what path names: somebody may have removed the file
 * between our open and our flock. */
static int still_there(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static void pause_ms(int ms)
{
	struct timespec ts = { 0, ms * 1000000L };

	nanosleep(&ts, NULL);
}

int mn_lock_take(struct mn_lock *l, const char *path, int wait_ms,
		 struct mn_err *err)
{
	int64_t end = mn_date_mono() + (int64_t)wait_ms * 1000;
	int nap = 1;

	l->fd = -1;
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY,
			      0666);

		if (fd < 0)
			return mn_err_sys(err, "cannot open lock '%s'", path);
		while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EWOULDBLOCK) {
				int r = mn_err_sys(err, "cannot lock '%s'",
						   path);
				close(fd);
				return r;
			}
			if (mn_date_mono() >= end) {
				close(fd);
				return mn_err_set(err, MN_ELOCKED,
						  "'%s' is locked by another "
						  "process", path);
			}
			pause_ms(nap);
			if (nap < 20)
				nap *= 2;
		}
		if (still_there(fd, path)) {
			l->fd = fd;
			return 0;
		}
		close(fd);
	}
}

void mn_lock_drop(struct mn_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
