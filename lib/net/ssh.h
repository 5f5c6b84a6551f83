/*
 * ssh: the parts of the ssh transport, for each other. What they are:
 *
 *	ssh.c		mn_transport_ssh, and which of the two ways is taken
 *	ssh-channel.c	a command on the other side, by libssh2
 *	ssh-session.c	connections of libssh2, which are kept; the pool
 *	ssh-auth.c	logging in: agent and key files
 *	ssh-key.c	what kind of key a file holds
 *	ssh-hosts.c	known_hosts: whom to expect on the other side
 *	ssh-config.c	what ~/.ssh/config says of a host
 *	ssh-command.c	a command on the other side, by the system's ssh
 *	ssh-words.c	what that command says on stderr, and what it means
 *
 * libssh2 1.10 can't do all that OpenSSH can. A function that finds that out
 * returns MN_SSH_UNABLE with the reason in the error's words; the system's ssh
 * is then run instead. That is never a way around a host key that is wrong.
 *
 * The first use initialises libssh2, in a process once.
 */
#ifndef MN_NET_SSH_H
#define MN_NET_SSH_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "net/net-impl.h"
#include "net/transport.h"

#define MN_SSH_UNABLE 1		/* ask the system's ssh */

/* -- ssh-config.c -- */

enum mn_ssh_strict { MN_SSH_ASK, MN_SSH_STRICT, MN_SSH_ACCEPT_NEW };

struct mn_ssh_identity {
	const char *path;
	int named;		/* by the user, not one of the usual files */
};

struct mn_ssh_conf {		/* strings are of mem; NULL where not set */
	struct mn_arena mem;
	const char *host, *user, *agent;
	const char *known_as;	/* in known_hosts: "host", "[host]:port" */
	const char *known_plain;/* the same without a port */
	unsigned port;
	int family;		/* AF_UNSPEC, AF_INET, AF_INET6 */
	int connect_ms;		/* 0: that of net */
	MN_VEC(struct mn_ssh_identity) ids;
	MN_VEC(const char *) known_files;	/* [0] is added to */
	size_t user_files;	/* how many of known_files are the user's */
	int only_ids;		/* no other keys of the agent */
	int no_keys;		/* no public key authentication */
	int hash_names;
	enum mn_ssh_strict strict;
	const char *kex, *ciphers, *macs, *host_keys;	/* what may be used */
	const char *unable;	/* why it takes the system's ssh */
};

struct mn_ssh_homes {
	const char *home;	/* the user's, as mn was told */
	const char *system;	/* as the system has it, and ssh takes it */
};

/* What a host is without any configuration. */
void mn_ssh_conf_init(struct mn_ssh_conf *c, const struct mn_url *url,
		      const struct mn_ssh_homes *h, const char *agent);
void mn_ssh_conf_release(struct mn_ssh_conf *c);
/* Takes what "ssh -G" prints. MN_EINVALID. */
int mn_ssh_conf_parse(struct mn_ssh_conf *c, struct mn_str text,
		      const struct mn_ssh_homes *h, struct mn_err *err);
/* 1 if the text of a configuration file says nothing that matters here; sets
 * *hash_names if it says so. */
int mn_ssh_conf_is_plain(struct mn_str text, int *hash_names);
/* Reads what there is of url's host. */
int mn_ssh_conf_load(struct mn_ssh_conf *c, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err);
/* The directory that ssh takes as the user's, as it stands in the password
 * file; appended. */
void mn_ssh_system_home(struct mn_buf *b);
/* The file for -F where ssh would read another user's; NULL: as it is. */
const char *mn_ssh_config_file(const struct mn_ssh_homes *h,
			       struct mn_buf *mem);

/* -- ssh-hosts.c -- */

#define MN_SSH_KNOWN_MAX 1024	/* entries of a host */

enum mn_ssh_mark { MN_SSH_KEY, MN_SSH_REVOKED, MN_SSH_AUTHORITY };

struct mn_ssh_known_entry {
	enum mn_ssh_mark mark;
	struct mn_str type, blob;
	const char *file;	/* borrowed */
	size_t line;
};

struct mn_ssh_known {		/* what is known of one host */
	struct mn_arena mem;
	MN_VEC(struct mn_ssh_known_entry) e;
};

enum mn_ssh_answer { MN_SSH_SAME, MN_SSH_NEW, MN_SSH_CHANGED,
		     MN_SSH_IS_REVOKED };

void mn_ssh_known_init(struct mn_ssh_known *k);
void mn_ssh_known_release(struct mn_ssh_known *k);
/* Adds the entries of name that a file's text has; lines that are malformed are
 * passed over, as ssh does. MN_ELIMIT. */
int mn_ssh_known_add(struct mn_ssh_known *k, struct mn_str text,
		     const char *name, const char *file, struct mn_err *err);
/* Of a key as it is sent (RFC 4253, section 6.6); *which is set for CHANGED. */
enum mn_ssh_answer mn_ssh_known_check(const struct mn_ssh_known *k,
				      struct mn_str blob,
				      const struct mn_ssh_known_entry **which);
/* A line of a file. */
void mn_ssh_known_line(struct mn_buf *out, const char *name,
		       struct mn_str blob, int hashed);
/* The type at the front of a key's blob; empty where there is none. */
struct mn_str mn_ssh_blob_type(struct mn_str blob);

int mn_ssh_known_load(struct mn_ssh_known *k, const struct mn_ssh_conf *c,
		      struct mn_err *err);
/* Appends to the names of host keys, best first, that may be asked for.
 * MN_SSH_UNABLE where the host is known by kinds alone that libssh2 hasn't. */
int mn_ssh_known_kinds(struct mn_buf *out, const struct mn_ssh_known *k,
		       const struct mn_ssh_conf *c, struct mn_err *err);
/* Decides of the key that the server showed: asks, remembers. */
int mn_ssh_known_decide(struct mn_ssh_known *k, const struct mn_ssh_conf *c,
			struct mn_net *net, struct mn_str blob,
			const unsigned char sha256[32], struct mn_err *err);

/* -- ssh-key.c -- */

struct mn_ssh_key {
	char type[64];		/* "ssh-ed25519"; "" where not known */
	struct mn_buf blob;	/* the public key; empty where not known */
	int is_private, is_encrypted;
};

/* Of a key file's text, private or public. MN_EINVALID where it is neither. */
int mn_ssh_key_parse(struct mn_ssh_key *k, struct mn_str text,
		     struct mn_err *err);
void mn_ssh_key_release(struct mn_ssh_key *k);
/* Can libssh2 log in with this type, on any server of today? */
int mn_ssh_type_works(const char *type, size_t len);

/* -- ssh-session.c -- */

struct mn_ssh_pool;
struct mn_ssh_peer;		/* one host, port and user */
struct mn_ssh_session;
struct _LIBSSH2_SESSION;
struct _LIBSSH2_CHANNEL;

struct mn_ssh_peer {
	struct mn_ssh_peer *next;
	struct mn_net *net;
	char *host, *user;	/* as in the address */
	unsigned port;
	struct mn_ssh_conf conf;
	char *unable;		/* why the system's ssh is used; NULL */
	struct mn_ssh_session *session;	/* NULL: none */
};

struct mn_ssh_session {
	struct mn_ssh_peer *peer;
	struct _LIBSSH2_SESSION *lib;
	int fd;
	int users;		/* channels in use, and 1 for the peer */
	int dead;
	MN_VEC(struct _LIBSSH2_CHANNEL *) closing;	/* by us; not yet by the
							   other side */
};

/* Borrowed from the pool of net. */
int mn_ssh_peer_find(struct mn_ssh_peer **out, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err);
/* Connects, and logs in; or takes what is there, where *fresh is 0, which is
 * set to 1 if it was new. MN_SSH_UNABLE. Give back with _drop. */
int mn_ssh_session_get(struct mn_ssh_session **out, struct mn_ssh_peer *p,
		       int *fresh, struct mn_err *err);
/* The last user of a dead session, or of one that another has replaced,
 * closes it. */
void mn_ssh_session_drop(struct mn_ssh_session *s);
/* Closes a channel, without waiting for the other side to close it as well. */
void mn_ssh_session_leave(struct mn_ssh_session *s,
			  struct _LIBSSH2_CHANNEL *channel);
/* Waits until libssh2 can go on. MN_EUNREACHABLE after ms. */
int mn_ssh_session_wait(struct mn_ssh_session *s, int ms, struct mn_err *err);
/* Sets the words of libssh2's last failure, and of the connection. */
int mn_ssh_session_fail(struct mn_ssh_session *s, int rc, const char *what,
			struct mn_err *err);
long long mn_ssh_now_ms(void);

/* -- ssh-auth.c -- */

/* MN_EDENIED, MN_SSH_UNABLE, MN_EUNREACHABLE. */
int mn_ssh_login(struct mn_ssh_session *s, struct mn_err *err);

/* -- ssh-words.c -- */

#define MN_SSH_WORDS_MAX 4096

struct mn_ssh_words {		/* stderr of the command */
	char kept[MN_SSH_WORDS_MAX];	/* the first bytes of it */
	size_t n;
	struct mn_buf line;	/* not said yet */
	int silent;		/* the lines wait until it is known how it ends */
};

void mn_ssh_words_init(struct mn_ssh_words *w);
void mn_ssh_words_release(struct mn_ssh_words *w);
void mn_ssh_words_add(struct mn_ssh_words *w, struct mn_net *net,
		      const void *data, size_t len);
/* Says what waited, and all that follows at once. */
void mn_ssh_words_open(struct mn_ssh_words *w, struct mn_net *net);
/* What a failed command means: the code, with words that name the host.
 * status: as mn_spawn_wait has it; of ssh itself 255 if by_command. */
int mn_ssh_words_explain(const struct mn_ssh_words *w,
			 const struct mn_url *url, enum mn_service s,
			 int status, int by_command, struct mn_err *err);

/* -- the two ways, for ssh.c -- */

/* Not for the eyes of a transport's user: a command that runs. */
struct mn_ssh_link {
	const struct mn_ssh_link_ops *ops;
	struct mn_net *net;
	const struct mn_url *url;
	enum mn_service service;
	struct mn_ssh_words words;
};

struct mn_ssh_link_ops {
	/* Up to size bytes; 0 where the command ended well. */
	ssize_t (*read)(struct mn_ssh_link *l, void *buf, size_t size,
			struct mn_err *err);
	int (*write)(struct mn_ssh_link *l, const void *data, size_t len,
		     struct mn_err *err);
	void (*free)(struct mn_ssh_link *l);
};

/* "git-upload-pack '/path'"; appended. */
void mn_ssh_remote_command(struct mn_buf *out, enum mn_service s,
			   const char *path);
/* *fresh as for mn_ssh_session_get. */
int mn_ssh_channel_open(struct mn_ssh_link **out, struct mn_ssh_peer *p,
			const struct mn_url *url, enum mn_service s,
			int version, int *fresh, struct mn_err *err);
/* p: what the system's ssh is told of the host; NULL where that is the matter
 * of a command that the user set. */
int mn_ssh_command_open(struct mn_ssh_link **out, struct mn_net *net,
			const struct mn_ssh_peer *p, const struct mn_url *url,
			enum mn_service s, int version, struct mn_err *err);

#endif
