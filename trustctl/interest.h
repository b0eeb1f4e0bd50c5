/*
 * interest.h - keeps the extract of the friend lists that gossip may read (graph_interest.h).
 *
 * The set is always made anew from all lists and compared, so that a crash between the two
 * stores, or a list changed by an older program, is put right by the next change.
 */
#ifndef TRUSTCTL_INTEREST_H
#define TRUSTCTL_INTEREST_H

#include "common/graph/graph_interest.h"
#include "trustctl/site.h"

/**
 * Writes the set where it differs; nothing is written otherwise. Not between site_begin and
 * site_end. @return 0; ERR_NOMEM; what the stores say.
 */
NODISCARD int interest_refresh(struct site *site, struct err_msg *msg);

#endif
