#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/spawn.h"
#include "net/ssh.h"

#include "banned.h"

#define ANSWER_MAX (256 * 1024)	/* of ssh -G */
#define FILE_MAX_BYTES (1024 * 1024)
#define IDS_MAX 64
#define FILES_MAX 32

#define SYSTEM_CONFIG "/etc/ssh/ssh_config"
#define SYSTEM_KNOWN "/etc/ssh/ssh_known_hosts"

/* What ssh tries by itself; the kinds that nobody has any more are left out
 * when there is no configuration, but recognised when ssh -G prints them. */
static const char *const usual_ids[] = {
	"id_ed25519", "id_ecdsa", "id_rsa", "id_ecdsa_sk", "id_ed25519_sk"
};
static const char *const other_usual_ids[] = { "id_xmss", "id_dsa" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void mn_ssh_system_home(struct mn_buf *b)
{
	struct passwd pw, *found = NULL;
	char text[4096];

	if (!getpwuid_r(getuid(), &pw, text, sizeof(text), &found) && found)
		mn_buf_adds(b, pw.pw_dir);
}

static const char *keep(struct mn_ssh_conf *c, const char *s)
{
	return mn_arena_strdup(&c->mem, mn_str(s));
}

static const char *own_name(struct mn_ssh_conf *c)
{
	struct passwd pw, *found = NULL;
	char text[4096];

	if (!getpwuid_r(getuid(), &pw, text, sizeof(text), &found) && found)
		return keep(c, pw.pw_name);
	return "";
}

static char lower(char ch)
{
	return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
}

static void set_known_as(struct mn_ssh_conf *c, const char *name)
{
	char *plain = mn_arena_strdup(&c->mem, mn_str(name));
	struct mn_buf b = MN_BUF_INIT;

	for (char *p = plain; *p; p++)
		*p = lower(*p);
	c->known_plain = c->known_as = plain;
	if (c->port == 22)
		return;
	mn_buf_addf(&b, "[%s]:%u", plain, c->port);
	c->known_as = keep(c, b.p);
	mn_buf_release(&b);
}

static void add_file(struct mn_ssh_conf *c, const char *path, int of_user)
{
	if (c->known_files.n >= FILES_MAX || !*path)
		return;
	*mn_vec_push(&c->known_files) = keep(c, path);
	if (of_user)
		c->user_files++;
}

static void add_usual(struct mn_ssh_conf *c, const struct mn_ssh_homes *h)
{
	struct mn_buf b = MN_BUF_INIT;
	size_t i;

	for (i = 0; h->home && i < COUNT(usual_ids); i++) {
		struct mn_ssh_identity *id = mn_vec_push(&c->ids);

		mn_buf_clear(&b);
		mn_buf_addf(&b, "%s/.ssh/%s", h->home, usual_ids[i]);
		id->path = keep(c, b.p);
		id->named = 0;
	}
	mn_buf_release(&b);
}

static void add_usual_files(struct mn_ssh_conf *c,
			    const struct mn_ssh_homes *h)
{
	struct mn_buf b = MN_BUF_INIT;

	if (h->home) {
		mn_buf_addf(&b, "%s/.ssh/known_hosts", h->home);
		add_file(c, b.p, 1);
		mn_buf_adds(&b, "2");
		add_file(c, b.p, 1);
	}
	add_file(c, SYSTEM_KNOWN, 0);
	add_file(c, SYSTEM_KNOWN "2", 0);
	mn_buf_release(&b);
}

void mn_ssh_conf_init(struct mn_ssh_conf *c, const struct mn_url *url,
		      const struct mn_ssh_homes *h, const char *agent)
{
	*c = (struct mn_ssh_conf){ .mem = MN_ARENA_INIT };
	c->family = AF_UNSPEC;
	c->host = keep(c, url->host);
	c->user = url->user ? keep(c, url->user) : own_name(c);
	c->agent = agent ? keep(c, agent) : NULL;
	c->port = url->port ? url->port : 22;
	c->strict = MN_SSH_ASK;
	set_known_as(c, c->host);
	add_usual(c, h);
	add_usual_files(c, h);
}

void mn_ssh_conf_release(struct mn_ssh_conf *c)
{
	mn_vec_release(&c->ids);
	mn_vec_release(&c->known_files);
	mn_arena_release(&c->mem);
}

/* -- what ssh -G prints -- */

struct answer {			/* while it is read */
	struct mn_ssh_conf *c;
	const struct mn_ssh_homes *h;
	const char *alias, *key_alias, *user_files, *system_files;
	const char *strict, *agent;
	MN_VEC(const char *) ids;
};

static void unable(struct mn_ssh_conf *c, const char *why)
{
	if (!c->unable)
		c->unable = why;
}

static int is_off(const char *v)
{
	return !*v || !strcasecmp(v, "none") || !strcasecmp(v, "no") ||
		!strcasecmp(v, "false");
}

static int number(unsigned *out, const char *v, unsigned max)
{
	unsigned n = 0;

	if (!*v)
		return -1;
	for (; *v; v++) {
		if (*v < '0' || *v > '9' || n > max)
			return -1;
		n = n * 10 + (unsigned)(*v - '0');
	}
	*out = n;
	return n <= max ? 0 : -1;
}

/* What libssh2 can't do at all; the value is something where it is used. */
static void take_unable(struct mn_ssh_conf *c, const char *key, const char *v)
{
	static const struct {
		const char *key, *why;
	} list[] = {
		{ "proxyjump", "a jump host is set (ProxyJump)" },
		{ "proxycommand", "a proxy is set (ProxyCommand)" },
		{ "certificatefile", "a certificate is set" },
		{ "knownhostscommand", "KnownHostsCommand is set" },
		{ "revokedhostkeys", "RevokedHostKeys is set" },
		{ "pkcs11provider", "PKCS11Provider is set" },
		{ "bindaddress", "BindAddress is set" },
		{ "bindinterface", "BindInterface is set" },
		{ "verifyhostkeydns", "VerifyHostKeyDNS is set" },
		{ "permitlocalcommand", "PermitLocalCommand is set" },
		{ "setenv", "SetEnv is set" },
	};

	for (size_t i = 0; i < COUNT(list); i++)
		if (!strcmp(key, list[i].key) && !is_off(v))
			unable(c, list[i].why);
}

static void take_flags(struct answer *a, const char *key, const char *v)
{
	struct mn_ssh_conf *c = a->c;
	unsigned n;

	if (!strcmp(key, "identitiesonly"))
		c->only_ids = !is_off(v);
	else if (!strcmp(key, "pubkeyauthentication"))
		c->no_keys = is_off(v);
	else if (!strcmp(key, "hashknownhosts"))
		c->hash_names = !is_off(v);
	else if (!strcmp(key, "addressfamily"))
		c->family = !strcmp(v, "inet") ? AF_INET :
			    !strcmp(v, "inet6") ? AF_INET6 : AF_UNSPEC;
	else if (!strcmp(key, "connecttimeout") && !number(&n, v, 86400) && n)
		c->connect_ms = (int)n * 1000;
	else if (!strcmp(key, "stricthostkeychecking"))
		a->strict = keep(c, v);
	else
		take_unable(c, key, v);
}

static void take_words(struct answer *a, const char *key, const char *v)
{
	struct mn_ssh_conf *c = a->c;
	const struct {
		const char *key;
		const char **to;
	} list[] = {
		{ "hostname", &c->host }, { "user", &c->user },
		{ "hostkeyalias", &a->key_alias },
		{ "userknownhostsfile", &a->user_files },
		{ "globalknownhostsfile", &a->system_files },
		{ "identityagent", &a->agent },
		{ "kexalgorithms", &c->kex }, { "ciphers", &c->ciphers },
		{ "macs", &c->macs }, { "hostkeyalgorithms", &c->host_keys },
	};

	for (size_t i = 0; i < COUNT(list); i++) {
		if (strcmp(key, list[i].key))
			continue;
		*list[i].to = keep(c, v);
		return;
	}
	take_flags(a, key, v);
}

static int take(struct answer *a, const char *key, const char *v,
		struct mn_err *err)
{
	if (!strcmp(key, "port")) {
		if (number(&a->c->port, v, 65535) < 0 || !a->c->port)
			return mn_err_set(err, MN_EINVALID,
					  "'ssh -G' says port '%s'", v);
		return 0;
	}
	if (!strcmp(key, "identityfile")) {
		if (a->ids.n < IDS_MAX)
			*mn_vec_push(&a->ids) = keep(a->c, v);
		return 0;
	}
	take_words(a, key, v);
	return 0;
}

/*
 * Appends a path as ssh would open it: "~/", and its % tokens that are of any
 * use in one. ssh -G prints "~/" of some settings as it is, and of others
 * as the home of the password file. -1 for what is not known here.
 */
static int expand(struct mn_buf *out, const struct answer *a, const char *v)
{
	size_t len = a->h->system ? strlen(a->h->system) : 0;

	if (v[0] == '~' && v[1] == '/' && a->h->home) {
		mn_buf_adds(out, a->h->home);
		v++;
	} else if (v[0] == '~') {
		return -1;
	} else if (len > 1 && a->h->home && !strncmp(v, a->h->system, len) &&
		   !strncmp(v + len, "/.ssh/", 6)) {
		mn_buf_adds(out, a->h->home);
		v += len;
	}
	for (; *v; v++) {
		if (*v != '%') {
			mn_buf_addc(out, *v);
			continue;
		}
		switch (*++v) {
		case '%': mn_buf_addc(out, '%'); break;
		case 'd': mn_buf_adds(out, a->h->home ? a->h->home : ""); break;
		case 'h': mn_buf_adds(out, a->c->host); break;
		case 'n': mn_buf_adds(out, a->alias); break;
		case 'p': mn_buf_addf(out, "%u", a->c->port); break;
		case 'r': mn_buf_adds(out, a->c->user); break;
		default: return -1;
		}
	}
	return 0;
}

static int is_usual(const char *v)
{
	size_t i;

	if (strncmp(v, "~/.ssh/", 7))
		return 0;
	for (i = 0; i < COUNT(usual_ids); i++)
		if (!strcmp(v + 7, usual_ids[i]))
			return 1;
	for (i = 0; i < COUNT(other_usual_ids); i++)
		if (!strcmp(v + 7, other_usual_ids[i]))
			return 1;
	return 0;
}

static void set_ids(struct answer *a)
{
	struct mn_buf b = MN_BUF_INIT;
	int named = 0;
	size_t i;

	/* all the usual ones together are printed where none was named */
	for (i = 0; i < a->ids.n; i++)
		named |= !is_usual(a->ids.p[i]);
	if (a->ids.n < COUNT(usual_ids))
		named = 1;
	if (!named)
		return;
	mn_vec_clear(&a->c->ids);
	for (i = 0; i < a->ids.n; i++) {
		struct mn_ssh_identity *id;

		if (!strcmp(a->ids.p[i], "none"))
			continue;
		mn_buf_clear(&b);
		if (expand(&b, a, a->ids.p[i]) < 0) {
			unable(a->c, "a path of IdentityFile is not understood");
			continue;
		}
		id = mn_vec_push(&a->c->ids);
		id->path = keep(a->c, b.p);
		id->named = 1;
	}
	mn_buf_release(&b);
}

/* ssh -G joins the files with blanks, whatever is in their names: so a name
 * ends where a blank and the start of another path follow. */
static void set_files(struct answer *a, const char *v, int of_user)
{
	struct mn_buf b = MN_BUF_INIT, path = MN_BUF_INIT;

	while (*v) {
		size_t n = 1;

		while (v[n] && !(v[n] == ' ' && (v[n + 1] == '/' ||
						 v[n + 1] == '~')))
			n++;
		mn_buf_clear(&b);
		mn_buf_clear(&path);
		mn_buf_add(&b, v, n);
		if (!strcmp(b.p, "none"))
			;
		else if (expand(&path, a, b.p) < 0)
			unable(a->c, "a path of UserKnownHostsFile is not "
			       "understood");
		else
			add_file(a->c, path.p, of_user);
		v += n;
		while (*v == ' ')
			v++;
	}
	mn_buf_release(&b);
	mn_buf_release(&path);
}

static void set_agent(struct answer *a)
{
	struct mn_buf b = MN_BUF_INIT;

	if (!a->agent || !strcmp(a->agent, "SSH_AUTH_SOCK"))
		return;
	a->c->agent = NULL;
	if (!strcmp(a->agent, "none"))
		return;
	if (a->agent[0] == '$' || expand(&b, a, a->agent) < 0)
		unable(a->c, "the path of IdentityAgent is not understood");
	else
		a->c->agent = keep(a->c, b.p);
	mn_buf_release(&b);
}

/* "no" and "off" accept a new key as accept-new does. That a changed one is
 * refused in any case is on purpose. */
static void set_strict(struct answer *a)
{
	const char *v = a->strict;

	if (!v || !strcmp(v, "ask"))
		return;
	if (!strcmp(v, "yes") || !strcmp(v, "true"))
		a->c->strict = MN_SSH_STRICT;
	else if (!strcmp(v, "accept-new") || is_off(v) || !strcmp(v, "off"))
		a->c->strict = MN_SSH_ACCEPT_NEW;
}

static int read_lines(struct answer *a, struct mn_str text, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	size_t at = 0;
	int r = 0;

	if (memchr(text.p, '\0', text.len))
		return mn_err_set(err, MN_EINVALID,
				  "'ssh -G' printed a NUL byte");
	while (r >= 0 && at < text.len) {
		const char *p = text.p + at;
		const char *nl = memchr(p, '\n', text.len - at);
		size_t n = nl ? (size_t)(nl - p) : text.len - at;
		char *blank;

		mn_buf_clear(&b);
		mn_buf_add(&b, p, n);
		at += n + 1;
		blank = strchr(b.p, ' ');
		if (!blank)
			continue;
		*blank = '\0';
		for (char *k = b.p; *k; k++)
			*k = lower(*k);
		r = take(a, b.p, blank + 1, err);
	}
	mn_buf_release(&b);
	return r;
}

int mn_ssh_conf_parse(struct mn_ssh_conf *c, struct mn_str text,
		      const struct mn_ssh_homes *h, struct mn_err *err)
{
	struct answer a = { .c = c, .h = h, .alias = c->host };
	int r = read_lines(&a, text, err);

	if (r < 0)
		goto out;
	if (!*c->host || c->host[0] == '-') {
		r = mn_err_set(err, MN_EINVALID, "'ssh -G' says host name '%s'",
			       c->host);
		goto out;
	}
	set_known_as(c, a.key_alias ? a.key_alias : c->host);
	if (a.key_alias)	/* stands as it is, whatever the port */
		c->known_as = c->known_plain;
	set_ids(&a);
	if (a.user_files || a.system_files) {
		mn_vec_clear(&c->known_files);
		c->user_files = 0;
		set_files(&a, a.user_files ? a.user_files : "", 1);
		set_files(&a, a.system_files ? a.system_files : "", 0);
	}
	set_agent(&a);
	set_strict(&a);
out:
	mn_vec_release(&a.ids);
	return r;
}

/* -- is there anything to ask ssh about? -- */

static int glob_is_empty(const char *pattern)
{
	glob_t g;
	int r = glob(pattern, 0, NULL, &g);

	globfree(&g);
	return r == GLOB_NOMATCH;
}

static int line_is_plain(char *p, int *hash_names)
{
	char *key = p + strspn(p, " \t"), *value;
	size_t n = strcspn(key, " \t=\r");

	if (!*key || *key == '#' || *key == '\r')
		return 1;
	value = key + n;
	if (*value)
		*value++ = '\0';
	value += strspn(value, " \t=");
	n = strlen(value);
	while (n && (value[n - 1] == ' ' || value[n - 1] == '\t' ||
		     value[n - 1] == '\r'))
		value[--n] = '\0';
	if (!strcasecmp(key, "hashknownhosts")) {
		*hash_names = !strcasecmp(value, "yes");
		return 1;
	}
	if (!strcasecmp(key, "host"))
		return !strcmp(value, "*");
	if (!strcasecmp(key, "include"))
		return value[0] == '/' && !strpbrk(value, " \t\"") &&
			glob_is_empty(value);
	return !strcasecmp(key, "sendenv") ||
		!strncasecmp(key, "gssapi", 6) ||
		!strncasecmp(key, "forwardx11", 10) ||
		!strcasecmp(key, "visualhostkey");
}

int mn_ssh_conf_is_plain(struct mn_str text, int *hash_names)
{
	struct mn_buf b = MN_BUF_INIT;
	int plain = !memchr(text.p, '\0', text.len);
	size_t at = 0;

	while (plain && at < text.len) {
		const char *p = text.p + at;
		const char *nl = memchr(p, '\n', text.len - at);
		size_t n = nl ? (size_t)(nl - p) : text.len - at;

		mn_buf_clear(&b);
		mn_buf_add(&b, p, n);
		plain = line_is_plain(b.p, hash_names);
		at += n + 1;
	}
	mn_buf_release(&b);
	return plain;
}

/* Where it can't be read, ssh shall say why. */
static int file_is_plain(const char *path, int *hash_names)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	int r = mn_io_read_file(&b, path, FILE_MAX_BYTES, &err);
	int plain = r == MN_ENOTFOUND;

	if (!r)
		plain = mn_ssh_conf_is_plain((struct mn_str){ b.p, b.len },
					     hash_names);
	mn_buf_release(&b);
	return plain;
}

static int same_home(const struct mn_ssh_homes *h)
{
	return !h->home || !h->system || !strcmp(h->home, h->system);
}

const char *mn_ssh_config_file(const struct mn_ssh_homes *h,
			       struct mn_buf *mem)
{
	if (same_home(h))
		return NULL;
	mn_buf_addf(mem, "%s/.ssh/config", h->home);
	return mn_io_exists(mem->p) ? mem->p : SYSTEM_CONFIG;
}

static int nothing_set(const struct mn_ssh_homes *h, int *hash_names)
{
	struct mn_buf b = MN_BUF_INIT;
	int plain;

	mn_buf_addf(&b, "%s/.ssh/config", h->home ? h->home : "");
	plain = (!h->home || file_is_plain(b.p, hash_names)) &&
		file_is_plain(SYSTEM_CONFIG, hash_names);
	mn_buf_release(&b);
	return plain;
}

static int ask_ssh(struct mn_buf *out, const struct mn_url *url,
		   const struct mn_ssh_homes *h, struct mn_err *err)
{
	struct mn_buf file = MN_BUF_INIT, port = MN_BUF_INIT;
	const char *config = mn_ssh_config_file(h, &file);
	const char *argv[10];
	struct mn_spawn s = MN_SPAWN_INIT;
	size_t n = 0;
	int status = 0, r, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	argv[n++] = "ssh";
	if (config) {
		argv[n++] = "-F";
		argv[n++] = config;
	}
	argv[n++] = "-G";
	if (url->port) {
		mn_buf_addf(&port, "%u", url->port);
		argv[n++] = "-p";
		argv[n++] = port.p;
	}
	if (url->user) {
		argv[n++] = "-l";
		argv[n++] = url->user;
	}
	argv[n++] = url->host;
	argv[n] = NULL;
	s.argv = argv;
	s.in = s.errfd = null;
	r = mn_spawn_capture(out, &status, &s, ANSWER_MAX, err);
	if (null >= 0)
		close(null);
	mn_buf_release(&file);
	mn_buf_release(&port);
	if (r < 0)
		return mn_err_wrap(err, r, "cannot ask ssh about '%s'",
				   url->host);
	return status ? MN_SSH_UNABLE : 0;
}

int mn_ssh_conf_load(struct mn_ssh_conf *c, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err)
{
	struct mn_buf system = MN_BUF_INIT, out = MN_BUF_INIT;
	struct mn_ssh_homes h;
	int r = 0;

	mn_ssh_system_home(&system);
	h.home = net->opt.home;
	h.system = system.len ? system.p : NULL;
	mn_ssh_conf_init(c, url, &h, net->opt.ssh_auth_sock);
	if (url->host[0] == '-' || (url->user && url->user[0] == '-'))
		r = mn_err_set(err, MN_EINVALID, "'%s' begins with '-'",
			       url->host[0] == '-' ? url->host : url->user);
	else if (!nothing_set(&h, &c->hash_names))
		r = ask_ssh(&out, url, &h, err);
	if (r == MN_SSH_UNABLE) {	/* it will tell us why */
		unable(c, "'ssh -G' fails");
		r = 0;
	} else if (!r && out.len) {
		r = mn_ssh_conf_parse(c, (struct mn_str){ out.p, out.len }, &h,
				      err);
	}
	mn_buf_release(&system);
	mn_buf_release(&out);
	return r;
}
