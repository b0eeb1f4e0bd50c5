/* Commands about the peers of the gossip node. */
#include "trustctl/cmd.h"
#include "trustctl/command_rows.h"

#define BIT(name) OPTION_BIT(OPTION_##name)

static const struct command rows[] = {
	{
		.name = "peer",
		.sub = "invite",
		.options = BIT(CLASS) | BIT(HOST) | BIT(WAIT),
		.summary = "prints an invitation by which another node becomes a peer",
		.details =
			"The link holds the address and the key of this site's node and a secret that "
			"is good once, for ten minutes and five tries. On a terminal it is shown as a QR "
			"code, too, and the command waits until the other side has followed it; both "
			"sides then show six digits, to be compared by telephone.",
		.examples = {"peer invite",
			"peer invite --class site --host mx2.example.org:7483"},
		.run = cmd_peer_invite,
	},
	{
		.name = "peer",
		.sub = "accept",
		.arguments = "LINK",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(CLASS),
		.summary = "follows an invitation, so that both nodes become peers",
		.examples = {"peer accept gossip://mx.example.net:7483/PIN/SECRET"},
		.run = cmd_peer_accept,
	},
	{
		.name = "peer",
		.sub = "add",
		.arguments = "[URL]",
		.max_args = 1,
		.options = BIT(PIN) | BIT(NAME) | BIT(CLASS),
		.required = BIT(PIN),
		.summary = "adds a peer whose pin is known, or changes its name, URL and class",
		.details =
			"The other side has to add this node likewise. Without a URL the peer is not "
			"called; it calls us.",
		.examples =
			{"peer add https://mx.example.net:7483 --name example.net --pin PIN"},
		.run = cmd_peer_add,
	},
	{
		.name = "peer",
		.sub = "list",
		.options = BIT(CONFIG),
		.summary = "lists the peers: how they are, how far behind, what was exchanged",
		.details =
			"LAG is how many statements the peer was ahead when it was last asked.",
		.examples = {"peer list", "peer list --json"},
		.run = cmd_peer_list,
	},
	{
		.name = "peer",
		.sub = "status",
		.summary =
			"shows this site's own node: its pin, and what it let in and refused",
		.examples = {"peer status"},
		.run = cmd_peer_status,
	},
	{
		.name = "peer",
		.sub = "pause",
		.arguments = "PEER",
		.min_args = 1,
		.max_args = 1,
		.summary = "asks a peer nothing and lets it in no more, until it is resumed",
		.details = "PEER is a name, a URL, or the beginning of a pin.",
		.examples = {"peer pause example.net"},
		.run = cmd_peer_pause,
	},
	{
		.name = "peer",
		.sub = "resume",
		.arguments = "PEER",
		.min_args = 1,
		.max_args = 1,
		.summary = "ends a pause",
		.examples = {"peer resume example.net"},
		.run = cmd_peer_resume,
	},
	{
		.name = "peer",
		.sub = "sync",
		.arguments = "PEER",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(REPAIR),
		.summary = "asks a peer at once, whatever the interval",
		.examples = {"peer sync example.net", "peer sync example.net --repair"},
		.run = cmd_peer_sync,
	},
	{
		.name = "peer",
		.sub = "remove",
		.arguments = "PEER",
		.min_args = 1,
		.max_args = 1,
		.summary = "forgets a peer; statements that came from it stay",
		.examples = {"peer remove example.net"},
		.run = cmd_peer_remove,
	},
};

const struct command_chapter command_peer = {rows, ARRAY_LEN(rows)};
