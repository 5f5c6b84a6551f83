#include "service.h"

#include <string.h>

#include "base/io.h"
#include "banned.h"

static int is_repo(const struct mn_buf *dir)
{
	struct mn_buf b = MN_BUF_INIT;
	int r;

	mn_buf_addf(&b, "%s/HEAD", dir->p);
	r = mn_io_exists(b.p);
	mn_buf_clear(&b);
	mn_buf_addf(&b, "%s/objects", dir->p);
	r = r && mn_io_exists(b.p);
	mn_buf_release(&b);
	return r;
}

char *mn_service_dir(struct mn_cmd *c, const char *dir, int strict)
{
	static const char *const ends[] = { "/.git", "", ".git/.git", ".git" };
	struct mn_buf b = MN_BUF_INIT;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		if (strict && *ends[i])
			continue;
		mn_buf_clear(&b);
		mn_buf_adds(&b, dir);
		mn_buf_adds(&b, ends[i]);
		if (is_repo(&b))
			return mn_buf_detach(&b, NULL);
	}
	mn_buf_release(&b);
	mn_die(c, "'%s' is no repository", dir);
}

int mn_service_version(const struct mn_cmd *c, int max)
{
	static const char key[] = "version=";
	const char *p = c->env.git_protocol;
	int best = 0;

	for (; p; p = strchr(p, ':')) {
		p += *p == ':';
		if (strncmp(p, key, sizeof(key) - 1))
			continue;
		p += sizeof(key) - 1;
		if (p[0] >= '0' && p[0] <= '9' && (!p[1] || p[1] == ':') &&
		    p[0] - '0' <= max && p[0] - '0' > best)
			best = p[0] - '0';
	}
	return best;
}
