/*
 * template.h - tags in headers and report templates (SPEC 13): `_YESNO_`, `_SCORE(0)_` ...
 *
 * Pure: what is presented, for which host and when comes in a context that the markup and
 * report modules share. Unknown tags stay as they are.
 */
#ifndef SPAMD_TRUST_TEMPLATE_H
#define SPAMD_TRUST_TEMPLATE_H

#include "common/base/dynbuf.h"
#include "common/scan/verdict.h"

struct settings;

/**
 * The version that clients parse out of X-Spam-Checker-Version and X-Spam-Status
 * (`version=`): the one whose protocol and markup we speak, not that of this product.
 */
#define COMPAT_VERSION    "4.0.1"
#define COMPAT_SUBVERSION "2024-03-25"

/** What is presented, and where. Everything is borrowed. */
struct presentation {
	const struct settings *settings;
	const struct verdict *verdict;
	struct slice message;     /**< as the client sent it */
	struct slice more_fields; /**< whole lines with LF, added behind our own fields */
	struct slice hostname;    /**< of this machine; `report_hostname` goes before it */
	struct slice remote_host; /**< of the last relay's client; empty where unknown */
	struct slice remote_address;
	uint64_t now_s;      /**< for dates and boundaries; printed as UTC */
	uint32_t random;     /**< for the MIME boundary */
	struct arena *arena; /**< scratch memory of the request */
};

/** Appends text with its tags replaced; failure is sticky in `out`. */
void template_expand(const struct presentation *p, struct slice text, struct dynbuf *out);

/** Appends a date and time in UTC as in RFC 5322 section 3.3. */
void template_add_date(uint64_t now_s, struct dynbuf *out);

#endif
