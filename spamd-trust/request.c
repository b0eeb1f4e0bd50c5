#include "spamd-trust/request.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "spamd-trust/answer.h"
#include "spamd-trust/upstream_merge.h"

int
request_desk_init(struct request_desk *desk, const struct service *service, unsigned int worker)
{
	*desk = (struct request_desk){.service = service, .worker = worker};
	arena_init(&desk->arena, REQUEST_ARENA_MAX_BYTES);
	dynbuf_init(&desk->line, LOG_LINE_MAX);
	return user_prefs_new(service, &desk->prefs);
}

void
request_desk_fini(struct request_desk *desk)
{
	user_prefs_free(desk->prefs);
	arena_fini(&desk->arena);
	dynbuf_fini(&desk->line);
}

/* write_line - the line built last; one too long for the buffer is left out */
static void
write_line(struct request_desk *desk, enum log_level level)
{
	if (dynbuf_error(&desk->line) == 0) {
		log_text(level, dynbuf_slice(&desk->line));
	}
}

void
request_log_connection(struct request_desk *desk, const struct logline_peer *peer)
{
	if (log_enabled(LOG_LEVEL_INFO)) {
		logline_connection(&desk->line, peer);
		write_line(desk, LOG_LEVEL_INFO);
	}
}

void
request_log_unauthorized(struct request_desk *desk, const struct logline_peer *peer)
{
	logline_unauthorized(&desk->line, peer);
	write_line(desk, LOG_LEVEL_WARN);
}

static struct logline_subject
subject_of(const struct request_desk *desk, const struct request_origin *origin,
	const struct spamd_request *request)
{
	return (struct logline_subject){
		.user = request->user,
		.uid = desk->service->uid,
		.ids = desk->ids,
		.elapsed_ms = clock_mono_ms() - origin->accepted_ms,
		.size_bytes = request->size_bytes,
	};
}

/* user_event - a User line: the original looks the user up at once, and says so */
static void
user_event(struct request_desk *desk, struct spamd_proto *proto, struct slice name)
{
	if (user_prefs_announce(desk->prefs, name, clock_wall_s()) != 0) {
		spamd_proto_abandon(proto);
	}
}

static void
checking_event(struct request_desk *desk, const struct request_origin *origin,
	const struct spamd_request *request)
{
	struct logline_subject subject;

	arena_reset(&desk->arena);
	desk->ids = logline_message_ids(request->message, &desk->arena);
	if (log_enabled(LOG_LEVEL_INFO)) {
		subject = subject_of(desk, origin, request);
		logline_checking(&desk->line, request->command, &subject);
		write_line(desk, LOG_LEVEL_INFO);
	}
}

/* score - the verdict, or a neutral one where memory is out: mail goes on in any case */
static void
score(struct request_desk *desk, const struct spamd_request *request,
	const struct settings *settings, struct verdict *out)
{
	struct scan_request scan = {
		.message = request->message,
		.user = request->user,
		.now_s = clock_wall_s(),
	};
	int code = scorer_scan(
		desk->service->scorer, desk->worker, settings, &scan, &desk->arena, out);

	if (code == 0) {
		return;
	}
	log_error("spamd: cannot score message: %s; answering with a neutral verdict",
		err_text(code));
	arena_reset(&desk->arena);
	desk->ids = logline_message_ids(request->message, &desk->arena);
	verdict_init(out, settings->required_score, &desk->arena);
	verdict_finish(out);
}

static void
log_verdict(struct request_desk *desk, const struct request_origin *origin,
	const struct spamd_request *request, const struct verdict *verdict)
{
	struct logline_subject subject;
	const struct rule_hit **sorted = NULL;

	if (!log_enabled(LOG_LEVEL_INFO)) {
		return;
	}
	sorted = verdict_sorted(verdict, &desk->arena);
	if (sorted == NULL) {
		return;
	}
	subject = subject_of(desk, origin, request);
	logline_verdict(&desk->line, &subject, verdict);
	write_line(desk, LOG_LEVEL_INFO);
	logline_result(&desk->line, &subject, verdict, sorted, &origin->peer);
	write_line(desk, LOG_LEVEL_INFO);
}

/* boundary_random - only marked-up messages carry a MIME boundary */
static uint32_t
boundary_random(enum spamd_command command)
{
	struct rng rng = rng_system();
	uint32_t value = 0;

	if ((command != SPAMD_PROCESS && command != SPAMD_HEADERS) ||
		rng_bytes(&rng, (uint8_t *)&value, sizeof(value)) != 0) {
		return 0;
	}
	return value;
}

/* reply - the answer to the client, and what the log says of it */
static void
reply(struct request_desk *desk, const struct request_origin *origin, struct spamd_proto *proto,
	const struct settings *settings, const struct verdict *verdict)
{
	const struct spamd_request *request = spamd_proto_request(proto);
	struct presentation p = {
		.settings = settings,
		.verdict = verdict,
		.message = request->message,
		.hostname = slice_str(desk->service->hostname),
		.remote_host = origin->peer.host,
		.remote_address = origin->peer.address,
		.now_s = clock_wall_s(),
		.random = boundary_random(request->command),
		.arena = &desk->arena,
	};

	answer_request(proto, &p);
	log_verdict(desk, origin, request, verdict);
}

/* merge - with the answer, or without one where there is none or memory is out for it */
static void
merge(struct request_desk *desk, const struct settings *settings,
	const struct upstream_client *upstream, struct verdict *verdict)
{
	struct upstream_reply answer = {0};
	bool has_answer =
		upstream != NULL && upstream_client_reply(upstream, &desk->arena, &answer) == 0;

	if (upstream_merge(settings, has_answer ? &answer : NULL, verdict) != 0) {
		log_error("spamd: out of memory for the rules of the chained scorer");
	}
}

/* wants_upstream - is a chained scorer to be asked? */
static bool
wants_upstream(const struct service *service, const struct spamd_request *request,
	const struct verdict *verdict)
{
	const struct settings *s = service->settings;
	bool skips = s->upstream_skip_well_trusted && verdict->tier == TIER_WELL_TRUSTED &&
		     s->trust_mode == SETTINGS_TRUST_ENFORCE;

	return service->upstream->count > 0 && !skips &&
	       request->message.len <= s->upstream_max_size_bytes;
}

/* own_texts - copies what the rules borrow from settings, which may change during a wait */
static bool
own_texts(struct verdict *v, struct arena *arena)
{
	for (size_t i = 0; i < v->rule_count; i++) {
		struct rule_hit *hit = &v->rules[i];
		struct slice name = arena_copy(arena, hit->name);
		struct slice describe = arena_copy(arena, hit->describe);

		if (name.data == NULL || describe.data == NULL) {
			return false;
		}
		hit->name = name;
		hit->describe = describe;
	}
	return true;
}

/* set_aside - takes the verdict and its memory from the desk; NULL when memory is out */
static struct request_pending *
set_aside(struct request_desk *desk, struct verdict *verdict)
{
	struct request_pending *pending = NULL;

	if (own_texts(verdict, &desk->arena)) {
		pending = malloc(sizeof(*pending));
	}
	if (pending != NULL) {
		*pending = (struct request_pending){
			.arena = desk->arena, .ids = desk->ids, .verdict = *verdict};
		arena_init(&desk->arena, REQUEST_ARENA_MAX_BYTES);
	}
	return pending;
}

void
request_pending_free(struct request_pending *pending)
{
	if (pending != NULL) {
		arena_fini(&pending->arena);
		free(pending);
	}
}

static void
request_event(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending **pending)
{
	const struct spamd_request *request = spamd_proto_request(proto);
	const struct settings *settings =
		user_prefs_settings(desk->prefs, request->user, clock_wall_s());
	struct verdict verdict;

	score(desk, request, settings, &verdict);
	if (wants_upstream(desk->service, request, &verdict)) {
		*pending = set_aside(desk, &verdict);
		if (*pending != NULL) {
			return;
		}
		merge(desk, settings, NULL, &verdict);
	}
	reply(desk, origin, proto, settings, &verdict);
}

void
request_finish_scan(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending *pending,
	const struct upstream_client *upstream)
{
	const struct settings *settings = user_prefs_settings(
		desk->prefs, spamd_proto_request(proto)->user, clock_wall_s());
	struct verdict verdict = pending->verdict;

	arena_fini(&desk->arena);
	desk->arena = pending->arena;
	desk->ids = pending->ids;
	free(pending);
	verdict.arena = &desk->arena;
	merge(desk, settings, upstream, &verdict);
	reply(desk, origin, proto, settings, &verdict);
}

/* answer_tell - what was done, and the line about it */
static void
answer_tell(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, const struct spamd_told *told)
{
	struct logline_subject subject = subject_of(desk, origin, spamd_proto_request(proto));

	spamd_proto_reply_tell(proto, told);
	logline_tell(&desk->line, &subject, told);
	write_line(desk, LOG_LEVEL_INFO);
}

/* refuse_tell - never as if it had been kept */
static void
refuse_tell(struct request_desk *desk, struct spamd_proto *proto, int code)
{
	spamd_proto_reply_unavailable(proto, tell_refusal(code));
	logline_warning(&desk->line, spamd_proto_event(proto)->text);
	write_line(desk, LOG_LEVEL_WARN);
}

/* tell_event - hands in what is for the ledger; the rest is answered at once */
static void
tell_event(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, const struct spamd_request *request)
{
	static const struct spamd_told nothing = {0};
	int code = 0;

	if (request->tell.set_remote) {
		log_warn("reporter: no reporting methods available, so couldn't report");
	}
	if (request->tell.remove_remote) {
		log_warn("reporter: no revoke methods available, so couldn't revoke");
	}
	if (!tell_is_local(&request->tell)) {
		answer_tell(desk, origin, proto, &nothing);
		return;
	}
	code = tell_submit(desk->service, desk->worker,
		user_prefs_settings(desk->prefs, request->user, clock_wall_s()), request,
		&desk->job);
	if (code != 0) {
		refuse_tell(desk, proto, code);
	}
}

struct ledger_job *
request_take_job(struct request_desk *desk)
{
	struct ledger_job *job = desk->job;

	desk->job = NULL;
	return job;
}

void
request_finish_tell(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, const struct ledger_job *job)
{
	struct spamd_told told = tell_result(job);

	if (job->code != 0) {
		refuse_tell(desk, proto, job->code);
		return;
	}
	answer_tell(desk, origin, proto, &told);
}

void
request_handle_event(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending **pending)
{
	const struct spamd_event *event = spamd_proto_event(proto);
	struct logline_subject subject;

	switch (event->kind) {
	case SPAMD_EVENT_USER:
		user_event(desk, proto, event->text);
		break;
	case SPAMD_EVENT_CHECKING:
		checking_event(desk, origin, event->request);
		break;
	case SPAMD_EVENT_REQUEST:
		if (event->request->command == SPAMD_TELL) {
			tell_event(desk, origin, proto, event->request);
		} else {
			request_event(desk, origin, proto, pending);
		}
		break;
	case SPAMD_EVENT_SKIP:
		subject = subject_of(desk, origin, spamd_proto_request(proto));
		logline_skipped(&desk->line, &subject);
		write_line(desk, LOG_LEVEL_INFO);
		break;
	case SPAMD_EVENT_NOTE:
	case SPAMD_EVENT_ERROR:
		logline_warning(&desk->line, event->text);
		write_line(desk, LOG_LEVEL_WARN);
		break;
	}
}
