/*
 * replay.h - one recorded request through the protocol engine, in virtual time.
 *
 * Plays the part of the daemon: feeds the bytes, writes the log lines, answers with the
 * verdict of the manifest. What depends on the recording machine (host name, date,
 * boundary, order of rows) is taken from the recording, so that replies can be compared byte
 * for byte with their lengths.
 */
#ifndef TESTS_GOLDEN_SPAMD_REPLAY_H
#define TESTS_GOLDEN_SPAMD_REPLAY_H

#include "common/base/arena.h"
#include "tests/golden_spamd/learner.h"
#include "tests/golden_spamd/profile.h"

/* What stands for the {placeholders} of log lines; {secs} is 0.0, as virtual time stands still. */
#define REPLAY_REMOTE_PORT 40000
#define REPLAY_LOCAL_PORT  783
#define REPLAY_FD          5
#define REPLAY_UID         65534
#define REPLAY_SOCKET      "/run/spamd.sock"
#define REPLAY_TLS         "TLSv1_3/TLS_AES_256_GCM_SHA384"

struct replay {
	const struct profile *profile;
	const char *site; /* directory of the profiles, for users' preferences */
	struct learner *learner;
	struct slice request;
	bool half_close;
	size_t step; /* bytes fed at a time */
	struct verdict verdict;
	struct slice hostname;
	uint64_t now_s;
	uint32_t random;
	struct arena *arena;
};

/**
 * Runs it. `reply` gets the bytes, `log` one "level: text" line per line.
 * @return false when the engine wants something that never comes.
 */
bool replay_run(const struct replay *r, struct dynbuf *reply, struct dynbuf *log);

#endif
