#include "trustctl/options.h"

#include <string.h>

#include "common/base/slice.h"
#include "common/statement/identity.h"

/** Longer words are not compared: nobody mistypes that much. */
#define NEAREST_WORD_MAX 32

static const struct option_spec specs[OPTION_COUNT] = {
	[OPTION_STORE] = {"store", 0, "DIR", false,
		"the store directory (default: $SPAMD_TRUST_STORE, else /var/lib/spamd-trust)"},
	[OPTION_JSON] = {"json", 0, NULL, false, "prints JSON instead of text for people"},
	[OPTION_HELP] = {"help", 'h', NULL, false, "explains the command and ends"},
	[OPTION_VERSION] = {"version", 'V', NULL, false, "prints the version and ends"},
	[OPTION_DOMAIN] = {"domain", 0, "DOMAIN", false, "the mail domain of this site"},
	[OPTION_USER] = {"user", 'u', "USER", false,
		"the local user it is about: address, alias or login name"},
	[OPTION_SITE] = {"site", 0, NULL, false,
		"speaks for the site itself instead of one user"},
	[OPTION_ALIAS] = {"alias", 0, "ADDRESS", true,
		"a further address or login name of the user; may be repeated"},
	[OPTION_FROM_FILE] = {"from-file", 0, "FILE", false,
		"reads users from FILE, one a line: ADDRESS [ALIAS]...; # starts a comment, - is "
		"standard input"},
	[OPTION_LEVEL] = {"level", 0, "LEVEL", false,
		"how much: weak, ordinary or strong (1 to 3); for vouch also none"},
	[OPTION_NOTE] = {"note", 0, "TEXT", false,
		"a remark for yourself; never leaves the host"},
	[OPTION_PUBLISH] = {"publish", 0, NULL, false,
		"also signs it as an open statement that peers will see"},
	[OPTION_IDENTITY] = {"identity", 0, "THUMBPRINT", false,
		"records that the user confirmed this identity behind the address; with a domain, that "
		"it speaks for all addresses there"},
	[OPTION_AUD] = {"aud", 0, "AUDIENCE", false,
		"who may see the statement: open (relayed) or peers (direct peers only)"},
	[OPTION_DRY_RUN] = {"dry-run", 'n', NULL, false,
		"shows what would be done and changes nothing"},
	[OPTION_CONFIG] = {"config", 'C', "PATH", false,
		"the daemon's configuration, a file or a directory"},
	[OPTION_FORCE] = {"force", 'f', NULL, false, "replaces what is there"},
	[OPTION_MARKDOWN] = {"markdown", 0, NULL, false, "prints the whole manual as Markdown"},
	[OPTION_ESTABLISHED] = {"established", 0, NULL, false,
		"takes the vouches for long-standing ones, on your word: the limit of new ones "
		"does not hold them back"},
	[OPTION_CLASS] = {"class", 0, "CLASS", false,
		"what the peer is: friend (another site) or site (another host of this one)"},
	[OPTION_HOST] = {"host", 0, "HOST[:PORT]", false,
		"how the other side reaches this node, instead of gossip_url"},
	[OPTION_PIN] = {"pin", 0, "PIN", false,
		"the key of the peer's node, as its `trustctl status` shows it"},
	[OPTION_NAME] = {"name", 0, "NAME", false, "what the peer is called in listings"},
	[OPTION_REPAIR] = {"repair", 0, NULL, false,
		"compares everything with the peer, instead of asking for news alone"},
	[OPTION_WAIT] = {"wait", 0, NULL, false,
		"waits until the invitation is used or runs out"},
	[OPTION_AS] = {"as", 0, "IDENTITY", false,
		"speaks for this identity, whose keys are here, instead of a user"},
	[OPTION_LABEL] = {"label", 0, "TEXT", false, "what people call the device"},
	[OPTION_HERE] = {"here", 0, NULL, false, "makes the key of the device on this host"},
	[OPTION_GUARDIAN] = {"guardian", 0, "WHO", true,
		"a guardian: id:THUMBPRINT, a thumbprint, a local user, or the address of a friend "
		"whose identity is known; may be repeated"},
	[OPTION_NEEDED] = {"needed", 0, "NUMBER", false,
		"how many guardians together stop the identity (default: 2, or 1 of 1)"},
	[OPTION_WITHDRAW] = {"withdraw", 0, NULL, false, "takes back what was said before"},
	[OPTION_WHY] = {"why", 0, "REASON", false,
		"spam, hacked, lost, retired, wrong or slander"},
	[OPTION_SINCE] = {"since", 0, "TIME", false,
		"from when: 2026-11-24, 2026-11-24T18:30 (UTC), 3h or "
		"2d ago, or seconds since 1970 (default: now; of history: a day ago)"},
	[OPTION_DEVICE] = {"device", 0, "KEY", false,
		"one device, by the beginning of its key or its label"},
	[OPTION_PAPER] = {"paper", 0, "FILE", false,
		"the revocation that was printed beforehand, typed or scanned; - is standard input"},
	[OPTION_NEXT] = {"next", 0, NULL, false,
		"the committed next root, which alone can continue the identity"},
	[OPTION_REMOVE] = {"remove", 0, NULL, false,
		"takes the key off this host once the export is safely written"},
	[OPTION_PASSPHRASE_FILE] = {"passphrase-file", 0, "FILE", false,
		"reads the passphrase from the first line of FILE instead of the terminal"},
	[OPTION_PASSPHRASE_FD] = {"passphrase-fd", 0, "NUMBER", false,
		"reads the passphrase from an open descriptor"},
	[OPTION_SENDER] = {"sender", 0, "ADDRESS", false, "the sender it is about"},
	[OPTION_HAM] = {"ham", 0, NULL, false, "says that it is no spam"},
	[OPTION_FORGET] = {"forget", 0, NULL, false, "takes back what was said about it"},
	[OPTION_TIER] = {"tier", 0, "TIER", false,
		"only mail of that tier: unknown, known, well-trusted, blocked or revoked"},
	[OPTION_FOLLOW] = {"follow", 0, NULL, false,
		"goes on with what comes, one line each, until it is stopped"},
	[OPTION_SIGNER] = {"signer", 0, "DOMAIN", false,
		"the signing domain (d=) to confirm, instead of the one seen last"},
	[OPTION_CREDIT] = {"credit", 0, "NUMBER", false,
		"how many strangers a month this friend may introduce, 0 to 100, or default"},
	[OPTION_MAIL_LOG] = {"mail-log", 0, "FILE", false,
		"forecasts from the log of Postfix instead of replaying events"},
	[OPTION_MAILDIR] = {"maildir", 0, "PATH", false,
		"forecasts from the messages of a maildir or mbox"},
};

const struct option_spec *
option_spec(enum option_id id)
{
	return &specs[id];
}

static size_t
min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* edit_distance - Levenshtein's, by two rows; both words at most NEAREST_WORD_MAX long */
static size_t
edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[2][NEAREST_WORD_MAX + 1];
	size_t *above = rows[0];
	size_t *row = rows[1];

	for (size_t j = 0; j <= b_len; j++) {
		above[j] = j;
	}
	for (size_t i = 0; i < a_len; i++) {
		row[0] = i + 1;
		for (size_t j = 0; j < b_len; j++) {
			size_t changed = above[j] + (a[i] == b[j] ? 0 : 1);

			row[j + 1] = min_size(changed, min_size(above[j + 1], row[j]) + 1);
		}
		size_t *swap = above;

		above = row;
		row = swap;
	}
	return above[b_len];
}

const char *
options_nearest(const char *word, const char *const *candidates, size_t candidate_count)
{
	size_t word_len = strlen(word);
	size_t best = word_len / 3 + 1;
	const char *nearest = NULL;

	if (word_len > NEAREST_WORD_MAX) {
		return NULL;
	}
	for (size_t i = 0; i < candidate_count; i++) {
		size_t len = strlen(candidates[i]);

		if (len > NEAREST_WORD_MAX) {
			continue;
		}
		size_t distance = edit_distance(word, word_len, candidates[i], len);

		if (distance < best || (distance == best && nearest == NULL)) {
			best = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}

static int
unknown_option(const char *word, struct slice name, struct err_msg *msg)
{
	const char *names[OPTION_COUNT];
	char text[NEAREST_WORD_MAX + 1] = "";

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		names[i] = specs[i].name;
	}
	if (name.len < sizeof(text)) {
		memcpy(text, name.data, name.len);
	}
	const char *nearest = options_nearest(text, names, OPTION_COUNT);

	if (nearest != NULL) {
		return err_set(msg, ERR_INVALID, "unknown option %s; did you mean --%s?", word,
			nearest);
	}
	return err_set(msg, ERR_INVALID, "unknown option %s", word);
}

/* find_long - the option of that name, OPTION_COUNT where there is none */
static enum option_id
find_long(struct slice name)
{
	for (unsigned int i = 0; i < OPTION_COUNT; i++) {
		if (slice_eq(name, slice_str(specs[i].name))) {
			return (enum option_id)i;
		}
	}
	return OPTION_COUNT;
}

static enum option_id
find_letter(char letter)
{
	for (unsigned int i = 0; i < OPTION_COUNT; i++) {
		if (specs[i].letter != 0 && specs[i].letter == letter) {
			return (enum option_id)i;
		}
	}
	return OPTION_COUNT;
}

static int
record(struct options *out, enum option_id id, const char *value, struct err_msg *msg)
{
	const struct option_spec *spec = &specs[id];

	if (options_has(out, id) && !spec->repeats) {
		return err_set(msg, ERR_INVALID, "--%s is given twice", spec->name);
	}
	if (spec->repeats) {
		if (out->alias_count == OPTIONS_REPEAT_MAX) {
			return err_set(msg, ERR_INVALID, "--%s is given more than %d times",
				spec->name, OPTIONS_REPEAT_MAX);
		}
		out->aliases[out->alias_count++] = value;
	}
	out->given |= OPTION_BIT(id);
	out->value[id] = value;
	return 0;
}

/* The words of the command line, and the one being looked at. */
struct words {
	int count;
	char **word;
	int at;
};

/*
 * take_option - the option at words->at, moving on over a value that is a word of its own.
 * `inline_value` is what follows in the same word (--name=VALUE, -CVALUE) or NULL.
 */
static int
take_option(enum option_id id, const char *inline_value, struct words *words,
	struct options *out, struct err_msg *msg)
{
	const struct option_spec *spec = &specs[id];

	if (spec->value == NULL) {
		if (inline_value != NULL) {
			return err_set(msg, ERR_INVALID, "--%s takes no value", spec->name);
		}
		return record(out, id, "", msg);
	}
	if (inline_value != NULL) {
		return record(out, id, inline_value, msg);
	}
	if (words->at + 1 >= words->count) {
		return err_set(msg, ERR_INVALID, "--%s needs a value: --%s %s", spec->name,
			spec->name, spec->value);
	}
	words->at++;
	return record(out, id, words->word[words->at], msg);
}

static int
take_word(struct words *words, struct options *out, struct err_msg *msg)
{
	const char *word = words->word[words->at];

	if (word[1] == '-') {
		struct slice rest = slice_skip(slice_str(word), 2);
		struct slice name = slice_take(rest, slice_find_byte(rest, '='));
		enum option_id id = find_long(name);

		if (id == OPTION_COUNT) {
			return unknown_option(word, name, msg);
		}
		return take_option(id, name.len < rest.len ? word + 2 + name.len + 1 : NULL,
			words, out, msg);
	}
	enum option_id id = find_letter(word[1]);

	if (id == OPTION_COUNT) {
		return unknown_option(word, slice_skip(slice_str(word), 1), msg);
	}
	return take_option(id, word[2] != '\0' ? word + 2 : NULL, words, out, msg);
}

/*
 * is_option - a lone "-" is a file name: standard input; and one of 64 ids and thumbprints begins
 * with a dash, which nobody who copies it expects to matter
 */
static bool
is_option(const char *word)
{
	struct thumbprint id;

	return word[0] == '-' && word[1] != '\0' && thumbprint_parse(slice_str(word), &id) != 0;
}

int
options_parse(int argc, char **argv, struct options *out, struct err_msg *msg)
{
	struct words words = {.count = argc, .word = argv};
	bool ended = false;

	memset(out, 0, sizeof(*out));
	out->words = argc > 0 ? argv + 1 : argv;
	for (words.at = 1; words.at < argc; words.at++) {
		char *word = argv[words.at];

		if (!ended && strcmp(word, "--") == 0) {
			ended = true;
		} else if (ended || !is_option(word)) {
			out->words[out->word_count++] = word;
		} else {
			int rc = take_word(&words, out, msg);

			if (rc != 0) {
				return rc;
			}
		}
	}
	return 0;
}
