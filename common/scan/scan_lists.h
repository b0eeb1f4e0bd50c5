/*
 * scan_lists.h - SpamAssassin's welcome and block lists, as rules of the verdict.
 *
 * Lists of senders that give a bonus act on a proven sender only:
 *
 *	welcomelist_auth, def_welcomelist_auth              E3 or more (evidence.h)
 *	welcomelist_from                                    E3 or more; the original takes any From
 *	welcomelist_from_rcvd, def_welcomelist_from_rcvd    one readable From, and the relay that
 *	                                                    handed the mail to trusted_networks
 *
 * and never for a sender who is blocked or revoked. blocklist_from needs no proof: any address
 * the message gives for its sender counts. Lists of recipients that give a bonus look at the
 * recipients that the site itself names (User, recipient_headers), and, as the original, at To,
 * Cc and the like only where it names none; blocklist_to looks at all of them.
 *
 * Rule names and scores are the original's. They are the administrator's word and not ours, so
 * `trust_mode observe` leaves their scores alone. Costs nothing where all lists are empty.
 */
#ifndef COMMON_SCAN_SCAN_LISTS_H
#define COMMON_SCAN_SCAN_LISTS_H

#include "common/scan/scan.h"

/**
 * Adds the rules of the lists that hit. `v` holds tier, sender, recipient and details already.
 * @return 0; ERR_NOMEM; ERR_TOOBIG as verdict_add.
 */
NODISCARD int scan_lists(const struct settings *settings, const struct header *h,
	struct slice user, struct arena *arena, struct verdict *v);

#endif
