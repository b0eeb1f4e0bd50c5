#include <criterion/criterion.h>

#include "gossip/budget.h"

#define NOW 1700000000

static struct graph_peer peer;
static struct node_limits limits;

static void
setup(void)
{
	peer = (struct graph_peer){0};
	node_limits_default(&limits);
	limits.requests_per_hour = 3;
	limits.bytes_per_hour = 100;
	limits.signatures_per_hour = 10;
	(void)budget_roll(&peer, NOW);
}

TestSuite(gossip_budget, .init = setup);

Test(gossip_budget, an_hour_is_counted_from_the_first_request)
{
	peer.hour_requests = 3;
	peer.strikes = 2;
	cr_assert_not(budget_roll(&peer, NOW + BUDGET_HOUR_S - 1));
	cr_assert_eq(peer.hour_requests, 3);
	cr_assert(budget_roll(&peer, NOW + BUDGET_HOUR_S));
	cr_assert_eq(peer.hour_requests, 0);
	cr_assert_eq(peer.strikes, 0);
}

Test(gossip_budget, a_clock_that_went_back_begins_a_new_hour)
{
	cr_assert(budget_roll(&peer, NOW - 100));
	cr_assert_eq(peer.hour_s, NOW - 100);
}

Test(gossip_budget, requests_end_at_the_limit)
{
	for (int i = 0; i < 3; i++) {
		cr_assert(budget_request(&peer, &limits));
	}
	cr_assert_not(budget_request(&peer, &limits));
	cr_assert_eq(peer.hour_requests, 3);
}

Test(gossip_budget, bytes_end_at_the_limit)
{
	cr_assert(budget_bytes(&peer, &limits, 100));
	cr_assert(budget_is_spent(&peer, &limits));
	cr_assert_not(budget_bytes(&peer, &limits, 1));
}

Test(gossip_budget, signatures_left_never_wrap)
{
	peer.hour_signatures = 4;
	cr_assert_eq(budget_signatures_left(&peer, &limits), 6);
	peer.hour_signatures = 11;
	cr_assert_eq(budget_signatures_left(&peer, &limits), 0);
}

Test(gossip_budget, the_third_malformed_item_closes_for_an_hour)
{
	cr_assert_not(budget_strike(&peer, NOW));
	cr_assert_not(budget_strike(&peer, NOW));
	cr_assert_not(budget_is_closed(&peer, NOW));
	cr_assert(budget_strike(&peer, NOW));
	cr_assert(budget_is_closed(&peer, NOW + BUDGET_CLOSED_S - 1));
	cr_assert_not(budget_is_closed(&peer, NOW + BUDGET_CLOSED_S));
	cr_assert_not(budget_strike(&peer, NOW + 1), "it is closed already");
}

Test(gossip_budget, the_wait_is_until_the_hour_ends)
{
	cr_assert_eq(budget_wait_s(&peer, NOW + 600), 3000);
	cr_assert_eq(budget_wait_s(&peer, NOW + 5000), 1);
}
