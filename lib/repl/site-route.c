/* site-route: what a request asks for; every byte here is foreign. */
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "repl/site-impl.h"

#include "banned.h"

#define TARGET_MAX 2048

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes percent-encoding: 0, or -1. No byte may become 0. */
static int decode(char *out, struct mn_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		int hi, lo;

		if (s.p[i] != '%') {
			*out++ = s.p[i];
			continue;
		}
		if (i + 2 >= s.len)
			return -1;
		hi = digit(s.p[i + 1]);
		lo = digit(s.p[i + 2]);
		if (hi < 0 || lo < 0 || !(16 * hi + lo))
			return -1;
		*out++ = (char)(16 * hi + lo);
		i += 2;
	}
	*out = '\0';
	return 0;
}

/* The value of the parameter "service"; the first one counts. */
static struct mn_str service_of(const char *query)
{
	struct mn_str s = { NULL, 0 };

	for (const char *p = query; p; p = strchr(p, '&')) {
		p += *p == '&';
		if (strncmp(p, "service=", 8))
			continue;
		s.p = p + 8;
		s.len = strcspn(s.p, "&");
		break;
	}
	return s;
}

static int service_named(enum mn_service *out, struct mn_str s)
{
	if (s.p && mn_str_eq(s, "git-upload-pack"))
		*out = MN_UPLOAD_PACK;
	else if (s.p && mn_str_eq(s, "git-receive-pack"))
		*out = MN_RECEIVE_PACK;
	else
		return -1;
	return 0;
}

/* What stands behind the profile in a path. */
static int route_rest(struct mn_site_route *r, const char *rest,
		      const char *query)
{
	if (!strncmp(rest, ".git", 4) && (!rest[4] || rest[4] == '/'))
		rest += 4;
	if (!*rest || !strcmp(rest, "/")) {
		r->kind = MN_SITE_PAGE;
		return 0;
	}
	if (!strcmp(rest, "/info/refs")) {
		r->kind = MN_SITE_INFO_REFS;
		return service_named(&r->service, service_of(query)) ? 403 : 0;
	}
	r->kind = MN_SITE_SERVICE;
	return *rest != '/' ||
	       service_named(&r->service, mn_str(rest + 1)) ? 404 : 0;
}

int mn_site_route(struct mn_site_route *r, const char *target)
{
	char path[TARGET_MAX + 1];
	size_t len = strlen(target);
	struct mn_str raw = { target, strcspn(target, "?#") };
	const char *query = target[raw.len] == '?' ? target + raw.len + 1
						   : NULL;

	memset(r, 0, sizeof(*r));
	if (len > TARGET_MAX)
		return 414;
	if (decode(path, raw) < 0 || (path[0] && path[0] != '/'))
		return 400;
	if (!path[0] || !path[1]) {
		r->kind = MN_SITE_PAGE;
		return 0;
	}
	if (mn_hex_span(path + 1, MN_ID_HEX) < MN_ID_HEX)
		return 404;
	memcpy(r->hex, path + 1, MN_ID_HEX);
	return route_rest(r, path + 1 + MN_ID_HEX, query);
}

int mn_site_version(const char *p)
{
	int best = 0;

	for (; p; p = strchr(p, ':')) {
		p += *p == ':';
		if (!strncmp(p, "version=", 8) && p[8] >= '0' && p[8] <= '2' &&
		    (!p[9] || p[9] == ':') && p[8] - '0' > best)
			best = p[8] - '0';
	}
	return best;
}

int mn_site_type_is(const char *type, const char *wanted)
{
	size_t n = strlen(wanted);

	return type && !strncasecmp(type, wanted, n) &&
	       (!type[n] || type[n] == ';' || type[n] == ' ');
}

int mn_site_coding(const char *coding)
{
	if (!coding || !*coding || !strcasecmp(coding, "identity"))
		return 0;
	return !strcasecmp(coding, "gzip") || !strcasecmp(coding, "x-gzip")
		? 1 : -1;
}

/* Who names text/plain, and text/html not before it, gets it. */
int mn_site_wants_text(const char *accept)
{
	const char *plain = accept ? strcasestr(accept, "text/plain") : NULL;
	const char *html = accept ? strcasestr(accept, "text/html") : NULL;

	return plain && (!html || plain < html);
}

int mn_site_host_ok(const char *host)
{
	size_t n = host ? strspn(host, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789.-_:[]") : 0;

	return n && n < MN_AUTH_HOST_MAX && !host[n];
}
