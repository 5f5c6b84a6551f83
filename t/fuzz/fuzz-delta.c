/*
 * fuzz-delta: applying any bytes as a delta to any base gives just as many
 * bytes as the delta announces, or an error; and a delta that we make gives
 * back what it was made of.
 *
 * Input: the length of the base (two bytes, the low one first), the base,
 * and what is taken as a delta and as a text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "git/delta.h"
#include "git/pack.h"

#include "banned.h"

#define LAW(cond) do { if (!(cond)) abort(); } while (0)
#define RESULT_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void apply_any(const uint8_t *base, size_t baselen,
		      const uint8_t *delta, size_t len)
{
	struct mn_buf out = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	uint64_t said;
	int r = mn_delta_apply(&out, base, baselen, delta, len, RESULT_MAX,
			       &err);

	if (!r)
		LAW(!mn_delta_size(&said, delta, len) && said == out.len);
	else
		LAW((r == MN_ECORRUPT || r == MN_ELIMIT) && err.msg[0]);
	mn_buf_release(&out);
}

static void there_and_back(const uint8_t *base, size_t baselen,
			   const uint8_t *text, size_t len)
{
	struct mn_buf delta = MN_BUF_INIT, out = MN_BUF_INIT;

	mn_delta_make(&delta, base, baselen, text, len);
	LAW(!mn_delta_apply(&out, base, baselen, delta.p, delta.len, len,
			    NULL));
	LAW(out.len == len && (!len || !memcmp(out.p, text, len)));
	mn_buf_release(&delta);
	mn_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t baselen;
	const uint8_t *rest;

	if (size < 2)
		return 0;
	baselen = (size_t)data[0] | (size_t)data[1] << 8;
	data += 2;
	size -= 2;
	if (baselen > size)
		baselen = size;
	rest = data + baselen;
	apply_any(data, baselen, rest, size - baselen);
	there_and_back(data, baselen, rest, size - baselen);
	return 0;
}
