/*
 * settings.h - everything a .cf file may say that has a meaning here.
 *
 * One `struct settings` is a complete configuration: made by settings_load() from files, or
 * by settings_new() with the defaults alone; immutable from then on, so that any number of
 * threads read it without a lock. A reload makes a new one and the daemon swaps a pointer,
 * keeping the old until the last request that started with it is done. A user's own
 * preferences are an overlay in the arena of the request: a second struct settings that
 * shares what it does not change, so nothing of one user is ever seen by the next.
 *
 * Names, types, units, ranges, defaults and explanations are rows of one table
 * (settings_table.h), from which the parser, `--check-config`, settings_print() and
 * docs/CONFIGURATION.md are made; a new setting is a field here and a row there.
 *
 * Fields are public to read. Slices are good for as long as the settings. SPEC 13; DESIGN 3,
 * 5 and 7.
 */
#ifndef COMMON_CONF_SETTINGS_H
#define COMMON_CONF_SETTINGS_H

#include "common/base/arena.h"
#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "common/conf/cf.h"
#include "common/conf/netlist.h"
#include "common/conf/rule_table.h"
#include "common/conf/strlist.h"

/** Where a SpamAssassin installation, or ours, keeps its files: the first that exists counts. */
#define SETTINGS_SITE_DIRS                                                        \
	{                                                                         \
		"/etc/spamd-trust", "/etc/spamassassin", "/etc/mail/spamassassin" \
	}

struct rule_set;

/** How our rules act (DESIGN 7). */
enum settings_trust_mode {
	SETTINGS_TRUST_OBSERVE, /**< everything is computed and shown, all our scores are 0 */
	SETTINGS_TRUST_ENFORCE,
};

/** Where the site's Authentication-Results stand (DESIGN 5). */
enum settings_authres_position {
	SETTINGS_AUTHRES_ABOVE, /**< above the Received of the border hop */
	SETTINGS_AUTHRES_BELOW, /**< also just below it, as milters under Postfix write them */
};

/** Whose hand-overs may lie above an Authentication-Results that counts. */
enum settings_authres_networks {
	SETTINGS_AUTHRES_INTERNAL,
	SETTINGS_AUTHRES_TRUSTED,
	SETTINGS_AUTHRES_ALL,
};

/**
 * Constants of the trust metric (METRIC; docs/METRIC.md). common/scan makes a metric_config of
 * them.
 */
struct settings_metric {
	double introduction_credit;
	uint32_t introduction_window_s;
	uint32_t introduction_life_s;
	uint32_t hub_vouches;
	uint32_t fresh_window_s;
	double middleman_credit;
	uint32_t helpers_payers;
	uint32_t forbidding_warnings;
	uint32_t fresh_vouches;
	uint32_t learned_life_s;
	double blame_factor;
	uint32_t blame_life_s;
	double suspend_strikes;
	uint32_t suspend_time_s;
	uint32_t reporter_warnings;
	uint32_t reporter_window_s;
	uint32_t warning_life_s;
	double accuse_share;
	uint32_t suspect_time_s;
	double weight_weak;
	double weight_ordinary;
	double weight_strong;
	double step;
};

struct settings {
	/* The verdict. */
	double required_score;
	struct rule_table rules;   /**< ask settings_score() and settings_describe() */
	struct rule_set *rule_set; /**< rules of one's own; NULL: there are none */

	/* Trust. */
	enum settings_trust_mode trust_mode;
	bool unknown_is_spam; /**< not to be acted on while the graph is empty */
	bool colleagues;      /**< other local users count as friends at level 2 */
	bool share_reports;   /**< reports become `warn` statements for peers */
	struct settings_metric metric;

	/* Evidence. */
	bool dmarc_spf;
	enum settings_authres_position authres_position;
	enum settings_authres_networks authres_networks;
	struct strlist authres_trusted_authserv; /**< lower case */
	struct strlist authres_ignored_authserv; /**< lower case */
	struct strlist arc_trusted_sealers;      /**< d= domains, lower case */
	struct netlist trusted_networks;  /**< loopback always in, and as internal when unset */
	struct netlist internal_networks; /**< loopback always in, and as trusted when unset */
	struct netlist msa_networks;
	struct slice envelope_sender_header; /**< empty: the usual ones */
	bool always_trust_envelope_sender;
	struct strlist originating_ip_headers;

	/* Addresses and recipients. */
	bool fold_local_part;
	struct slice
		subaddress_delimiter; /**< set of characters; empty: sub-addresses are kept */
	struct strlist
		recipient_headers; /**< X-Envelope-To, Delivered-To, X-Original-To; in order */
	struct strlist free_mail_domains; /**< lower case */

	/* Lists of SpamAssassin: globs (strlist_has_glob_match). */
	struct strlist welcomelist_from;
	struct strlist welcomelist_auth;
	struct strlist def_welcomelist_auth;
	struct strlist welcomelist_to;
	struct strlist more_spam_to;
	struct strlist all_spam_to;
	struct strlist blocklist_from;
	struct strlist blocklist_to;
	struct strpairs
		welcomelist_from_rcvd; /**< name: glob, value: relay domain or address */
	struct strpairs def_welcomelist_from_rcvd; /**< likewise */

	/*
	 * Markup. The defaults end in Trust-Tier _TRUSTTIER_, Trust-Evidence _TRUSTEVIDENCE_ and
	 * Trust-Path _TRUSTPATH_; a field whose tags these are is left out where there is
	 * nothing to say (a verdict without trust).
	 */
	struct strpairs headers_ham;  /**< X-Spam-NAME and its template, in order of writing */
	struct strpairs headers_spam; /**< likewise */
	struct slice rewrite_subject; /**< tag; empty: off */
	struct slice rewrite_from;    /**< parentheses already brackets */
	struct slice rewrite_to;      /**< likewise */
	uint32_t report_safe;         /**< 0, 1 or 2 */
	struct strlist report_safe_copy_headers;
	bool fold_headers;

	/* The report. */
	struct strlist report_template;        /**< one entry a line */
	struct strlist unsafe_report_template; /**< one entry a line */
	struct slice report_contact;
	struct slice report_hostname; /**< empty: the machine's own name */
	struct slice report_charset;
	uint32_t report_wrap_width; /**< columns */
	struct strlist version_tags;

	/* The learner of the original: only what its switches say of the verdict. */
	bool use_learner;
	bool use_bayes;

	/* The daemon. */
	bool allow_user_rules;
	uint32_t time_limit_s;           /**< 0: none */
	uint64_t max_message_size_bytes; /**< of one message, inflated */
	uint32_t max_connections;
	uint32_t max_connections_per_address; /**< 0: no limit */
	uint64_t max_buffered_size_bytes;     /**< messages and replies held at a time */
	uint32_t command_timeout_s;           /**< 0: none */
	uint32_t request_timeout_s;           /**< 0: none */
	struct slice control_socket; /**< path; empty: in the ledger's directory; "none" */
	uint32_t history_s;          /**< decisions are kept for so long */
	uint32_t history_max;        /**< and at most so many */

	/* Chained scorers. */
	struct strlist upstream;     /**< addresses in the order of asking; empty: none */
	uint32_t upstream_timeout_s; /**< for all of them together */
	bool upstream_skip_well_trusted;
	bool upstream_headers;            /**< its own X-Spam fields are fetched and added */
	uint64_t upstream_max_size_bytes; /**< larger messages are not sent there */
	bool upstream_tls_verify;
	struct slice upstream_tls_ca;     /**< file or directory; empty: the system's */
	struct strlist upstream_tls_name; /**< of its certificate, any; none: its address */
	struct slice upstream_tls_cert;   /**< who we are; empty: nobody asks */
	struct slice upstream_tls_key;

	/* Gossip. */
	struct strlist gossip_listen; /**< ADDRESS:PORT of the node's sockets; empty: *:7483 */
	struct slice gossip_url; /**< https://HOST:PORT at which others reach it; or empty */
	uint32_t gossip_hops;    /**< how far from a local user an issuer may be */
	uint32_t gossip_statements_max;
	uint32_t gossip_connections_max;
	uint32_t gossip_threads; /**< that check signatures */
	uint32_t gossip_sync_interval_s;
	uint32_t gossip_repair_interval_s;
	uint32_t gossip_requests_per_hour; /**< of each peer, like the next two */
	uint32_t gossip_signatures_per_hour;
	uint64_t gossip_bytes_per_hour;

	/* Keys. */
	struct slice notify_command; /**< path of a program; empty: nobody is told */

	/* Private. */
	bool trusted_networks_set;
	bool internal_networks_set;
	struct arena *arena; /**< where changes go while it is being filled */
	struct arena own_arena;
};

/** Where configuration text comes from, in reading order (SPEC 13). */
enum settings_source_kind {
	SETTINGS_SOURCE_PATH, /**< a file, or a directory: *.pre then *.cf, each sorted by name */
	SETTINGS_SOURCE_PRE_DIR, /**< *.pre of a directory */
	SETTINGS_SOURCE_CF_DIR,  /**< *.cf of a directory */
	SETTINGS_SOURCE_TEXT,    /**< the text itself, as given by --cf and --pre */
};

struct settings_source {
	enum settings_source_kind kind;
	const char *value; /**< path or text; borrowed for the call */
	const char *label; /**< name of a TEXT in messages ("--cf") */
};

struct settings_load_options {
	const char *lang; /**< NULL: en_US */
	bool local_tests_only;
	bool check; /**< --check-config: what is a warning at start is an error */
	void (*diagnose)(void *ctx, const struct cf_diagnostic *diagnostic); /**< may be NULL */
	void *ctx;
};

/** The defaults. @return 0 or ERR_NOMEM. */
NODISCARD int settings_new(struct settings **out);
void settings_free(struct settings *s);

/**
 * Reads all sources into fresh settings: all or nothing. Messages go to `diagnose` as they
 * come up; settings of a rule engine are summed up in one CF_INFO line a group at the end.
 * @return 0; ERR_INVALID when an error was reported (in check mode: or a warning); ERR_NOMEM;
 *   what the system said when a source itself cannot be read. msg (may be NULL) says it in one
 *   line; *out is untouched on failure.
 */
NODISCARD int settings_load(const struct settings_source *sources, size_t count,
	const struct settings_load_options *options, struct settings **out,
	struct err_msg *msg);

/** Largest user_prefs that is read. */
#define SETTINGS_USER_PREFS_MAX (128 * 1024)

/**
 * One user's settings for one request: `base` with the bytes of his user_prefs on top, in
 * `arena`, which it must not outlive; `base` is shared and never written. Privileged and
 * administrator settings are refused with the texts of SPEC 13, faults are reported and
 * skipped, include is refused.
 * @return 0; ERR_TOOBIG beyond SETTINGS_USER_PREFS_MAX; ERR_NOMEM. The caller then goes on with
 * `base`.
 */
NODISCARD int settings_overlay(const struct settings *base, struct slice file_name,
	struct slice bytes, const struct settings_load_options *options, struct arena *arena,
	const struct settings **out);

/**
 * The score of a rule. No allocation, logarithmic in the number of rules.
 * @return false where none is set: an unknown rule, or one whose score is computed (TRUST_FOF).
 */
bool settings_score(const struct settings *s, struct slice rule, double *out);

/**
 * Did the administrator (or user) set exactly 0, which switches a rule off? False for defaults
 * of 0.
 */
bool settings_rule_is_off(const struct settings *s, struct slice rule);

/**
 * The score of a rule of one's own: 1 where it was given none, -1 with tflags nice, 0.01 for T_
 * names.
 */
double settings_rule_score(const struct settings *s, struct slice rule);

/** The description of a rule; empty where there is none. */
struct slice settings_describe(const struct settings *s, struct slice rule);

/** Appends the present values, one `name value` line each, as a .cf file that gives them again. */
NODISCARD int settings_print(const struct settings *s, struct dynbuf *out);

/** Appends the table of all settings in Markdown, as docs/CONFIGURATION.md holds it. */
NODISCARD int settings_print_reference(struct dynbuf *out);

#endif
