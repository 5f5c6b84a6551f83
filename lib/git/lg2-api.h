/*
 * lg2-api: the functions of libgit2 that we call, found when first needed.
 * Linking them would make each command load some twenty libraries, most of
 * them for network protocols, before it does anything; few commands ever
 * call libgit2.
 */
#ifndef MN_GIT_LG2_API_H
#define MN_GIT_LG2_API_H

#include <git2.h>
#include <git2/sys/commit_graph.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "base/err.h"

#define MN_LG2_FUNCTIONS(X) \
	X(buf_dispose) \
	X(commit_graph_writer_add_revwalk) \
	X(commit_graph_writer_dump) \
	X(commit_graph_writer_free) \
	X(commit_graph_writer_new) \
	X(commit_graph_writer_options_init) \
	X(error_last) \
	X(error_set_str) \
	X(libgit2_init) \
	X(libgit2_opts) \
	X(object_free) \
	X(object_id) \
	X(odb_add_backend) \
	X(odb_backend_data_alloc) \
	X(odb_backend_pack) \
	X(odb_exists) \
	X(odb_free) \
	X(odb_get_backend) \
	X(odb_init_backend) \
	X(odb_new) \
	X(odb_num_backends) \
	X(odb_object_data) \
	X(odb_object_free) \
	X(odb_object_size) \
	X(odb_read) \
	X(odb_read_header) \
	X(repository_free) \
	X(repository_odb) \
	X(repository_open_bare) \
	X(revparse_single) \
	X(revwalk_free) \
	X(revwalk_hide) \
	X(revwalk_new) \
	X(revwalk_next) \
	X(revwalk_push) \
	X(revwalk_sorting)

/* git_odb_new() is api.odb_new(), with the same type. */
struct mn_lg2_api {
#define X(name) __typeof__(git_##name) *name;
	MN_LG2_FUNCTIONS(X)
#undef X
};

/* Loads the very version whose headers we were built with. The library stays
 * loaded until the process ends. MN_EFAIL. */
int mn_lg2_load(struct mn_lg2_api *api, struct mn_err *err);

#endif
