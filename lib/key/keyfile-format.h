/*
 * keyfile-format: the text of a key file, read and written without touching
 * a file or a cipher. For lib/key's own use, and for tests.
 *
 * What mn_keyfile_parse accepts, mn_keyfile_format writes again byte for
 * byte. A struct mn_keyfile may hold a secret: it belongs in locked memory.
 */
#ifndef MN_KEY_KEYFILE_FORMAT_H
#define MN_KEY_KEYFILE_FORMAT_H

#include "base/buf.h"
#include "base/err.h"
#include "key/keyfile.h"

#define MN_KEYFILE_MAX 4096	/* bytes of a file */

#define MN_KEYFILE_OPS_MAX 20
#define MN_KEYFILE_MEM_MIN (UINT64_C(8) << 10)
#define MN_KEYFILE_MEM_MAX (UINT64_C(1) << 30)

struct mn_keyfile {
	enum mn_key_type type;
	struct mn_id profile;
	struct mn_pub pub;		/* zero for a root */
	int wrapped;
	/* in the clear, or when unwrapped */
	unsigned char secret[32];
	/* wrapped */
	uint64_t ops, mem;		/* passes, bytes */
	unsigned char salt[16];
	unsigned char nonce[24];
	unsigned char box[16 + 32];	/* tag, secret */
};

/* Bytes of the secret: 32 (a seed), or 16 for a root. */
size_t mn_keyfile_secret_len(const struct mn_keyfile *k);

/* 0, MN_EINVALID or MN_EVERSION. */
int mn_keyfile_parse(struct mn_keyfile *out, struct mn_str text,
		     struct mn_err *err);
/* Returns the length, which is below MN_KEYFILE_MAX; no NUL behind it. */
size_t mn_keyfile_format(char out[MN_KEYFILE_MAX], const struct mn_keyfile *k);

#endif
