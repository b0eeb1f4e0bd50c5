/*
 * report.h - the report about a message (SPEC 10): the REPORT reply, `_REPORT_`, the
 * table of rules, the content preview.
 *
 * Text always has LF line ends. Failure is sticky in `out`.
 */
#ifndef SPAMD_TRUST_REPORT_H
#define SPAMD_TRUST_REPORT_H

#include "spamd-trust/template.h"

/** The whole report: the template with tags replaced, ending in exactly two LF. */
void report_write(const struct presentation *p, struct dynbuf *out);

/** The addition for messages that are not plain text (`unsafe_report`). */
void report_write_unsafe(const struct presentation *p, struct dynbuf *out);

/** Rows of the table (`_SUMMARY_`), wrapped at `report_wrap_width`. */
void report_write_summary(const struct presentation *p, struct dynbuf *out);

/** Rows as X-Spam-Report has them (`_REPORT_`): a line end, then `* ` rows. */
void report_write_header_rows(const struct presentation *p, struct dynbuf *out);

/** About three paragraphs or 200 characters of the body (`_PREVIEW_`). */
void report_write_preview(const struct presentation *p, struct dynbuf *out);

#endif
