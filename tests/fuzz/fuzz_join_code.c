#include <assert.h>

#include "common/statement/join_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	struct join_code code = {0};
	struct join_request request;
	struct err_msg msg = {0};
	struct dynbuf line;

	if (join_code_parse(text, &code, &msg) == 0) {
		struct join_code again;

		dynbuf_init(&line, JOIN_LINE_MAX);
		assert(join_code_print(&code, &line) == 0);
		assert(join_code_parse(dynbuf_slice(&line), &again, &msg) == 0);
		assert(again.expires_s == code.expires_s);
		dynbuf_fini(&line);
	}
	if (join_request_parse(text, &request, &msg) == 0) {
		assert(request.mac_at < request.signature_at && request.signature_at < size);
		/* Nobody guesses the MAC under a code of zeros and the request's identity. */
		code.identity = request.identity;
		code.expires_s = 1;
		(void)!join_request_check(text, &request, &code, 0, &msg);
	}
	return 0;
}
