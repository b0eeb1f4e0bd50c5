/*
 * Any bytes as a whole JWS or, when they begin with "{", as a payload. What is accepted can be
 * written again, and what is written then says the same.
 */
#include <assert.h>
#include <string.h>

#include "common/statement/statement_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_again - prints an accepted statement, reads that, prints it again: the same bytes */
static void
check_again(const struct statement *st)
{
	struct statement again = {0};
	struct err_msg msg = {0};
	struct dynbuf first;
	struct dynbuf second;

	/* Our spelling may be longer than a foreign one, so without the limit of a statement. */
	dynbuf_init(&first, 4 * STATEMENT_MAX);
	dynbuf_init(&second, 4 * STATEMENT_MAX);
	statement_payload_print(st, &first);
	assert(dynbuf_error(&first) == 0);
	assert(statement_payload_parse(dynbuf_slice(&first), &again, &msg) == 0);
	statement_payload_print(&again, &second);
	assert(slice_eq(dynbuf_slice(&first), dynbuf_slice(&second)));
	dynbuf_fini(&first);
	dynbuf_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice in = slice_of(data, size);
	struct statement st = {0};
	struct err_msg msg = {0};
	int ret = 0;

	if (size > 0 && data[0] == '{') {
		ret = statement_payload_parse(in, &st, &msg);
	} else {
		ret = statement_decode(in, &st, &msg);
	}
	if (ret == 0) {
		check_again(&st);
		ret = statement_verify(in, &st);
		assert(ret == 0 || ret == ERR_SIGNATURE);
	} else {
		assert(msg.code == ret && msg.text[0] != '\0');
	}
	return 0;
}
