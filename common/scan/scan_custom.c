#include "common/scan/scan_custom.h"

#include "common/base/err.h"
#include "common/conf/rules_default.h"
#include "common/rules/rule_set.h"

struct work {
	const struct settings *settings;
	struct verdict *verdict;
};

static bool
is_off(void *ctx, struct slice name)
{
	const struct work *w = ctx;

	return settings_rule_is_off(w->settings, name);
}

/* value_of - of a rule that is not the administrator's: ours, or one that is not run here */
static double
value_of(void *ctx, struct slice name)
{
	const struct work *w = ctx;

	for (size_t i = 0; i < w->verdict->rule_count; i++) {
		if (slice_eq(w->verdict->rules[i].name, name)) {
			return 1;
		}
	}
	return rules_default_is_ours(rules_default_name(name)) ? 0 : -1;
}

static int
hit(void *ctx, struct slice name)
{
	const struct work *w = ctx;
	const struct rule_hit rule = {
		.name = name,
		.score = settings_rule_score(w->settings, name),
		.describe = settings_describe(w->settings, name),
	};
	int code = verdict_add(w->verdict, &rule);

	return code == ERR_TOOBIG ? 0 : code;
}

int
scan_custom(const struct settings *settings, const struct header *h, struct arena *arena,
	struct verdict *v)
{
	struct work w = {settings, v};
	const struct rule_set_questions ask = {is_off, value_of, hit, &w};

	if (settings->rule_set == NULL || h->message.len == 0) {
		return 0;
	}
	return rule_set_run(settings->rule_set, h, &ask, arena);
}
