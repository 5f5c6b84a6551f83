/* bringing: see bringing.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"
#include "bringing.h"
#include "node/verify.h"
#include "banned.h"

#define LOOK_MS 50		/* how often one looks for what came */
#define END_MS 3000

/* Network code lives in another program. */
static int start_fetch(struct mn_bringing *b, struct mn_cmd *c,
		       const struct mn_node *n, size_t i, struct mn_err *err)
{
	char node[MN_ID_HEX + 1], number[24];
	const char *argv[] = {
		"/proc/self/exe", "-p", b->profile->hex, "fetch", "--node",
		node, "--content", number, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	int r;

	mn_id_hex(node, &n->id);
	snprintf(number, sizeof(number), "%zu", i);
	mn_trace(&c->trace, "fetch content %zu of %s", i, node);
	s.argv = argv;
	s.out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (s.out < 0)
		return mn_err_sys(err, "cannot open '/dev/null'");
	r = mn_spawn_start(&b->pid, &s, err);
	close(s.out);
	return r;
}

/* An object is missing: waits until it is there, or fetch has ended. */
static int wait_for(void *ctx, const struct mn_oid *oid)
{
	struct mn_bringing *b = ctx;
	struct mn_store *store = b->profile->repo.store;
	int status;
	pid_t pid;

	while (b->pid) {
		pid = waitpid(b->pid, &status, WNOHANG);
		if (pid == b->pid || (pid < 0 && errno != EINTR)) {
			b->failed = pid < 0 || status != 0;
			b->pid = 0;
		}
		if (mn_store_refresh(store, NULL) == 0 &&
		    mn_store_has(store, oid))
			return 1;
		if (b->pid)
			poll(NULL, 0, LOOK_MS);
	}
	return 0;
}

int mn_bringing_begin(struct mn_bringing *b, struct mn_cmd *c,
		      struct mn_profile *p, const struct mn_node *n, size_t i,
		      struct mn_err *err)
{
	int r;

	memset(b, 0, sizeof(*b));
	b->profile = p;
	if (i >= n->meta.ncontents)
		return 0;	/* whoever reads it says so */
	r = mn_content_presence(p->rd, n, i, err);
	if (r < 0 || r != MN_NOT_HERE)
		return r < 0 ? r : 0;
	r = start_fetch(b, c, n, i, err);
	if (r == 0)
		mn_reader_on_miss(p->rd, wait_for, b);
	return r;
}

int mn_bringing_end(struct mn_bringing *b, int r, struct mn_err *err)
{
	int status;

	if (!b->profile)
		return r;
	mn_reader_on_miss(b->profile->rd, NULL, NULL);
	if (b->pid)
		mn_spawn_end(&status, b->pid, r < 0 ? 0 : END_MS, NULL);
	if (r == MN_ENOTFOUND && b->failed)
		return mn_err_set(err, MN_EUNREACHABLE, "the content is not "
				  "here, and no remote gave it");
	return r;
}
