/* Key files. The texts below were made with other implementations of Argon2,
 * XSalsa20-Poly1305 and BLAKE2b; two of them stand in mnformat-key(5). */
#include "key/keyfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/io.h"
#include "key/keyfile-format.h"

#include "tap.h"

#include "banned.h"

#define PROFILE \
	"bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
#define SEED \
	"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define PUBLIC \
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define COST "1 8192 101112131415161718191a1b1c1d1e1f " \
	"202122232425262728292a2b2c2d2e2f3031323334353637 "
#define HEAD_DEVICE "mn-key 1\ntype device\nprofile " PROFILE "\n" \
	"public " PUBLIC "\n"
#define HEAD_ROOT "mn-key 1\ntype root\nprofile " PROFILE "\n"

static const char device_plain[] = HEAD_DEVICE
	"plain " SEED "\n"
	"check 242c882b3af1615b0c1b277f0d8e04354c1f258c856af58f95737999c41d2478"
	"\n";
static const char device_wrapped[] = HEAD_DEVICE
	"argon2id " COST "4b1eff1d33d72f163e19dfa758fbf740086303e40a33fb778e75"
	"9a9909807eb59e50392c315c032df8e8848ccec0ba72\n"
	"check 57a2a71277db6e63779f2a7f80d399d570303d4dc5ead7b679a1b9025aaafaa6"
	"\n";
static const char root_plain[] = HEAD_ROOT
	"plain 000102030405060708090a0b0c0d0e0f\n"
	"check b63c2871ed73b30c750ca036fc6f91698660bcbedd01d95c1e2389ee67ff3c6b"
	"\n";
static const char root_wrapped[] = HEAD_ROOT
	"argon2id " COST "9018268c9d4e734a66be238d9d96d0c39503b07ae1cba7103cf8"
	"da6697615c7e\n"
	"check 4c75f83d52df1d3fda7cf930ed989ec1c6d0142fdab7f8e43b11bfebb4b51666"
	"\n";
static const char *const texts[] = {
	device_plain, device_wrapped, root_plain, root_wrapped
};

static char dir[] = "/tmp/test-key-file.XXXXXX";
static char path[64];
static struct mn_id profile;

static int answer(void *ctx, char *out, size_t max, const char *file,
		  struct mn_err *err)
{
	const char *passphrase = ctx;

	if (!passphrase)
		return mn_err_set(err, MN_EPASSPHRASE, "no terminal");
	if (strcmp(file, path))
		return mn_err_set(err, MN_EFAIL, "asked for another file");
	if (snprintf(out, max, "%s", passphrase) >= (int)max)
		return mn_err_set(err, MN_EFAIL, "no room");
	return 0;
}

/* Not by the rules, but never to be taken for a passphrase. */
static int gives_up(void *ctx, char *out, size_t max, const char *file,
		    struct mn_err *err)
{
	(void)ctx, (void)file, (void)err;
	snprintf(out, max, "x");
	return 1;
}

static void put(const char *text, size_t len, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || fchmod(fd, mode) < 0 ||
	    mn_io_write_full(fd, text, len, NULL) < 0 || close(fd) < 0)
		abort();
}

static int read_device(struct mn_secret **s, const char *passphrase,
		       struct mn_err *err)
{
	union { const char *in; void *out; } ctx = { passphrase };

	return mn_keyfile_read_device(s, path, &profile, answer, ctx.out, err);
}

static int read_root(struct mn_root **r, const char *passphrase,
		     struct mn_err *err)
{
	union { const char *in; void *out; } ctx = { passphrase };

	return mn_keyfile_read_root(r, path, &profile, answer, ctx.out, err);
}

static int is_seed(const struct mn_secret *s, const char *hex)
{
	unsigned char seed[32];
	char got[65];

	mn_secret_seed(seed, s);
	mn_hex_encode(got, seed, 32);
	return !strcmp(got, hex);
}

static int is_root(const struct mn_root *r, const char *hex)
{
	unsigned char b[MN_ROOT_SIZE];
	char got[33];

	mn_root_bytes(b, r);
	mn_hex_encode(got, b, sizeof(b));
	return !strcmp(got, hex);
}

static void test_known(void)
{
	static const char secret[] = "000102030405060708090a0b0c0d0e0f";
	struct mn_err err = MN_ERR_INIT;
	struct mn_secret *s;
	struct mn_root *r;

	put(device_plain, strlen(device_plain), 0600);
	is_int(read_device(&s, NULL, &err), 0, "a known device key");
	ok(s && is_seed(s, SEED), "has the right seed");
	mn_secret_free(s);
	put(device_wrapped, strlen(device_wrapped), 0400);
	is_int(read_device(&s, "correct horse", &err), 0, "one wrapped");
	ok(s && is_seed(s, SEED), "has the right seed");
	mn_secret_free(s);
	put(root_plain, strlen(root_plain), 0600);
	is_int(read_root(&r, NULL, &err), 0, "a known root secret");
	ok(r && is_root(r, secret), "is right");
	mn_root_free(r);
	put(root_wrapped, strlen(root_wrapped), 0600);
	is_int(read_root(&r, "correct horse", &err), 0, "one wrapped");
	ok(r && is_root(r, secret), "is right");
	mn_root_free(r);
	is_str(err.msg, "", "nobody complained");
}

static void test_passphrase(void)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_secret *s;
	struct mn_pub pub;
	char hex[65];

	put(device_wrapped, strlen(device_wrapped), 0600);
	is_int(read_device(&s, "Correct horse", &err), MN_EPASSPHRASE,
	       "a wrong passphrase");
	ok(strstr(err.msg, "wrong passphrase") && !s, "says: %s", err.msg);
	mn_err_clear(&err);
	is_int(read_device(&s, "", &err), MN_EPASSPHRASE, "an empty one");
	ok(strstr(err.msg, "needs a passphrase") && !s, "says: %s", err.msg);
	mn_err_clear(&err);
	is_int(read_device(&s, NULL, &err), MN_EPASSPHRASE, "none");
	ok(strstr(err.msg, "no terminal"), "what the asker said stands there");
	is_int(mn_keyfile_read_device(&s, path, &profile, NULL, NULL, NULL),
	       MN_EPASSPHRASE, "nobody to ask");
	is_int(mn_keyfile_read_device(&s, path, &profile, gives_up, NULL,
				      NULL), MN_EPASSPHRASE,
	       "an asker that gives up");
	ok(!s, "no key comes of it");
	is_int(mn_keyfile_pub(&pub, path, NULL), 0, "the public key needs none");
	mn_hex_encode(hex, pub.b, 32);
	is_str(hex, PUBLIC, "and is right");
}

static void test_mismatch(void)
{
	struct mn_id other = { { 1 } };
	struct mn_err err = MN_ERR_INIT;
	struct mn_secret *s;
	struct mn_root *r;
	struct mn_pub pub;

	put(device_plain, strlen(device_plain), 0600);
	is_int(mn_keyfile_read_device(&s, path, &other, NULL, NULL, &err),
	       MN_EINVALID, "the key of another profile");
	ok(strstr(err.msg, "another profile") && !s, "says: %s", err.msg);
	mn_err_clear(&err);
	is_int(read_root(&r, NULL, &err), MN_EINVALID, "a device is no root");
	ok(strstr(err.msg, "not that of a root") && !r, "says: %s", err.msg);
	put(root_wrapped, strlen(root_wrapped), 0600);
	mn_err_clear(&err);
	is_int(read_device(&s, "correct horse", &err), MN_EINVALID,
	       "a root is no device");
	ok(strstr(err.msg, "not that of a device"), "says: %s", err.msg);
	is_int(mn_keyfile_pub(&pub, path, NULL), MN_EINVALID,
	       "a root has no public key here");
}

/* A file that is whole, but whose public key is another's. */
static void test_wrong_public(void)
{
	struct mn_keyfile k = { .type = MN_KEY_DEVICE };
	struct mn_err err = MN_ERR_INIT;
	char text[MN_KEYFILE_MAX];
	struct mn_secret *s;

	k.profile = profile;
	mn_random(k.pub.b, sizeof(k.pub.b));
	put(text, mn_keyfile_format(text, &k), 0600);
	is_int(read_device(&s, NULL, &err), MN_EINVALID,
	       "a public key that does not fit");
	ok(strstr(err.msg, "public key") && !s, "says: %s", err.msg);
}

static mode_t mode_of(const char *file)
{
	struct stat st;

	return lstat(file, &st) < 0 ? 0 : st.st_mode;
}

static int files_in_dir(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		abort();
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void test_write_device(const char *passphrase)
{
	const char *how = passphrase ? "wrapped" : "plain";
	struct mn_secret *a = mn_secret_random(), *b = mn_secret_random(), *s;
	struct mn_err err = MN_ERR_INIT;
	struct mn_pub pub, got;

	unlink(path);
	is_int(mn_keyfile_write_device(path, &profile, a, passphrase, 0, &err),
	       0, "%s: written", how);
	is_int(mode_of(path), S_IFREG | 0600, "%s: with mode 0600", how);
	is_int(read_device(&s, passphrase, &err), 0, "%s: read", how);
	mn_secret_pub(&pub, a);
	mn_secret_pub(&got, s);
	is_mem(got.b, pub.b, 32, "%s: the same key", how);
	mn_secret_free(s);
	is_int(mn_keyfile_write_device(path, &profile, b, passphrase, 0, &err),
	       MN_EEXISTS, "%s: not written over", how);
	ok(strstr(err.msg, "exists already"), "says: %s", err.msg);
	is_int(mn_keyfile_pub(&got, path, NULL), 0, "%s: still there", how);
	is_mem(got.b, pub.b, 32, "%s: and the same", how);
	is_int(mn_keyfile_write_device(path, &profile, b, passphrase, 1, NULL),
	       0, "%s: replaced", how);
	mn_secret_pub(&pub, b);
	is_int(mn_keyfile_pub(&got, path, NULL), 0, "%s: read again", how);
	is_mem(got.b, pub.b, 32, "%s: the other key", how);
	is_int(files_in_dir(), 1, "%s: no temporary file is left", how);
	mn_secret_free(a);
	mn_secret_free(b);
}

static void test_write_root(const char *passphrase)
{
	const char *how = passphrase ? "wrapped" : "plain";
	struct mn_root *a = mn_root_random(), *r;
	unsigned char want[MN_ROOT_SIZE], got[MN_ROOT_SIZE];
	struct mn_err err = MN_ERR_INIT;

	unlink(path);
	is_int(mn_keyfile_write_root(path, &profile, a, passphrase, 0, &err),
	       0, "root, %s: written", how);
	is_int(mode_of(path), S_IFREG | 0600, "root, %s: mode 0600", how);
	is_int(read_root(&r, passphrase, &err), 0, "root, %s: read", how);
	mn_root_bytes(want, a);
	mn_root_bytes(got, r);
	is_mem(got, want, sizeof(got), "root, %s: the same", how);
	is_int(mn_keyfile_write_root(path, &profile, a, passphrase, 0, NULL),
	       MN_EEXISTS, "root, %s: not written over", how);
	mn_root_free(a);
	mn_root_free(r);
}

static void test_write_secretly(void)
{
	struct mn_secret *s = mn_secret_random();
	struct mn_buf b = MN_BUF_INIT;
	unsigned char seed[32];
	char hex[65], *line;
	int i = 0;

	unlink(path);
	mn_keyfile_write_device(path, &profile, s, "pass", 0, NULL);
	mn_secret_seed(seed, s);
	mn_hex_encode(hex, seed, 32);
	mn_io_read_file(&b, path, MN_KEYFILE_MAX, NULL);
	line = strstr(b.p, "\nargon2id 3 67108864 ");
	ok(line, "3 passes, 64 MiB");
	ok(!strstr(b.p, hex) && !strstr(b.p, "plain"),
	   "a wrapped secret is not in the clear");
	ok(mn_keyfile_write_device(path, &profile, s, "", 1, NULL) == 0,
	   "an empty passphrase is none");
	mn_buf_clear(&b);
	mn_io_read_file(&b, path, MN_KEYFILE_MAX, NULL);
	ok(strstr(b.p, hex), "in the clear, it is there");
	mn_buf_clear(&b);
	for (i = 0; i < MN_PASSPHRASE_MAX; i++)
		mn_buf_addc(&b, 'x');
	is_int(mn_keyfile_write_device(path, &profile, s, b.p, 1, NULL),
	       MN_EINVALID, "a passphrase that could not be read again");
	mn_buf_release(&b);
	mn_secret_free(s);
}

static void test_longest_passphrase(void)
{
	char longest[MN_PASSPHRASE_MAX];
	struct mn_root *a = mn_root_random(), *b;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	unlink(path);
	is_int(mn_keyfile_write_root(path, &profile, a, longest, 0, NULL), 0,
	       "the longest passphrase");
	is_int(read_root(&b, longest, NULL), 0, "opens it again");
	mn_root_free(a);
	mn_root_free(b);
}

static void test_modes(void)
{
	static const mode_t bad[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_secret *s;
	struct mn_pub pub;
	char want[256];

	snprintf(want, sizeof(want),
		 "'%s' can be read by others: chmod 600 '%s'", path, path);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		put(device_plain, strlen(device_plain), bad[i]);
		mn_err_clear(&err);
		is_int(read_device(&s, NULL, &err), MN_EFAIL,
		       "mode %03o is refused", (unsigned)bad[i]);
		ok(strstr(err.msg, want) && !s, "says: %s", err.msg);
		is_int(mn_keyfile_pub(&pub, path, NULL), MN_EFAIL,
		       "for the public key, too");
	}
	if (geteuid()) {
		ok(1, "another user's file # SKIP needs root");
		return;
	}
	put(device_plain, strlen(device_plain), 0600);
	if (chown(path, 1, (gid_t)-1) < 0)
		abort();
	mn_err_clear(&err);
	is_int(read_device(&s, NULL, &err), MN_EFAIL, "another user's file");
	ok(strstr(err.msg, "another user") && !s, "says: %s", err.msg);
}

static void test_odd_files(void)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_secret *a = mn_secret_random(), *s;
	char target[80];

	put(device_plain, strlen(device_plain), 0600);
	snprintf(target, sizeof(target), "%s.real", path);
	if (rename(path, target) < 0 || symlink(target, path) < 0)
		abort();
	is_int(read_device(&s, NULL, &err), MN_EINVALID, "a symbolic link");
	ok(strstr(err.msg, "symbolic link") && !s, "says: %s", err.msg);
	is_int(mn_keyfile_write_device(path, &profile, a, NULL, 0, NULL),
	       MN_EEXISTS, "nothing is written through it");
	unlink(target);
	is_int(mn_keyfile_write_device(path, &profile, a, NULL, 0, NULL),
	       MN_EEXISTS, "nor when it leads nowhere");
	is_int(files_in_dir(), 1, "no temporary file is left");
	unlink(path);
	mn_err_clear(&err);
	is_int(read_device(&s, NULL, &err), MN_ENOTFOUND, "no file");
	if (mkfifo(path, 0600) < 0)
		abort();
	is_int(read_device(&s, NULL, NULL), MN_EINVALID, "a fifo");
	unlink(path);
	if (mkdir(path, 0700) < 0)
		abort();
	is_int(read_device(&s, NULL, NULL), MN_EINVALID, "a directory");
	rmdir(path);
	is_int(mn_keyfile_write_device("/nonexistent/key", &profile, a, NULL,
				       0, NULL), MN_ENOTFOUND,
	       "no directory to write to");
	mn_secret_free(a);
}

/* --- the text */

static int parse(const char *text, size_t len, struct mn_err *err)
{
	struct mn_keyfile k;

	return mn_keyfile_parse(&k, (struct mn_str){ text, len }, err);
}

static void test_same_again(void)
{
	for (size_t i = 0; i < 4; i++) {
		struct mn_str t = mn_str(texts[i]);
		char out[MN_KEYFILE_MAX + 1] = "";
		struct mn_keyfile k;

		is_int(mn_keyfile_parse(&k, t, NULL), 0, "text %zu", i);
		is_int(mn_keyfile_format(out, &k), t.len, "is written again");
		is_str(out, texts[i], "byte for byte");
	}
}

static void test_damage(const char *text)
{
	size_t len = strlen(text);
	char *copy = mn_xmalloc(len + 2);
	int flips = 0, cuts = 0, more = 0;

	memcpy(copy, text, len);
	for (size_t i = 0; i < 8 * len; i++) {
		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
		flips += !parse(copy, len, NULL);
		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
	}
	for (size_t i = 0; i < len; i++) {
		char *cut = mn_xmalloc(i);

		memcpy(cut, text, i);
		cuts += !parse(cut, i, NULL);
		free(cut);
	}
	for (int c = 0; c < 256; c++) {
		copy[len] = (char)c;
		more += !parse(copy, len + 1, NULL);
	}
	is_int(flips, 0, "no bit of %zu bytes may differ", len);
	is_int(cuts, 0, "no byte may lack");
	is_int(more, 0, "no byte may follow");
	ok(!parse(copy, len, NULL), "unchanged, it is read");
	free(copy);
}

/* Parses body with the check that belongs to it, so that what is refused is
 * refused for itself; the line that is named must be the one. */
static void refused(const char *body, const char *line, const char *name)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf b = MN_BUF_INIT;
	char want[64];
	struct mn_id sum;

	mn_hash(&sum, "mn:key-file:1\n", body, strlen(body));
	mn_buf_addf(&b, "%scheck ", body);
	mn_buf_addhex(&b, sum.b, sizeof(sum.b));
	mn_buf_addc(&b, '\n');
	if (line) {
		snprintf(want, sizeof(want), "at its line '%s'", line);
		is_int(parse(b.p, b.len, &err), MN_EINVALID, "%s", name);
		ok(strstr(err.msg, want), "says: %s", err.msg);
	} else {
		is_int(parse(b.p, b.len, &err), 0, "%s", name);
	}
	mn_buf_release(&b);
}

#define SALT "101112131415161718191a1b1c1d1e1f"
#define NONCE "202122232425262728292a2b2c2d2e2f3031323334353637"
#define BOX "9018268c9d4e734a66be238d9d96d0c39503b07ae1cba7103cf8da6697615c7e"
#define ARGON(cost) HEAD_ROOT "argon2id " cost " " SALT " " NONCE " " BOX "\n"

static void test_cost(void)
{
	refused(ARGON("1 8192"), NULL, "the least cost");
	refused(ARGON("20 1073741824"), NULL, "the most");
	refused(ARGON("3 9216"), NULL, "9 KiB");
	refused(ARGON("0 8192"), "argon2id", "no passes");
	refused(ARGON("21 8192"), "argon2id", "too many passes");
	refused(ARGON("01 8192"), "argon2id", "a leading zero");
	refused(ARGON("+1 8192"), "argon2id", "a sign");
	refused(ARGON("1 08192"), "argon2id", "a leading zero of the memory");
	refused(ARGON("1 7168"), "argon2id", "too little memory");
	refused(ARGON("1 8193"), "argon2id", "no multiple of 1024");
	refused(ARGON("1 1073742848"), "argon2id", "too much memory");
	refused(ARGON("1 18446744073709559808"), "argon2id",
		"memory beyond 64 bits");
	refused(ARGON("1  8192"), "argon2id", "two spaces");
	refused(ARGON(" 1 8192"), "argon2id", "a space before");
}

static void test_fields(void)
{
	refused("mn-key 1\ntype Root\nprofile " PROFILE "\n"
		"plain 000102030405060708090a0b0c0d0e0f\n", "type",
		"an unknown type");
	refused("mn-key 1\nprofile " PROFILE "\ntype root\n"
		"plain 000102030405060708090a0b0c0d0e0f\n", "type",
		"another order");
	refused("mn-key 1\ntype root\nprofile 00\n"
		"plain 000102030405060708090a0b0c0d0e0f\n", "profile",
		"a short profile");
	refused("mn-key 1\ntype device\nprofile " PROFILE "\n"
		"plain " SEED "\n", "public", "a device without its key");
	refused(HEAD_ROOT "public " PUBLIC "\n"
		"plain 000102030405060708090a0b0c0d0e0f\n", "plain",
		"a root with a key");
	refused(HEAD_ROOT "plain " SEED "\n", "plain", "a root of 32 bytes");
	refused(HEAD_DEVICE "plain 000102030405060708090a0b0c0d0e0f\n",
		"plain", "a seed of 16 bytes");
	refused(HEAD_ROOT "plain 000102030405060708090A0b0c0d0e0f\n", "plain",
		"an upper case digit");
	refused(HEAD_ROOT "plain  000102030405060708090a0b0c0d0e0f\n", "plain",
		"two spaces");
	refused(HEAD_ROOT "plain 000102030405060708090a0b0c0d0e0f\r\n",
		"plain", "a carriage return");
	refused(HEAD_ROOT, "plain", "no secret");
	refused(HEAD_ROOT "argon2id 1 8192 " SALT " " NONCE "\n", "argon2id",
		"no box");
	refused(HEAD_ROOT "argon2id " COST BOX " 00\n", "argon2id",
		"something behind the box");
	refused(HEAD_DEVICE "argon2id " COST BOX "\n", "argon2id",
		"the box of a root for a device");
	refused(HEAD_ROOT "plain 000102030405060708090a0b0c0d0e0f\n"
		"argon2id " COST BOX "\n", "check", "both forms");
	refused(HEAD_ROOT "plain 000102030405060708090a0b0c0d0e0f\nmore 1\n",
		"check", "an unknown line");
}

static void test_version(void)
{
	static const struct {
		const char *text;
		int code;
	} t[] = {
		{ "mn-key 2\nwhatever\n", MN_EVERSION },
		{ "mn-key 0\n", MN_EVERSION },
		{ "mn-key 9007199254740991\n", MN_EVERSION },
		{ "mn-key 9007199254740992\n", MN_EINVALID },
		{ "mn-key 02\n", MN_EINVALID },
		{ "mn-key two\n", MN_EINVALID },
		{ "mn-key 2", MN_EINVALID },
		{ "mn-key \n", MN_EINVALID },
		{ "mn-key\n", MN_EINVALID },
		{ "mn-keys 2\n", MN_EINVALID },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n", MN_EINVALID },
		{ "\n", MN_EINVALID },
		{ "", MN_EINVALID },
	};
	struct mn_err err = MN_ERR_INIT;
	struct mn_secret *s;
	char *big;

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		is_int(parse(t[i].text, strlen(t[i].text), NULL), t[i].code,
		       "first line %zu", i);
	put(t[0].text, strlen(t[0].text), 0600);
	is_int(read_device(&s, NULL, &err), MN_EVERSION, "a newer file");
	ok(strstr(err.msg, "another version") && !s, "says: %s", err.msg);
	big = mn_xcalloc(1, 5000);
	memset(big, '\n', 5000);
	memcpy(big, device_plain, strlen(device_plain));
	put(big, 5000, 0600);
	mn_err_clear(&err);
	is_int(read_device(&s, NULL, &err), MN_EINVALID, "a large file");
	ok(strstr(err.msg, "larger") && !s, "says: %s", err.msg);
	free(big);
}

static void test_text(void)
{
	test_same_again();
	for (size_t i = 0; i < 4; i++)
		test_damage(texts[i]);
	test_cost();
	test_fields();
	test_version();
}

int main(void)
{
	if (mn_key_init() < 0 || mn_id_parse(&profile, PROFILE) < 0 ||
	    !mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/key", dir);
	test_known();
	test_passphrase();
	test_mismatch();
	test_wrong_public();
	test_write_device(NULL);
	test_write_device("an old passphrase \xc3\xbc");
	test_write_root(NULL);
	test_write_root("another");
	test_write_secretly();
	test_longest_passphrase();
	test_modes();
	test_odd_files();
	test_text();
	mn_io_remove_tree(dir, NULL);
	return done_testing();
}
