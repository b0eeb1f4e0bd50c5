/*
 * vcard.h - the mail addresses of an address book in vCard form (RFC 6350; also 2.1 and 3.0).
 *
 * Sans-I/O, a line at a time. Folded lines are joined, groups ("item1.EMAIL") and parameters
 * passed over, "mailto:" taken off; values in quoted-printable (2.1) are decoded. Everything
 * else of a card (photos, keys) is skipped without being kept, so memory is bounded.
 */
#ifndef TRUSTCTL_IMPORT_VCARD_H
#define TRUSTCTL_IMPORT_VCARD_H

#include "common/base/err.h"
#include "trustctl/import/lines.h"

/** Longer properties are not addresses or names. */
#define VCARD_PROPERTY_MAX 1024
/** Addresses of one card; further ones are reported. */
#define VCARD_EMAILS_MAX   16

enum vcard_status {
	VCARD_NEED_MORE,
	VCARD_CARD,  /**< END:VCARD was read: name and emails are complete */
	VCARD_ERROR, /**< something was skipped: see error and error_line; reading goes on */
};

struct vcard_text {
	size_t len;
	char text[VCARD_PROPERTY_MAX];
};

/** name, emails, lines and error are for the caller; the rest is private. */
struct vcard {
	struct vcard_text name; /**< FN, or empty */
	struct vcard_text emails[VCARD_EMAILS_MAX];
	uint64_t email_lines[VCARD_EMAILS_MAX];
	size_t email_count;
	const char *error;
	uint64_t error_line;

	bool inside;
	bool open;      /* property holds one that may go on in the next line */
	bool oversized; /* ... but it is too long to be of use */
	bool soft_break;
	uint64_t property_line;
	size_t property_len;
	char property[VCARD_PROPERTY_MAX];
};

void vcard_init(struct vcard *v);

/** Takes the next line. */
enum vcard_status vcard_feed(struct vcard *v, const struct line *line);

/** After the last line. */
enum vcard_status vcard_finish(struct vcard *v);

#endif
