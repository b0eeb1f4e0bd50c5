#include "trustctl/actor.h"

#include <string.h>
#include <sysexits.h>

int
actor_find_user(struct site *site, const char *name, struct actor *out)
{
	struct slice text = slice_str(name);
	struct principal address;
	struct private_user user;

	/* Aliases may be bare logins; whatever has an "@" is compared as an address. */
	if (slice_find_byte(text, '@') < text.len &&
		principal_parse_human(text, site->settings->fold_local_part, &address, NULL) ==
			0 &&
		address.kind == PRINCIPAL_ADDR) {
		text = principal_value(&address);
	}
	if (!private_user_find(site->private_reader, text, &user)) {
		return ERR_NOTFOUND;
	}
	*out = (struct actor){
		.is_user = true, .digest = user.digest, .identity = user.identity};
	(void)snprintf(out->name, sizeof(out->name), "%.*s", SLICE_ARG(user.address));
	return 0;
}

int
actor_find_site(struct site *site, struct actor *out, struct err_msg *msg)
{
	graph_node node = graph_site(site->graph);
	struct slice text;

	*out = (struct actor){.is_site = true};
	if (node == GRAPH_NONE || !graph_text_of(site->graph, node, &text) ||
		!graph_digest_of(site->graph, node, &out->digest) ||
		thumbprint_parse(slice_skip(text, strlen("id:")), &out->identity) != 0) {
		return err_set(msg, ERR_NOTREADY,
			"the store at %s has no site identity; run: trustctl --store %s init "
			"--domain DOMAIN",
			site->root, site->root);
	}
	(void)snprintf(out->name, sizeof(out->name), "the site");
	return 0;
}

/* find_identity - an identity that is no user, by its thumbprint with or without id: */
static bool
find_identity(const char *text, struct actor *out)
{
	struct slice thumbprint = slice_str(text);
	struct principal self;

	if (slice_starts_with(thumbprint, SLICE("id:"))) {
		thumbprint = slice_skip(thumbprint, strlen("id:"));
	}
	*out = (struct actor){0};
	if (thumbprint_parse(thumbprint, &out->identity) != 0 ||
		principal_from_thumbprint(thumbprint_slice(&out->identity), &self) != 0) {
		return false;
	}
	principal_digest(&self, &out->digest);
	(void)snprintf(out->name, sizeof(out->name), "%s", self.text);
	return true;
}

int
actor_find(const struct ctl *ctl, struct site *site, struct actor *out)
{
	const char *name = ctl->options->value[OPTION_USER];
	struct err_msg msg;

	const char *as = ctl->options->value[OPTION_AS];
	int given = (name != NULL ? 1 : 0) + (as != NULL ? 1 : 0) +
		    (options_has(ctl->options, OPTION_SITE) ? 1 : 0);

	if (given != 1) {
		return command_fail(ctl, EX_USAGE, "either --user USER or --site is needed");
	}
	if (as != NULL) {
		return find_identity(as, out)
			       ? 0
			       : command_fail(ctl, EX_USAGE,
					 "--as %s: a thumbprint has 43 characters of base64url",
					 as);
	}
	if (name == NULL) {
		return actor_find_site(site, out, &msg) == 0 ? 0 : command_fail_msg(ctl, &msg);
	}
	if (actor_find_user(site, name, out) != 0) {
		return command_fail(ctl, EX_NOUSER,
			"no user \"%s\" here; \"trustctl user list\" shows all, \"trustctl user "
			"add\" makes one",
			name);
	}
	return 0;
}

int
actor_signer(const struct site *site, const struct actor *actor, struct keypair **out,
	struct err_msg *msg)
{
	struct keystore keys;
	int rc = site_keys(site, &keys, msg);

	if (rc != 0) {
		return rc;
	}
	rc = keystore_load_device(&keys, &actor->identity, out, msg);
	if (rc == ERR_NOTFOUND) {
		return err_set(msg, ERR_NOTREADY,
			"%s has no device key in %s/keys, so nothing can be signed; put the key "
			"files back from a backup",
			actor->name, site->root);
	}
	return rc;
}

int
actor_countersigner(struct site *site, struct keypair **out, struct err_msg *msg)
{
	struct keystore keys;
	struct actor self;
	bool has_site;
	int rc = site_begin(site, msg);

	*out = NULL;
	if (rc != 0) {
		return rc;
	}
	has_site = actor_find_site(site, &self, msg) == 0;
	rc = site_end(site, msg);
	if (rc != 0 || !has_site) {
		return rc;
	}
	rc = site_keys(site, &keys, msg);
	rc = rc == 0 ? keystore_load_device(&keys, &self.identity, out, msg) : rc;
	return rc == ERR_NOTFOUND ? 0 : rc;
}
