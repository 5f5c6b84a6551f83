#include "net/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/hex.h"

#include "banned.h"

#define HOST_MAX 255

static int bad(struct mn_err *err, const char *why, const char *text)
{
	return mn_err_set(err, MN_EINVALID, "%s in '%s'", why, text);
}

static char *dup(struct mn_str s)
{
	char *p = mn_xmalloc(s.len + 1);

	memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

static int is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int has_control(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return 1;
	return 0;
}

static int digit(char c)
{
	c = lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL where an escape is malformed, or hides a control byte. */
static char *decode(struct mn_str s)
{
	char *out = mn_xmalloc(s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '%') {
			if (s.len - i < 3 || digit(s.p[i + 1]) < 0 ||
			    digit(s.p[i + 2]) < 0)
				goto fail;
			c = (char)(digit(s.p[i + 1]) * 16 +
				   digit(s.p[i + 2]));
			i += 2;
		}
		out[n++] = c;
	}
	if (has_control(out, n))
		goto fail;
	out[n] = '\0';
	return out;
fail:
	free(out);
	return NULL;
}

/* Takes "#<64 digits>" off the end. */
static void take_profile(struct mn_url *u, struct mn_str *s)
{
	struct mn_str hex;

	if (s->len <= MN_ID_HEX || s->p[s->len - MN_ID_HEX - 1] != '#')
		return;
	hex.p = s->p + s->len - MN_ID_HEX;
	hex.len = MN_ID_HEX;
	if (mn_hex_span(hex.p, MN_ID_HEX) != MN_ID_HEX)
		return;
	u->profile = dup(hex);
	s->len -= MN_ID_HEX + 1;
}

/* The length of the "scheme" before "://" or "::", or 0. */
static size_t scheme_length(struct mn_str s)
{
	size_t i = 0;

	while (i < s.len && (is_alnum(s.p[i]) ||
			     (i && strchr("+-.", s.p[i]))))
		i++;
	if (!i || s.len - i < 2 || s.p[i] != ':')
		return 0;
	if (s.p[i + 1] == ':')
		return i;
	return s.len - i >= 3 && !memcmp(s.p + i, "://", 3) ? i : 0;
}

/* A name, or an address of IPv6, whose brackets are taken off. */
static int set_host(struct mn_url *u, struct mn_str s, const char *text,
		    struct mn_err *err)
{
	const char *more = "._-";

	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']') {
		s.p++;
		s.len -= 2;
		more = ".:%-_";
	}
	if (!s.len)
		return bad(err, "there is no host", text);
	if (s.len > HOST_MAX)
		return bad(err, "the host is too long", text);
	if (s.p[0] == '-')
		return bad(err, "the host begins with '-'", text);
	for (size_t i = 0; i < s.len; i++)
		if (!is_alnum(s.p[i]) && !strchr(more, s.p[i]))
			return bad(err, "the host is no name of one", text);
	u->host = dup(s);
	if (u->scheme != MN_URL_SSH)	/* an alias may have its case */
		for (size_t i = 0; i < s.len; i++)
			u->host[i] = lower(u->host[i]);
	return 0;
}

static int set_port(struct mn_url *u, struct mn_str s, const char *text,
		    struct mn_err *err)
{
	unsigned n = 0;

	if (!s.len)		/* "host:/": as if there were no colon */
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i == 5)
			return bad(err, "the port is no number of one", text);
		n = n * 10 + (unsigned)(s.p[i] - '0');
	}
	if (!n || n > 65535)
		return bad(err, "the port is no number of one", text);
	u->port = n;
	return 0;
}

/* host[:port] */
static int set_server(struct mn_url *u, struct mn_str s, const char *text,
		      struct mn_err *err)
{
	struct mn_str port = { s.p + s.len, 0 };
	const char *colon = NULL;
	int r;

	for (size_t i = s.len; i > 0 && s.p[i - 1] != ']'; i--)
		if (s.p[i - 1] == ':')
			colon = s.p + i - 1;
	if (colon) {
		port.p = colon + 1;
		port.len = (size_t)(s.p + s.len - port.p);
		s.len = (size_t)(colon - s.p);
	}
	r = set_host(u, s, text, err);
	return r < 0 ? r : set_port(u, port, text, err);
}

/* user[:password], percent-encoded */
static int set_user(struct mn_url *u, struct mn_str s, const char *text,
		    struct mn_err *err)
{
	const char *colon = memchr(s.p, ':', s.len);
	struct mn_str password = { NULL, 0 };

	if (colon) {
		password.p = colon + 1;
		password.len = (size_t)(s.p + s.len - password.p);
		s.len = (size_t)(colon - s.p);
	}
	if (password.p && u->scheme == MN_URL_SSH)
		return mn_err_set(err, MN_EINVALID,
				  "an address of ssh holds no password");
	u->user = decode(s);
	if (password.p)
		u->password = decode(password);
	if (!u->user || (password.p && !u->password))
		return mn_err_set(err, MN_EINVALID, "the user's name or "
				  "password is not encoded as it should be");
	if (u->user[0] == '-')
		return mn_err_set(err, MN_EINVALID,
				  "the user's name '%s' begins with '-'",
				  u->user);
	if (!u->user[0] && u->scheme == MN_URL_SSH)
		return bad(err, "the user's name is empty", text);
	return 0;
}

static int set_http_path(struct mn_url *u, struct mn_str s, const char *text,
			 struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	char *plain;

	if (memchr(s.p, '?', s.len))
		return bad(err, "there is a query", text);
	if (memchr(s.p, '#', s.len))
		return bad(err, "what follows '#' is no profile", text);
	if (memchr(s.p, ' ', s.len))
		return bad(err, "there is a space", text);
	plain = decode(s);
	if (!plain)
		return bad(err, "there is a malformed '%' escape", text);
	free(plain);
	while (s.len && s.p[s.len - 1] == '/')
		s.len--;
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] < 0x80)
			mn_buf_addc(&b, s.p[i]);
		else
			mn_buf_addf(&b, "%%%02X", (unsigned char)s.p[i]);
	}
	if (!b.len)
		mn_buf_addc(&b, '/');
	u->path = mn_buf_detach(&b, NULL);
	return 0;
}

/* What follows host of ssh://: "/path", or "/~user/path". */
static int set_ssh_path(struct mn_url *u, struct mn_str s, const char *text,
			struct mn_err *err)
{
	if (!s.len)
		return bad(err, "there is no path", text);
	if (s.len > 1 && s.p[1] == '~') {
		s.p++;
		s.len--;
	}
	u->path = decode(s);
	return u->path ? 0 : bad(err, "there is a malformed '%' escape", text);
}

/* [user[:password]@]host[:port][/path]; text is set, for all that follows. */
static int parse_server(struct mn_url *u, const char *scheme, struct mn_str s,
			struct mn_err *err)
{
	struct mn_str auth = s, user = { NULL, 0 }, path, shown;
	struct mn_buf text = MN_BUF_INIT;
	const char *end = s.p, *colon;
	int r = 0;

	while (end < s.p + s.len && !strchr("/?#", *end))
		end++;
	auth.len = (size_t)(end - s.p);
	path.p = end;
	path.len = s.len - auth.len;
	for (size_t i = auth.len; i > 0 && !user.p; i--) {
		if (auth.p[i - 1] != '@')
			continue;
		user.p = auth.p;
		user.len = i - 1;
		auth.p += i;
		auth.len -= i;
	}
	mn_buf_addf(&text, "%s://", scheme);
	if (user.p) {
		shown = user;
		colon = memchr(user.p, ':', user.len);
		if (colon)
			shown.len = (size_t)(colon - user.p);
		mn_buf_addstr(&text, shown);
		mn_buf_addc(&text, '@');
	}
	mn_buf_addstr(&text, auth);
	mn_buf_addstr(&text, path);
	u->text = mn_buf_detach(&text, NULL);

	if (user.p)
		r = set_user(u, user, u->text, err);
	if (!r)
		r = set_server(u, auth, u->text, err);
	if (r < 0)
		return r;
	return u->scheme == MN_URL_SSH ? set_ssh_path(u, path, u->text, err) :
		set_http_path(u, path, u->text, err);
}

static int parse_file(struct mn_url *u, struct mn_str s, struct mn_err *err)
{
	u->scheme = MN_URL_LOCAL;
	if (mn_str_starts(s, "localhost/")) {
		s.p += 9;
		s.len -= 9;
	}
	if (!s.len || s.p[0] != '/')
		return bad(err, "there is a host", u->text);
	u->path = decode(s);
	return u->path ? 0 :
		bad(err, "there is a malformed '%' escape", u->text);
}

/* [user@]host:path */
static int parse_scp(struct mn_url *u, struct mn_str s, size_t colon,
		     struct mn_err *err)
{
	struct mn_str host = { s.p, colon }, user = { NULL, 0 };
	struct mn_str path = { s.p + colon + 1, s.len - colon - 1 };
	int r;

	u->scheme = MN_URL_SSH;
	for (size_t i = colon; i > 0 && !user.p; i--) {
		if (s.p[i - 1] != '@')
			continue;
		user.p = s.p;
		user.len = i - 1;
		host.p = s.p + i;
		host.len = colon - i;
	}
	r = set_host(u, host, u->text, err);
	if (r < 0)
		return r;
	if (user.p && (!user.len || user.p[0] == '-' ||
		       memchr(user.p, ':', user.len)))
		return bad(err, "the user's name is none", u->text);
	if (user.p)
		u->user = dup(user);
	if (!path.len)
		return bad(err, "there is no path", u->text);
	u->path = dup(path);
	return 0;
}

/* Where the colon of an scp-like address is, or s.len. */
static size_t scp_colon(struct mn_str s)
{
	size_t i = 0;
	const char *close;

	for (; i < s.len && s.p[i] != '/'; i++) {
		if (s.p[i] == '[' && (!i || s.p[i - 1] == '@')) {
			close = memchr(s.p + i, ']', s.len - i);
			if (!close)
				return s.len;
			i = (size_t)(close - s.p);
		} else if (s.p[i] == ':') {
			return i;
		}
	}
	return s.len;
}

static int parse_plain(struct mn_url *u, struct mn_str s, struct mn_err *err)
{
	size_t colon = scp_colon(s);

	u->text = dup(s);
	if (colon < s.len)
		return parse_scp(u, s, colon, err);
	u->scheme = MN_URL_LOCAL;
	u->path = dup(s);
	return 0;
}

static int parse_scheme(struct mn_url *u, struct mn_str s, size_t len,
			struct mn_err *err)
{
	static const struct {
		const char *name;
		enum mn_scheme scheme;
	} known[] = {
		{ "http", MN_URL_HTTP }, { "https", MN_URL_HTTPS },
		{ "ssh", MN_URL_SSH }, { "file", MN_URL_LOCAL },
	};
	struct mn_str rest = { s.p + len + 3, s.len - len - 3 };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strlen(known[i].name) != len || s.p[len + 1] != '/' ||
		    strncasecmp(known[i].name, s.p, len))
			continue;
		u->scheme = known[i].scheme;
		if (u->scheme != MN_URL_LOCAL)
			return parse_server(u, known[i].name, rest, err);
		u->text = dup(s);
		return parse_file(u, rest, err);
	}
	return mn_err_set(err, MN_EINVALID, "addresses that begin with '%.*s' "
			  "are not known", (int)len + 1, s.p);
}

int mn_url_parse(struct mn_url *u, const char *text, struct mn_err *err)
{
	struct mn_str s = mn_str(text);
	size_t scheme;
	int r;

	*u = (struct mn_url){ 0 };
	if (s.len > MN_URL_MAX)
		return mn_err_set(err, MN_EINVALID,
				  "the address is longer than %d bytes",
				  MN_URL_MAX);
	if (has_control(s.p, s.len))
		return mn_err_set(err, MN_EINVALID,
				  "there is a control byte in the address");
	take_profile(u, &s);
	if (!s.len) {
		r = mn_err_set(err, MN_EINVALID, "the address is empty");
	} else {
		scheme = scheme_length(s);
		r = scheme ? parse_scheme(u, s, scheme, err) :
			parse_plain(u, s, err);
	}
	if (!r && u->path[0] == '-')
		r = bad(err, "the path begins with '-'", u->text);
	if (r < 0)
		mn_url_release(u);
	return r;
}

void mn_url_release(struct mn_url *u)
{
	free(u->user);
	if (u->password)
		explicit_bzero(u->password, strlen(u->password));
	free(u->password);
	free(u->host);
	free(u->path);
	free(u->profile);
	free(u->text);
	*u = (struct mn_url){ 0 };
}
