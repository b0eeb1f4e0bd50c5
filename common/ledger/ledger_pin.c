#include "common/ledger/ledger_pin.h"

#define DAY_S 86400

int
ledger_pin_encode(struct slice key, const struct ledger_pin *pin, uint8_t buf[LEDGER_PIN_MAX],
	struct slice *out)
{
	struct wire_writer w;

	if (pin->count == 0) {
		return ERR_INVALID;
	}
	if (pin->count > LEDGER_PIN_DOMAINS_MAX) {
		return ERR_TOOBIG;
	}
	record_begin(&w, buf, LEDGER_PIN_MAX);
	wire_write_u8(&w, (uint8_t)pin->count);
	for (size_t i = 0; i < pin->count; i++) {
		wire_write_u64(&w, pin->domains[i].at_s);
		wire_write_string(&w, pin->domains[i].domain);
	}
	wire_write_u64(&w, pin->unknown.at_s);
	wire_write_string(&w, pin->unknown.domain);
	return record_end(&w, key, out);
}

static struct ledger_pinned
read_pinned(struct wire_reader *r)
{
	struct ledger_pinned p = {.at_s = wire_read_u64(r)};

	p.domain = wire_read_string(r);
	return p;
}

int
ledger_pin_decode(struct slice key, struct slice record, struct ledger_pin *out)
{
	struct wire_reader r;
	int ret = record_open(&r, key, record);

	*out = (struct ledger_pin){0};
	if (ret != 0) {
		return ret;
	}
	out->count = wire_read_u8(&r);
	if (out->count == 0 || out->count > LEDGER_PIN_DOMAINS_MAX) {
		return ERR_CORRUPT;
	}
	for (size_t i = 0; i < out->count; i++) {
		out->domains[i] = read_pinned(&r);
		if (out->domains[i].domain.len == 0 ||
			out->domains[i].domain.len > LEDGER_DOMAIN_MAX) {
			return ERR_CORRUPT;
		}
	}
	out->unknown = read_pinned(&r);
	if (out->unknown.domain.len > LEDGER_DOMAIN_MAX ||
		(out->unknown.at_s == 0) != (out->unknown.domain.len == 0)) {
		return ERR_CORRUPT;
	}
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

bool
ledger_pin_holds(const struct ledger_pin *pin, struct slice domain)
{
	for (size_t i = 0; i < pin->count; i++) {
		if (slice_eq(pin->domains[i].domain, domain)) {
			return true;
		}
	}
	return false;
}

/* find - the pin under an encoded key */
static bool
find(struct store_txn *txn, struct slice key, struct ledger_pin *out)
{
	struct slice record;
	int code = 0;

	if (!store_get(txn, LEDGER_PINS, key, &record)) {
		return false;
	}
	code = ledger_pin_decode(key, record, out);
	if (code != 0) {
		store_txn_fail(txn, code);
	}
	return code == 0;
}

bool
ledger_pin_find(struct store_txn *txn, const struct digest *user, const struct digest *address,
	struct ledger_pin *out)
{
	uint8_t buf[LEDGER_PAIR_LEN];
	struct slice key;

	ledger_pair_key(user, address, buf, &key);
	return find(txn, key, out);
}

static void
put(struct store_txn *txn, struct slice key, const struct ledger_pin *pin)
{
	uint8_t buf[LEDGER_PIN_MAX];
	struct slice record;
	int code = ledger_pin_encode(key, pin, buf, &record);

	ledger_put(txn, LEDGER_PINS, key, code, &record);
}

void
ledger_pin_note(struct store_txn *txn, const struct digest *user, const struct digest *address,
	struct slice domain, uint64_t now_s)
{
	const struct ledger_pinned now = {now_s, domain};
	struct ledger_pin pin = {0};
	uint8_t buf[LEDGER_PAIR_LEN];
	struct slice key;

	if (domain.len == 0 || domain.len > LEDGER_DOMAIN_MAX || now_s == 0) {
		return;
	}
	ledger_pair_key(user, address, buf, &key);
	if (!find(txn, key, &pin)) {
		pin = (struct ledger_pin){.count = 1, .domains = {now}};
	} else if (ledger_pin_holds(&pin, domain) ||
		   (slice_eq(pin.unknown.domain, domain) && now_s < pin.unknown.at_s + DAY_S)) {
		return;
	} else {
		pin.unknown = now;
	}
	put(txn, key, &pin);
}

/* add - the newest behind the others */
static void
add(struct ledger_pin *pin, struct slice domain, uint64_t now_s)
{
	if (pin->count == LEDGER_PIN_DOMAINS_MAX) {
		pin->count--;
		memmove(&pin->domains[0], &pin->domains[1],
			pin->count * sizeof(pin->domains[0]));
	}
	pin->domains[pin->count++] = (struct ledger_pinned){now_s, domain};
	if (slice_eq(pin->unknown.domain, domain)) {
		pin->unknown = (struct ledger_pinned){0};
	}
}

int
ledger_pin_confirm(struct store_txn *txn, const struct digest *user,
	const struct digest *address, struct slice domain, uint64_t now_s,
	char domain_out[LEDGER_DOMAIN_MAX + 1])
{
	struct ledger_pin pin = {0};
	uint8_t buf[LEDGER_PAIR_LEN];
	struct slice key;

	ledger_pair_key(user, address, buf, &key);
	(void)find(txn, key, &pin);
	if (domain.len == 0) {
		domain = pin.unknown.domain;
	}
	if (domain.len == 0 || domain.len > LEDGER_DOMAIN_MAX) {
		return ERR_NOTFOUND;
	}
	memcpy(domain_out, domain.data, domain.len);
	domain_out[domain.len] = '\0';
	if (ledger_pin_holds(&pin, domain)) {
		return ERR_EXISTS;
	}
	add(&pin, domain, now_s);
	put(txn, key, &pin);
	return 0;
}
