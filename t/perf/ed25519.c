/*
 * ed25519: the rate of bare Ed25519 verification, for comparison.
 *
 *	ed25519 make N >FILE		N signed messages of one key
 *	ed25519 verify THREADS FILE	all verify: exit 0
 *
 * A record is a message of MSG bytes and its signature; the public key stands
 * before the first. Threads take GRAIN records at a time.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "banned.h"

#define MSG 48		/* a domain prefix and a digest of 32 bytes */
#define RECORD (MSG + crypto_sign_BYTES)
#define KEY crypto_sign_PUBLICKEYBYTES
#define GRAIN 64
#define THREADS_MAX 256

struct work {
	const unsigned char *pub, *records;
	size_t n;
	atomic_size_t next, bad;
};

static int make(unsigned long n)
{
	unsigned char pub[KEY], sec[crypto_sign_SECRETKEYBYTES], r[RECORD];

	crypto_sign_keypair(pub, sec);
	fwrite(pub, sizeof(pub), 1, stdout);
	while (n--) {
		randombytes_buf(r, MSG);
		crypto_sign_detached(r + MSG, NULL, r, MSG, sec);
		fwrite(r, sizeof(r), 1, stdout);
	}
	return fflush(stdout) || ferror(stdout);
}

static void *verify_some(void *arg)
{
	struct work *w = arg;

	for (;;) {
		size_t i = atomic_fetch_add(&w->next, GRAIN);
		size_t end = i + GRAIN < w->n ? i + GRAIN : w->n;

		if (i >= w->n)
			return NULL;
		for (; i < end; i++) {
			const unsigned char *r = w->records + i * RECORD;

			if (crypto_sign_verify_detached(r + MSG, r, MSG,
							w->pub))
				atomic_fetch_add(&w->bad, 1);
		}
	}
}

static int verify(unsigned long threads, const char *path)
{
	pthread_t t[THREADS_MAX];
	struct work w = { .n = 0 };
	unsigned char *map;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < (off_t)KEY ||
	    !threads || threads > THREADS_MAX)
		return 1;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return 1;
	w.pub = map;
	w.records = map + KEY;
	w.n = ((size_t)st.st_size - KEY) / RECORD;
	for (unsigned long i = 1; i < threads; i++)
		if (pthread_create(&t[i], NULL, verify_some, &w))
			return 1;
	verify_some(&w);
	for (unsigned long i = 1; i < threads; i++)
		pthread_join(t[i], NULL);
	return w.bad != 0;
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		return 1;
	if (argc == 3 && !strcmp(argv[1], "make"))
		return make(strtoul(argv[2], NULL, 10));
	if (argc == 4 && !strcmp(argv[1], "verify"))
		return verify(strtoul(argv[2], NULL, 10), argv[3]);
	fputs("usage: ed25519 make N | verify THREADS FILE\n", stderr);
	return 129;
}
