#include "spamd-trust/request.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "spamd-trust/answer.h"
#include "spamd-trust/decision_note.h"
#include "spamd-trust/upstream_fields.h"
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
		.ids = desk->subject.ids,
		.elapsed_ms = clock_mono_ms() - origin->accepted_ms,
		.size_bytes = request->size_bytes,
	};
}

const struct settings *
request_settings(const struct request_desk *desk, const struct spamd_request *request)
{
	return user_prefs_settings(desk->prefs, request->user, clock_wall_s());
}

/* user_event - a User line: the original looks the user up at once, and says so */
static void
user_event(struct request_desk *desk, struct spamd_proto *proto, struct slice name)
{
	if (user_prefs_announce(desk->prefs, name, clock_wall_s()) != 0) {
		spamd_proto_abandon(proto);
	}
}

/* read_subject - into the arena, which is emptied for the message */
static void
read_subject(struct request_desk *desk, struct slice message)
{
	arena_reset(&desk->arena);
	desk->subject.split = message_split(message);
	desk->subject.ids = logline_message_ids(desk->subject.split.header, &desk->arena);
}

static void
checking_event(struct request_desk *desk, const struct request_origin *origin,
	const struct spamd_request *request)
{
	struct logline_subject subject;

	read_subject(desk, request->message);
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
	read_subject(desk, request->message);
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

/* boundary_random - only wrapped spam carries a MIME boundary */
static uint32_t
boundary_random(enum spamd_command command, bool is_spam)
{
	struct rng rng = rng_system();
	uint32_t value = 0;

	if (!is_spam || (command != SPAMD_PROCESS && command != SPAMD_HEADERS) ||
		rng_bytes(&rng, (uint8_t *)&value, sizeof(value)) != 0) {
		return 0;
	}
	return value;
}

/* note - the decision on its way to the history */
static void
note(struct request_desk *desk, const struct spamd_request *request,
	const struct verdict *verdict)
{
	UNINITIALIZED struct ledger_note made;

	if (decision_note_make(verdict, request->message, &desk->subject.split,
		    desk->subject.ids.message_id, clock_wall_s(), &made)) {
		ledger_writer_note(desk->service->ledger, desk->worker, &made);
	}
}

/* reply - the answer to the client, and what log and history say of it */
static void
reply(struct request_desk *desk, const struct request_origin *origin, struct spamd_proto *proto,
	const struct settings *settings, const struct verdict *verdict, struct slice fields)
{
	const struct spamd_request *request = spamd_proto_request(proto);
	struct presentation p = {
		.settings = settings,
		.verdict = verdict,
		.message = request->message,
		.more_fields = fields,
		.hostname = slice_str(desk->service->hostname),
		.remote_host = origin->peer.host,
		.remote_address = origin->peer.address,
		.now_s = clock_wall_s(),
		.random = boundary_random(request->command, verdict->is_spam),
		.arena = &desk->arena,
	};

	note(desk, request, verdict);
	answer_request(proto, &p);
	log_verdict(desk, origin, request, verdict);
}

/* merge - with the answer, or without one where there is none */
static void
merge(const struct settings *settings, const struct upstream_reply *answer,
	struct verdict *verdict)
{
	if (upstream_merge(settings, answer, verdict) != 0) {
		log_error("spamd: out of memory for the rules of the chained scorer");
	}
}

static void
request_event(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending **pending)
{
	const struct spamd_request *request = spamd_proto_request(proto);
	const struct settings *settings = request_settings(desk, request);
	struct verdict verdict;

	score(desk, request, settings, &verdict);
	if (request_wants_upstream(desk->service, request, &verdict)) {
		*pending = request_pending_scan(
			desk->service, request, &desk->arena, &desk->subject, &verdict);
		if (*pending != NULL) {
			arena_init(&desk->arena, REQUEST_ARENA_MAX_BYTES);
			return;
		}
		merge(settings, NULL, &verdict);
	}
	reply(desk, origin, proto, settings, &verdict, SLICE(""));
}

void
request_take_fields(struct request_desk *desk, const struct spamd_proto *proto,
	struct request_pending *pending, const struct upstream_client *client)
{
	if (client != NULL && upstream_fields_read(upstream_client_body(client),
				      request_settings(desk, spamd_proto_request(proto)),
				      &pending->arena, &pending->fields) != 0) {
		log_error("spamd: out of memory for the fields of the chained scorer");
	}
}

/* finish_scan - the verdict of both, or ours */
static void
finish_scan(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, const struct request_pending *pending)
{
	const struct settings *settings = request_settings(desk, spamd_proto_request(proto));
	struct verdict verdict = pending->verdict;

	arena_fini(&desk->arena);
	desk->arena = pending->arena;
	desk->subject = pending->subject;
	verdict.arena = &desk->arena;
	merge(settings, pending->has_reply ? &pending->reply : NULL, &verdict);
	reply(desk, origin, proto, settings, &verdict, pending->fields);
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

/* warn_of_remote - there is nobody to pass a report on to; worded as in the original */
static void
warn_of_remote(const struct spamd_tell *tell)
{
	if (tell->set_remote) {
		log_warn("reporter: no reporting methods available, so couldn't report");
	}
	if (tell->remove_remote) {
		log_warn("reporter: no revoke methods available, so couldn't revoke");
	}
}

/* tell_event - hands in what is for the ledger; what nobody else is to know is answered at once */
static void
tell_event(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, const struct spamd_request *request,
	struct request_pending **pending)
{
	static const struct spamd_told nothing = {0};
	const struct settings *settings = request_settings(desk, request);
	int code = 0;

	if (tell_is_local(&request->tell, settings)) {
		code = tell_submit(desk->service, desk->worker, settings, request, &desk->arena,
			&desk->job);
	}
	if (code != 0) {
		refuse_tell(desk, proto, code);
		return;
	}
	if (request_tells_upstream(desk->service, request)) {
		*pending = request_pending_tell();
	}
	if (*pending == NULL) {
		warn_of_remote(&request->tell);
	}
	if (*pending == NULL && desk->job == NULL) {
		answer_tell(desk, origin, proto, &nothing);
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

/* finish_tell - refused only for our own ledger: what the scorer did not take is not lost */
static void
finish_tell(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, const struct request_pending *pending)
{
	if (pending->ledger_code != 0) {
		refuse_tell(desk, proto, pending->ledger_code);
	} else {
		answer_tell(desk, origin, proto, &pending->told);
	}
}

void
request_finish(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending *pending)
{
	if (pending->is_tell) {
		finish_tell(desk, origin, proto, pending);
		request_pending_free(pending);
	} else {
		finish_scan(desk, origin, proto, pending);
		free(pending); /* its arena is the desk's now */
	}
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
			tell_event(desk, origin, proto, event->request, pending);
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
