/* Commands about users and whom they trust. */
#include "trustctl/cmd.h"
#include "trustctl/command_rows.h"

#define BIT(name) OPTION_BIT(OPTION_##name)

#define ACTOR (BIT(USER) | BIT(SITE) | BIT(CONFIG))

static const struct command rows[] = {
	{
		.name = "init",
		.options = BIT(DOMAIN) | BIT(CONFIG),
		.required = BIT(DOMAIN),
		.summary = "makes the store of a site, and the site's own identity",
		.details =
			"Makes the directories graph, private, ledger and keys under the store "
			"directory. On a store that is there already it makes what is missing and "
			"leaves everything else as it is.",
		.examples = {"init --domain example.org",
			"--store /srv/trust init --domain example.org"},
		.run = cmd_init,
	},
	{
		.name = "user",
		.sub = "add",
		.arguments = "[ADDRESS]",
		.max_args = 1,
		.options = BIT(ALIAS) | BIT(FROM_FILE) | BIT(CONFIG),
		.summary = "adds local users, each with an identity and a device key",
		.details =
			"Makes the keys (root, committed next root, device) and the open statements "
			"that go with them: the identity, its device, and the address it uses. Aliases "
			"stay private. Adding a user again adds the aliases he does not have yet. With "
			"--from-file either all users of the file are added or, where a line is faulty, "
			"none.",
		.examples = {"user add alice@example.org",
			"user add alice@example.org --alias a.smith@example.org --alias alice",
			"user add --from-file users.txt"},
		.run = cmd_user_add,
	},
	{
		.name = "user",
		.sub = "list",
		.options = BIT(CONFIG),
		.summary = "lists the local users",
		.examples = {"user list", "user list --json"},
		.run = cmd_user_list,
	},
	{
		.name = "user",
		.sub = "show",
		.arguments = "USER",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(CONFIG),
		.summary = "shows one local user",
		.examples = {"user show alice@example.org", "user show alice --json"},
		.run = cmd_user_show,
	},
	{
		.name = "user",
		.sub = "remove",
		.arguments = "USER",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(FORCE) | BIT(CONFIG),
		.summary = "takes a local user away, with his lists and what he published",
		.details =
			"His private friends, blocks and aliases are deleted, his published vouches and "
			"blocks are taken back, and his identity no longer claims the address, which may "
			"be given to somebody else. His keys stay in keys/ and are not renewed. The "
			"device key is needed; without it --force leaves what was published to end by "
			"itself.",
		.examples = {"user remove alice@example.org"},
		.run = cmd_user_remove,
	},
	{
		.name = "friend",
		.sub = "add",
		.arguments = "SUBJECT",
		.min_args = 1,
		.max_args = 1,
		.options = ACTOR | BIT(LEVEL) | BIT(NOTE) | BIT(PUBLISH) | BIT(IDENTITY) |
			   BIT(CREDIT),
		.summary = "makes somebody a friend of a user, or changes the level",
		.details =
			"Friends are private and never leave the host, unless --publish also makes the "
			"signed vouch. Without --level he becomes ordinary, or stays what he is where that "
			"is more; mail of a strong friend always "
			"gets through. SUBJECT is an address, a domain, list:LIST-ID or id:THUMBPRINT.",
		.examples = {"friend add --user alice@example.org bob@example.net",
			"friend add --user alice@example.org --level strong carol@example.net",
			"friend add --site --level weak example.com",
			"friend add --user alice@example.org --publish --note cousin bob@example.net"},
		.run = cmd_friend_add,
	},
	{
		.name = "friend",
		.sub = "remove",
		.arguments = "SUBJECT",
		.min_args = 1,
		.max_args = 1,
		.options = ACTOR,
		.summary = "ends a friendship, and takes a published vouch back",
		.examples = {"friend remove --user alice@example.org bob@example.net"},
		.run = cmd_friend_remove,
	},
	{
		.name = "friend",
		.sub = "list",
		.options = ACTOR,
		.summary = "lists friends, blocks and vouches of a user",
		.examples = {"friend list --user alice@example.org",
			"friend list --user alice@example.org --json", "friend list --site"},
		.run = cmd_friend_list,
	},
	{
		.name = "block",
		.arguments = "SUBJECT",
		.min_args = 1,
		.max_args = 1,
		.options = ACTOR | BIT(NOTE) | BIT(PUBLISH),
		.summary = "blocks a sender, a domain or an identity",
		.details =
			"A block counts before everything but a revocation. It is private unless "
			"--publish also makes the signed statement.",
		.examples = {"block --user alice@example.org mallory@example.com",
			"block --site example.com"},
		.run = cmd_block,
	},
	{
		.name = "unblock",
		.arguments = "SUBJECT",
		.min_args = 1,
		.max_args = 1,
		.options = ACTOR | BIT(NOTE),
		.summary = "takes a block back, also a published one",
		.examples = {"unblock --user alice@example.org mallory@example.com"},
		.run = cmd_unblock,
	},
	{
		.name = "vouch",
		.arguments = "SUBJECT",
		.min_args = 1,
		.max_args = 1,
		.options = ACTOR | BIT(AS) | BIT(LEVEL) | BIT(AUD),
		.summary = "signs with a user's device key that a sender is trusted",
		.details =
			"The statement is open to all peers unless --aud peers; it ends after 400 days "
			"unless renewed by vouching again. --level none takes it back. Vouches for whole "
			"domains where anybody gets a mailbox are refused.",
		.examples = {"vouch --user alice@example.org bob@example.net",
			"vouch --user alice@example.org --level strong --aud peers bob@example.net",
			"vouch --user alice@example.org --level none bob@example.net"},
		.run = cmd_vouch,
	},
	{
		.name = "import",
		.arguments = "KIND PATH",
		.min_args = 2,
		.max_args = 2,
		.options = BIT(USER) | BIT(CONFIG) | BIT(LEVEL) | BIT(DRY_RUN),
		.required = BIT(USER),
		.summary = "makes friends of the people a user writes to",
		.details =
			"KIND is sent (a folder of sent mail), mbox or maildir (any mail), vcard or mutt "
			"(address books). From mail, only what the user wrote counts: whom he wrote to "
			"becomes a weak learned friend, with mail both ways an ordinary one; learned "
			"friends end after 400 days without mail. Address books make ordinary friends by "
			"hand. --level sets the level for all. Left out are mailing lists, automatic "
			"mail, no-reply addresses, the user's own, and mail in his name that came from "
			"outside (in a folder of sent mail all of it is his); what is malformed is "
			"reported with its place and skipped. Nothing that is there by hand is changed "
			"downwards.",
		.examples = {"import sent --user alice@example.org ~/Maildir/.Sent --dry-run",
			"import mbox --user alice@example.org archive.mbox",
			"import vcard --user alice@example.org contacts.vcf --level strong",
			"import mutt --user alice@example.org ~/.mutt/aliases"},
		.run = cmd_import,
	},
	{
		.name = "scan",
		.arguments = "FILE",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(USER) | BIT(CONFIG),
		.summary = "says what the daemon would say of a message, and changes nothing",
		.details =
			"FILE is a message, - is standard input. Without --user the message's own "
			"fields say for whom it is, else the site decides.",
		.examples = {"scan --user alice@example.org message.eml",
			"scan -C /etc/spamd-trust - --json"},
		.run = cmd_scan,
	},
	{
		.name = "why",
		.arguments = "FILE|ADDRESS",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(USER) | BIT(CONFIG),
		.required = BIT(USER),
		.summary = "explains the tier of a message or of a sender",
		.details =
			"Shows the evidence and whose word it rests on, for whom it was decided, who "
			"vouches and how the score comes about. Names private contacts too, so it is for "
			"the administrator. With an address: as if mail proven to be his had come.",
		.examples = {"why --user alice@example.org message.eml",
			"why --user alice@example.org bob@example.net --json"},
		.run = cmd_why,
	},
	{
		.name = "replay",
		.options = BIT(MAIL_LOG) | BIT(MAILDIR) | BIT(DOMAIN),
		.summary =
			"answers a history of vouches, mail and reports as the daemon would have",
		.details =
			"Reads events on standard input, one a line, with one TAB between fields: "
			"\"A time issuer subject level\" is a vouch (level 0 withdraws, time 0 is "
			"long ago), \"Q time recipient sender id\" is proven mail, \"R time "
			"recipient sender spam|ham\" a report. Each Q is answered with id, tier and "
			"score. Times are seconds and never go back. docs/METRIC.md has the rest. "
			"Nothing of the store is read or written. "
			"With --mail-log or --maildir: a forecast, how much of a site's real mail "
			"would have been known, month by month. Mail of addresses at --domain to "
			"others was sent, mail of others to them received. Whom a user wrote to "
			"becomes a learned friend and counts as vouched for, users know each other, "
			"and all mail received is taken as proven.",
		.examples = {"replay <history.events >answers.txt",
			"replay --maildir ~/Maildir --domain example.org",
			"replay --mail-log /var/log/mail.log --domain example.org --json"},
		.run = cmd_replay,
	},
};

const struct command_chapter command_people = {rows, ARRAY_LEN(rows)};
