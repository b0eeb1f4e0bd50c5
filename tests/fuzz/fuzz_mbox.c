/* mbox: the same messages are found whether the bytes come at once or one at a time. */
#include <assert.h>
#include <stdlib.h>

#include "common/base/digest.h"
#include "trustctl/import/mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct lines lines;
	struct mbox mbox;
	struct digest sum; /* over all messages so far */
	size_t count;
};

static void
note(struct run *run, const struct mbox_message *message)
{
	struct slice parts[] = {digest_slice(&run->sum), message->header};
	struct digest sum;

	assert(message->header.len <= MBOX_HEADER_MAX);
	assert(message->line >= 1);
	digest_sha256_parts(parts, 2, &sum);
	run->sum = sum;
	run->count++;
}

static void
read_all(struct run *run, struct slice in, size_t step)
{
	struct mbox_message message;
	struct line line;

	memset(run, 0, sizeof(*run));
	lines_init(&run->lines);
	mbox_init(&run->mbox);
	while (in.len > 0) {
		size_t used = 0;

		if (lines_feed(&run->lines, slice_take(in, step), &used, &line) &&
			mbox_feed(&run->mbox, &line, &message)) {
			note(run, &message);
		}
		assert(used > 0 && used <= in.len);
		in = slice_skip(in, used);
	}
	if (lines_finish(&run->lines, &line) && mbox_feed(&run->mbox, &line, &message)) {
		note(run, &message);
	}
	if (mbox_finish(&run->mbox, &message)) {
		note(run, &message);
	}
	mbox_fini(&run->mbox);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run *whole = malloc(sizeof(*whole));
	struct run *bytewise = malloc(sizeof(*bytewise));

	assert(whole != NULL && bytewise != NULL);
	read_all(whole, slice_of(data, size), SIZE_MAX);
	read_all(bytewise, slice_of(data, size), 1);
	assert(whole->count == bytewise->count);
	assert(digest_eq(&whole->sum, &bytewise->sum));
	free(whole);
	free(bytewise);
	return 0;
}
