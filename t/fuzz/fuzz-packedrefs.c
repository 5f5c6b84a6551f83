/*
 * fuzz-packedrefs: packed-refs of any bytes: the entries that are read stand
 * one behind the other in the text, and end where it ends, or in an error.
 *
 * Input: the file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "git/refname.h"

#include "banned.h"

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_str text = { (const char *)data, size };
	struct mn_err err = MN_ERR_INIT;
	struct mn_packed_ref e;
	size_t at = 0, was = 0;
	int r;

	while ((r = mn_packed_next(&e, text, &at, &err)) > 0) {
		LAW(e.line.p >= text.p + was);
		LAW(e.line.p + e.line.len == text.p + at);
		LAW(e.name.p > e.line.p);
		LAW(e.name.p + e.name.len < text.p + at);
		LAW(!memchr(e.name.p, '\n', e.name.len));
		if (mn_refname_ok(e.name.p, e.name.len))
			LAW(e.name.len <= MN_REF_MAX);
		was = at;
	}
	LAW(r == 0 ? at == size : r == MN_ECORRUPT && err.msg[0]);
	return 0;
}
