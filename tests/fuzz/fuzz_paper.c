#include <assert.h>

#include "common/statement/paper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct issued paper;
	struct err_msg msg = {0};

	if (paper_open(slice_of(data, size), &paper, &msg) == 0) {
		assert(paper.st.act == STATEMENT_REVOKE && statement_is_by_root(&paper.st));
	}
	return 0;
}
