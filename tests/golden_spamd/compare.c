#include "tests/golden_spamd/compare.h"

#include <stdio.h>

#include "common/base/log.h"
#include "common/mail/message_split.h"

/* Differing lines that are printed for one case. */
#define LINES_SHOWN_MAX 4

#define LINE_SHOWN_MAX 400

static void
print_line(char sign, struct slice line)
{
	char text[LINE_SHOWN_MAX];

	(void)printf("    %c %s\n", sign, log_escape(line, text, sizeof(text)));
}

bool
compare_print(const char *what, struct slice expected, struct slice got)
{
	struct slice wanted_line = {0};
	struct slice got_line = {0};
	size_t number = 0;
	int shown = 0;

	if (slice_eq(expected, got)) {
		return true;
	}
	(void)printf("  %s differs (- recorded, + ours):\n", what);
	while (shown < LINES_SHOWN_MAX) {
		bool has_wanted = message_next_line(&expected, &wanted_line);
		bool has_got = message_next_line(&got, &got_line);

		number++;
		if (!has_wanted && !has_got) {
			break;
		}
		if (slice_eq(wanted_line, got_line)) {
			continue;
		}
		(void)printf("    line %zu\n", number);
		if (has_wanted) {
			print_line('-', wanted_line);
		}
		if (has_got) {
			print_line('+', got_line);
		}
		shown++;
	}
	return false;
}

void
compare_without_prose(struct slice reply, struct dynbuf *out)
{
	struct slice line = {0};
	bool is_counted = true;

	while (message_next_line(&reply, &line)) {
		if (slice_eq(line, SLICE("\r\n"))) {
			is_counted = false;
		} else if (slice_starts_with(line, SLICE("Content preview:"))) {
			is_counted = true;
		}
		if (is_counted && !slice_starts_with(line, SLICE("Content-length:"))) {
			(void)dynbuf_add(out, line);
		}
	}
}

void
compare_without_date(struct slice reply, struct dynbuf *out)
{
	struct slice line = {0};
	bool is_date = false;

	while (message_next_line(&reply, &line)) {
		(void)dynbuf_add(out, is_date ? SLICE("\t{date}\n") : line);
		is_date = slice_starts_with(line, SLICE("\twith SpamAssassin (version "));
	}
}
