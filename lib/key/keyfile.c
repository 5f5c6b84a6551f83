#include "key/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "key/keyfile-format.h"
#include "key/locked.h"

#include "banned.h"

/*
 * What is asked of a guesser: three passes, as libsodium's MODERATE, but
 * over 64 MiB instead of 256, which a small machine can spare.
 */
#define DEFAULT_OPS crypto_pwhash_argon2id_OPSLIMIT_MODERATE
#define DEFAULT_MEM (UINT64_C(64) << 20)

_Static_assert(sizeof(((struct mn_keyfile *)0)->salt) ==
	       crypto_pwhash_argon2id_SALTBYTES, "salt");
_Static_assert(sizeof(((struct mn_keyfile *)0)->nonce) ==
	       crypto_secretbox_NONCEBYTES, "nonce");
_Static_assert(sizeof(((struct mn_keyfile *)0)->box) ==
	       crypto_secretbox_MACBYTES + 32, "box");

/* The key that a passphrase makes; key is crypto_secretbox_KEYBYTES. */
static int stretch(unsigned char *key, const struct mn_keyfile *k,
		   const char *passphrase, struct mn_err *err)
{
	if (crypto_pwhash_argon2id(key, crypto_secretbox_KEYBYTES, passphrase,
				   strlen(passphrase), k->salt, k->ops,
				   (size_t)k->mem,
				   crypto_pwhash_argon2id_ALG_ARGON2ID13) < 0)
		return mn_err_set(err, MN_ENOMEM, "no memory for a passphrase: "
				  "%llu MiB are needed",
				  (unsigned long long)((k->mem + 0xfffff) >> 20));
	return 0;
}

static int wrap(struct mn_keyfile *k, const char *passphrase,
		struct mn_err *err)
{
	unsigned char *key;
	int r;

	if (strlen(passphrase) >= MN_PASSPHRASE_MAX)
		return mn_err_set(err, MN_EINVALID,
				  "a passphrase has at most %d bytes",
				  MN_PASSPHRASE_MAX - 1);
	key = mn_locked_new(crypto_secretbox_KEYBYTES);
	k->wrapped = 1;
	k->ops = DEFAULT_OPS;
	k->mem = DEFAULT_MEM;
	randombytes_buf(k->salt, sizeof(k->salt));
	randombytes_buf(k->nonce, sizeof(k->nonce));
	r = stretch(key, k, passphrase, err);
	if (!r)
		crypto_secretbox_easy(k->box, k->secret,
				      mn_keyfile_secret_len(k), k->nonce, key);
	mn_locked_free(key);
	return r;
}

static int unwrap(struct mn_keyfile *k, const char *passphrase,
		  struct mn_err *err)
{
	unsigned char *key = mn_locked_new(crypto_secretbox_KEYBYTES);
	size_t boxlen = crypto_secretbox_MACBYTES + mn_keyfile_secret_len(k);
	int r;

	r = stretch(key, k, passphrase, err);
	if (!r && crypto_secretbox_open_easy(k->secret, k->box, boxlen,
					     k->nonce, key) < 0)
		r = mn_err_set(err, MN_EPASSPHRASE, "wrong passphrase");
	mn_locked_free(key);
	return r;
}

static int ask_and_unwrap(struct mn_keyfile *k, const char *path,
			  mn_passphrase_fn *ask, void *ctx, struct mn_err *err)
{
	char *passphrase;
	int r;

	if (!ask)
		return mn_err_set(err, MN_EPASSPHRASE,
				  "the key needs a passphrase");
	passphrase = mn_locked_new(MN_PASSPHRASE_MAX);
	r = ask(ctx, passphrase, MN_PASSPHRASE_MAX, path, err);
	passphrase[MN_PASSPHRASE_MAX - 1] = '\0';
	if (r > 0 || (!r && !*passphrase))
		r = mn_err_set(err, MN_EPASSPHRASE,
			       "the key needs a passphrase");
	if (!r)
		r = unwrap(k, passphrase, err);
	mn_locked_free(passphrase);
	return r;
}

static int check_private(int fd, const char *path, struct mn_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return mn_err_sys(err, "cannot stat '%s'", path);
	if (!S_ISREG(st.st_mode))
		return mn_err_set(err, MN_EINVALID,
				  "'%s' is not a regular file", path);
	if (st.st_uid != geteuid())
		return mn_err_set(err, MN_EFAIL,
				  "'%s' belongs to another user", path);
	if (st.st_mode & 077)
		return mn_err_set(err, MN_EFAIL,
				  "'%s' can be read by others: "
				  "chmod 600 '%s'", path, path);
	return 0;
}

static int open_private(int *fd, const char *path, struct mn_err *err)
{
	int r;

	/* O_NONBLOCK: somebody's fifo must not hang us. */
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
			 O_CLOEXEC);
	if (*fd < 0 && errno == ELOOP)
		return mn_err_set(err, MN_EINVALID,
				  "'%s' is a symbolic link; a key file must "
				  "be the file itself", path);
	if (*fd < 0)
		return mn_err_sys(err, "cannot open '%s'", path);
	r = check_private(*fd, path, err);
	if (r < 0) {
		close(*fd);
		*fd = -1;
	}
	return r;
}

/* Reads and parses; *out is in locked memory. */
static int load(struct mn_keyfile **out, const char *path, struct mn_err *err)
{
	struct mn_keyfile *k = NULL;
	char *text = NULL;
	size_t len;
	int fd, r;

	*out = NULL;
	r = open_private(&fd, path, err);
	if (r < 0)
		return r;
	text = mn_locked_new(MN_KEYFILE_MAX + 1);
	r = mn_io_read_full(fd, text, MN_KEYFILE_MAX + 1, &len, err);
	if (r < 0) {
		mn_err_wrap(err, r, "cannot read '%s'", path);
		goto done;
	}
	k = mn_locked_new(sizeof(*k));
	r = mn_keyfile_parse(k, (struct mn_str){ text, len }, err);
	if (r < 0) {
		mn_err_wrap(err, r, "cannot read '%s'", path);
		goto done;
	}
	*out = k;
	k = NULL;
done:
	mn_locked_free(k);
	mn_locked_free(text);
	close(fd);
	return r;
}

/* Loads, sees that it is the key that is meant, and unwraps it. */
static int load_secret(struct mn_keyfile **out, const char *path,
		       enum mn_key_type type, const struct mn_id *profile,
		       mn_passphrase_fn *ask, void *ctx, struct mn_err *err)
{
	struct mn_keyfile *k;
	int r;

	*out = NULL;
	r = load(&k, path, err);
	if (r < 0)
		return r;
	if (k->type != type)
		r = mn_err_set(err, MN_EINVALID, "it is the key of a %s, not "
			       "that of a %s",
			       type == MN_KEY_ROOT ? "device" : "root",
			       type == MN_KEY_ROOT ? "root" : "device");
	else if (!mn_id_eq(&k->profile, profile))
		r = mn_err_set(err, MN_EINVALID,
			       "it is the key of another profile");
	else if (k->wrapped)
		r = ask_and_unwrap(k, path, ask, ctx, err);
	if (r) {
		mn_locked_free(k);
		mn_err_wrap(err, r, "cannot use '%s'", path);
		return r;
	}
	*out = k;
	return 0;
}

int mn_keyfile_read_device(struct mn_secret **out, const char *path,
			   const struct mn_id *profile, mn_passphrase_fn *ask,
			   void *ctx, struct mn_err *err)
{
	struct mn_keyfile *k;
	struct mn_secret *s;
	struct mn_pub pub;
	int r;

	*out = NULL;
	r = load_secret(&k, path, MN_KEY_DEVICE, profile, ask, ctx, err);
	if (r)
		return r;
	s = mn_secret_from_seed(k->secret);
	mn_secret_pub(&pub, s);
	if (memcmp(pub.b, k->pub.b, sizeof(pub.b))) {
		mn_secret_free(s);
		r = mn_err_set(err, MN_EINVALID,
			       "cannot use '%s': its public key does not "
			       "belong to its secret key", path);
	} else {
		*out = s;
	}
	mn_locked_free(k);
	return r;
}

int mn_keyfile_read_root(struct mn_root **out, const char *path,
			 const struct mn_id *profile, mn_passphrase_fn *ask,
			 void *ctx, struct mn_err *err)
{
	struct mn_keyfile *k;
	int r;

	*out = NULL;
	r = load_secret(&k, path, MN_KEY_ROOT, profile, ask, ctx, err);
	if (r)
		return r;
	*out = mn_root_from_bytes(k->secret);
	mn_locked_free(k);
	return 0;
}

int mn_keyfile_pub(struct mn_pub *out, const char *path, struct mn_err *err)
{
	struct mn_keyfile *k;
	int r;

	r = load(&k, path, err);
	if (r < 0)
		return r;
	if (k->type == MN_KEY_DEVICE)
		*out = k->pub;
	else
		r = mn_err_set(err, MN_EINVALID,
			       "'%s' is the key of a root, not that of a "
			       "device", path);
	mn_locked_free(k);
	return r;
}

static int exists(const char *path, struct mn_err *err)
{
	return mn_err_set(err, MN_EEXISTS, "'%s' exists already", path);
}

/* As mn_io_replace, but leaves an existing file alone: link(2) never
 * replaces one, and rename(2) always does. */
static int create(const char *path, const char *text, size_t len,
		  struct mn_err *err)
{
	struct mn_buf tmp = MN_BUF_INIT;
	unsigned char rnd[8];
	int r;

	randombytes_buf(rnd, sizeof(rnd));
	mn_buf_addf(&tmp, "%s.tmp-", path);
	mn_buf_addhex(&tmp, rnd, sizeof(rnd));
	r = mn_io_replace(tmp.p, text, len, 0600, 1, err);
	if (r < 0)
		goto done;
	if (link(tmp.p, path) < 0)
		r = errno == EEXIST ? exists(path, err) :
		    mn_err_sys(err, "cannot link '%s' to '%s'", tmp.p, path);
	unlink(tmp.p);
	if (!r)
		r = mn_io_fsync_parent(path, err);
done:
	mn_buf_release(&tmp);
	return r;
}

int mn_keyfile_assign(const char *from, const char *to,
		      const struct mn_id *profile, struct mn_err *err)
{
	struct mn_keyfile *k;
	char *text;
	size_t len;
	int r = load(&k, from, err);

	if (r < 0)
		return r;
	if (k->type != MN_KEY_DEVICE) {
		r = mn_err_set(err, MN_EINVALID, "'%s' is the key of a root, "
			       "not that of a device", from);
	} else {
		k->profile = *profile;
		text = mn_locked_new(MN_KEYFILE_MAX);
		len = mn_keyfile_format(text, k);
		r = create(to, text, len, err);
		mn_locked_free(text);
	}
	mn_locked_free(k);
	return r;
}

static int store(const char *path, struct mn_keyfile *k,
		 const char *passphrase, int replace, struct mn_err *err)
{
	char *text;
	size_t len;
	int r = 0;

	/* Not the last word on it, but it spares the slow passphrase. */
	if (!replace && mn_io_exists(path))
		return exists(path, err);
	if (passphrase && *passphrase)
		r = wrap(k, passphrase, err);
	if (r < 0)
		return mn_err_wrap(err, r, "cannot write '%s'", path);
	text = mn_locked_new(MN_KEYFILE_MAX);
	len = mn_keyfile_format(text, k);
	r = replace ? mn_io_replace(path, text, len, 0600, 1, err) :
	    create(path, text, len, err);
	mn_locked_free(text);
	return r;
}

int mn_keyfile_write_device(const char *path, const struct mn_id *profile,
			    const struct mn_secret *s, const char *passphrase,
			    int replace, struct mn_err *err)
{
	struct mn_keyfile *k = mn_locked_new(sizeof(*k));
	int r;

	k->type = MN_KEY_DEVICE;
	k->profile = *profile;
	mn_secret_pub(&k->pub, s);
	mn_secret_seed(k->secret, s);
	r = store(path, k, passphrase, replace, err);
	mn_locked_free(k);
	return r;
}

int mn_keyfile_write_root(const char *path, const struct mn_id *profile,
			  const struct mn_root *root, const char *passphrase,
			  int replace, struct mn_err *err)
{
	struct mn_keyfile *k = mn_locked_new(sizeof(*k));
	int r;

	k->type = MN_KEY_ROOT;
	k->profile = *profile;
	mn_root_bytes(k->secret, root);
	r = store(path, k, passphrase, replace, err);
	mn_locked_free(k);
	return r;
}
