#include <sysexits.h>

#include "common/ledger/ledger_entry.h"
#include "common/ledger/ledger_introduction.h"
#include "common/ledger/ledger_pin.h"
#include "trustctl/ask.h"
#include "trustctl/cmd.h"
#include "trustctl/digest_name.h"
#include "trustctl/ledger_file.h"
#include "trustctl/subject.h"

static const struct column columns[] = {
	{"what", "WHAT", COLUMN_TEXT},
	{"who", "WHO", COLUMN_TEXT},
	{"at", "AT", COLUMN_TIME},
	{"amount_millionths", "AMOUNT", COLUMN_NUMBER},
	{"with", "WITH", COLUMN_TEXT},
};

/* A listing in the making. */
struct listing {
	struct site *site;
	const struct actor *actor;
	struct store_txn *txn;
	const struct digest *only; /* about whom, NULL: all */
	struct slice only_name;    /* as it was typed */
	const char *what;          /* the kind of entry at hand */
	struct table table;
};

static void
put_name(struct listing *l, const struct digest *digest)
{
	char name[PRINCIPAL_TEXT_MAX];

	if (l->only != NULL && digest_eq(l->only, digest)) {
		table_text(&l->table, l->only_name);
	} else {
		table_str(&l->table, digest_name(l->site, &l->actor->digest, digest, name));
	}
}

static bool
is_wanted(const struct listing *l, const struct digest *who)
{
	return l->only == NULL || digest_eq(l->only, who);
}

static bool
put_introduction(void *ctx, const struct digest *sender, const struct metric_introduction *paid)
{
	struct listing *l = ctx;

	if (!is_wanted(l, sender)) {
		return true;
	}
	table_str(&l->table, "introduced");
	put_name(l, sender);
	table_number(&l->table, paid->paid_s);
	table_number(&l->table, paid->price);
	table_none(&l->table);
	for (size_t i = 0; i < paid->share_count; i++) {
		table_str(&l->table, "paid by");
		put_name(l, paid->shares[i].payer.digest);
		table_number(&l->table, paid->paid_s);
		table_number(&l->table, paid->shares[i].amount);
		put_name(l, sender);
	}
	return true;
}

static bool
put_entry(void *ctx, const struct ledger_entry_key *key, const struct metric_entry *entry)
{
	struct listing *l = ctx;

	if (!is_wanted(l, key->b)) {
		return true;
	}
	table_str(&l->table, l->what);
	put_name(l, key->b);
	table_number(&l->table, key->at_s);
	table_number(&l->table, entry->amount);
	table_none(&l->table);
	return true;
}

/* put_told - an entry about somebody, by another party */
static bool
put_told(void *ctx, const struct metric_entry *entry)
{
	struct listing *l = ctx;

	table_str(&l->table, l->what);
	put_name(l, l->only);
	table_number(&l->table, entry->at_s);
	table_none(&l->table);
	if (entry->other.digest == NULL) {
		table_none(&l->table);
	} else {
		put_name(l, entry->other.digest);
	}
	return true;
}

static void
put_pin(struct listing *l)
{
	struct ledger_pin pin;
	char domain[LEDGER_DOMAIN_MAX + 1];

	if (!ledger_pin_find(l->txn, &l->actor->digest, l->only, &pin)) {
		return;
	}
	for (size_t i = 0; i <= pin.count; i++) {
		const struct ledger_pinned *p = i < pin.count ? &pin.domains[i] : &pin.unknown;

		if (p->at_s == 0) {
			continue;
		}
		table_str(&l->table, i < pin.count ? "signed by" : "not confirmed");
		put_name(l, l->only);
		table_number(&l->table, p->at_s);
		table_none(&l->table);
		(void)snprintf(domain, sizeof(domain), "%.*s", SLICE_ARG(p->domain));
		table_str(&l->table, domain);
	}
}

static void
fill(struct listing *l)
{
	static const struct {
		enum metric_table table;
		const char *what;
	} tables[] = {
		{METRIC_SPENT, "spent by"},
		{METRIC_THROUGH, "spent through"},
		{METRIC_CHARGE, "blamed"},
		{METRIC_REPORT, "reported"},
	};

	ledger_introduction_visit(l->txn, &l->actor->digest, put_introduction, l);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		l->what = tables[i].what;
		ledger_entry_visit(l->txn, tables[i].table, &l->actor->digest, put_entry, l);
	}
	if (l->only != NULL) {
		l->what = "warned of";
		ledger_entry_walk(l->txn, METRIC_WARNING, l->only, NULL, put_told, l);
		l->what = "accused";
		ledger_entry_walk(l->txn, METRIC_ACCUSATION, l->only, NULL, put_told, l);
		put_pin(l);
	}
}

static int
show(struct ctl *ctl, struct site *site, void *arg)
{
	struct listing l = {.site = site};
	struct ledger_file file;
	struct principal subject;
	struct actor actor;
	struct digest only;
	struct err_msg msg;
	int status = actor_find(ctl, site, &actor);

	(void)arg;
	if (status == EX_OK && ctl->arg_count > 0) {
		status = subject_parse(ctl, site->settings, ctl->args[0], &subject);
		principal_digest(&subject, &only);
		l.only = &only;
		l.only_name = subject.kind == PRINCIPAL_ADDR ? principal_value(&subject)
							     : principal_slice(&subject);
	}
	if (status != EX_OK) {
		return status;
	}
	l.actor = &actor;
	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (ledger_file_open(ctl, &file, &msg) == 0 && ledger_file_begin(&file, &msg) == 0) {
		l.txn = ledger_txn(file.desk.reader);
		fill(&l);
		status = ledger_file_end(&file, &msg) == 0 ? cmd_print_table(ctl, &l.table)
							   : command_fail_msg(ctl, &msg);
	} else {
		status = command_fail_msg(ctl, &msg);
	}
	ledger_file_close(&file);
	table_fini(&l.table);
	return status;
}

int
cmd_ledger_show(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, show, NULL);
}

/* What the daemon can be asked to take back, and which field says of whom. */
struct plea {
	const char *op;
	const char *role;
};

static const struct plea plea_pardon = {"pardon", "friend"};
static const struct plea plea_forget = {"forget", "sender"};

/* ask_count - one request about a principal; adds to *count_out what it took back */
static int
ask_count(struct ctl *ctl, const struct site *site, const struct plea *plea,
	const struct actor *actor, const struct digest *who, uint64_t *count_out)
{
	struct ctl_message *request = ctl_message_request(plea->op);
	struct ctl_message *reply = NULL;
	int64_t count = 0;
	int status = EX_OK;

	ask_set_digest(request, "user", &actor->digest);
	ask_set_digest(request, plea->role, who);
	status = ask_spamd(ctl, site->settings, request, &reply);
	if (status == EX_OK && ctl_message_number(reply, "count", &count) && count > 0) {
		*count_out += (uint64_t)count;
	}
	ctl_message_free(reply);
	return status;
}

/*
 * identity_behind - who pays where an address vouches: the identity a user confirmed, or our
 * own user's
 */
static bool
identity_behind(struct site *site, const struct actor *actor, const struct principal *subject,
	struct digest *out)
{
	struct private_entry entry;
	struct private_user user;
	struct principal identity;
	struct digest address;
	const struct thumbprint *thumbprint = NULL;

	principal_digest(subject, &address);
	if (private_get(site->private_reader, &actor->digest, &address, &entry) &&
		entry.has_identity) {
		thumbprint = &entry.identity;
	} else if (private_user_by_digest(site->private_reader, &address, &user)) {
		thumbprint = &user.identity;
	}
	if (thumbprint == NULL ||
		principal_from_thumbprint(slice_str(thumbprint->text), &identity) != 0) {
		return false;
	}
	principal_digest(&identity, out);
	return true;
}

static const struct column forgiven_columns[] = {
	{"user", "User", COLUMN_TEXT},
	{"subject", "Subject", COLUMN_TEXT},
	{"charges", "Charges forgiven", COLUMN_NUMBER},
	{"reports", "Reports taken back", COLUMN_NUMBER},
};

static int
print_forgiven(const struct ctl *ctl, const struct actor *actor,
	const struct principal *subject, uint64_t charges, uint64_t reports)
{
	struct table table;

	table_init(&table, forgiven_columns, ARRAY_LEN(forgiven_columns));
	table_str(&table, actor->name);
	table_text(&table, principal_slice(subject));
	table_number(&table, charges);
	table_number(&table, reports);
	return cmd_print_record(ctl, &table);
}

static int
forgive(struct ctl *ctl, struct site *site, void *arg)
{
	struct principal subject;
	struct actor actor;
	struct digest who;
	struct digest identity;
	uint64_t charges = 0;
	uint64_t reports = 0;
	int status = actor_find(ctl, site, &actor);

	(void)arg;
	if (status == EX_OK) {
		status = subject_parse(ctl, site->settings, ctl->args[0], &subject);
	}
	if (status != EX_OK) {
		return status;
	}
	principal_digest(&subject, &who);
	status = ask_count(ctl, site, &plea_pardon, &actor, &who, &charges);
	if (status == EX_OK && identity_behind(site, &actor, &subject, &identity)) {
		status = ask_count(ctl, site, &plea_pardon, &actor, &identity, &charges);
	}
	if (status == EX_OK) {
		status = ask_count(ctl, site, &plea_forget, &actor, &who, &reports);
	}
	return status == EX_OK ? print_forgiven(ctl, &actor, &subject, charges, reports)
			       : status;
}

int
cmd_ledger_forgive(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, forgive, NULL);
}
