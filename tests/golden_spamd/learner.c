#include "tests/golden_spamd/learner.h"

#include "common/mail/message_digest.h"

/* find - where the message is, or l->count */
static size_t
find(const struct learner *l, const struct digest *key)
{
	size_t i = 0;

	while (i < l->count && !digest_eq(&l->known[i].key, key)) {
		i++;
	}
	return i;
}

struct spamd_told
learner_tell(struct learner *l, const struct spamd_request *request)
{
	const struct spamd_tell *tell = &request->tell;
	struct spamd_told told = {0};
	struct digest key;
	size_t at = 0;

	if (message_digest(request->message, &key) != 0) {
		return told;
	}
	at = find(l, &key);
	if (tell->remove_local && at < l->count) {
		l->known[at] = l->known[--l->count];
		told.removed_local = true;
	}
	if (tell->set_local && at < LEARNER_MAX &&
		(at == l->count || l->known[at].is_spam != tell->is_spam)) {
		l->known[at].key = key;
		l->known[at].is_spam = tell->is_spam;
		l->count += at == l->count;
		told.set_local = true;
	}
	return told;
}
