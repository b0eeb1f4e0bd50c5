/*
 * mail_date.h - the moment a Date field names (RFC 5322 section 3.3, with the obsolete zones
 * and two-digit years of section 4.3).
 */
#ifndef TRUSTCTL_IMPORT_MAIL_DATE_H
#define TRUSTCTL_IMPORT_MAIL_DATE_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/**
 * Reads an unfolded field body. Day of the week and comments are passed over; a missing or
 * unknown zone counts as UTC.
 * @return 0 and seconds since 1970; ERR_INVALID; ERR_RANGE before 1970 or for a day or time
 * that does not exist.
 */
NODISCARD int mail_date_parse(struct slice body, uint64_t *wall_s_out);

#endif
