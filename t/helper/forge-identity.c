/*
 * forge-identity PHRASE-FILE N <CHAIN >CHAIN: what a thief can make who has
 * root key number N of a profile: one more document, with no device but what
 * there was, signed with that key, whether it may sign or not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "key/root.h"
#include "node/identity.h"
#include "banned.h"

static struct mn_err err = MN_ERR_INIT;

static void must(int r)
{
	if (r >= 0)
		return;
	fprintf(stderr, "forge-identity: %s\n", err.msg);
	exit(1);
}

static void forge(struct mn_buf *out, const struct mn_identity *id,
		  const struct mn_root *root, uint64_t n)
{
	struct mn_identity_doc d = *mn_identity_last(id);
	struct mn_secret *key = mn_root_key(root, n);
	struct mn_secret *next = mn_root_key(root, n + 1);
	struct mn_pub pub, next_pub;
	struct mn_id commitment;

	mn_secret_pub(&pub, key);
	mn_secret_pub(&next_pub, next);
	mn_root_commitment(&commitment, &next_pub);
	d.previous = mn_identity_last(id)->digest;
	d.number++;
	d.roots = &pub;
	d.nroots = 1;
	d.next = &commitment;
	d.nnext = 1;
	mn_buf_addstr(out, id->text);
	mn_identity_encode(out, &d, &key, 1);
	mn_secret_free(key);
	mn_secret_free(next);
}

int main(int argc, char **argv)
{
	struct mn_buf text = MN_BUF_INIT, phrase = MN_BUF_INIT;
	struct mn_identity id;
	struct mn_root *root;

	if (argc != 3 || mn_key_init() < 0) {
		fprintf(stderr, "usage: forge-identity PHRASE-FILE N\n");
		return 129;
	}
	must(mn_io_read_file(&phrase, argv[1], 1024, &err));
	phrase.p[strcspn(phrase.p, "\n")] = '\0';
	must(mn_phrase_decode(&root, phrase.p, &err));
	must(mn_io_read_fd(&text, STDIN_FILENO, MN_IDENTITY_MAX, &err));
	mn_identity_init(&id);
	if (mn_identity_parse(&id, (struct mn_str){ text.p, text.len }) !=
	    MN_RULE_NONE) {
		fprintf(stderr, "forge-identity: the chain is not valid\n");
		return 1;
	}
	mn_buf_clear(&text);
	forge(&text, &id, root, strtoull(argv[2], NULL, 10));
	must(mn_io_write_full(STDOUT_FILENO, text.p, text.len, &err));
	mn_identity_release(&id);
	mn_root_free(root);
	mn_buf_release(&phrase);
	mn_buf_release(&text);
	return 0;
}
