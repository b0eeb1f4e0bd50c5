/* Lines of a replay: any bytes give answers or an error with a line number, and nothing else. */
#include <assert.h>

#include "common/replay/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_answer - "id TAB tier TAB score LF", and what a decision may hold */
static void
check_answer(const struct replay *r, struct slice answer)
{
	const struct metric_decision *d = replay_last(r);
	uint64_t sum = 0;

	assert(answer.len > 0 && answer.data[answer.len - 1] == '\n');
	if (d->rule != METRIC_RULE_PAYABLE) {
		return;
	}
	for (size_t i = 0; i < d->payer_count; i++) {
		assert(d->payers[i].amount <= d->payers[i].cap);
		sum += d->payers[i].amount;
	}
	assert(sum == d->price);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct replay_scores scores = {.well = -100.0};
	struct metric_config config = metric_config_default();
	struct slice rest = slice_of(data, size);
	struct replay *r = NULL;
	struct dynbuf answer;
	struct err_msg msg = {0};
	int rc = replay_new(&config, &scores, &r);

	dynbuf_init(&answer, (size_t)64 * 1024);
	for (size_t line = 1; rc == 0 && rest.len > 0; line++) {
		size_t end = slice_find_byte(rest, '\n');

		dynbuf_reset(&answer);
		rc = replay_line(r, slice_take(rest, end), &answer, &msg);
		rest = slice_skip(rest, end + 1);
		assert(rc == 0 || (msg.code == rc && msg.offset == line));
		if (rc == 0 && dynbuf_slice(&answer).len > 0) {
			check_answer(r, dynbuf_slice(&answer));
		}
	}
	dynbuf_fini(&answer);
	replay_free(r);
	return 0;
}
