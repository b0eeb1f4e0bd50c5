#include "spamd-trust/request_pending.h"

#include <stdlib.h>

#include "spamd-trust/tell.h"

bool
request_wants_upstream(const struct service *service, const struct spamd_request *request,
	const struct verdict *verdict)
{
	const struct settings *s = service->settings;
	bool skips = s->upstream_skip_well_trusted && verdict->tier == TIER_WELL_TRUSTED &&
		     s->trust_mode == SETTINGS_TRUST_ENFORCE;

	return service->upstream->count > 0 && !skips &&
	       request->message.len <= s->upstream_max_size_bytes;
}

bool
request_tells_upstream(const struct service *service, const struct spamd_request *request)
{
	const struct spamd_tell *tell = &request->tell;

	return service->upstream->count > 0 &&
	       (tell->set_local || tell->set_remote || tell->remove_local ||
		       tell->remove_remote) &&
	       request->message.len <= service->settings->upstream_max_size_bytes;
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

struct request_pending *
request_pending_scan(const struct service *service, const struct spamd_request *request,
	struct arena *arena, const struct request_subject *subject, struct verdict *verdict)
{
	struct request_pending *pending = NULL;

	if (own_texts(verdict, arena)) {
		pending = malloc(sizeof(*pending));
	}
	if (pending != NULL) {
		*pending = (struct request_pending){
			.wants_fields = service->settings->upstream_headers &&
					(request->command == SPAMD_PROCESS ||
						request->command == SPAMD_HEADERS),
			.arena = *arena,
			.subject = *subject,
			.verdict = *verdict,
		};
	}
	return pending;
}

struct request_pending *
request_pending_tell(void)
{
	struct request_pending *pending = malloc(sizeof(*pending));

	if (pending != NULL) {
		*pending = (struct request_pending){.is_tell = true};
		arena_init(&pending->arena, 0);
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

struct upstream_request
request_pending_question(
	const struct request_pending *pending, const struct spamd_request *request)
{
	return (struct upstream_request){
		.kind = pending->is_tell ? UPSTREAM_TELL : UPSTREAM_REPORT,
		.user = request->user,
		.message = request->message,
		.tell = request->tell,
	};
}

bool
request_pending_fields_question(const struct request_pending *pending,
	const struct spamd_request *request, struct upstream_request *out)
{
	*out = request_pending_question(pending, request);
	out->kind = UPSTREAM_HEADERS;
	return pending->wants_fields;
}

/* add_told - what the scorer did, as far as it was asked to */
static void
add_told(struct request_pending *pending, const struct upstream_client *client)
{
	struct spamd_told theirs = upstream_client_told(client);
	struct spamd_told *told = &pending->told;

	told->set_local = told->set_local || theirs.set_local;
	told->set_remote = told->set_remote || theirs.set_remote;
	told->removed_local = told->removed_local || theirs.removed_local;
	told->removed_remote = told->removed_remote || theirs.removed_remote;
}

void
request_pending_answered(struct request_pending *pending, const struct upstream_client *client)
{
	if (client == NULL) {
		return;
	}
	if (pending->is_tell) {
		add_told(pending, client);
	} else {
		pending->has_reply =
			upstream_client_reply(client, &pending->arena, &pending->reply) == 0;
	}
}

void
request_pending_told(struct request_pending *pending, const struct ledger_job *job)
{
	struct spamd_told told = tell_result(job);

	pending->told.set_local = pending->told.set_local || told.set_local;
	pending->told.removed_local = pending->told.removed_local || told.removed_local;
	pending->ledger_code = job->code;
}
