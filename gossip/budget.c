#include "gossip/budget.h"

bool
budget_roll(struct graph_peer *peer, uint64_t now_s)
{
	if (peer->hour_s != 0 && now_s >= peer->hour_s &&
		now_s - peer->hour_s < BUDGET_HOUR_S) {
		return false;
	}
	peer->hour_s = now_s;
	peer->hour_requests = 0;
	peer->hour_bytes = 0;
	peer->hour_signatures = 0;
	peer->strikes = 0;
	return true;
}

bool
budget_request(struct graph_peer *peer, const struct node_limits *limits)
{
	if (peer->hour_requests >= limits->requests_per_hour) {
		return false;
	}
	peer->hour_requests++;
	return true;
}

bool
budget_bytes(struct graph_peer *peer, const struct node_limits *limits, size_t bytes)
{
	peer->hour_bytes += bytes;
	return peer->hour_bytes <= limits->bytes_per_hour;
}

bool
budget_is_spent(const struct graph_peer *peer, const struct node_limits *limits)
{
	return peer->hour_bytes >= limits->bytes_per_hour;
}

uint64_t
budget_signatures_left(const struct graph_peer *peer, const struct node_limits *limits)
{
	return peer->hour_signatures < limits->signatures_per_hour
		       ? limits->signatures_per_hour - peer->hour_signatures
		       : 0;
}

bool
budget_strike(struct graph_peer *peer, uint64_t now_s)
{
	peer->strikes++;
	if (peer->strikes < BUDGET_STRIKES_MAX || budget_is_closed(peer, now_s)) {
		return false;
	}
	peer->closed_until_s = now_s + BUDGET_CLOSED_S;
	peer->state = GRAPH_PEER_CLOSED;
	return true;
}

bool
budget_is_closed(const struct graph_peer *peer, uint64_t now_s)
{
	return now_s < peer->closed_until_s;
}

uint32_t
budget_wait_s(const struct graph_peer *peer, uint64_t now_s)
{
	uint64_t end = peer->hour_s + BUDGET_HOUR_S;

	return end > now_s ? (uint32_t)(end - now_s) : 1;
}
