/*
 * What a session asks a chained scorer: one question for the verdict or the report, and beside
 * it one for the scorer's own fields where a marked message is wanted. They run at the same
 * time.
 */
#include "common/base/clock.h"
#include "spamd-trust/worker.h"

bool
session_has_asked(const struct session *s)
{
	return s->call != NULL || s->fields_call != NULL;
}

/* is_complete - has everything come that the request waits for? */
static bool
is_complete(const struct session *s)
{
	return s->job == NULL && !session_has_asked(s);
}

/* answer - what `pending` holds is all there will be */
static void
answer(struct session *s)
{
	struct request_pending *pending = s->pending;

	s->pending = NULL;
	request_finish(&s->worker->desk, &s->origin, &s->proto, pending);
}

void
session_finish_question(struct session *s)
{
	if (is_complete(s)) {
		answer(s);
		session_go_on(s);
	}
}

static void
on_answer(void *ctx, const struct upstream_client *client)
{
	struct session *s = ctx;

	s->call = NULL;
	request_pending_answered(s->pending, client);
	session_finish_question(s);
}

static void
on_fields(void *ctx, const struct upstream_client *client)
{
	struct session *s = ctx;

	s->fields_call = NULL;
	request_take_fields(&s->worker->desk, &s->proto, s->pending, client);
	session_finish_question(s);
}

/* timeout_ms - for the scorer: no longer than it may take, nor than a message may */
static uint64_t
timeout_ms(const struct settings *settings)
{
	uint32_t seconds = settings->upstream_timeout_s;

	if (settings->time_limit_s != 0 && settings->time_limit_s < seconds) {
		seconds = settings->time_limit_s;
	}
	return (uint64_t)seconds * 1000;
}

/* ask_fields - without them the answer is the same but for the fields */
static void
ask_fields(struct session *s, struct upstream_question *question)
{
	question->done = on_fields;
	if (request_pending_fields_question(
		    s->pending, spamd_proto_request(&s->proto), &question->request) &&
		upstream_ask(&s->worker->upstream, question, &s->fields_call) != 0) {
		s->fields_call = NULL;
	}
}

void
session_ask(struct session *s)
{
	struct upstream_question question = {
		.request = request_pending_question(s->pending, spamd_proto_request(&s->proto)),
		.timeout_ms = timeout_ms(s->worker->service->settings),
		.done = on_answer,
		.ctx = s,
	};

	if (s->job == NULL) {
		s->job = request_take_job(&s->worker->desk);
	}
	if (upstream_ask(&s->worker->upstream, &question, &s->call) == 0) {
		ask_fields(s, &question);
	} else if (is_complete(s)) {
		answer(s);
	}
}

void
session_drop_question(struct session *s)
{
	upstream_cancel(s->call);
	upstream_cancel(s->fields_call);
	s->call = NULL;
	s->fields_call = NULL;
	request_pending_free(s->pending);
	s->pending = NULL;
}
