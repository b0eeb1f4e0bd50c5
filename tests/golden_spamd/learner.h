/*
 * learner.h - the store behind TELL, as the recordings' server had one (SPEC 5.7).
 *
 * Which messages are the same is message_digest's matter. Remote reports are never taken.
 */
#ifndef TESTS_GOLDEN_SPAMD_LEARNER_H
#define TESTS_GOLDEN_SPAMD_LEARNER_H

#include "common/base/digest.h"
#include "spamd-trust/spamd_proto.h"

#define LEARNER_MAX 64

struct learner {
	struct {
		struct digest key;
		bool is_spam;
	} known[LEARNER_MAX];
	size_t count;
};

struct spamd_told learner_tell(struct learner *l, const struct spamd_request *request);

#endif
