#include "spamd-trust/upstream_merge.h"

#include "common/base/err.h"

static bool
has_rule(const struct verdict *v, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_eq(v->rules[i].name, name)) {
			return true;
		}
	}
	return false;
}

/* add_silence - the rule that says that nobody answered */
static int
add_silence(const struct settings *settings, struct verdict *v)
{
	struct rule_hit hit = {.name = SLICE("TRUST_NO_UPSTREAM")};

	if (settings_rule_is_off(settings, hit.name)) {
		return 0;
	}
	if (settings->trust_mode == SETTINGS_TRUST_ENFORCE) {
		(void)settings_score(settings, hit.name, &hit.score);
	}
	hit.describe = settings_describe(settings, hit.name);
	return verdict_add(v, &hit);
}

/* add_reply - its rules where there is room for them, its score in any case */
static int
add_reply(const struct upstream_reply *reply, struct verdict *v)
{
	double score = v->score + reply->score;
	size_t own_count = v->rule_count;
	int code = 0;

	for (size_t i = 0; i < reply->rule_count; i++) {
		const struct rule_hit *hit = &reply->rules[i];

		if (has_rule(v, own_count, hit->name)) {
			score -= hit->score;
		} else if (code == 0) {
			code = verdict_add(v, hit);
		}
	}
	v->score = score;
	return code == ERR_TOOBIG ? 0 : code;
}

int
upstream_merge(
	const struct settings *settings, const struct upstream_reply *reply, struct verdict *v)
{
	int code = reply == NULL ? add_silence(settings, v) : add_reply(reply, v);

	verdict_finish(v);
	return code;
}
