#include "git/lg2-api.h"

#include <dlfcn.h>
#include <string.h>

#include "banned.h"

#define LIBRARY "libgit2.so." LIBGIT2_SOVERSION

static int failed(struct mn_err *err)
{
	const char *why = dlerror();

	return mn_err_set(err, MN_EFAIL, "cannot load libgit2: %s",
			  why ? why : LIBRARY);
}

/* ISO C has no cast from an object's address to a function's. */
static int find(void *function, void *library, const char *name,
		struct mn_err *err)
{
	void *at = dlsym(library, name);

	if (!at)
		return failed(err);
	memcpy(function, &at, sizeof(at));
	return 0;
}

int mn_lg2_load(struct mn_lg2_api *api, struct mn_err *err)
{
	void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
	int r = library ? 0 : failed(err);

#define X(name) \
	if (r == 0) \
		r = find(&api->name, library, "git_" #name, err);
	MN_LG2_FUNCTIONS(X)
#undef X
	return r;
}
