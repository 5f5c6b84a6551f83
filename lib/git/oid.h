/*
 * oid: git's object names and the hashing that makes them.
 *
 * SHA-1 here only names objects in git's store; nothing of mn trusts it
 * (signatures cover BLAKE2b digests). It is nettle's, which uses the
 * processor's SHA instructions.
 */
#ifndef MN_GIT_OID_H
#define MN_GIT_OID_H

#include <stddef.h>
#include <stdint.h>

#define MN_OID_HEX 40

struct mn_oid {
	unsigned char b[20];
};

enum mn_otype {			/* git's numbers */
	MN_COMMIT = 1,
	MN_TREE = 2,
	MN_BLOB = 3,
	MN_TAG = 4
};

const char *mn_otype_name(enum mn_otype t);	/* "commit", ... */
int mn_otype_parse(enum mn_otype *t, const char *s, size_t len); /* 0, -1 */

/* The name of an object: SHA-1 of "<type> <len>\0" and data. */
void mn_oid_of(struct mn_oid *out, enum mn_otype t, const void *data,
	       size_t len);
int mn_oid_parse(struct mn_oid *out, const char *hex40);	/* 0, -1 */
void mn_oid_hex(char out[MN_OID_HEX + 1], const struct mn_oid *oid);
int mn_oid_cmp(const struct mn_oid *a, const struct mn_oid *b);
int mn_oid_eq(const struct mn_oid *a, const struct mn_oid *b);
int mn_oid_is_zero(const struct mn_oid *a);

/* HMAC-SHA1 (RFC 2104): OpenSSH hides the names in known_hosts with it. */
void mn_hmac_sha1(unsigned char out[20], const void *key, size_t keylen,
		  const void *data, size_t len);

#define MN_OID_EMPTY_TREE_HEX "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

#endif
