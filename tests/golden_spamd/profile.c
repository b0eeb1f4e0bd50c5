#include "tests/golden_spamd/profile.h"

#include <stdio.h>
#include <unistd.h>

#include "common/base/strnum.h"

#define PATH_MAX_LEN 1024

/* seconds_after - the number in "-T 2", `otherwise` where the option is not there */
static uint32_t
seconds_after(struct slice options, struct slice flag, uint32_t otherwise)
{
	struct slice rest = slice_skip(options, slice_find(options, flag) + flag.len);
	struct slice number = {0};
	uint32_t seconds = otherwise;

	if (slice_next_token(&rest, " ,", &number) &&
		strnum_u32(number, 86400, &seconds) != 0) {
		return otherwise;
	}
	return seconds;
}

static bool
has(struct slice options, struct slice flag)
{
	return slice_find(options, flag) < options.len;
}

static void
read_options(struct profile *p, struct slice options)
{
	p->limits = spamd_limits_default;
	p->limits.allow_tell = has(options, SLICE(" -l "));
	p->limits.timeout_command_s = seconds_after(options, SLICE("-T "), 30);
	p->limits.timeout_request_s = seconds_after(options, SLICE("-t "), 300);
	p->reads_virtual = has(options, SLICE("--virtual-config-dir"));
	p->reads_home = !has(options, SLICE(" -x"));
	p->is_unix = has(options, SLICE("--socketpath"));
	p->is_tls = has(options, SLICE("--ssl"));
	p->denies = has(options, SLICE(" -A "));
}

bool
profile_load(struct profile *p, const char *site, const char *name, const char *options)
{
	char base[PATH_MAX_LEN];
	char own[PATH_MAX_LEN];
	struct settings_source sources[2] = {
		{.kind = SETTINGS_SOURCE_CF_DIR, .value = base},
		{.kind = SETTINGS_SOURCE_CF_DIR, .value = own},
	};
	struct settings_load_options load = {.lang = "C"};
	size_t count = 0;
	struct err_msg msg = {0};

	*p = (struct profile){0};
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	read_options(p, slice_str(options));
	(void)snprintf(base, sizeof(base), "%s/main", site);
	(void)snprintf(own, sizeof(own), "%s/%s", site, name);
	/* "stock" is what the distribution has: our defaults. */
	if (strcmp(name, "stock") != 0) {
		count = strcmp(name, "main") == 0 || access(own, F_OK) != 0 ? 1 : 2;
	}
	if (settings_load(sources, count, &load, &p->settings, &msg) != 0) {
		(void)fprintf(stderr, "profile %s: %s\n", name, msg.text);
		return false;
	}
	return true;
}

void
profile_free(struct profile *p)
{
	settings_free(p->settings);
	p->settings = NULL;
}
