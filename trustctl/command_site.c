/* Commands about the stores as a whole. */
#include "trustctl/cmd.h"
#include "trustctl/command_rows.h"

#define BIT(name) OPTION_BIT(OPTION_##name)

static const struct command rows[] = {
	{
		.name = "statement",
		.sub = "list",
		.options = BIT(CONFIG),
		.summary = "lists the stored statements",
		.examples = {"statement list", "statement list --json"},
		.run = cmd_statement_list,
	},
	{
		.name = "statement",
		.sub = "show",
		.arguments = "ID|FILE",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(CONFIG),
		.summary = "shows what a statement says",
		.details =
			"ID is that of a stored statement, with or without stmt:; FILE holds one "
			"statement, - is standard input.",
		.examples = {"statement show vouch.jws", "statement show - --json"},
		.run = cmd_statement_show,
	},
	{
		.name = "statement",
		.sub = "verify",
		.arguments = "[FILE]",
		.max_args = 1,
		.summary = "checks form, signature and lifetime of statements, one a line",
		.details =
			"Reads standard input without FILE. Exits with 65 when one of them is not "
			"valid. Whether the key may speak for the issuer is known only to a store "
			"that has the issuer's certificates: import tells that.",
		.examples = {"statement verify vouches.txt", "statement verify --json"},
		.run = cmd_statement_verify,
	},
	{
		.name = "statement",
		.sub = "import",
		.arguments = "[FILE]",
		.max_args = 1,
		.options = BIT(CONFIG) | BIT(ESTABLISHED),
		.summary = "takes statements into the graph, one a line",
		.details =
			"Reads standard input without FILE, and says of each line whether it was "
			"added, replaced an older one, was known, stale or refused, and why. Exits "
			"with 65 when one was refused; the others are taken all the same. Of one "
			"issuer's vouches that are new within 30 days only the first 20 introduce "
			"anybody; the others do when they are signed again later, while there is "
			"room. --established lifts that limit for this import: for what somebody "
			"said before he became a friend here, not for what comes in daily.",
		.examples = {"statement import vouches.txt",
			"statement import --established from-bob.txt"},
		.run = cmd_statement_import,
	},
	{
		.name = "statement",
		.sub = "export",
		.options = BIT(CONFIG),
		.summary = "writes all stored statements, one a line, in order of receipt",
		.examples = {"statement export >statements.txt"},
		.run = cmd_statement_export,
	},
	{
		.name = "status",
		.options = BIT(CONFIG),
		.summary = "shows what is in the store, and whether its files are well guarded",
		.details = "Exits with 77 when files are open to others than they should be.",
		.examples = {"status", "status --json"},
		.run = cmd_status,
	},
	{
		.name = "backup",
		.arguments = "DIR",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(CONFIG),
		.summary =
			"copies graph, private store, reports and keys while they are in use",
		.details =
			"DIR must not exist, or be empty. It holds private keys: keep it safe.",
		.examples = {"backup /var/backups/spamd-trust"},
		.run = cmd_backup,
	},
	{
		.name = "restore",
		.arguments = "DIR",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(CONFIG) | BIT(FORCE),
		.summary = "puts a backup back in place",
		.details =
			"The backup is copied and checked first, then takes the place of what is "
			"there as a whole; a running daemon notices. An existing store is replaced "
			"only with --force. Reports are replaced where the backup has some.",
		.examples = {"restore /var/backups/spamd-trust",
			"restore --force /var/backups/spamd-trust"},
		.run = cmd_restore,
	},
	{
		.name = "renew",
		.options = BIT(CONFIG) | BIT(DRY_RUN),
		.summary =
			"signs again what ends within 90 days: identities, devices, addresses",
		.details =
			"Certificates of device keys last 180 days, other statements 400. Run it "
			"monthly, from cron. It needs the root keys. Vouches are not renewed: "
			"whether a friend is still one is for people to say.",
		.examples = {"renew", "renew --dry-run --json"},
		.run = cmd_renew,
	},
	{
		.name = "rebuild",
		.options = BIT(CONFIG),
		.summary = "makes everything derived in the graph anew from its statements",
		.details =
			"Also after an upgrade of the program, where it says that the graph's "
			"schema is older; nothing is lost.",
		.examples = {"rebuild"},
		.run = cmd_rebuild,
	},
	{
		.name = "help",
		.arguments = "[COMMAND [SUB-COMMAND]]",
		.max_args = 2,
		.options = BIT(MARKDOWN),
		.summary = "explains a command, or lists them all",
		.examples = {"help user add", "help --markdown"},
		.run = cmd_help,
	},
};

const struct command_chapter command_site = {rows, ARRAY_LEN(rows)};
