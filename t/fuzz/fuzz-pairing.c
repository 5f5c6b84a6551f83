/*
 * fuzz-pairing: a line of pairing that is taken is what would be written for
 * what was read of it.
 *
 * Input: the line, without its check, which is added here: no fuzzer finds one.
 */
#include "base/buf.h"
#include "social/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

static void try(struct mn_str line)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_pairing_request req;
	struct mn_pairing_answer ans;
	struct mn_buf again = MN_BUF_INIT;
	int r = mn_pairing_request_parse(&req, line, &err);

	LAW(r <= 0 && !r == !*err.msg);
	if (r == 0)
		LAW(*req.label && strlen(req.label) <= MN_LABEL_MAX);
	mn_err_clear(&err);
	r = mn_pairing_answer_parse(&ans, line, &err);
	LAW(r <= 0 && !r == !*err.msg);
	if (r == 0) {
		mn_pairing_answer_add(&again, &ans.profile, &ans.key,
				      (const char *const *)ans.urls,
				      ans.nurls);
		LAW(again.len == line.len &&
		    !memcmp(again.p, line.p, line.len));
	}
	mn_pairing_answer_release(&ans);
	mn_buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_id sum;
	char *exact;

	if (mn_key_init() < 0)
		return 0;
	mn_buf_add(&b, data, size);
	mn_hash(&sum, "mn:pairing-check:1\n", b.p, b.len);
	mn_buf_addc(&b, ':');
	mn_buf_addhex(&b, sum.b, 4);
	/* Not in b, whose room would hide a read beyond the end. */
	exact = mn_xmalloc(b.len);
	memcpy(exact, b.p, b.len);
	try((struct mn_str){ exact, b.len });
	free(exact);
	exact = mn_xmalloc(size + 1);
	memcpy(exact, b.p, size);
	try((struct mn_str){ exact, size });
	free(exact);
	mn_buf_release(&b);
	return 0;
}
