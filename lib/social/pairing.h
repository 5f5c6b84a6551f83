/*
 * pairing: the two lines by which a device is added to a profile: the request,
 * made by the new device, and the answer of who added it. mnformat-pairing(5).
 *
 * Both come through hands of others: the parsers are strict and bounded, and
 * take what the writers write, and nothing else.
 */
#ifndef MN_SOCIAL_PAIRING_H
#define MN_SOCIAL_PAIRING_H

#include "base/buf.h"
#include "base/err.h"
#include "key/sign.h"
#include "node/identity.h"

#define MN_PAIRING_MAX 4096		/* bytes of a line */
#define MN_PAIRING_URLS_MAX 8
#define MN_PAIRING_URL_MAX 2048		/* bytes of one */

struct mn_pairing_request {
	struct mn_pub key;
	char label[MN_LABEL_MAX + 1];	/* a text */
};

struct mn_pairing_answer {
	struct mn_id profile;
	struct mn_pub key;		/* of the device that was added */
	size_t nurls;
	char *urls[MN_PAIRING_URLS_MAX];	/* owned; texts */
};

/* Appends the line, without its end. label: a text of 1 to MN_LABEL_MAX bytes;
 * else MN_EINVALID. */
int mn_pairing_request_add(struct mn_buf *out, const struct mn_secret *device,
			   const char *label, struct mn_err *err);

/*
 * Reads a line, without its end. MN_EINVALID: it is none, or was not copied
 * whole; MN_EVERSION; MN_ESIGNATURE: who made it has not the key.
 */
int mn_pairing_request_parse(struct mn_pairing_request *out,
			     struct mn_str line, struct mn_err *err);

/* Appends the line; addresses that are no texts, or for which there is no
 * room, are left out. */
void mn_pairing_answer_add(struct mn_buf *out, const struct mn_id *profile,
			   const struct mn_pub *key, const char *const *urls,
			   size_t nurls);
/* MN_EINVALID, MN_EVERSION. Release it, also after an error. */
int mn_pairing_answer_parse(struct mn_pairing_answer *out, struct mn_str line,
			    struct mn_err *err);
void mn_pairing_answer_release(struct mn_pairing_answer *a);
/* Whether a word begins as an answer does: 1, 0. */
int mn_pairing_is_answer(const char *word);

/* Appends what people compare: 24 digits of the key, in groups of four. */
void mn_pairing_fingerprint(struct mn_buf *out, const struct mn_pub *key);

#endif
