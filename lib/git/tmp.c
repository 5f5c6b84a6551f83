#include "git/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/date.h"

#include "banned.h"

#define TRIES 100
#define MARK 6			/* length of "XXXXXX" */

static void fill(char *path, uint64_t salt)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char *p = path + strlen(path) - MARK;
	uint64_t v;

	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != (ssize_t)sizeof(v))
		v = (uint64_t)mn_date_mono() * 0x9e3779b97f4a7c15u;
	v += salt;
	for (int i = 0; i < MARK; i++, v /= 36)
		p[i] = digits[v % 36];
}

int mn_tmp_open(int *fd, char *path, mode_t mode, struct mn_err *err)
{
	for (uint64_t i = 0; i < TRIES; i++) {
		fill(path, i);
		*fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (*fd >= 0)
			return 0;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	return mn_err_sys(err, "cannot create '%s'", path);
}

int mn_tmp_mkdir(char *path, struct mn_err *err)
{
	for (uint64_t i = 0; i < TRIES; i++) {
		fill(path, i);
		if (!mkdir(path, 0777))
			return 0;
		if (errno != EEXIST)
			break;
	}
	return mn_err_sys(err, "cannot create directory '%s'", path);
}
