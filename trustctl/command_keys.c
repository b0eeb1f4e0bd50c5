/* Commands about the life cycle of keys. */
#include "trustctl/cmd.h"
#include "trustctl/command_rows.h"

#define BIT(name) OPTION_BIT(OPTION_##name)

/* Whose keys: of a user, of the site, or of an identity that is neither. */
#define HOLDER (BIT(USER) | BIT(SITE) | BIT(AS) | BIT(CONFIG))

#define PASSPHRASE (BIT(PASSPHRASE_FILE) | BIT(PASSPHRASE_FD))

static const struct command rows[] = {
	{
		.name = "identity",
		.sub = "create",
		.options = BIT(CONFIG),
		.summary = "makes an identity that is no local user's",
		.details =
			"Makes a root, a committed next root and a device key, and the statements that "
			"go with them. Local users get theirs with \"user add\". Other commands speak "
			"for it with --as.",
		.examples = {"identity create", "identity create --json"},
		.run = cmd_identity_create,
	},
	{
		.name = "identity",
		.sub = "show",
		.options = HOLDER,
		.summary =
			"shows an identity: its keys, addresses and guardians, and whether it is alive",
		.details =
			"With --as any identity that the graph holds. An address that it only claims has "
			"no effect at this site, for or against: no proven mail of the address showed the "
			"identity yet (Trust-Identity, see KEYS.md), nor did anybody confirm it. What a "
			"single user confirmed for himself counts for him alone and is not shown.",
		.examples = {"identity show --user alice@example.org",
			"identity show --site --json"},
		.run = cmd_identity_show,
	},
	{
		.name = "identity",
		.sub = "export",
		.arguments = "FILE",
		.min_args = 1,
		.max_args = 1,
		.options = HOLDER | BIT(NEXT) | BIT(REMOVE) | PASSPHRASE,
		.summary =
			"writes a root key to a file under a passphrase, to keep it elsewhere",
		.details =
			"The key is sealed with AES under a passphrase (scrypt), in one line of text. The "
			"file is read back before --remove takes the key off this host, which goes on with "
			"its device. Keep root and next root in different places: together they can take "
			"the identity, alone they cannot.",
		.examples = {"identity export --user alice@example.org --remove /media/stick/alice.root",
			"identity export --user alice@example.org --next --remove alice.next"},
		.run = cmd_identity_export,
	},
	{
		.name = "identity",
		.sub = "import",
		.arguments = "FILE",
		.min_args = 1,
		.max_args = 1,
		.options = BIT(CONFIG) | PASSPHRASE,
		.summary = "brings an exported key back to this host",
		.examples = {"identity import /media/stick/alice.root"},
		.run = cmd_identity_import,
	},
	{
		.name = "identity",
		.sub = "paper",
		.arguments = "FILE",
		.min_args = 1,
		.max_args = 1,
		.options = HOLDER,
		.summary = "makes the revocation to print and put into a drawer",
		.details =
			"Writes FILE (text with a QR code) and FILE.svg (the code as a picture). Whoever "
			"has the sheet can end the identity with \"revoke --paper\", and do nothing else.",
		.examples = {"identity paper --user alice@example.org alice-revocation.txt"},
		.run = cmd_identity_paper,
	},
	{
		.name = "device",
		.sub = "add",
		.arguments = "[REQUEST-FILE]",
		.max_args = 1,
		.options = HOLDER | BIT(LABEL) | BIT(HERE),
		.summary = "certifies a further device of an identity, for 180 days",
		.details =
			"Without an argument it shows a code that is good for ten minutes. The new device "
			"answers it with \"device join\", which makes its own key there; the request it "
			"prints comes back here as REQUEST-FILE (- is standard input) and is certified if it "
			"answers the code. What is printed then is for the new device to import (\"statement "
			"import\"). Five wrong answers close the code. With --here the key is made on this "
			"host. Needs the root key.",
		.examples = {"device add --user alice@example.org",
			"device add --user alice@example.org request.txt >certificate.txt",
			"device add --user alice@example.org --here --label desk"},
		.run = cmd_device_add,
	},
	{
		.name = "device",
		.sub = "join",
		.arguments = "[CODE-FILE]",
		.max_args = 1,
		.options = BIT(CONFIG) | BIT(LABEL),
		.summary =
			"answers a code on the new device: makes its key and prints the request",
		.details =
			"Reads the code from standard input without CODE-FILE, never from the command line. "
			"The private key stays on this device.",
		.examples = {"device join --label phone code.txt >request.txt"},
		.run = cmd_device_join,
	},
	{
		.name = "device",
		.sub = "list",
		.options = HOLDER,
		.summary = "lists the devices of an identity",
		.examples = {"device list --user alice@example.org"},
		.run = cmd_device_list,
	},
	{
		.name = "device",
		.sub = "revoke",
		.arguments = "KEY|LABEL",
		.min_args = 1,
		.max_args = 1,
		.options = HOLDER | BIT(SINCE) | BIT(WHY),
		.summary = "revokes one device, and signs its good statements again by another",
		.details =
			"As \"revoke --device\", with --why retired unless told. Only what that device "
			"signed is touched; mail proved by DKIM keeps its tier.",
		.examples = {"device revoke --user alice@example.org phone",
			"device revoke --user alice@example.org --since 2d --why lost phone"},
		.run = cmd_device_revoke,
	},
	{
		.name = "bind",
		.arguments = "ADDRESS",
		.min_args = 1,
		.max_args = 1,
		.options = HOLDER | BIT(WITHDRAW),
		.summary = "signs that an identity uses a mail address",
		.details =
			"Elsewhere the statement has no effect until that site has proof of its own: a "
			"claim is no proof. --withdraw takes it back.",
		.examples = {"bind --user alice@example.org a.smith@example.org",
			"bind --user alice@example.org --withdraw a.smith@example.org"},
		.run = cmd_bind,
	},
	{
		.name = "succeed",
		.options = HOLDER,
		.summary = "lets the committed next root continue an identity",
		.details =
			"For when the root was stolen or lost. The next root must be here (\"identity "
			"import\"). The old identity goes on as the new one everywhere: vouches for it "
			"and by it, and friends' lists. Its good statements are signed again. A thief who "
			"has only the root cannot do this.",
		.examples = {"succeed --user alice@example.org"},
		.run = cmd_succeed,
	},
	{
		.name = "guardians",
		.options = HOLDER | BIT(GUARDIAN) | BIT(NEEDED) | BIT(WITHDRAW),
		.summary = "names the friends who together can stop an identity",
		.details =
			"They take the place of those named before. The first ones count at once, a "
			"change 30 days after each site first sees it, so that who steals the root cannot "
			"dismiss them. Needs the root key. A friend at another site goes by his thumbprint, "
			"or by his address once his identity is known (friend confirm, or his mail).",
		.examples =
			{"guardians --user alice@example.org --guardian bob@example.org --guardian "
			 "carol@example.org",
				"guardians --user alice@example.org --withdraw"},
		.run = cmd_guardians,
	},
	{
		.name = "guard",
		.arguments = "IDENTITY",
		.min_args = 1,
		.max_args = 1,
		.options = HOLDER | BIT(WITHDRAW) | BIT(WHY),
		.summary = "says as a guardian that an identity is to be stopped",
		.details =
			"When as many guardians as needed say so within seven days, the identity counts "
			"as revoked. They may take that back for fourteen days (--withdraw); then it is "
			"for good. IDENTITY is a thumbprint, a user here, or the address of a friend whose "
			"identity is known.",
		.examples = {"guard --user bob@example.org alice@example.org",
			"guard --user bob@example.org --withdraw alice@example.org"},
		.run = cmd_guard,
	},
	{
		.name = "revoke",
		.options =
			HOLDER | BIT(DEVICE) | BIT(SINCE) | BIT(WHY) | BIT(PAPER) | BIT(FORCE),
		.summary =
			"revokes a device or a whole identity for good: when you were hacked",
		.details =
			"With --device: what the device signed counts only where it was seen before "
			"--since; its good statements are signed again by the next device, one is made if "
			"there is none. Without --device, which takes --force: the identity itself. With "
			"--paper: the sheet from the drawer, which needs no key. The owner and the "
			"guardians are told through notify_command, and what to do next is printed.",
		.examples =
			{"revoke --user alice@example.org --device phone --since 2026-11-24T18:30",
				"revoke --user alice@example.org --force --since 3h --why hacked",
				"revoke --paper sheet.txt"},
		.run = cmd_revoke,
	},
	{
		.name = "refile",
		.options = BIT(USER) | BIT(SINCE) | BIT(CONFIG),
		.summary = "lists delivered messages whose tier would be another one now",
		.details =
			"Goes through the history that the daemon keeps, all of it or from --since on, and "
			"asks of each message how its sender stands to its recipient now: after a "
			"revocation, what the thief got through. Only the SHA-256 of the Message-ID is "
			"kept, so that is what the list has to find a message by.",
		.examples = {"refile --since 2d", "refile --user alice@example.org --json"},
		.run = cmd_refile,
	},
};

const struct command_chapter command_keys = {rows, ARRAY_LEN(rows)};
