/*
 * dumb: a repository on a plain file server, read file by file through the
 * transport's get: info/refs, objects/info/packs, packs, and loose objects,
 * as git update-server-info(1) leaves them. For remote.c, when a transport
 * says that its server is dumb.
 *
 * Files are as untrusted as any answer: sizes are capped, names of refs and
 * packs checked, and each loose object is inflated and compared with its id
 * before the sink gets it.
 */
#ifndef MN_NET_DUMB_H
#define MN_NET_DUMB_H

#include "net/remote.h"

/*
 * Reads info/refs: refs that begin with one of the prefixes (n 0: all),
 * sorted by name; peeled lines are dropped. MN_ENOTFOUND where there is no
 * such file; MN_EINVALID, MN_ELIMIT (max_refs of net).
 */
int mn_dumb_refs(struct mn_transport *t, struct mn_net *net,
		 const char *const *prefixes, size_t n,
		 struct mn_ref_list *out, struct mn_err *err);

/*
 * Brings what the wants reach and sink->has does not have: loose objects one
 * by one (sink->object), and packs that hold what is missing as a whole
 * (sink->begin, data, end). The filter applies to loose objects; haves and depth
 * of w do not. Objects that are here are taken to be complete.
 *
 * Packs are kept in a file without a name while the walk goes over them; memory
 * is some 60 bytes an object. Contents that the server lacks are passed over;
 * MN_ENOTFOUND where anything else is nowhere, and then all that could be had
 * has come. MN_EINVALID, MN_ELIMIT.
 */
int mn_dumb_fetch(struct mn_transport *t, struct mn_net *net,
		  const struct mn_remote_want *w,
		  const struct mn_remote_sink *sink, struct mn_err *err);

#endif
