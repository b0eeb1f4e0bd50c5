/*
 * oracle.h - what every node should hold in the end, worked out slowly and by other means.
 *
 * From what was published and who is linked to whom: a fixpoint over all nodes of "a neighbour
 * offers it, and its issuer is in scope here", with the scope by the words of DESIGN 8 and
 * none of the engine's code. Nodes that lie, or are down, pass nothing on.
 */
#ifndef TESTS_SCENARIO_ORACLE_H
#define TESTS_SCENARIO_ORACLE_H

#include "tests/scenario/net.h"

/** What was looked for, over all honest nodes that are up. */
struct oracle_count {
	size_t expected; /**< statements that should be there */
	size_t foreign;  /**< of them, those published elsewhere */
	size_t missing;
};

/** Looks for what every node should hold. */
struct oracle_count oracle_look(struct net *net);

/** Statements stored somewhere whose issuer is in nobody's scope there; each is printed. */
size_t oracle_out_of_scope(struct net *net);

#endif
