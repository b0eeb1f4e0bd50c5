/* Commands about what became of mail, and what users say of it. */
#include "trustctl/cmd.h"
#include "trustctl/command_rows.h"

#define BIT(name) OPTION_BIT(OPTION_##name)

#define ACTOR (BIT(USER) | BIT(SITE) | BIT(CONFIG))

static const struct command rows[] = {
	{
		.name = "friend",
		.sub = "confirm",
		.arguments = "ADDRESS",
		.min_args = 1,
		.max_args = 1,
		.options = ACTOR | BIT(SIGNER) | BIT(IDENTITY),
		.summary = "confirms that a friend's mail is his, after its key changed",
		.details =
			"The first proven mail of a friend's address pins the domain that signed it "
			"(d=). Mail signed by another one is TRUST_NEWKEY and unknown until this "
			"command adds that domain: the one seen last, or that of --signer. spamd-trust "
			"must run, since it keeps the pins. With --identity it records instead, in the "
			"private store, that this identity stands behind the address.",
		.examples = {"friend confirm --user alice@example.org bob@example.net",
			"friend confirm --user alice@example.org --signer mail.example.net "
			"bob@example.net"},
		.run = cmd_friend_confirm,
	},
	{
		.name = "report",
		.arguments = "[FILE]",
		.max_args = 1,
		.options = BIT(USER) | BIT(CONFIG) | BIT(SENDER) | BIT(HAM) | BIT(FORGET),
		.required = BIT(USER),
		.summary = "reports a message as spam for a user, as his mail program would",
		.details =
			"FILE is a message, - is standard input. What was introduced by friends "
			"charges them, but only where the sender is proven, at delivery or in FILE. "
			"--ham says that it is no spam, --forget takes back whatever was said. With "
			"--sender and no FILE the report is about the sender, on your word. The running "
			"spamd-trust does it.",
		.examples = {"report --user alice@example.org message.eml",
			"report --user alice@example.org --forget message.eml",
			"report --user alice@example.org --sender mallory@example.com"},
		.run = cmd_report,
	},
	{
		.name = "history",
		.options = BIT(USER) | BIT(CONFIG) | BIT(SENDER) | BIT(TIER) | BIT(SINCE) |
			   BIT(FOLLOW),
		.summary = "shows what was decided about mail, oldest first",
		.details =
			"Of the last day, unless --since goes further back; how far there is "
			"anything, the setting history says. SENDER is an address or a domain. "
			"Message-Ids are kept as SHA-256 of what is between the angle brackets.",
		.examples = {"history --user alice@example.org --since 7d",
			"history --sender example.net --tier unknown",
			"history --follow --json"},
		.run = cmd_history,
	},
	{
		.name = "ledger",
		.sub = "show",
		.arguments = "[SUBJECT]",
		.max_args = 1,
		.options = ACTOR,
		.summary = "shows introductions, what friends spent, and what reports did",
		.details =
			"Everything of one user, or only about SUBJECT, then also who warned of him "
			"or accused him and which domains sign for him. Amounts are millionths; an "
			"introduction costs 1000000.",
		.examples = {"ledger show --user alice@example.org",
			"ledger show --user alice@example.org bob@example.net"},
		.run = cmd_ledger_show,
	},
	{
		.name = "ledger",
		.sub = "forgive",
		.arguments = "SUBJECT",
		.min_args = 1,
		.max_args = 1,
		.options = ACTOR,
		.summary = "takes back what a user's reports did to a friend or a sender",
		.details =
			"A friend loses the blame, strikes and suspension that this user's reports "
			"charged him with; all of the user's reports about SUBJECT as a sender are "
			"taken back. Other users' reports stay. The running spamd-trust does it.",
		.examples = {"ledger forgive --user alice@example.org bob@example.net"},
		.run = cmd_ledger_forgive,
	},
	{
		.name = "ledger",
		.sub = "share",
		.options = BIT(CONFIG) | BIT(DRY_RUN),
		.summary = "publishes users' reports of spam as warnings for peers' users",
		.details =
			"Only with share_reports yes; run it from cron or a timer, on one host of a "
			"site. Each standing report that warns becomes a `warn` statement about the "
			"sender, for peers alone, signed by the user's device key. It ends with the "
			"warning (warning_life), is renewed as needed, and taken back when the report "
			"is. Listed is what was done, and what is there already as \"kept\". The "
			"ledger knows senders by their digest: \"unknown sender\" is one whose "
			"address neither history nor graph has. With share_reports no, what was "
			"published before is taken back.",
		.examples = {"ledger share", "ledger share --dry-run --json"},
		.run = cmd_ledger_share,
	},
};

const struct command_chapter command_mail = {rows, ARRAY_LEN(rows)};
