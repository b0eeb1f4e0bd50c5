/*
 * statement_tool.c - our side of the exchange with other implementations.
 *
 * usage: statement-tool make     writes a statement of every act, one JWS a line
 *        statement-tool check    reads JWS a line, answers each with "ok ID ACT" or
 *                                "refused: REASON"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/encoding.h"
#include "common/statement/statement.h"

#define IAT_S 1767225600

/* What differs between the acts; everything else is alike. */
static const struct {
	enum statement_act act;
	bool by_root;
	const char *sub; /* NULL: the device, or for an identity itself */
	uint64_t lifetime_s;
} examples[] = {
	{STATEMENT_IDENTITY, true, NULL, STATEMENT_LIFETIME_MAX_S},
	{STATEMENT_DEVICE, true, NULL, STATEMENT_DEVICE_LIFETIME_MAX_S},
	{STATEMENT_BIND, false, "addr:alice@example.org", STATEMENT_LIFETIME_MAX_S},
	{STATEMENT_VOUCH, false, "addr:\"b o b\"@example.net", STATEMENT_LIFETIME_MAX_S},
	{STATEMENT_BLOCK, false, "dom:example.com", STATEMENT_LIFETIME_MAX_S},
	{STATEMENT_WARN, false, "addr:mallory@example.com", STATEMENT_WARN_LIFETIME_MAX_S},
	{STATEMENT_REVOKE, true, NULL, 0},
	{STATEMENT_GUARD, false, "id:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
		STATEMENT_LIFETIME_MAX_S},
	{STATEMENT_SUCCEED, true, "id:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
		STATEMENT_LIFETIME_MAX_S},
	{STATEMENT_INTRODUCE, false, "addr:carol@example.net", STATEMENT_INTRO_LIFETIME_MAX_S},
};

/* parse - a principal that is known to be one */
static struct principal
parse(const char *text)
{
	struct principal p;

	if (principal_parse(slice_str(text), false, &p, NULL) != 0) {
		abort();
	}
	return p;
}

/* default_subject - of statements about oneself: the identity, or its device */
static struct principal
default_subject(
	enum statement_act act, const struct thumbprint *root, const struct thumbprint *device)
{
	char text[PRINCIPAL_TEXT_MAX];
	bool is_identity = act == STATEMENT_IDENTITY;

	(void)snprintf(text, sizeof(text), "%s:%s", is_identity ? "id" : "key",
		is_identity ? root->text : device->text);
	return parse(text);
}

static int
make_one(size_t i, const struct keypair *root, const struct keypair *device)
{
	struct thumbprint device_name;
	struct err_msg msg = {0};
	struct dynbuf jws;
	struct statement st = {
		.act = examples[i].act,
		.aud = STATEMENT_PEERS,
		.seq = i + 1,
		.iat = IAT_S,
	};
	int ret = 0;

	public_key_thumbprint(keypair_public(root), &st.iss);
	public_key_thumbprint(keypair_public(device), &device_name);
	st.sub = examples[i].sub == NULL ? default_subject(st.act, &st.iss, &device_name)
					 : parse(examples[i].sub);
	st.exp = examples[i].lifetime_s == 0 ? 0 : IAT_S + examples[i].lifetime_s;
	st.since = st.act == STATEMENT_REVOKE ? IAT_S : 0;
	st.lvl = st.act == STATEMENT_VOUCH ? TRUST_LEVEL_STRONG : TRUST_LEVEL_NONE;
	if (st.act == STATEMENT_INTRODUCE) {
		st.body.introduce.to = parse("addr:bob@example.net");
	}
	dynbuf_init(&jws, STATEMENT_MAX + 1);
	ret = statement_encode(&st, examples[i].by_root ? root : device, &jws, &msg);
	if (ret == 0) {
		printf("%s\n", dynbuf_cstr(&jws));
	} else {
		fprintf(stderr, "%s: %s\n", statement_act_name(st.act), msg.text);
	}
	dynbuf_fini(&jws);
	return ret;
}

static int
make(void)
{
	const uint8_t root_seed[IDENTITY_KEY_LEN] = {1};
	const uint8_t device_seed[IDENTITY_KEY_LEN] = {2};
	struct keypair *root = NULL;
	struct keypair *device = NULL;
	int ret = keypair_from_seed(root_seed, &root);

	if (ret == 0) {
		ret = keypair_from_seed(device_seed, &device);
	}
	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(examples); i++) {
		ret = make_one(i, root, device);
	}
	keypair_free(root);
	keypair_free(device);
	return ret;
}

static int
check(void)
{
	char line[4 * STATEMENT_MAX];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct slice jws = slice_take(slice_str(line), strcspn(line, "\n"));
		struct statement st;
		struct err_msg msg = {0};
		char id[2 * DIGEST_LEN + 1];

		if (statement_open(jws, &st, &msg) == 0) {
			hex_encode(digest_slice(&st.id), id);
			printf("ok %s %s\n", id, statement_act_name(st.act));
		} else {
			printf("refused: %s\n", msg.text);
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "make") == 0) {
		return make() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	if (argc == 2 && strcmp(argv[1], "check") == 0) {
		return check() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	fprintf(stderr, "usage: statement-tool make|check\n");
	return EXIT_FAILURE;
}
