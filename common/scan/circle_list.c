#include "common/scan/circle_list.h"

#include <stdlib.h>

void
circle_list_begin(struct circle_list *l, struct graph_reader *graph, uint64_t now_s,
	uint64_t since_s, bool has_formers)
{
	l->count = 0;
	l->graph = graph;
	l->now_s = now_s;
	l->since_s = since_s;
	l->has_formers = has_formers;
	l->is_primed = false;
	l->in_memory = false;
	l->part_count = 0;
	l->item_count = 0;
	l->at = 0;
}

void
circle_list_add(struct circle_list *l, enum graph_direction dir, graph_node of)
{
	struct graph_cursor *c = &l->parts[l->part_count];

	if (l->part_count == CIRCLE_LIST_PARTS_MAX) {
		return;
	}
	graph_list(l->graph, dir, of, c);
	if (graph_list_count(c) == 0) {
		graph_cursor_close(c);
		return;
	}
	l->count += graph_list_count(c);
	l->part_count++;
}

void
circle_list_add_all(struct circle_list *l, enum graph_direction dir, graph_node of)
{
	graph_node formers[GRAPH_FORMERS_MAX];
	size_t count = l->has_formers ? graph_formers(l->graph, of, formers) : 0;

	circle_list_add(l, dir, of);
	for (size_t i = 0; i < count; i++) {
		circle_list_add(l, dir, formers[i]);
	}
}

/* speaks - whether the edge counts, under the name it stands under */
static bool
speaks(const struct circle_list *l, const struct graph_edge *edge)
{
	return circle_list_counts(l, edge) &&
	       (!l->has_formers || l->count <= CIRCLE_LIST_ITEMS_MAX ||
		       graph_current(l->graph, edge->peer) == edge->peer);
}

/* advance - the next entry of a part that counts becomes its head */
static void
advance(struct circle_list *l, size_t part)
{
	struct graph_edge *head = &l->heads[part];

	for (int i = 0; i < CIRCLE_LIST_SKIPS_MAX && graph_next(&l->parts[part], head); i++) {
		if (speaks(l, head)) {
			return;
		}
	}
	head->peer = GRAPH_NONE;
}

/* prime - reads the first head of each part */
static void
prime(struct circle_list *l)
{
	for (size_t i = 0; !l->is_primed && i < l->part_count; i++) {
		advance(l, i);
	}
	l->is_primed = true;
}

/* advance_to - the head becomes one at or behind ref */
static void
advance_to(struct circle_list *l, size_t part, struct graph_ref ref)
{
	struct graph_edge *head = &l->heads[part];

	if (l->is_primed &&
		(head->peer == GRAPH_NONE || graph_ref_cmp(graph_edge_ref(head), ref) >= 0)) {
		return;
	}
	if (!graph_seek(&l->parts[part], ref, head)) {
		head->peer = GRAPH_NONE;
	} else if (!speaks(l, head)) {
		advance(l, part);
	}
}

/* first_part - the part with the least head; part_count when all are at their end */
static size_t
first_part(const struct circle_list *l)
{
	size_t best = l->part_count;

	for (size_t i = 0; i < l->part_count; i++) {
		if (l->heads[i].peer != GRAPH_NONE &&
			(best == l->part_count ||
				graph_ref_cmp(graph_edge_ref(&l->heads[i]),
					graph_edge_ref(&l->heads[best])) < 0)) {
			best = i;
		}
	}
	return best;
}

/* take_head - the least head of all parts, and the strongest of those with the same peer */
static bool
take_head(struct circle_list *l, struct graph_edge *out)
{
	size_t part = first_part(l);

	if (part == l->part_count) {
		return false;
	}
	*out = l->heads[part];
	advance(l, part);
	for (size_t i = 0; l->part_count > 1 && i < l->part_count; i++) {
		const struct graph_edge *head = &l->heads[i];

		if (head->peer != out->peer) {
			continue;
		}
		if (head->level > out->level) {
			*out = *head;
		}
		advance(l, i);
	}
	return true;
}

/* compare - by place, the strongest first */
static int
compare(const void *a, const void *b)
{
	const struct graph_edge *x = a;
	const struct graph_edge *y = b;
	int order = graph_ref_cmp(graph_edge_ref(x), graph_edge_ref(y));

	return order != 0 ? order : (int)y->level - (int)x->level;
}

/* close_parts - what they held is in memory, or not wanted any more */
static void
close_parts(struct circle_list *l)
{
	for (size_t i = 0; i < l->part_count; i++) {
		graph_cursor_close(&l->parts[i]);
	}
	l->part_count = 0;
}

/* gather - all entries under whom they are of now, in order, each once */
static void
gather(struct circle_list *l)
{
	struct graph_edge edge;
	size_t count = 0;

	prime(l);
	while (count < CIRCLE_LIST_ITEMS_MAX && take_head(l, &edge)) {
		struct graph_ref now = {edge.order, graph_current(l->graph, edge.peer)};

		if (now.node != edge.peer) {
			now = graph_ref_of(l->graph, now.node);
		}
		edge.order = now.order;
		edge.peer = now.node;
		l->items[count++] = edge;
	}
	close_parts(l);
	qsort(l->items, count, sizeof(l->items[0]), compare);
	for (size_t i = 0; i < count; i++) {
		if (l->item_count == 0 ||
			l->items[l->item_count - 1].peer != l->items[i].peer) {
			l->items[l->item_count++] = l->items[i];
		}
	}
	l->in_memory = true;
}

void
circle_list_seal(struct circle_list *l)
{
	if (l->has_formers && l->count <= CIRCLE_LIST_ITEMS_MAX) {
		gather(l);
	}
}

bool
circle_list_next(struct circle_list *l, struct graph_edge *out)
{
	if (!l->in_memory) {
		prime(l);
		return take_head(l, out);
	}
	if (l->at == l->item_count) {
		return false;
	}
	*out = l->items[l->at++];
	return true;
}

bool
circle_list_seek(struct circle_list *l, struct graph_ref peer, struct graph_edge *out)
{
	if (l->in_memory) {
		while (l->at < l->item_count &&
			graph_ref_cmp(graph_edge_ref(&l->items[l->at]), peer) < 0) {
			l->at++;
		}
		return circle_list_next(l, out);
	}
	for (size_t i = 0; i < l->part_count; i++) {
		advance_to(l, i, peer);
	}
	l->is_primed = true;
	return take_head(l, out);
}

uint64_t
circle_list_rest(struct circle_list *l)
{
	struct graph_edge edge;
	uint64_t count = 0;

	while (circle_list_next(l, &edge)) {
		count++;
	}
	return count;
}

struct graph_cursor *
circle_list_single(struct circle_list *l)
{
	return !l->in_memory && !l->is_primed && !l->has_formers && l->part_count == 1
		       ? &l->parts[0]
		       : NULL;
}

void
circle_list_end(struct circle_list *l)
{
	close_parts(l);
}
