/*
 * subject.h - whom a command is about, as people type it.
 *
 * "bob@example.net", "example.net" or "@example.net" (a whole domain), "list:LIST-ID",
 * "id:THUMBPRINT" and the other written forms of principal.h.
 */
#ifndef TRUSTCTL_SUBJECT_H
#define TRUSTCTL_SUBJECT_H

#include "common/statement/principal.h"
#include "trustctl/actor.h"

/**
 * Reads one argument. Keys and statements are no subjects of trust.
 * @return 0, or an exit status, having said why on standard error.
 */
NODISCARD int subject_parse(const struct ctl *ctl, const struct settings *settings,
	const char *text, struct principal *out);

/** True for a domain (or a sub-domain of one) where anybody gets a mailbox. */
bool subject_is_free_mail(const struct settings *settings, const struct principal *subject);

/** Says why such a domain gets no signed vouch. @return the exit status */
int subject_refuse_free_mail(const struct ctl *ctl, const struct principal *subject);

/**
 * The level of --level, or `unset` where it is not given; "none" only with allow_none.
 * @return 0, or an exit status, having said why on standard error.
 */
NODISCARD int subject_level(
	const struct ctl *ctl, unsigned int unset, bool allow_none, unsigned int *out);

#endif
