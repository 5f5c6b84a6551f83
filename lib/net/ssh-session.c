#include <errno.h>
#include <libssh2.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/ssh.h"

#include "banned.h"

/* What may be used where no configuration says it: what OpenSSH would take, as
 * far as libssh2 has it. Host keys are chosen in ssh-hosts.c. */
#define KEX "curve25519-sha256,curve25519-sha256@libssh.org," \
	"ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521," \
	"diffie-hellman-group-exchange-sha256," \
	"diffie-hellman-group16-sha512,diffie-hellman-group18-sha512," \
	"diffie-hellman-group14-sha256"
#define CIPHERS "aes128-ctr,aes192-ctr,aes256-ctr"
#define MACS "hmac-sha2-256,hmac-sha2-512,hmac-sha1"

#define MAX_USERS 9		/* sshd's MaxSessions is 10, and ours is one */
#define MAX_CLOSING 4		/* channels that the other side is to close */

struct mn_ssh_pool {
	struct mn_ssh_peer *peers;
};

long long mn_ssh_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* -- the connection -- */

/* 0, or an errno */
static int connect_one(int *out, const struct addrinfo *a, int ms)
{
	struct pollfd p;
	socklen_t len = sizeof(int);
	long long end = mn_ssh_now_ms() + ms;
	int fd, on = 1, failed = 0;

	fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK |
		    SOCK_CLOEXEC, a->ai_protocol);
	if (fd < 0)
		return errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0 &&
	    errno != EINPROGRESS) {
		failed = errno;
		goto out;
	}
	p = (struct pollfd){ .fd = fd, .events = POLLOUT };
	for (;;) {
		long long left = end - mn_ssh_now_ms();
		int n = poll(&p, 1, left > 0 ? (int)left : 0);

		if (n > 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		failed = n < 0 ? errno : ETIMEDOUT;
		goto out;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) < 0)
		failed = errno;
out:
	if (failed)
		close(fd);
	else
		*out = fd;
	return failed;
}

static int connect_any(int *out, const struct mn_ssh_peer *p, int ms,
		       struct mn_err *err)
{
	const struct mn_ssh_conf *c = &p->conf;
	struct addrinfo want = { .ai_family = c->family,
				 .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char port[8], text[128];
	int r, failed = EHOSTUNREACH;

	snprintf(port, sizeof(port), "%u", c->port);
	r = getaddrinfo(c->host, port, &want, &list);
	if (r)
		return mn_err_set(err, MN_EUNREACHABLE,
				  "cannot find host '%s': %s", c->host,
				  gai_strerror(r));
	for (const struct addrinfo *a = list; a && failed; a = a->ai_next)
		failed = connect_one(out, a, ms);
	freeaddrinfo(list);
	if (!failed)
		return 0;
	return mn_err_set(err, MN_EUNREACHABLE,
			  "cannot connect to '%s', port %u: %s", c->host,
			  c->port, strerror_r(failed, text, sizeof(text)));
}

/* libssh2's way to the socket; what goes through is counted. */
static LIBSSH2_SEND_FUNC(send_counted)
{
	struct mn_ssh_session *s = *abstract;
	ssize_t n = send(socket, buffer, length, flags | MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	s->peer->net->wire.out += (uint64_t)n;
	return n;
}

static LIBSSH2_RECV_FUNC(recv_counted)
{
	struct mn_ssh_session *s = *abstract;
	ssize_t n = recv(socket, buffer, length, flags);

	if (n < 0)
		return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN :
			-errno;
	s->peer->net->wire.in += (uint64_t)n;
	return n;
}

/* A void pointer is how libssh2 takes a function; ISO C has no such cast. fn
 * points to the pointer. */
static void set_callback(LIBSSH2_SESSION *lib, int which, const void *fn)
{
	void *p;

	memcpy(&p, fn, sizeof(p));
	libssh2_session_callback_set(lib, which, p);
}

static void set_callbacks(LIBSSH2_SESSION *lib)
{
	LIBSSH2_SEND_FUNC((*out)) = send_counted;
	LIBSSH2_RECV_FUNC((*in)) = recv_counted;

	set_callback(lib, LIBSSH2_CALLBACK_SEND, &out);
	set_callback(lib, LIBSSH2_CALLBACK_RECV, &in);
}

int mn_ssh_session_wait(struct mn_ssh_session *s, int ms, struct mn_err *err)
{
	long long end = mn_ssh_now_ms() + ms;
	int dir = libssh2_session_block_directions(s->lib);
	struct pollfd p = { .fd = s->fd };

	if (dir & LIBSSH2_SESSION_BLOCK_OUTBOUND)
		p.events |= POLLOUT;
	if (dir & LIBSSH2_SESSION_BLOCK_INBOUND || !p.events)
		p.events |= POLLIN;
	for (;;) {
		long long left = end - mn_ssh_now_ms();
		int n = poll(&p, 1, left > 0 ? (int)left : 0);

		if (n > 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		s->dead = 1;
		return mn_err_set(err, MN_EUNREACHABLE,
				  "'%s' said nothing for %d seconds",
				  s->peer->conf.host, ms / 1000);
	}
}

int mn_ssh_session_fail(struct mn_ssh_session *s, int rc, const char *what,
			struct mn_err *err)
{
	char *text = NULL;

	libssh2_session_last_error(s->lib, &text, NULL, 0);
	s->dead = 1;
	if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
	    rc == LIBSSH2_ERROR_SOCKET_RECV ||
	    rc == LIBSSH2_ERROR_SOCKET_SEND)
		text = NULL;
	return mn_err_set(err, MN_EUNREACHABLE, "%s '%s': %s", what,
			  s->peer->conf.host,
			  text && *text ? text : "it broke off");
}

/* -- the handshake -- */

static int has_name(const char *const *names, int n, const char *p,
		    size_t len)
{
	for (int i = 0; i < n; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], p, len))
			return 1;
	return 0;
}

/* What of the list libssh2 has. It would drop the rest itself, but with a
 * memcpy whose ranges overlap. */
static int keep_known(struct mn_buf *out, LIBSSH2_SESSION *lib, int method,
		      const char *list)
{
	const char **names = NULL;
	int n = libssh2_session_supported_algs(lib, method, &names);

	if (n < 0)
		return n;
	while (*list) {
		size_t len = strcspn(list, ",");

		if (has_name(names, n, list, len)) {
			if (out->len)
				mn_buf_addc(out, ',');
			mn_buf_add(out, list, len);
		}
		list += len + (list[len] == ',');
	}
	libssh2_free(lib, names);
	return 0;
}

static int prefer(LIBSSH2_SESSION *lib, int method, const char *list,
		  struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int ok = !keep_known(&b, lib, method, list) && b.len &&
		!libssh2_session_method_pref(lib, method, b.p);

	mn_buf_release(&b);
	return ok ? 0 : mn_err_set(err, MN_SSH_UNABLE,
				   "libssh2 has none of '%.200s'", list);
}

static int prefer_all(struct mn_ssh_session *s, const char *host_keys,
		      struct mn_err *err)
{
	const struct mn_ssh_conf *c = &s->peer->conf;
	const char *ciphers = c->ciphers ? c->ciphers : CIPHERS;
	const char *macs = c->macs ? c->macs : MACS;
	int r = prefer(s->lib, LIBSSH2_METHOD_KEX, c->kex ? c->kex : KEX, err);

	if (!r)
		r = prefer(s->lib, LIBSSH2_METHOD_HOSTKEY, host_keys, err);
	if (!r)
		r = prefer(s->lib, LIBSSH2_METHOD_CRYPT_CS, ciphers, err);
	if (!r)
		r = prefer(s->lib, LIBSSH2_METHOD_CRYPT_SC, ciphers, err);
	if (!r)
		r = prefer(s->lib, LIBSSH2_METHOD_MAC_CS, macs, err);
	if (!r)
		r = prefer(s->lib, LIBSSH2_METHOD_MAC_SC, macs, err);
	return r;
}

/* Failures behind the greeting are of what both sides can do. */
static int handshake_failed(struct mn_ssh_session *s, int rc,
			    struct mn_err *err)
{
	int r = mn_ssh_session_fail(s, rc, "cannot begin with", err);

	switch (rc) {
	case LIBSSH2_ERROR_KEX_FAILURE:
	case LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE:
	case LIBSSH2_ERROR_HOSTKEY_INIT:
	case LIBSSH2_ERROR_HOSTKEY_SIGN:
	case LIBSSH2_ERROR_METHOD_NONE:
	case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
		if (!libssh2_session_banner_get(s->lib))
			return r;
		return mn_err_set(err, MN_SSH_UNABLE, "libssh2 has no way to "
				  "talk that the server has");
	default:
		return r;
	}
}

static int handshake(struct mn_ssh_session *s, int ms, struct mn_err *err)
{
	long long end = mn_ssh_now_ms() + ms;
	int rc, r;

	while ((rc = libssh2_session_handshake(s->lib, s->fd)) ==
	       LIBSSH2_ERROR_EAGAIN) {
		long long left = end - mn_ssh_now_ms();

		r = mn_ssh_session_wait(s, left > 0 ? (int)left : 0, err);
		if (r < 0)
			return mn_err_set(err, MN_EUNREACHABLE, "'%s' didn't "
					  "greet us within %d seconds",
					  s->peer->conf.host, ms / 1000);
	}
	return rc ? handshake_failed(s, rc, err) : 0;
}

static int check_host(struct mn_ssh_session *s, struct mn_ssh_known *k,
		      struct mn_err *err)
{
	size_t len = 0;
	int type;
	const char *key = libssh2_session_hostkey(s->lib, &len, &type);
	const char *digest = libssh2_hostkey_hash(s->lib,
						  LIBSSH2_HOSTKEY_HASH_SHA256);

	if (!key || !digest)
		return mn_err_set(err, MN_EDENIED, "'%s' showed no key",
				  s->peer->conf.host);
	return mn_ssh_known_decide(k, &s->peer->conf, s->peer->net,
				   (struct mn_str){ key, len },
				   (const unsigned char *)digest, err);
}

static int talk(struct mn_ssh_session *s, int ms, struct mn_err *err)
{
	struct mn_ssh_peer *p = s->peer;
	struct mn_buf host_keys = MN_BUF_INIT;
	struct mn_ssh_known k;
	int r;

	mn_ssh_known_init(&k);
	r = mn_ssh_known_load(&k, &p->conf, err);
	if (!r)
		r = mn_ssh_known_kinds(&host_keys, &k, &p->conf, err);
	if (!r)
		r = prefer_all(s, host_keys.p, err);
	if (!r)
		r = connect_any(&s->fd, p, ms, err);
	if (!r) {
		p->net->wire.connections++;
		r = handshake(s, ms, err);
	}
	if (!r)
		r = check_host(s, &k, err);
	if (!r)
		r = mn_ssh_login(s, err);
	mn_buf_release(&host_keys);
	mn_ssh_known_release(&k);
	return r;
}

/* -- sessions -- */

static void end(struct mn_ssh_session *s)
{
	if (s->lib) {
		/* one try: a server that doesn't listen is not waited for */
		if (!s->dead)
			libssh2_session_disconnect(s->lib, "");
		libssh2_session_set_blocking(s->lib, 0);
		s->dead = 1;
	}
	/* without the socket nothing in libssh2_session_free can block */
	if (s->fd >= 0)
		shutdown(s->fd, SHUT_RDWR);
	if (s->lib)
		while (libssh2_session_free(s->lib) == LIBSSH2_ERROR_EAGAIN)
			;
	if (s->fd >= 0)
		close(s->fd);
	mn_vec_release(&s->closing);
	free(s);
}

/*
 * 1 if the other side has yet to close it. What is left of a dead session goes
 * with it: libssh2_session_free frees channels, too.
 */
static int close_channel(struct mn_ssh_session *s, LIBSSH2_CHANNEL *channel)
{
	int rc;

	while (!s->dead && (rc = libssh2_channel_free(channel))) {
		if (rc != LIBSSH2_ERROR_EAGAIN)
			s->dead = 1;
		else if (!(libssh2_session_block_directions(s->lib) &
			   LIBSSH2_SESSION_BLOCK_OUTBOUND))
			return 1;
		else	/* half a packet is out: nothing else may be sent */
			mn_ssh_session_wait(s, s->peer->net->opt.stall_ms,
					    NULL);
	}
	return 0;
}

void mn_ssh_session_leave(struct mn_ssh_session *s,
			  struct _LIBSSH2_CHANNEL *channel)
{
	if (close_channel(s, channel))
		*mn_vec_push(&s->closing) = channel;
}

/* Has the other side close what we did, until few are left of them: what it
 * thinks open counts for its limit. */
static void tidy(struct mn_ssh_session *s, int ms)
{
	size_t kept;

	do {
		kept = 0;
		for (size_t i = 0; i < s->closing.n; i++)
			if (close_channel(s, s->closing.p[i]))
				s->closing.p[kept++] = s->closing.p[i];
		s->closing.n = kept;
	} while (kept > MAX_CLOSING && !s->dead &&
		 !mn_ssh_session_wait(s, ms, NULL));
}

void mn_ssh_session_drop(struct mn_ssh_session *s)
{
	struct mn_ssh_peer *p = s->peer;

	if (s->dead && p && p->session == s) {
		p->session = NULL;
		s->users--;
	}
	if (--s->users == 0)
		end(s);
}

/* Neither libssh2_init nor the count that it keeps may be used by two threads
 * at once: hence once, for the life of the process. */
static void init_library(void)
{
	libssh2_init(0);
}

static int start(struct mn_ssh_session **out, struct mn_ssh_peer *p,
		 struct mn_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mn_ssh_session *s = mn_xcalloc(1, sizeof(*s));
	int ms = p->conf.connect_ms ? p->conf.connect_ms :
		 p->net->opt.connect_ms;
	int r;

	pthread_once(&once, init_library);
	s->peer = p;
	s->fd = -1;
	s->users = 1;
	s->lib = libssh2_session_init_ex(NULL, NULL, NULL, s);
	if (!s->lib) {
		free(s);
		return mn_err_set(err, MN_ENOMEM, "no memory for libssh2");
	}
	libssh2_session_set_blocking(s->lib, 0);
	set_callbacks(s->lib);
	r = talk(s, ms, err);
	if (r) {
		end(s);
		return r;
	}
	mn_net_trace(p->net, "ssh: libssh2 is in at '%s'", p->conf.host);
	*out = s;
	return 0;
}

/* The other side hung up while nobody looked. */
static int has_gone(const struct mn_ssh_session *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN | POLLRDHUP };

	return s->dead || (poll(&p, 1, 0) > 0 &&
			   p.revents & (POLLHUP | POLLERR | POLLRDHUP));
}

int mn_ssh_session_get(struct mn_ssh_session **out, struct mn_ssh_peer *p,
		       int *fresh, struct mn_err *err)
{
	struct mn_ssh_session *old = p->session;
	int r;

	if (old && !*fresh)
		tidy(old, p->net->opt.connect_ms);
	if (old && !*fresh && !has_gone(old) &&
	    (size_t)old->users + old->closing.n < MAX_USERS) {
		old->users++;
		*out = old;
		return 0;
	}
	*fresh = 1;
	r = start(out, p, err);
	if (r)
		return r;
	p->session = *out;
	(*out)->users++;
	if (old)		/* channels that it carries go on */
		mn_ssh_session_drop(old);
	return 0;
}

/* -- peers -- */

static int same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

int mn_ssh_peer_find(struct mn_ssh_peer **out, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err)
{
	struct mn_ssh_peer *p;
	int r;

	if (!net->ssh)
		net->ssh = mn_xcalloc(1, sizeof(*net->ssh));
	for (p = net->ssh->peers; p; p = p->next) {
		if (p->port != url->port || !same(p->host, url->host) ||
		    !same(p->user, url->user))
			continue;
		*out = p;
		return 0;
	}
	p = mn_xcalloc(1, sizeof(*p));
	p->net = net;
	r = mn_ssh_conf_load(&p->conf, net, url, err);
	if (r < 0) {
		mn_ssh_conf_release(&p->conf);
		free(p);
		return r;
	}
	p->host = mn_xstrdup(url->host);
	p->user = url->user ? mn_xstrdup(url->user) : NULL;
	p->port = url->port;
	p->unable = p->conf.unable ? mn_xstrdup(p->conf.unable) : NULL;
	p->next = net->ssh->peers;
	net->ssh->peers = p;
	*out = p;
	return 0;
}

void mn_ssh_pool_free(struct mn_ssh_pool *pool)
{
	struct mn_ssh_peer *p, *next;

	for (p = pool ? pool->peers : NULL; p; p = next) {
		next = p->next;
		if (p->session)
			mn_ssh_session_drop(p->session);
		mn_ssh_conf_release(&p->conf);
		free(p->unable);
		free(p->host);
		free(p->user);
		free(p);
	}
	free(pool);
}
