/*
 * keyfile: a secret in a file of mode 0600, in the clear or wrapped by a
 * passphrase (Argon2id, XSalsa20-Poly1305). mnformat-key(5).
 */
#ifndef MN_KEY_KEYFILE_H
#define MN_KEY_KEYFILE_H

#include "base/err.h"
#include "key/root.h"
#include "key/sign.h"

enum mn_key_type { MN_KEY_DEVICE = 1, MN_KEY_ROOT = 2 };

#define MN_PASSPHRASE_MAX 1024	/* with its NUL */

/* Asked when a file is wrapped: writes a NUL-ended passphrase of less than max
 * bytes to out; 0 or MN_EPASSPHRASE. The caller of the keyfile owns it. */
typedef int mn_passphrase_fn(void *ctx, char *out, size_t max,
			     const char *path, struct mn_err *err);

/* passphrase NULL or "": in the clear. Written durably, never over an existing
 * file (MN_EEXISTS) unless replace. */
int mn_keyfile_write_device(const char *path, const struct mn_id *profile,
			    const struct mn_secret *s, const char *passphrase,
			    int replace, struct mn_err *err);
int mn_keyfile_write_root(const char *path, const struct mn_id *profile,
			  const struct mn_root *r, const char *passphrase,
			  int replace, struct mn_err *err);

/* MN_EPASSPHRASE: wrong or none; MN_EINVALID: damaged; MN_EVERSION; a file that
 * others may read is refused. The profile must be the one given. */
int mn_keyfile_read_device(struct mn_secret **out, const char *path,
			   const struct mn_id *profile, mn_passphrase_fn *ask,
			   void *ctx, struct mn_err *err);
int mn_keyfile_read_root(struct mn_root **out, const char *path,
			 const struct mn_id *profile, mn_passphrase_fn *ask,
			 void *ctx, struct mn_err *err);

/*
 * The key of a device that had no profile yet (its file names another one) in a
 * file of its profile; from stays as it is. No passphrase is needed: what is
 * wrapped stays wrapped. Never over an existing file: MN_EEXISTS.
 */
int mn_keyfile_assign(const char *from, const char *to,
		      const struct mn_id *profile, struct mn_err *err);

/* The public key of a device's file, without its passphrase. */
int mn_keyfile_pub(struct mn_pub *out, const char *path, struct mn_err *err);

#endif
