#include <stdlib.h>
#include <string.h>

#include "key/hash.h"
#include "key/locked.h"
#include "net/http.h"

#include "banned.h"

static void add_origin(struct mn_buf *b, const char *scheme, const char *host,
		       unsigned port)
{
	int v6 = strchr(host, ':') && host[0] != '[';

	mn_buf_addf(b, v6 ? "%s://[%s]" : "%s://%s", scheme, host);
	if (port)
		mn_buf_addf(b, ":%u", port);
}

int mn_http_set_base(struct http *h, const struct mn_url *url,
		     struct mn_err *err)
{
	int tls = url->scheme == MN_URL_HTTPS;
	unsigned port = url->port == (tls ? 443 : 80) ? 0 : url->port;

	if (!url->host || !url->path)
		return mn_err_set(err, MN_EINVALID, "'%s' is no address of "
				  "HTTP", url->text);
	add_origin(&h->origin, tls ? "https" : "http", url->host, port);
	mn_buf_add(&h->base, h->origin.p, h->origin.len);
	if (strcmp(url->path, "/"))
		mn_buf_adds(&h->base, url->path);
	return 0;
}

struct place {			/* where a redirect leads */
	char *scheme, *host, *port, *path, *query;
};

static void place_release(struct place *p)
{
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
	curl_free(p->path);
	curl_free(p->query);
}

static int place_of(struct place *p, const char *text)
{
	CURLU *u = curl_url();
	int r = -1;

	memset(p, 0, sizeof(*p));
	if (u && !curl_url_set(u, CURLUPART_URL, text, 0) &&
	    !curl_url_get(u, CURLUPART_SCHEME, &p->scheme, 0) &&
	    !curl_url_get(u, CURLUPART_HOST, &p->host, 0) &&
	    !curl_url_get(u, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT) &&
	    !curl_url_get(u, CURLUPART_PATH, &p->path, 0)) {
		curl_url_get(u, CURLUPART_QUERY, &p->query, 0);
		r = 0;
	}
	curl_url_cleanup(u);
	return r;
}

/* The same server, or its encrypted side. */
static int is_safe(const struct place *from, const struct place *to)
{
	if (strcmp(from->host, to->host))
		return 0;
	if (!strcmp(from->scheme, to->scheme))
		return !strcmp(from->port, to->port);
	return !strcmp(from->scheme, "http") && !strcmp(to->scheme, "https");
}

/* Sets base to where the redirect leads, less the tail, which must be that of
 * the request: what else is asked for must lie beside it. */
static int set_target(struct http *h, const struct place *to,
		      const char *tail, struct mn_err *err)
{
	unsigned long port = strtoul(to->port, NULL, 10);
	struct mn_buf full = MN_BUF_INIT;
	size_t n = strlen(tail);
	int r = 0;

	if (port == (strcmp(to->scheme, "https") ? 80 : 443))
		port = 0;
	mn_buf_adds(&full, to->path);
	if (to->query)
		mn_buf_addf(&full, "?%s", to->query);
	if (full.len < n || strcmp(full.p + full.len - n, tail) ||
	    memchr(full.p, '?', full.len - n)) {
		r = mn_err_set(err, MN_EDENIED, "'%s': the server redirects to "
			       "what is no repository", h->url->text);
		goto done;
	}
	mn_buf_setlen(&full, full.len - n);
	mn_buf_clear(&h->origin);
	add_origin(&h->origin, to->scheme, to->host, (unsigned)port);
	mn_buf_clear(&h->base);
	mn_buf_add(&h->base, h->origin.p, h->origin.len);
	mn_buf_add(&h->base, full.p, full.len);
done:
	mn_buf_release(&full);
	return r;
}

int mn_http_redirect(struct http *h, const char *tail, struct mn_err *err)
{
	struct place from, to;
	char *target = NULL;
	int r;

	memset(&from, 0, sizeof(from));
	memset(&to, 0, sizeof(to));
	curl_easy_getinfo(h->x.easy, CURLINFO_REDIRECT_URL, &target);
	if (!target || strlen(target) > 2 * MN_URL_MAX ||
	    place_of(&from, h->base.p) || place_of(&to, target))
		r = mn_err_set(err, MN_EDENIED, "'%s': the server redirects "
			       "to what is not HTTP: not followed",
			       h->url->text);
	else if (strcmp(from.host, to.host))
		r = mn_err_set(err, MN_EDENIED, "'%s': the server redirects to "
			       "another host, '%s': not followed",
			       h->url->text, to.host);
	else if (!is_safe(&from, &to))
		r = mn_err_set(err, MN_EDENIED, "'%s': the server redirects to "
			       "'%s://%s:%s': not followed", h->url->text,
			       to.scheme, to.host, to.port);
	else
		r = set_target(h, &to, tail, err);
	place_release(&from);
	place_release(&to);
	return r;
}

/* Logins that were taken stand in the pool; one that is tried does not. */
static struct mn_http_login *find_login(struct mn_http_pool *p,
					const char *origin, const char *asked)
{
	struct mn_http_login *l;

	for (l = p->logins; l; l = l->next)
		if (!strcmp(l->origin, origin) && !strcmp(l->asked, asked))
			return l;
	return NULL;
}

static int copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size)
		return -1;
	memcpy(to, from, n + 1);
	return 0;
}

static const char *asked_user(const struct http *h)
{
	return h->url->user ? h->url->user : "";
}

static struct mn_http_login *new_login(const struct http *h,
				       struct mn_err *err)
{
	const char *origin = h->origin.p, *rest = strstr(origin, "://");
	struct mn_http_login *l;

	if (!rest || mn_key_init() < 0) {
		mn_err_set(err, MN_EFAIL, "cannot keep a password");
		return NULL;
	}
	l = mn_locked_new(sizeof(*l));
	l->refs = 1;
	if (copy(l->origin, sizeof(l->origin), origin) ||
	    copy(l->asked, sizeof(l->asked), asked_user(h)) ||
	    copy(l->c.host, sizeof(l->c.host), rest + 3) ||
	    copy(l->c.user, sizeof(l->c.user), asked_user(h))) {
		mn_locked_free(l);
		mn_err_set(err, MN_ELIMIT, "'%s' is too long for a password",
			   h->url->text);
		return NULL;
	}
	memcpy(l->c.protocol, origin, (size_t)(rest - origin));
	/* Helpers use it only where they are told to; too long, it is left
	 * out. */
	rest = h->base.p + h->origin.len;
	if (*rest == '/')
		copy(l->c.path, sizeof(l->c.path), rest + 1);
	return l;
}

void mn_http_login_free(struct mn_http_login *l)
{
	if (l && !--l->refs)
		mn_locked_free(l);
}

static void drop_login(struct http *h)
{
	struct mn_http_login **at = &h->x.pool->logins, *l = h->login;

	while (*at && *at != l)
		at = &(*at)->next;
	if (*at) {
		*at = l->next;
		mn_http_login_free(l);
	}
	h->login = NULL;
	mn_http_login_free(l);
}

int mn_http_known(struct http *h)
{
	struct mn_http_login *l = NULL;

	if (h->net->http)
		l = find_login(h->net->http, h->origin.p, asked_user(h));
	if (l && !h->login) {
		l->refs++;
		h->login = l;
	}
	return l != NULL;
}

static int fill_from_url(struct http *h, struct mn_err *err)
{
	struct mn_http_login *l = new_login(h, err);

	h->tried_url = 1;
	if (!l)
		return MN_ELIMIT;
	if (copy(l->c.password, sizeof(l->c.password), h->url->password)) {
		mn_locked_free(l);
		return mn_err_set(err, MN_ELIMIT, "the password in '%s' is "
				  "too long", h->url->text);
	}
	h->login = l;
	return 0;
}

static int fill_from_helper(struct http *h, struct mn_err *err)
{
	const struct mn_net_options *opt = &h->net->opt;
	struct mn_http_login *l;
	int r;

	if (!opt->credential)
		return mn_err_set(err, MN_EDENIED, "'%s' wants a password, and "
				  "none is known", h->url->text);
	l = new_login(h, err);
	if (!l)
		return MN_EFAIL;
	r = opt->credential(opt->ctx, MN_CRED_FILL, &l->c, err);
	if (r < 0) {
		mn_locked_free(l);
		return mn_err_wrap(err, MN_EDENIED, "'%s' wants a password",
				   h->url->text);
	}
	l->from_helper = 1;
	h->login = l;
	return 0;
}

int mn_http_refused(struct http *h, struct mn_err *err)
{
	const struct mn_net_options *opt = &h->net->opt;
	struct mn_http_login *l = h->login;
	int from_helper = l && l->from_helper;
	long offers = 0;

	curl_easy_getinfo(h->x.easy, CURLINFO_HTTPAUTH_AVAIL, &offers);
	if (!(offers & (long)CURLAUTH_BASIC))
		return mn_err_set(err, MN_EDENIED, opt->sign && !l ?
				  "'%s': the server does not let this device "
				  "in (401)" :
				  "'%s': the server wants a way to log in that "
				  "mn doesn't have (401)", h->url->text);
	h->no_sign = 1;
	if (l) {
		if (from_helper && opt->credential)
			opt->credential(opt->ctx, MN_CRED_REJECT, &l->c, NULL);
		drop_login(h);
	}
	if (from_helper)
		return mn_err_set(err, MN_EDENIED, "'%s': the server does not "
				  "take the password", h->url->text);
	if (!l && mn_http_known(h))
		return 0;
	if (h->url->password && !h->tried_url)
		return fill_from_url(h, err);
	return fill_from_helper(h, err);
}

void mn_http_accepted(struct http *h)
{
	const struct mn_net_options *opt = &h->net->opt;
	struct mn_http_login *l = h->login;

	if (!l || l->approved || h->x.status != 200)
		return;
	l->approved = 1;
	l->refs++;
	l->next = h->x.pool->logins;
	h->x.pool->logins = l;
	if (l->from_helper && opt->credential)
		opt->credential(opt->ctx, MN_CRED_APPROVE, &l->c, NULL);
}
