/*
 * Markup of any message: ham keeps its body to the byte, wrapped spam is attached whole, and
 * what is added never holds an empty line or a byte that must not be in a header.
 */
#include <assert.h>
#include <stdlib.h>

#include "common/conf/settings.h"
#include "common/mail/message_split.h"
#include "spamd-trust/logline.h"
#include "spamd-trust/markup.h"
#include "spamd-trust/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct strpair fields[] = {
	{{(const uint8_t *)"All", 3},
		{(const uint8_t *)"_HEADER(Subject)_ _TESTS_ _PREVIEW_", 35}},
};

/* check_added - between `out` and its first old line are only fields and folds of ours */
static void
check_added(struct slice out, struct slice mbox_line)
{
	struct slice rest = slice_skip(out, mbox_line.len);
	struct slice line = {0};
	bool in_ours = false;

	while (message_next_line(&rest, &line)) {
		in_ours = slice_starts_with(line, SLICE("X-Spam-All: ")) ||
			  (in_ours && ascii_is_wsp(line.data[0]));
		for (size_t i = 0; in_ours && i < line.len; i++) {
			uint8_t c = line.data[i];

			assert((c >= ' ' && c <= '~') || c == '\t' || c == '\r' || c == '\n');
		}
	}
}

static void
mark(struct presentation *p, struct verdict *v, bool is_spam)
{
	struct message_split split = message_split(p->message);
	struct slice rest = {0};
	struct dynbuf out;

	dynbuf_init(&out, 1 << 24);
	v->is_spam = is_spam;
	markup_write(p, &out, &rest);
	assert(slice_eq(rest, is_spam && rest.len == 0 ? slice_of(NULL, 0) : split.body));
	(void)dynbuf_add(&out, rest);
	assert(dynbuf_error(&out) == 0);
	assert(slice_ends_with(dynbuf_slice(&out), split.body) || is_spam);
	assert(slice_find(dynbuf_slice(&out), split.body) + split.body.len <= out.len);
	if (!is_spam && !(split.header.len > 0 && ascii_is_wsp(split.header.data[0]))) {
		check_added(slice_take(dynbuf_slice(&out), out.len - split.body.len),
			split.mbox_line);
	}
	dynbuf_reset(&out);
	markup_write_headers(p, &out);
	dynbuf_reset(&out);
	report_write_preview(p, &out);
	dynbuf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings = {
		.headers_ham = {.items = fields, .count = 1},
		.headers_spam = {.items = fields, .count = 1},
		.fold_headers = true,
		.report_safe = 1,
		.report_wrap_width = 75,
		.rewrite_subject = SLICE("[SPAM _HEADER(From)_]"),
		.rewrite_from = SLICE("_SCORE_"),
	};
	struct arena arena;
	struct verdict verdict = {.score = 6, .required = 5};
	struct presentation p = {
		.settings = &settings,
		.verdict = &verdict,
		.message = slice_of(data, size),
		.hostname = SLICE("mx.example.org"),
		.arena = &arena,
	};

	arena_init(&arena, 1 << 24);
	mark(&p, &verdict, false);
	mark(&p, &verdict, true);
	settings.report_safe = 0;
	mark(&p, &verdict, true);
	(void)logline_message_ids(message_split(p.message).header, &arena);
	arena_fini(&arena);
	return 0;
}
