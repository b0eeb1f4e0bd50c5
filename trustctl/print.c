#include "trustctl/print.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "trustctl/utf8.h"

static const char *const style_codes[] = {
	[PRINT_PLAIN] = "",
	[PRINT_BOLD] = "\033[1m",
	[PRINT_GOOD] = "\033[32m",
	[PRINT_WARN] = "\033[33m",
	[PRINT_BAD] = "\033[31m",
};

void
print_init(struct print *p, FILE *out, FILE *err, bool json, const char *no_color)
{
	bool wanted = no_color == NULL || no_color[0] == '\0';

	*p = (struct print){
		.out = out,
		.err = err,
		.json = json,
		.color = wanted && isatty(fileno(out)) == 1,
		.err_color = wanted && isatty(fileno(err)) == 1,
		.progress = isatty(fileno(err)) == 1,
	};
}

int
print_flush(struct print *p, struct err_msg *msg)
{
	errno = 0;
	if (fflush(p->out) == 0 && !ferror(p->out)) {
		return 0;
	}
	/* The stream remembers that something failed before, but not what it was. */
	errno = errno != 0 ? errno : EIO;
	return err_set_errno(msg, "cannot write to standard output");
}

void
print_clean(struct slice text, struct dynbuf *out)
{
	while (text.len > 0) {
		uint32_t code;
		size_t used = utf8_decode(text, &code);

		if (used == 0) {
			(void)dynbuf_add(out, SLICE("\xef\xbf\xbd"));
			used = 1;
		} else if (utf8_is_control(code)) {
			(void)dynbuf_add_byte(out, '?');
		} else {
			(void)dynbuf_add(out, slice_take(text, used));
		}
		text = slice_skip(text, used);
	}
}

void
print_text(const struct print *p, enum print_style style, struct slice text)
{
	struct dynbuf clean;
	bool styled = p->color && style != PRINT_PLAIN;

	dynbuf_init(&clean, PRINT_TEXT_MAX);
	print_clean(text, &clean);
	(void)fprintf(p->out, "%s%.*s%s", styled ? style_codes[style] : "",
		SLICE_ARG(dynbuf_slice(&clean)), styled ? "\033[0m" : "");
	dynbuf_fini(&clean);
}
