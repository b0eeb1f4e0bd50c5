#include "tests/golden_spamd/learner.h"

#include "spamd-trust/message_split.h"

/* content_key - over the message without its Message-Id */
static struct digest
content_key(struct slice message)
{
	struct slice rest = message_split(message).header;
	struct slice parts[3] = {message};
	struct message_field field = {0};
	struct digest key;
	size_t count = 1;

	while (message_next_field(&rest, &field)) {
		if (slice_eq_nocase(field.name, SLICE("message-id"))) {
			size_t at = (size_t)(field.name.data - message.data);

			parts[0] = slice_take(message, at);
			parts[1] = slice_of(
				rest.data, message.len - (size_t)(rest.data - message.data));
			count = 2;
		}
	}
	digest_sha256_parts(parts, count, &key);
	return key;
}

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
	struct digest key = content_key(request->message);
	size_t at = find(l, &key);
	struct spamd_told told = {0};

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
