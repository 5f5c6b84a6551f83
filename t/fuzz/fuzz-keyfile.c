/*
 * fuzz-keyfile: a key file that is taken is written again byte for byte.
 *
 * Input: the file. It is read as it is, and once more with the check that
 * belongs to it behind it, which no fuzzer finds by itself.
 */
#include "base/buf.h"
#include "key/hash.h"
#include "key/keyfile-format.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

static void try(struct mn_str text)
{
	struct mn_err err = MN_ERR_INIT;
	char again[MN_KEYFILE_MAX];
	struct mn_keyfile k;
	int r = mn_keyfile_parse(&k, text, &err);

	LAW(r == 0 || r == MN_EINVALID || r == MN_EVERSION);
	LAW(!r == !*err.msg);
	if (r)
		return;
	LAW(k.type == MN_KEY_DEVICE || k.type == MN_KEY_ROOT);
	if (k.wrapped) {
		LAW(k.ops >= 1 && k.ops <= MN_KEYFILE_OPS_MAX);
		LAW(k.mem >= MN_KEYFILE_MEM_MIN &&
		    k.mem <= MN_KEYFILE_MEM_MAX && !(k.mem % 1024));
	}
	LAW(mn_keyfile_format(again, &k) == text.len);
	LAW(!memcmp(again, text.p, text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_id sum;

	if (mn_key_init() < 0)
		return 0;
	try((struct mn_str){ (const char *)data, size });
	mn_hash(&sum, "mn:key-file:1\n", data, size);
	mn_buf_add(&b, data, size);
	mn_buf_adds(&b, "check ");
	mn_buf_addhex(&b, sum.b, sizeof(sum.b));
	mn_buf_addc(&b, '\n');
	try((struct mn_str){ b.p, b.len });
	mn_buf_release(&b);
	return 0;
}
