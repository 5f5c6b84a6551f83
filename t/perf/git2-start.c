/* git2-start: what a program pays for nothing but starting libgit2. */
#include <git2.h>

#include "banned.h"

int main(void)
{
	if (git_libgit2_init() < 1)
		return 1;
	return git_libgit2_shutdown() < 0;
}
