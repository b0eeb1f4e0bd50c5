/*
 * profile.h - what a profile of the manifest stands for: command line options and settings.
 */
#ifndef TESTS_GOLDEN_SPAMD_PROFILE_H
#define TESTS_GOLDEN_SPAMD_PROFILE_H

#include "common/conf/settings.h"
#include "spamd-trust/spamd_proto.h"

#define PROFILE_NAME_MAX 64
#define PROFILES_MAX     32

/** Names of virtual user directories in log lines; what the manifest writes as {virtdir}. */
#define PROFILE_VIRTUAL_DIR "/virt"

struct profile {
	char name[PROFILE_NAME_MAX];
	struct spamd_limits limits;
	bool reads_home;    /**< no -x: users are looked up */
	bool reads_virtual; /**< --virtual-config-dir */
	bool is_unix;
	bool is_tls;
	bool denies; /**< -A with a foreign address: clients are closed without a byte */
	struct settings *settings;
};

/**
 * Reads the options as the recording's server had them, and the settings of the profile
 * under `site`: its base and its own files. Prints what is wrong. @return false on failure.
 */
bool profile_load(struct profile *p, const char *site, const char *name, const char *options);
void profile_free(struct profile *p);

#endif
