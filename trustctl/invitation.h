/*
 * invitation.h - the open code of an identity for a second device (join_code.h), as a file.
 *
 * STORE/keys/joining-IDENTITY (0600) holds the code that was shown and how many wrong answers
 * came: one code at a time, for ten minutes, INVITATION_TRIES_MAX tries, used once.
 */
#ifndef TRUSTCTL_INVITATION_H
#define TRUSTCTL_INVITATION_H

#include "common/statement/join_code.h"
#include "trustctl/keywork.h"

#define INVITATION_TRIES_MAX 5

/** Opens one, in place of an older one. */
NODISCARD int invitation_open(
	const struct keywork *w, const struct join_code *code, struct err_msg *msg);

/**
 * Holds a request against the open invitation, and closes it when it fits or fails once too often.
 * @return 0; ERR_NOTREADY without one; ERR_EXPIRED; ERR_SIGNATURE; ERR_INVALID; what files say.
 */
NODISCARD int invitation_answer(const struct keywork *w, struct slice text,
	struct join_request *out, struct err_msg *msg);

#endif
