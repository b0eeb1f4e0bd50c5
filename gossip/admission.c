#include <stdlib.h>

#include "gossip/batch.h"

static struct batch *
batch_new(const struct batch_source *source, struct slice body, const struct lines *lines)
{
	struct batch *batch =
		calloc(1, sizeof(*batch) + lines->count * sizeof(batch->entries[0]));

	if (batch == NULL) {
		return NULL;
	}
	batch->body = malloc(body.len + 1);
	if (batch->body == NULL) {
		free(batch);
		return NULL;
	}
	if (body.len > 0) { /* an answer without a statement may have no bytes */
		memcpy(batch->body, body.data, body.len);
	}
	batch->peer = source->peer->rec.number;
	batch->origin = source->origin;
	batch->request = source->request;
	batch->wants_answer = source->origin == BATCH_PUSH;
	batch->end = source->end;
	batch->count = lines->count;
	for (size_t i = 0; i < lines->count; i++) {
		struct line *line = &batch->entries[i].line;

		*line = lines->line[i];
		line->jws.data = batch->body + (lines->line[i].jws.data - body.data);
		/* Only our own hosts are believed when they saw something. */
		line->has_first_seen &= source->peer->rec.class == GRAPH_PEER_SITE;
		batch->entries[i].signature = ERR_NOTREADY;
	}
	return batch;
}

void
batch_free(struct batch *batch)
{
	free(batch->body);
	free(batch);
}

void
admission_free_all(struct node *node)
{
	while (node->batches != NULL) {
		struct batch *next = node->batches->next;

		batch_free(node->batches);
		node->batches = next;
	}
}

void
admission_request_gone(struct node *node, uint64_t id)
{
	for (struct batch *b = node->batches; b != NULL; b = b->next) {
		if (b->wants_answer && b->request == id) {
			b->wants_answer = false;
			node->deferred--;
		}
	}
}

void
batch_unlink(struct node *node, struct batch *batch)
{
	struct batch **at = &node->batches;

	while (*at != batch) {
		at = &(*at)->next;
	}
	*at = batch->next;
	if (batch->wants_answer) {
		node->deferred--;
	}
}

void
node_job_run(struct node_job *job)
{
	struct verifier v = {0};

	for (size_t i = job->from; i < job->to; i++) {
		struct entry *entry = &job->batch->entries[job->batch->order[i]];

		entry->signature = statement_verify_next(&v, entry->line.jws, &entry->st);
	}
	verifier_fini(&v);
}

static bool
hand_out(struct node *node, struct batch *batch)
{
	for (size_t from = 0; from < batch->order_count; from += NODE_JOB_MAX) {
		struct actions_entry *action = actions_add(&node->actions, NODE_VERIFY);
		struct node_job *job = &batch->jobs[batch->jobs_out];
		size_t left = batch->order_count - from;

		if (action == NULL) {
			return false;
		}
		*job = (struct node_job){
			batch, from, from + (left < NODE_JOB_MAX ? left : NODE_JOB_MAX)};
		action->action.verify = job;
		batch->jobs_out++;
	}
	return true;
}

void
node_job_done(struct node *node, struct node_time now, struct node_job *job)
{
	struct batch *batch = job->batch;

	node->now = now;
	if (--batch->jobs_out == 0) {
		batch->is_ready = true;
		node->checking--;
		node->ready++;
		merge_ready(node);
	}
}

int
admission_start(struct node *node, const struct batch_source *source, struct slice body,
	const struct lines *lines)
{
	struct batch *batch = batch_new(source, body, lines);

	if (batch == NULL) {
		return ERR_NOMEM;
	}
	if (node_begin(node) != 0) {
		batch_free(batch);
		return ERR_IO;
	}
	checks_run(node, source->peer, batch);
	node_end(node);
	batch->next = node->batches;
	node->batches = batch;
	node->deferred += batch->wants_answer;
	if (!hand_out(node, batch) && batch->jobs_out == 0) {
		batch_unlink(node, batch);
		batch_free(batch);
		return ERR_NOMEM;
	}
	batch->is_ready = batch->jobs_out == 0;
	node->ready += batch->is_ready;
	node->checking += !batch->is_ready;
	merge_ready(node);
	return 0;
}
