#include <libssh2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "net/ssh.h"

#include "banned.h"

#define KEY_FILE_MAX (64 * 1024)
#define AGENT_KEYS_MAX 256

/* A key of the configuration, as its files are. */
struct own_key {
	const struct mn_ssh_identity *id;
	struct mn_ssh_key key;
	int has_certificate;
	int tried;		/* by the agent */
};

struct login {
	struct mn_ssh_session *s;
	const struct mn_ssh_conf *c;
	LIBSSH2_AGENT *agent;	/* NULL: none */
	MN_VEC(struct libssh2_agent_publickey *) held;	/* by the agent */
	MN_VEC(struct own_key) own;
	int tries;
	struct mn_buf off;	/* why a key was left to the system's ssh */
};

static int wait_more(struct login *l, struct mn_err *err)
{
	return mn_ssh_session_wait(l->s, l->s->peer->net->opt.stall_ms, err);
}

/* -- what keys there are -- */

static int read_key(struct mn_ssh_key *k, const char *path)
{
	struct mn_buf b = MN_BUF_INIT;
	int r = mn_io_read_file(&b, path, KEY_FILE_MAX, NULL);

	if (!r)
		r = mn_ssh_key_parse(k, (struct mn_str){ b.p, b.len }, NULL);
	if (b.len)
		explicit_bzero(b.p, b.len);
	mn_buf_release(&b);
	return r;
}

static int readable(const char *path, const char *ending)
{
	struct mn_buf b = MN_BUF_INIT;
	int yes;

	mn_buf_addf(&b, "%s%s", path, ending);
	yes = access(b.p, R_OK) == 0;
	mn_buf_release(&b);
	return yes;
}

/* The public half of a private key, where the file beside it tells it. */
static void read_public(struct mn_ssh_key *k, const char *path)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_ssh_key pub;

	mn_buf_addf(&b, "%s.pub", path);
	if (!read_key(&pub, b.p)) {
		if (!pub.is_private) {
			mn_buf_clear(&k->blob);
			mn_buf_add(&k->blob, pub.blob.p, pub.blob.len);
			memcpy(k->type, pub.type, sizeof(k->type));
		}
		mn_ssh_key_release(&pub);
	}
	mn_buf_release(&b);
}

static void load_own(struct login *l)
{
	for (size_t i = 0; i < l->c->ids.n; i++) {
		const struct mn_ssh_identity *id = &l->c->ids.p[i];
		struct own_key *o = mn_vec_push(&l->own);
		int r = read_key(&o->key, id->path);

		o->id = id;
		o->tried = 0;
		o->has_certificate = readable(id->path, "-cert.pub");
		if (r < 0)	/* the agent may hold what is not here */
			o->key = (struct mn_ssh_key){ .blob = MN_BUF_INIT };
		if (!o->key.blob.len)
			read_public(&o->key, id->path);
		if (r < 0 && !o->key.blob.len)
			l->own.n--;
	}
}

static void load_agent(struct login *l)
{
	struct libssh2_agent_publickey *k = NULL;

	if (!l->c->agent || !*l->c->agent)
		return;
	l->agent = libssh2_agent_init(l->s->lib);
	if (!l->agent)
		return;
	libssh2_agent_set_identity_path(l->agent, l->c->agent);
	if (libssh2_agent_connect(l->agent) ||
	    libssh2_agent_list_identities(l->agent)) {
		mn_net_trace(l->s->peer->net, "ssh: no agent at '%s'",
			     l->c->agent);
		return;
	}
	while (l->held.n < AGENT_KEYS_MAX &&
	       !libssh2_agent_get_identity(l->agent, &k, k))
		*mn_vec_push(&l->held) = k;
}

/* -- trying them -- */

static struct mn_str blob_of(const struct libssh2_agent_publickey *k)
{
	return (struct mn_str){ (const char *)k->blob, k->blob_len };
}

/*
 * Leaves a key to the system's ssh. One that the user named is not passed
 * over in favour of another: who we are on the other side depends on it.
 */
static int leave(struct login *l, int named, const char *why,
		 struct mn_err *err)
{
	if (!l->off.len)
		mn_buf_adds(&l->off, why);
	return named ? mn_err_set(err, MN_SSH_UNABLE, "%s", why) : 0;
}

static const char *why_not(const char *type, size_t len)
{
	struct mn_str t = { type, len };

	if (mn_str_eq(t, "ssh-rsa"))
		return "libssh2 can't sign for an RSA key with SHA-2";
	if (mn_str_starts(t, "sk-"))
		return "a key is in a hardware token";
	return "libssh2 doesn't know the kind of a key";
}

/* 1 if that was it; 0 if the key is not taken. */
static int outcome(struct login *l, int rc, struct mn_err *err)
{
	l->tries++;
	if (!rc)
		return 1;
	if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
	    rc == LIBSSH2_ERROR_SOCKET_RECV ||
	    rc == LIBSSH2_ERROR_SOCKET_SEND) {
		l->s->dead = 1;
		return mn_err_set(err, MN_EDENIED, "'%s' hung up after %d keys "
				  "of ours: name the right one with "
				  "IdentityFile in ~/.ssh/config",
				  l->c->host, l->tries);
	}
	return 0;
}

/* MN_SSH_UNABLE is 1 as well: so success is told by *in. */
static int try_held(int *in, struct login *l,
		    struct libssh2_agent_publickey *k, int named,
		    struct mn_err *err)
{
	struct mn_str type = mn_ssh_blob_type(blob_of(k));
	int rc, r;

	if (!mn_ssh_type_works(type.p, type.len))
		return leave(l, named, why_not(type.p, type.len), err);
	while ((rc = libssh2_agent_userauth(l->agent, l->c->user, k)) ==
	       LIBSSH2_ERROR_EAGAIN) {
		r = wait_more(l, err);
		if (r < 0)
			return r;
	}
	r = outcome(l, rc, err);
	*in = r == 1;
	return r < 0 ? r : 0;
}

static int try_file(int *in, struct login *l, const struct own_key *o,
		    struct mn_err *err)
{
	const char *user = l->c->user;
	int rc, r;

	while ((rc = libssh2_userauth_publickey_fromfile_ex(l->s->lib, user,
			(unsigned)strlen(user), NULL, o->id->path, NULL)) ==
	       LIBSSH2_ERROR_EAGAIN) {
		r = wait_more(l, err);
		if (r < 0)
			return r;
	}
	if (rc == LIBSSH2_ERROR_FILE || rc == LIBSSH2_ERROR_METHOD_NONE)
		return leave(l, o->id->named, "libssh2 can't read a key file",
			     err);
	r = outcome(l, rc, err);
	*in = r == 1;
	return r < 0 ? r : 0;
}

static struct libssh2_agent_publickey *held_key(struct login *l,
						const struct own_key *o)
{
	struct mn_str own = { o->key.blob.p, o->key.blob.len };

	for (size_t i = 0; own.len && i < l->held.n; i++)
		if (!mn_str_cmp(blob_of(l->held.p[i]), own))
			return l->held.p[i];
	return NULL;
}

static int is_own(struct login *l, const struct libssh2_agent_publickey *k)
{
	for (size_t i = 0; i < l->own.n; i++)
		if (held_key(l, &l->own.p[i]) == k)
			return 1;
	return 0;
}

/* In the order of ssh: the agent's keys that the configuration names, what
 * else the agent holds, the files. */
static int try_agent(int *in, struct login *l, struct mn_err *err)
{
	size_t i;
	int r = 0;

	for (i = 0; !r && !*in && i < l->own.n; i++) {
		struct own_key *o = &l->own.p[i];
		struct libssh2_agent_publickey *k = held_key(l, o);

		if (!k)
			continue;
		o->tried = 1;
		r = o->has_certificate ?
			leave(l, o->id->named, "there is a certificate", err) :
			try_held(in, l, k, o->id->named, err);
	}
	for (i = 0; !r && !*in && !l->c->only_ids && i < l->held.n; i++)
		if (!is_own(l, l->held.p[i]))
			r = try_held(in, l, l->held.p[i], 0, err);
	return r;
}

static int try_files(int *in, struct login *l, struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && !*in && i < l->own.n; i++) {
		struct own_key *o = &l->own.p[i];
		const struct mn_ssh_key *k = &o->key;

		if (o->tried || !k->is_private)
			continue;
		if (o->has_certificate)
			r = leave(l, o->id->named, "there is a certificate",
				  err);
		else if (!mn_ssh_type_works(k->type, strlen(k->type)))
			r = leave(l, o->id->named,
				  why_not(k->type, strlen(k->type)), err);
		else if (k->is_encrypted)
			r = leave(l, o->id->named, "a key file needs its "
				  "passphrase", err);
		else
			r = try_file(in, l, o, err);
	}
	return r;
}

/* What the server takes besides keys; "" where it doesn't say. */
static int methods(char **out, struct login *l, struct mn_err *err)
{
	const char *user = l->c->user;

	while (!(*out = libssh2_userauth_list(l->s->lib, user,
					      (unsigned)strlen(user)))) {
		int rc = libssh2_session_last_errno(l->s->lib);
		int r;

		if (rc != LIBSSH2_ERROR_EAGAIN)
			return 0;
		r = wait_more(l, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* No key did it. */
static int other_ways(int *in, struct login *l, struct mn_err *err)
{
	const struct mn_net *net = l->s->peer->net;
	char *list = NULL;
	int r = methods(&list, l, err);

	if (r < 0)
		return r;
	if (!list && libssh2_userauth_authenticated(l->s->lib)) {
		*in = 1;
		return 0;
	}
	if (l->off.len)
		return mn_err_set(err, MN_SSH_UNABLE, "%s", l->off.p);
	if (list && strstr(list, "gssapi"))
		return mn_err_set(err, MN_SSH_UNABLE,
				  "the server takes GSSAPI");
	if (list && net->opt.ask && (strstr(list, "password") ||
				     strstr(list, "keyboard-interactive")))
		return mn_err_set(err, MN_SSH_UNABLE,
				  "the server asks for a password");
	if (!l->tries)
		return mn_err_set(err, MN_EDENIED, "'%s' wants a key of '%s', "
				  "and there is none: make one with "
				  "ssh-keygen, and add it there", l->c->host,
				  l->c->user);
	return mn_err_set(err, MN_EDENIED, "'%s' doesn't let '%s' in with any "
			  "of our keys (%d tried): add the public one there",
			  l->c->host, l->c->user, l->tries);
}

int mn_ssh_login(struct mn_ssh_session *s, struct mn_err *err)
{
	struct login l = { .s = s, .c = &s->peer->conf, .off = MN_BUF_INIT };
	int r = 0, in = 0;

	if (!l.c->no_keys) {
		load_own(&l);
		load_agent(&l);
		r = try_agent(&in, &l, err);
		if (!r && !in)
			r = try_files(&in, &l, err);
	}
	if (!r && !in)
		r = other_ways(&in, &l, err);
	if (l.agent) {
		libssh2_agent_disconnect(l.agent);
		libssh2_agent_free(l.agent);
	}
	for (size_t i = 0; i < l.own.n; i++)
		mn_ssh_key_release(&l.own.p[i].key);
	mn_vec_release(&l.own);
	mn_vec_release(&l.held);
	mn_buf_release(&l.off);
	return r;
}
