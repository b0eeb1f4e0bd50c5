/* Any message has a digest, and the same one inside a report_safe wrapper. */
#include <assert.h>

#include "common/base/dynbuf.h"
#include "common/mail/message_digest.h"

#define BOUNDARY "----------=_5F3E0A11.0C0FFEE0"

/* Wrappers within wrappers are undone only so far; below this many all are. */
#define WRAPPERS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count(struct slice in, struct slice what)
{
	size_t n = 0;
	size_t at = 0;

	while ((at = slice_find(in, what)) < in.len) {
		in = slice_skip(in, at + what.len);
		n++;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_of(data, size);
	struct digest plain;
	struct digest wrapped;
	struct dynbuf text;

	assert(message_digest(message, &plain) == 0);
	if (count(message, SLICE(BOUNDARY)) > 0 ||
		count(message, SLICE("x-spam-type=original")) >= WRAPPERS_MAX) {
		return 0;
	}
	dynbuf_init(&text, size + 1024);
	(void)dynbuf_add_str(&text,
		"Subject: wrapped\nX-Spam-Checker-Version: SpamAssassin 4.0.1\n"
		"Content-Type: multipart/mixed; boundary=\"" BOUNDARY "\"\n\n"
		"--" BOUNDARY "\nContent-Type: text/plain\n\nreport\n\n\n"
		"--" BOUNDARY "\nContent-Type: message/rfc822; x-spam-type=original\n\n");
	(void)dynbuf_add(&text, message);
	(void)dynbuf_add_str(&text, "\n--" BOUNDARY "--\n\n");
	assert(message_digest(dynbuf_slice(&text), &wrapped) == 0);
	assert(digest_eq(&plain, &wrapped));
	dynbuf_fini(&text);
	return 0;
}
