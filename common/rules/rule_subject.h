/*
 * rule_subject.h - the text of a header that a `header` rule is matched against.
 *
 * All fields of the name, from the top, each ended by a newline: unfolded (a fold becomes one
 * blank) and in UTF-8 (encoded_word.h), or as they are with :raw.
 */
#ifndef COMMON_RULES_RULE_SUBJECT_H
#define COMMON_RULES_RULE_SUBJECT_H

#include "common/base/arena.h"
#include "common/mail/header.h"
#include "common/rules/rule_line.h"

/** What a rule sees of a header at most; the rest is cut. A match may take time for each byte. */
#define RULE_SUBJECT_MAX ((size_t)32 * 1024)

/**
 * The text for one field and part of it, in the arena. ALL gives the whole header, ToCc the
 * fields To and Cc, MESSAGEID those that may hold the id.
 * @param is_set_out whether there is such a field.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int rule_subject(const struct header *h, struct slice field, enum rule_part part,
	struct arena *arena, struct slice *out, bool *is_set_out);

#endif
