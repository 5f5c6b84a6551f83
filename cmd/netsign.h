/*
 * netsign: signs the requests of pushes over HTTP with the key of this device
 * (mnprotocol(5)), for the profile that the address names. The sign of struct
 * mn_net_options.
 *
 *	mn_netsign_init(&s, c);
 *	r = mn_netsign(&s, "POST", url, digest, out, &err);
 *	mn_netsign_release(&s);
 */
#ifndef MN_CMD_NETSIGN_H
#define MN_CMD_NETSIGN_H

#include <pthread.h>

#include "cmd.h"
#include "key/sign.h"

struct mn_netsign {
	struct mn_cmd *c;
	pthread_mutex_t lock;		/* of what follows */
	char hex[MN_ID_HEX + 1];	/* "" : no key was read yet */
	struct mn_secret *secret;	/* of hex; NULL: there is none */
};

void mn_netsign_init(struct mn_netsign *s, struct mn_cmd *c);
void mn_netsign_release(struct mn_netsign *s);

/* Threads may call it together. Asks for a passphrase once a profile. MN_ENOTFOUND:
 * the address names no profile that this device has a key of. */
int mn_netsign(struct mn_netsign *s, const char *method, const char *url,
	       const unsigned char body_digest[32], char out[512],
	       struct mn_err *err);

#endif
