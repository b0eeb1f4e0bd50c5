/*
 * answer.h - from a verdict to the bytes of the reply: joins protocol, report and markup.
 */
#ifndef SPAMD_TRUST_ANSWER_H
#define SPAMD_TRUST_ANSWER_H

#include "spamd-trust/spamd_proto.h"
#include "spamd-trust/template.h"

/**
 * Answers the scanning request that `proto` awaits: writes what its command asks for and
 * ends in SPAMD_DONE. Where memory is out or the reply would be too big there is no reply,
 * as after any internal failure, and the client passes the message on unmarked.
 */
void answer_request(struct spamd_proto *proto, const struct presentation *p);

#endif
