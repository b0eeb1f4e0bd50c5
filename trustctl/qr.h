/*
 * qr.h - short text as a QR code: for a terminal, and as a picture to print.
 */
#ifndef TRUSTCTL_QR_H
#define TRUSTCTL_QR_H

#include "common/base/dynbuf.h"
#include "common/base/err.h"

/** More text than any code here has, bytes. */
#define QR_TEXT_MAX 1100

/**
 * Appends the code in half blocks (U+2580, U+2584, U+2588), two rows of modules a line, dark on
 * light whatever the terminal's colours are: escapes set black on white, unless `plain`.
 * @return 0; ERR_TOOBIG; ERR_NOMEM.
 */
NODISCARD int qr_terminal(struct slice text, bool plain, struct dynbuf *out);

/** Appends the code as an SVG picture of its own. @return as qr_terminal */
NODISCARD int qr_svg(struct slice text, struct dynbuf *out);

#endif
