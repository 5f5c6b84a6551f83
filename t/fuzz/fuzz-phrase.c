/*
 * fuzz-phrase: a recovery phrase that is taken is written again, but for
 * case and dashes; and the phrase of a root, with one letter of its
 * check changed to another, is none.
 *
 * Input: the phrase. Its first bytes are taken as a root, a place and a
 * byte as well, since no fuzzer finds a phrase whose check holds.
 */
#include "base/buf.h"
#include "key/root.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK_AT 48	/* eight words, eight spaces */
#define LAW(cond) do { if (!(cond)) abort(); } while (0)

/* 1 if it is taken; then it is what it should be. */
static int try(const char *phrase)
{
	struct mn_err err = MN_ERR_INIT;
	char again[MN_PHRASE_MAX];
	struct mn_root *root;
	int r = mn_phrase_decode(&root, phrase, &err);

	LAW(r == 0 || r == MN_EINVALID);
	LAW(!r == !!root && !r == !*err.msg);
	if (r)
		return 0;
	mn_phrase_encode(again, root);
	mn_root_free(root);
	LAW(strlen(phrase) == strlen(again));
	for (size_t i = 0; again[i]; i++) {
		char c = phrase[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		LAW((c == '-' ? ' ' : c) == again[i]);
	}
	return 1;
}

static void try_root(const uint8_t *data)
{
	struct mn_root *root = mn_root_from_bytes(data);
	char phrase[MN_PHRASE_MAX], before;
	size_t at;

	mn_phrase_encode(phrase, root);
	mn_root_free(root);
	LAW(try(phrase));
	at = data[MN_ROOT_SIZE] % strlen(phrase);
	before = phrase[at];
	phrase[at] = (char)data[MN_ROOT_SIZE + 1];
	/* In the last two words, which are the check, no change of a letter
	 * can pass; before them one does in 2^32. */
	if (try(phrase) && at >= CHECK_AT)
		LAW(before == ' ' ? phrase[at] == ' ' || phrase[at] == '-' :
		    (phrase[at] | 0x20) == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_buf b = MN_BUF_INIT;
	char *exact;

	if (mn_key_init() < 0)
		return 0;
	/* Not in b, whose room would hide a read beyond the end. */
	exact = mn_xmalloc(size + 1);
	mn_buf_add(&b, data, size);
	memcpy(exact, b.p, size + 1);
	try(exact);
	free(exact);
	mn_buf_release(&b);
	if (size >= MN_ROOT_SIZE + 2)
		try_root(data);
	return 0;
}
