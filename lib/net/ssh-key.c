#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "net/ssh.h"

#include "banned.h"

#define MAGIC "openssh-key-v1"	/* and its NUL: PROTOCOL.key of OpenSSH */

void mn_ssh_key_release(struct mn_ssh_key *k)
{
	mn_buf_release(&k->blob);
}

int mn_ssh_type_works(const char *type, size_t len)
{
	struct mn_str t = { type, len };

	return mn_str_eq(t, "ssh-ed25519") ||
		mn_str_eq(t, "ecdsa-sha2-nistp256") ||
		mn_str_eq(t, "ecdsa-sha2-nistp384") ||
		mn_str_eq(t, "ecdsa-sha2-nistp521");
}

static void set_type(struct mn_ssh_key *k, struct mn_str t)
{
	size_t n = t.len < sizeof(k->type) ? t.len : 0;

	if (n)
		memcpy(k->type, t.p, n);
	k->type[n] = '\0';
}

static int set_blob(struct mn_ssh_key *k, struct mn_str blob)
{
	struct mn_str t = mn_ssh_blob_type(blob);

	if (!t.len)
		return -1;
	mn_buf_clear(&k->blob);
	mn_buf_addstr(&k->blob, blob);
	set_type(k, t);
	return 0;
}

/* Takes a string with its length of 4 bytes in front off s. */
static int take(struct mn_str *out, struct mn_str *s)
{
	const unsigned char *p = (const unsigned char *)s->p;
	size_t n;

	if (s->len < 4)
		return -1;
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (n > s->len - 4)
		return -1;
	out->p = s->p + 4;
	out->len = n;
	s->p += 4 + n;
	s->len -= 4 + n;
	return 0;
}

/* magic, cipher, name and options of the key derivation, count, public key */
static int read_openssh(struct mn_ssh_key *k, struct mn_str s)
{
	struct mn_str cipher, kdf, options, blob;

	if (s.len < sizeof(MAGIC) || memcmp(s.p, MAGIC, sizeof(MAGIC)))
		return -1;
	s.p += sizeof(MAGIC);
	s.len -= sizeof(MAGIC);
	if (take(&cipher, &s) < 0 || take(&kdf, &s) < 0 ||
	    take(&options, &s) < 0 || s.len < 4 ||
	    memcmp(s.p, "\0\0\0\1", 4))
		return -1;
	s.p += 4;
	s.len -= 4;
	if (take(&blob, &s) < 0)
		return -1;
	k->is_encrypted = !mn_str_eq(cipher, "none");
	return set_blob(k, blob);
}

/* The text between the lines "-----BEGIN ...-----" and "-----END". */
static int pem_body(struct mn_buf *out, struct mn_str s)
{
	const char *end = memmem(s.p, s.len, "\n-----END ", 10);

	if (!end)
		return -1;
	for (const char *p = s.p; p < end; p++)
		if (*p != '\n' && *p != '\r')
			mn_buf_addc(out, *p);
	return 0;
}

static int read_new_pem(struct mn_ssh_key *k, struct mn_str body)
{
	struct mn_buf text = MN_BUF_INIT, bytes = MN_BUF_INIT;
	int r = pem_body(&text, body);

	if (!r)
		r = mn_base64_decode(&bytes, (struct mn_str){ text.p,
							      text.len });
	if (!r)
		r = read_openssh(k, (struct mn_str){ bytes.p, bytes.len });
	if (text.len)
		explicit_bzero(text.p, text.len);
	if (bytes.len)
		explicit_bzero(bytes.p, bytes.len);
	mn_buf_release(&text);
	mn_buf_release(&bytes);
	return r;
}

static int is_pem(struct mn_str *s, const char *what)
{
	struct mn_buf b = MN_BUF_INIT;
	int yes;

	mn_buf_addf(&b, "-----BEGIN %s-----\n", what);
	yes = mn_str_starts(*s, b.p);
	if (yes) {
		s->p += b.len;
		s->len -= b.len;
	}
	mn_buf_release(&b);
	return yes;
}

/* Formats of OpenSSL. Only the curve is missing of the type: which one it is
 * doesn't matter to who tries it. */
static int read_old_pem(struct mn_ssh_key *k, struct mn_str s)
{
	if (is_pem(&s, "EC PRIVATE KEY"))
		set_type(k, MN_STR("ecdsa-sha2-nistp256"));
	else if (is_pem(&s, "RSA PRIVATE KEY"))
		set_type(k, MN_STR("ssh-rsa"));
	else if (is_pem(&s, "DSA PRIVATE KEY"))
		set_type(k, MN_STR("ssh-dss"));
	else if (is_pem(&s, "ENCRYPTED PRIVATE KEY"))
		k->is_encrypted = 1;
	else if (!is_pem(&s, "PRIVATE KEY"))
		return -1;
	if (mn_str_starts(s, "Proc-Type: 4,ENCRYPTED"))
		k->is_encrypted = 1;
	return 0;
}

/* "type base64 comment" */
static int read_public(struct mn_ssh_key *k, struct mn_str s)
{
	struct mn_buf bytes = MN_BUF_INIT;
	struct mn_str type = { s.p, 0 }, text;
	int r = -1;

	while (type.len < s.len && !strchr(" \t\r\n", s.p[type.len]))
		type.len++;
	if (type.len + 1 >= s.len)
		return -1;
	text.p = s.p + type.len + 1;
	s.len -= type.len + 1;
	text.len = 0;
	while (text.len < s.len && !strchr(" \t\r\n", text.p[text.len]))
		text.len++;
	if (!mn_base64_decode(&bytes, text)) {
		struct mn_str blob = { bytes.p, bytes.len };

		if (!mn_str_cmp(mn_ssh_blob_type(blob), type))
			r = set_blob(k, blob);
	}
	mn_buf_release(&bytes);
	return r;
}

int mn_ssh_key_parse(struct mn_ssh_key *k, struct mn_str text,
		     struct mn_err *err)
{
	struct mn_str s = text;
	int r;

	*k = (struct mn_ssh_key){ .blob = MN_BUF_INIT };
	k->is_private = mn_str_starts(s, "-----BEGIN ");
	if (is_pem(&s, "OPENSSH PRIVATE KEY"))
		r = read_new_pem(k, s);
	else if (k->is_private)
		r = read_old_pem(k, s);
	else
		r = read_public(k, s);
	if (!r)
		return 0;
	mn_ssh_key_release(k);
	mn_buf_init(&k->blob);
	return mn_err_set(err, MN_EINVALID, "this is no key of ssh");
}
