#include "trustctl/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

/** Light modules around the code (ISO/IEC 18004 asks for four). */
#define QUIET 4
/** Size of a module in the picture, in its units. */
#define SCALE 4

static int
encode(struct slice text, QRcode **out)
{
	char copy[QR_TEXT_MAX + 1];

	if (text.len > QR_TEXT_MAX) {
		return ERR_TOOBIG;
	}
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	errno = 0;
	*out = QRcode_encodeString8bit(copy, 0, QR_ECLEVEL_L);
	if (*out != NULL) {
		return 0;
	}
	return errno == ERANGE ? ERR_TOOBIG : ERR_NOMEM;
}

/* is_dark - also outside, where all is light */
static bool
is_dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width) {
		return false;
	}
	return (code->data[y * code->width + x] & 1) != 0;
}

/* put_pair - the module at (x, y) and the one below it, in one character */
static void
put_pair(const QRcode *code, int x, int y, struct dynbuf *out)
{
	static const char *const blocks[2][2] = {
		{" ", "\xe2\x96\x84"},
		{"\xe2\x96\x80", "\xe2\x96\x88"},
	};

	(void)dynbuf_add(out,
		slice_str(
			blocks[is_dark(code, x, y) ? 1 : 0][is_dark(code, x, y + 1) ? 1 : 0]));
}

int
qr_terminal(struct slice text, bool plain, struct dynbuf *out)
{
	QRcode *code = NULL;
	int rc = encode(text, &code);

	if (rc != 0) {
		return rc;
	}
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		(void)dynbuf_add(out, plain ? SLICE("") : SLICE("\033[30;107m"));
		for (int x = -QUIET; x < code->width + QUIET; x++) {
			put_pair(code, x, y, out);
		}
		(void)dynbuf_add(out, plain ? SLICE("\n") : SLICE("\033[0m\n"));
	}
	QRcode_free(code);
	return dynbuf_error(out);
}

int
qr_svg(struct slice text, struct dynbuf *out)
{
	QRcode *code = NULL;
	int rc = encode(text, &code);
	int size;

	if (rc != 0) {
		return rc;
	}
	size = (code->width + 2 * QUIET) * SCALE;
	(void)dynbuf_printf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n<rect width=\"100%%\" height=\"100%%\" "
		"fill=\"#fff\"/>\n<path d=\"",
		size, size, size / SCALE, size / SCALE);
	for (int y = 0; y < code->width; y++) {
		for (int x = 0; x < code->width; x++) {
			if (is_dark(code, x, y)) {
				(void)dynbuf_printf(
					out, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
			}
		}
	}
	(void)dynbuf_add(out, SLICE("\"/>\n</svg>\n"));
	QRcode_free(code);
	return dynbuf_error(out);
}
