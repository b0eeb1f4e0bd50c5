#include "tests/golden_spamd/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/mail/message_split.h"
#include "spamd-trust/answer.h"
#include "spamd-trust/logline.h"
#include "spamd-trust/prefs_path.h"

#define PATH_LEN 1024

/* State of one run. */
struct run {
	const struct replay *replay;
	struct spamd_proto proto;
	struct logline_peer peer;
	struct logline_ids ids;
	const struct settings *settings;
	struct dynbuf line;
	struct dynbuf *log;
	uint64_t now_ms;
};

/* add_log - the line that a builder has just made */
static void
add_log(struct run *run, const char *level)
{
	(void)dynbuf_add_str(run->log, level);
	(void)dynbuf_add_str(run->log, ": ");
	(void)dynbuf_add(run->log, dynbuf_slice(&run->line));
	(void)dynbuf_add_byte(run->log, '\n');
}

static struct logline_subject
subject(const struct run *run)
{
	const struct spamd_request *request = spamd_proto_request(&run->proto);

	return (struct logline_subject){
		.user = request->user,
		.uid = REPLAY_UID,
		.ids = run->ids,
		.size_bytes = request->size_bytes,
	};
}

/* read_prefs - the user's settings for this request, from site/virt/NAME/user_prefs */
static void
read_prefs(struct run *run, const char *directory)
{
	const struct replay *replay = run->replay;
	struct settings_load_options options = {.lang = "C"};
	char path[PATH_LEN * 2];
	char *bytes = arena_alloc(replay->arena, SETTINGS_USER_PREFS_MAX);
	size_t len = 0;
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/virt%s/user_prefs", replay->site,
		directory + strlen(PROFILE_VIRTUAL_DIR));
	file = fopen(path, "rb");
	if (file == NULL || bytes == NULL) {
		return;
	}
	len = fread(bytes, 1, SETTINGS_USER_PREFS_MAX, file);
	(void)fclose(file);
	if (settings_overlay(replay->profile->settings, slice_str(path), slice_of(bytes, len),
		    &options, replay->arena, &run->settings) != 0) {
		run->settings = replay->profile->settings;
	}
}

/* on_user - what a daemon with the profile's options says about a user name */
static void
on_user(struct run *run, struct slice user)
{
	const struct profile *profile = run->replay->profile;
	char directory[PATH_LEN];
	char name[PATH_LEN];

	run->settings = profile->settings;
	(void)log_escape(user, name, sizeof(name));
	dynbuf_reset(&run->line);
	if (profile->reads_virtual && prefs_path_expand(PROFILE_VIRTUAL_DIR "/%u", user, false,
					      directory, sizeof(directory)) == 0) {
		(void)dynbuf_printf(&run->line,
			"spamd: using default config for %s: %s/user_prefs", name, directory);
		add_log(run, "info");
		read_prefs(run, directory);
	} else if (profile->reads_home) {
		(void)dynbuf_printf(&run->line,
			"spamd: handle_user (userdir) unable to find user: '%s'", name);
		add_log(run, "info");
	}
}

/* on_scan - answers with the recorded verdict */
static void
on_scan(struct run *run)
{
	const struct replay *replay = run->replay;
	const struct spamd_request *request = spamd_proto_request(&run->proto);
	const struct rule_hit **sorted = verdict_sorted(&replay->verdict, replay->arena);
	struct logline_subject s = subject(run);
	struct presentation p = {
		.settings = run->settings,
		.verdict = &replay->verdict,
		.message = request->message,
		.hostname = replay->hostname,
		.now_s = replay->now_s,
		.random = replay->random,
		.arena = replay->arena,
	};

	answer_request(&run->proto, &p);
	logline_verdict(&run->line, &s, &replay->verdict);
	add_log(run, "info");
	logline_result(&run->line, &s, &replay->verdict, sorted, &run->peer);
	add_log(run, "info");
}

static void
on_tell(struct run *run)
{
	struct spamd_told told = {0};
	struct logline_subject s = subject(run);

	if (run->settings->use_learner) {
		told = learner_tell(run->replay->learner, spamd_proto_request(&run->proto));
	}
	spamd_proto_reply_tell(&run->proto, &told);
	logline_tell(&run->line, &s, &told);
	add_log(run, "info");
}

static void
on_event(struct run *run)
{
	const struct spamd_event *event = spamd_proto_event(&run->proto);
	struct logline_subject s;

	switch (event->kind) {
	case SPAMD_EVENT_USER:
		on_user(run, event->text);
		break;
	case SPAMD_EVENT_CHECKING:
		run->ids = logline_message_ids(
			message_split(event->request->message).header, run->replay->arena);
		s = subject(run);
		logline_checking(&run->line, event->request->command, &s);
		add_log(run, "info");
		break;
	case SPAMD_EVENT_REQUEST:
		if (event->request->command == SPAMD_TELL) {
			on_tell(run);
		} else {
			on_scan(run);
		}
		break;
	case SPAMD_EVENT_SKIP:
		s = subject(run);
		logline_skipped(&run->line, &s);
		add_log(run, "info");
		break;
	case SPAMD_EVENT_NOTE:
	case SPAMD_EVENT_ERROR:
		logline_warning(&run->line, event->text);
		add_log(run, "warn");
		break;
	}
}

static enum spamd_status
drain(struct run *run, enum spamd_status status)
{
	while (status == SPAMD_EVENT) {
		on_event(run);
		status = spamd_proto_next(&run->proto, run->now_ms);
	}
	return status;
}

static enum spamd_status
feed_all(struct run *run)
{
	struct slice rest = run->replay->request;
	enum spamd_status status = SPAMD_NEED_MORE;

	while (rest.len > 0 && status == SPAMD_NEED_MORE) {
		status = drain(run, spamd_proto_feed(&run->proto,
					    slice_take(rest, run->replay->step), run->now_ms));
		rest = slice_skip(rest, run->replay->step);
	}
	if (status == SPAMD_NEED_MORE && run->replay->half_close) {
		status = drain(run, spamd_proto_eof(&run->proto, run->now_ms));
	}
	while (status == SPAMD_NEED_MORE && spamd_proto_deadline(&run->proto, &run->now_ms)) {
		status = drain(run, spamd_proto_timeout(&run->proto, run->now_ms));
	}
	return status;
}

bool
replay_run(const struct replay *r, struct dynbuf *reply, struct dynbuf *log)
{
	struct run run = {
		.replay = r,
		.peer = {.host = SLICE("localhost"),
			.address = SLICE("127.0.0.1"),
			.port = REPLAY_REMOTE_PORT,
			.local_port = REPLAY_LOCAL_PORT,
			.fd = REPLAY_FD,
			.tls = r->profile->is_tls ? SLICE(REPLAY_TLS) : SLICE(""),
			.socket_path = r->profile->is_unix ? SLICE(REPLAY_SOCKET) : SLICE("")},
		.settings = r->profile->settings,
		.log = log,
	};
	enum spamd_status status = SPAMD_NEED_MORE;

	dynbuf_init(&run.line, 1 << 20);
	spamd_proto_init(&run.proto, &r->profile->limits, run.now_ms);
	logline_connection(&run.line, &run.peer);
	add_log(&run, "info");
	status = feed_all(&run);
	(void)dynbuf_add(reply, spamd_proto_output(&run.proto));
	(void)dynbuf_add(reply, spamd_proto_output_rest(&run.proto));
	spamd_proto_fini(&run.proto);
	dynbuf_fini(&run.line);
	return status == SPAMD_DONE;
}
