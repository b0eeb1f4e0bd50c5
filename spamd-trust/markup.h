/*
 * markup.h - the message as PROCESS and HEADERS return it (SPEC 9).
 *
 * Headers in place, or a wrapper with the original attached (`report_safe`). Pure: bytes in,
 * bytes out. The body of a message is never touched, and messages may hold anything: NUL
 * bytes, 8-bit text, no header, no end.
 */
#ifndef SPAMD_TRUST_MARKUP_H
#define SPAMD_TRUST_MARKUP_H

#include "spamd-trust/template.h"

/**
 * Appends the marked-up message. Where the end of it is that of the message as it came (SPEC
 * 9.2), that is not copied but left in *rest_out, which is empty else. Besides the configured
 * X-Spam-* headers come X-Spam-Trust-Tier, X-Spam-Trust-Evidence and X-Spam-Trust-Path (DESIGN
 * 7) when the verdict is from a trust scan. Failure is sticky in `out`.
 */
void markup_write(const struct presentation *p, struct dynbuf *out, struct slice *rest_out);

/** The same, cut after the first empty line (HEADERS, SPEC 5.6). */
void markup_write_headers(const struct presentation *p, struct dynbuf *out);

#endif
