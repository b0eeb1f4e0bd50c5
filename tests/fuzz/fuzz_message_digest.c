/* Any message has a digest, and the same one inside a report_safe wrapper. */
#include <assert.h>

#include "common/base/dynbuf.h"
#include "spamd-trust/message_digest.h"

#define BOUNDARY "----------=_5F3E0A11.0C0FFEE0"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_of(data, size);
	struct digest plain;
	struct digest wrapped;
	struct dynbuf text;

	assert(message_digest(message, &plain) == 0);
	if (slice_find(message, SLICE(BOUNDARY)) < message.len) {
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
