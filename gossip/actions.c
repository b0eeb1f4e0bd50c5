#include "gossip/actions.h"

#include <stdlib.h>

void
actions_init(struct actions *a)
{
	*a = (struct actions){0};
}

static void
entry_free(struct actions_entry *entry)
{
	if (entry != NULL) {
		dynbuf_fini(&entry->body);
		free(entry);
	}
}

void
actions_fini(struct actions *a)
{
	entry_free(a->taken);
	while (a->first != NULL) {
		struct actions_entry *next = a->first->next;

		entry_free(a->first);
		a->first = next;
	}
	actions_init(a);
}

struct actions_entry *
actions_add(struct actions *a, enum node_action_kind kind)
{
	struct actions_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL) {
		return NULL;
	}
	dynbuf_init(&entry->body, NODE_BODY_MAX);
	entry->action.kind = kind;
	if (a->last != NULL) {
		a->last->next = entry;
	} else {
		a->first = entry;
	}
	a->last = entry;
	return entry;
}

bool
actions_next(struct actions *a, struct node_action *out)
{
	struct actions_entry *entry = a->first;

	entry_free(a->taken);
	a->taken = entry;
	if (entry == NULL) {
		return false;
	}
	a->first = entry->next;
	if (a->first == NULL) {
		a->last = NULL;
	}
	entry->next = NULL;
	*out = entry->action;
	switch (out->kind) {
	case NODE_RESPOND:
		out->respond.body = dynbuf_slice(&entry->body);
		break;
	case NODE_SEND:
		out->send.body = dynbuf_slice(&entry->body);
		out->send.target = entry->text;
		out->send.url = entry->url;
		break;
	case NODE_LOG:
		out->log.text = entry->text;
		break;
	case NODE_VERIFY:
		break;
	}
	return true;
}
