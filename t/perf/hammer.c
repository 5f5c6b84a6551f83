/*
 * hammer: how many requests a second a server of HTTP answers.
 *
 *	hammer PORT PATH CONNECTIONS REQUESTS
 *
 * Asks a server on 127.0.0.1 for the refs of the repository at PATH (ls-refs of
 * git's protocol v2) over so many connections at a time, which are kept alive
 * as far as the server does, each with one request under way. Prints requests
 * a second. Any answer but 200 ends it: exit 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "banned.h"

#define CONNECTIONS_MAX 1024
#define ANSWER_MAX 65536

static const char body[] = "0014command=ls-refs\n0001" "0009peel\n"
	"000csymrefs\n" "001bref-prefix refs/heads/\n" "0000";

struct client {
	int fd;
	size_t len;		/* of the answer, so far */
	char answer[ANSWER_MAX + 1];
};

struct hammer {
	struct sockaddr_in to;
	char request[1024];
	size_t len;
	struct client *clients;
	struct pollfd *polled;
	size_t n;
	long asked, answered, wanted;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "hammer: %s: %s\n", what, why);
	exit(1);
}

static void dial(struct hammer *h, size_t i)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || connect(fd, (void *)&h->to, sizeof(h->to)) < 0)
		die("cannot connect", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	h->clients[i].fd = h->polled[i].fd = fd;
}

static void hang_up(struct hammer *h, size_t i)
{
	close(h->clients[i].fd);
	h->clients[i].fd = h->polled[i].fd = -1;
}

/* Sends the next request, if there is one. */
static void ask(struct hammer *h, size_t i)
{
	struct client *c = &h->clients[i];

	c->len = 0;
	if (h->asked == h->wanted) {
		hang_up(h, i);
		return;
	}
	if (c->fd < 0)
		dial(h, i);
	if (send(c->fd, h->request, h->len, MSG_NOSIGNAL) != (ssize_t)h->len)
		die("cannot send", strerror(errno));
	h->asked++;
}

/* The answer is whole, be it in chunks or of a length that it says. */
static int is_whole(const struct client *c)
{
	static const char last[] = "\r\n0\r\n\r\n";
	const char *end = strstr(c->answer, "\r\n\r\n"), *length;

	if (!end)
		return 0;
	length = strcasestr(c->answer, "\r\ncontent-length:");
	if (length && length < end)
		return c->len >= (size_t)(end + 4 - c->answer) +
			strtoul(length + 17, NULL, 10);
	return c->len > sizeof(last) &&
		!strcmp(c->answer + c->len - (sizeof(last) - 1), last);
}

static int is_last(const struct client *c)
{
	return strcasestr(c->answer, "\r\nconnection: close") != NULL;
}

static void hear(struct hammer *h, size_t i)
{
	struct client *c = &h->clients[i];
	ssize_t n = recv(c->fd, c->answer + c->len, ANSWER_MAX - c->len, 0);

	if (n <= 0)
		die("an answer was cut short", n ? strerror(errno) : "closed");
	c->len += (size_t)n;
	c->answer[c->len] = 0;
	if (!is_whole(c))
		return;
	if (strncmp(c->answer, "HTTP/1.1 200", 12))
		die("no good answer", c->answer);
	h->answered++;
	if (is_last(c))
		hang_up(h, i);
	ask(h, i);
}

static void run(struct hammer *h)
{
	for (size_t i = 0; i < h->n; i++)
		ask(h, i);
	while (h->answered < h->wanted) {
		if (poll(h->polled, h->n, 30000) <= 0)
			die("no answer", "for 30 seconds");
		for (size_t i = 0; i < h->n; i++)
			if (h->polled[i].fd >= 0 && h->polled[i].revents)
				hear(h, i);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void prepare(struct hammer *h, char **argv)
{
	h->to.sin_family = AF_INET;
	h->to.sin_port = htons((in_port_t)strtoul(argv[1], NULL, 10));
	h->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	h->len = (size_t)snprintf(h->request, sizeof(h->request),
		"POST %s/git-upload-pack HTTP/1.1\r\n"
		"Host: 127.0.0.1:%s\r\n"
		"Content-Type: application/x-git-upload-pack-request\r\n"
		"Git-Protocol: version=2\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		argv[2], argv[1], sizeof(body) - 1, body);
	h->n = strtoul(argv[3], NULL, 10);
	h->wanted = strtol(argv[4], NULL, 10);
	if (!h->n || h->n > CONNECTIONS_MAX || h->wanted < 1 ||
	    h->len >= sizeof(h->request))
		die("usage", "a number is out of range, or a path too long");
	h->clients = calloc(h->n, sizeof(*h->clients));
	h->polled = calloc(h->n, sizeof(*h->polled));
	if (!h->clients || !h->polled)
		die("out of memory", "clients");
	for (size_t i = 0; i < h->n; i++) {
		h->clients[i].fd = -1;
		h->polled[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	}
}

int main(int argc, char **argv)
{
	struct hammer h = { .n = 0 };
	double start;

	if (argc != 5) {
		fputs("usage: hammer PORT PATH CONNECTIONS REQUESTS\n",
		      stderr);
		return 129;
	}
	prepare(&h, argv);
	start = now();
	run(&h);
	printf("%.0f\n", (double)h.wanted / (now() - start));
	free(h.clients);
	free(h.polled);
	return 0;
}
