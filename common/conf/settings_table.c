/* The table of settings; order is that of the documentation and of settings_print(). */
#include "common/conf/settings_table.h"

#define FIELD(name) offsetof(struct settings, name)

/* Where everybody can have an address, `dom:` says nothing about who writes. */
#define FREE_MAIL_DOMAINS                                                                    \
	"gmail.com googlemail.com outlook.com hotmail.com live.com msn.com passport.com\n"   \
	"hotmail.co.uk hotmail.de hotmail.es hotmail.fr hotmail.it live.co.uk live.de\n"     \
	"live.fr live.it live.nl outlook.de outlook.es outlook.fr outlook.it\n"              \
	"yahoo.com ymail.com rocketmail.com yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk\n"  \
	"yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it\n"       \
	"aol.com aim.com verizon.net icloud.com me.com mac.com comcast.net att.net\n"        \
	"sbcglobal.net bellsouth.net cox.net charter.net\n"                                  \
	"gmx.de gmx.net gmx.at gmx.ch gmx.com web.de freenet.de t-online.de arcor.de\n"      \
	"mail.de posteo.de posteo.net mailbox.org\n"                                         \
	"proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io\n"    \
	"fastmail.com fastmail.fm hushmail.com mail.com email.com zoho.com zohomail.com\n"   \
	"yandex.ru yandex.com ya.ru mail.ru bk.ru inbox.ru list.ru rambler.ru ukr.net\n"     \
	"orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it\n" \
	"btinternet.com sky.com talktalk.net wp.pl o2.pl onet.pl interia.pl seznam.cz\n"     \
	"qq.com foxmail.com 163.com 126.com yeah.net sina.com sohu.com naver.com\n"          \
	"daum.net hanmail.net rediffmail.com uol.com.br bol.com.br terra.com.br"

/* Four fields as the distribution has them (SPEC 9.2), then ours. */
#define HEADERS                                                                     \
	"all Checker-Version SpamAssassin _VERSION_ (_SUBVERSION_) on _HOSTNAME_\n" \
	"spam Flag _YESNOCAPS_\n"                                                   \
	"all Level _STARS(*)_\n"                                                    \
	"all Status \"_YESNO_, score=_SCORE_ required=_REQD_ tests=_TESTS_ "        \
	"autolearn=_AUTOLEARN_ version=_VERSION_\"\n"                               \
	"all Trust-Tier _TRUSTTIER_\n"                                              \
	"all Trust-Evidence _TRUSTEVIDENCE_\n"                                      \
	"all Trust-Path _TRUSTPATH_"

#define REPORT                                                                             \
	"The mail filter on \"_HOSTNAME_\" has looked at this message and\n"               \
	"_YESNO(takes it for spam,does not take it for spam)_. If the message was\n"       \
	"wrapped, the original is attached unchanged, so that you can judge it\n"          \
	"yourself. Questions are answered by _CONTACTADDRESS_.\n"                          \
	"\"\"\n"                                                                           \
	"Content preview:  _PREVIEW_\n"                                                    \
	"\"\"\n"                                                                           \
	"Content analysis details:   (_SCORE_ points, _REQD_ required)\n"                  \
	"\"\"\n"                                                                           \
	"\" pts rule name              description\"\n"                                    \
	"---- ---------------------- --------------------------------------------------\n" \
	"_SUMMARY_"

#define UNSAFE_REPORT                                                                     \
	"The original is not plain text. Some mail programs may show pictures or run\n"   \
	"parts of it when they open it, which can do harm or tell the sender that your\n" \
	"address is read. If you must look at it, save it to a file and open that with\n" \
	"an editor."

const struct setting_row settings_rows[] = {
	/* The verdict. */
	{"required_score", "required_hits", &setting_type_number, SETTING_SECTION_VERDICT, 0,
		FIELD(required_score), -100000, 100000, "points", NULL, "5",
		"A message with this score or more is spam."},
	{"score", NULL, &setting_type_score, SETTING_SECTION_VERDICT, 0, 0, 0, 0, NULL, NULL,
		NULL, "Score of a rule; exactly 0 switches the rule off."},
	{"describe", NULL, &setting_type_describe, SETTING_SECTION_VERDICT, 0, 0, 0, 0, NULL,
		NULL, NULL, "Text of a rule in reports, about 50 characters."},

	/* Trust. */
	{"trust_mode", NULL, &setting_type_choice, SETTING_SECTION_TRUST,
		SETTING_ADMIN | SETTING_STRICT, FIELD(trust_mode), 0, 0, NULL,
		"observe enforce", "enforce",
		"With `observe` tiers are computed and shown, but all TRUST rules score 0."},
	{"unknown_is_spam", NULL, &setting_type_bool, SETTING_SECTION_TRUST, SETTING_STRICT,
		FIELD(unknown_is_spam), 0, 0, NULL, NULL, "no",
		"Senders nobody vouches for score 6.5 (TRUST_UNKNOWN), unless `score` says "
		"otherwise; has no effect while the graph is empty."},
	{"colleagues", NULL, &setting_type_bool, SETTING_SECTION_TRUST,
		SETTING_ADMIN | SETTING_STRICT, FIELD(colleagues), 0, 0, NULL, NULL, "yes",
		"The users of this site count as each other's ordinary friends."},

	/* Evidence. */
	{"dmarc_spf", NULL, &setting_type_bool, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN | SETTING_STRICT, FIELD(dmarc_spf), 0, 0, NULL, NULL, "no",
		"A DMARC pass that rests on SPF alone proves the sender, too."},
	{"authres_trusted_authserv", NULL, &setting_type_words, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN | SETTING_LOWER, FIELD(authres_trusted_authserv), 0, 0, NULL,
		NULL, NULL,
		"Authserv-ids (first word of Authentication-Results) of this site; without "
		"one no sender is ever proven."},
	{"authres_ignored_authserv", NULL, &setting_type_words, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN | SETTING_LOWER, FIELD(authres_ignored_authserv), 0, 0, NULL,
		NULL, NULL, "Authserv-ids whose fields are not looked at."},
	{"authres_networks", NULL, &setting_type_choice, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN, FIELD(authres_networks), 0, 0, NULL, "internal trusted all",
		"internal",
		"Networks whose hosts may have written an Authentication-Results that counts."},
	{"authres_position", NULL, &setting_type_choice, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN | SETTING_STRICT, FIELD(authres_position), 0, 0, NULL,
		"above below", "above",
		"`below` also takes the fields just below the Received of the border, where "
		"milters under Postfix put theirs; only safe where the MTA removes forged "
		"ones."},
	{"arc_trusted_sealers", NULL, &setting_type_words, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN | SETTING_STRICT | SETTING_LOWER, FIELD(arc_trusted_sealers), 0,
		0, NULL, NULL, NULL, "Domains (d=) of forwarders whose ARC seal is believed."},
	{"clear_trusted_networks", NULL, &setting_type_clear_networks, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN, FIELD(trusted_networks), 0, 0, NULL, NULL, "",
		"Empties trusted_networks; loopback stays."},
	{"trusted_networks", NULL, &setting_type_networks, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN, FIELD(trusted_networks), 0, 0, NULL, NULL, NULL,
		"Hosts that do not forge Received lines; loopback is always one. Unset: the "
		"same as internal_networks."},
	{"clear_internal_networks", NULL, &setting_type_clear_networks,
		SETTING_SECTION_EVIDENCE, SETTING_ADMIN, FIELD(internal_networks), 0, 0, NULL,
		NULL, "", "Empties internal_networks; loopback stays."},
	{"internal_networks", NULL, &setting_type_networks, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN, FIELD(internal_networks), 0, 0, NULL, NULL, NULL,
		"Hosts of this site (MX, relays); mail crosses the border where one of them "
		"takes it from another host. Unset: the same as trusted_networks."},
	{"clear_msa_networks", NULL, &setting_type_clear_networks, SETTING_SECTION_EVIDENCE,
		SETTING_ADMIN, FIELD(msa_networks), 0, 0, NULL, NULL, NULL,
		"Empties msa_networks."},
	{"msa_networks", NULL, &setting_type_networks, SETTING_SECTION_EVIDENCE, SETTING_ADMIN,
		FIELD(msa_networks), 0, 0, NULL, NULL, NULL,
		"Hosts that take mail only from authenticated users."},
	{"envelope_sender_header", NULL, &setting_type_text, SETTING_SECTION_EVIDENCE, 0,
		FIELD(envelope_sender_header), 0, 0, NULL, NULL, NULL,
		"Field in which the MTA notes the envelope sender; unset: X-Envelope-From, "
		"Return-Path and their like."},
	{"always_trust_envelope_sender", NULL, &setting_type_bool, SETTING_SECTION_EVIDENCE, 0,
		FIELD(always_trust_envelope_sender), 0, 0, NULL, NULL, "no",
		"Take that field even where a relay outside may have written it."},
	{"clear_originating_ip_headers", NULL, &setting_type_clear_words,
		SETTING_SECTION_EVIDENCE, 0, FIELD(originating_ip_headers), 0, 0, NULL, NULL,
		NULL, "Empties originating_ip_headers."},
	{"originating_ip_headers", NULL, &setting_type_words, SETTING_SECTION_EVIDENCE, 0,
		FIELD(originating_ip_headers), 0, 0, NULL, NULL,
		"X-Yahoo-Post-IP X-Originating-IP X-Apparently-From X-SenderIP X-AOL-IP",
		"Fields in which web mailers note the address of the author."},

	/* Addresses and recipients. */
	{"fold_local_part", NULL, &setting_type_bool, SETTING_SECTION_ADDRESSES,
		SETTING_ADMIN | SETTING_STRICT, FIELD(fold_local_part), 0, 0, NULL, NULL, "yes",
		"Upper and lower case are the same before the @, too."},
	{"subaddress_delimiter", NULL, &setting_type_delimiter, SETTING_SECTION_ADDRESSES,
		SETTING_ADMIN | SETTING_STRICT, FIELD(subaddress_delimiter), 0, 0, NULL, NULL,
		"none",
		"Characters that separate user and tag in addresses of this site; what "
		"follows one is dropped."},
	{"clear_recipient_headers", NULL, &setting_type_clear_words, SETTING_SECTION_ADDRESSES,
		SETTING_ADMIN, FIELD(recipient_headers), 0, 0, NULL, NULL, NULL,
		"Empties recipient_headers."},
	{"recipient_headers", NULL, &setting_type_words, SETTING_SECTION_ADDRESSES,
		SETTING_ADMIN | SETTING_STRICT, FIELD(recipient_headers), 0, 0, NULL,
		"X-Envelope-To Delivered-To X-Original-To", NULL,
		"Fields that name the recipient when the client's user is none of ours, in "
		"order; only those the site's own MTA writes."},
	{"clear_free_mail_domains", NULL, &setting_type_clear_words, SETTING_SECTION_ADDRESSES,
		SETTING_ADMIN, FIELD(free_mail_domains), 0, 0, NULL, NULL, NULL,
		"Empties free_mail_domains."},
	{"free_mail_domains", NULL, &setting_type_words, SETTING_SECTION_ADDRESSES,
		SETTING_ADMIN | SETTING_STRICT | SETTING_LOWER, FIELD(free_mail_domains), 0, 0,
		NULL, NULL, FREE_MAIL_DOMAINS,
		"Domains where anybody can have an address; a vouch for such a domain as a "
		"whole is refused."},

	/* Lists of SpamAssassin. */
	{"welcomelist_from", NULL, &setting_type_globs, SETTING_SECTION_LISTS, SETTING_LOWER,
		FIELD(welcomelist_from), 0, 0, NULL, NULL, NULL,
		"Senders that are welcome, but other than in SpamAssassin only with proof."},
	{"unwelcomelist_from", NULL, &setting_type_remove_globs, SETTING_SECTION_LISTS, 0,
		FIELD(welcomelist_from), 0, 0, NULL, NULL, NULL,
		"Takes senders off welcomelist_from."},
	{"welcomelist_auth", NULL, &setting_type_globs, SETTING_SECTION_LISTS, SETTING_LOWER,
		FIELD(welcomelist_auth), 0, 0, NULL, NULL, NULL,
		"Senders that are welcome when DKIM proves them, or SPF where `dmarc_spf` allows."},
	{"def_welcomelist_auth", NULL, &setting_type_globs, SETTING_SECTION_LISTS,
		SETTING_LOWER, FIELD(def_welcomelist_auth), 0, 0, NULL, NULL, NULL,
		"The same with a smaller bonus; meant for lists that come ready made."},
	{"unwelcomelist_auth", NULL, &setting_type_remove_auth, SETTING_SECTION_LISTS, 0, 0, 0,
		0, NULL, NULL, NULL, "Takes senders off both of these."},
	{"welcomelist_from_rcvd", NULL, &setting_type_rcvd, SETTING_SECTION_LISTS, 0,
		FIELD(welcomelist_from_rcvd), 0, 0, NULL, NULL, NULL,
		"Senders that are welcome when a relay of that domain, or of an `[address]`, hands over."},
	{"def_welcomelist_from_rcvd", NULL, &setting_type_rcvd, SETTING_SECTION_LISTS, 0,
		FIELD(def_welcomelist_from_rcvd), 0, 0, NULL, NULL, NULL,
		"The same with a smaller bonus."},
	{"unwelcomelist_from_rcvd", NULL, &setting_type_remove_rcvd, SETTING_SECTION_LISTS, 0,
		0, 0, 0, NULL, NULL, NULL, "Takes senders off both of these."},
	{"welcomelist_to", NULL, &setting_type_globs, SETTING_SECTION_LISTS, SETTING_LOWER,
		FIELD(welcomelist_to), 0, 0, NULL, NULL, NULL,
		"Recipients that want a little more mail."},
	{"more_spam_to", NULL, &setting_type_globs, SETTING_SECTION_LISTS, SETTING_LOWER,
		FIELD(more_spam_to), 0, 0, NULL, NULL, NULL,
		"Recipients that want more mail, spam or not."},
	{"all_spam_to", NULL, &setting_type_globs, SETTING_SECTION_LISTS, SETTING_LOWER,
		FIELD(all_spam_to), 0, 0, NULL, NULL, NULL, "Recipients that want everything."},
	{"blocklist_from", NULL, &setting_type_globs, SETTING_SECTION_LISTS, SETTING_LOWER,
		FIELD(blocklist_from), 0, 0, NULL, NULL, NULL, "Senders that are not wanted."},
	{"unblocklist_from", NULL, &setting_type_remove_globs, SETTING_SECTION_LISTS, 0,
		FIELD(blocklist_from), 0, 0, NULL, NULL, NULL,
		"Takes senders off blocklist_from."},
	{"blocklist_to", NULL, &setting_type_globs, SETTING_SECTION_LISTS, SETTING_LOWER,
		FIELD(blocklist_to), 0, 0, NULL, NULL, NULL,
		"Recipients whose mail is not wanted."},

	/* Markup. */
	{"report_safe", NULL, &setting_type_report_safe, SETTING_SECTION_MARKUP, 0,
		FIELD(report_safe), 0, 2, NULL, NULL, "1",
		"0: spam is marked in its header only; 1: it is attached to a report as a "
		"message; 2: as text."},
	{"clear_headers", NULL, &setting_type_clear_headers, SETTING_SECTION_MARKUP, 0, 0, 0, 0,
		NULL, NULL, NULL, "Removes all added fields but X-Spam-Checker-Version."},
	{"add_header", NULL, &setting_type_add_header, SETTING_SECTION_MARKUP, 0, 0, 0, 0, NULL,
		NULL, HEADERS,
		"Adds the field X-Spam-NAME; one of that name is replaced and moves to the "
		"end. `\\n` and `\\t` are line end and tab."},
	{"remove_header", NULL, &setting_type_remove_header, SETTING_SECTION_MARKUP, 0, 0, 0, 0,
		NULL, NULL, NULL, "Adds that field no longer."},
	{"rewrite_header", NULL, &setting_type_rewrite_header, SETTING_SECTION_MARKUP, 0, 0, 0,
		0, NULL, NULL, NULL, "Puts a tag into that field of spam."},
	{"report_safe_copy_headers", NULL, &setting_type_words, SETTING_SECTION_MARKUP, 0,
		FIELD(report_safe_copy_headers), 0, 0, NULL, NULL, NULL,
		"Fields that the wrapper of spam repeats (report_safe 1 and 2)."},
	{"fold_headers", NULL, &setting_type_bool, SETTING_SECTION_MARKUP, 0,
		FIELD(fold_headers), 0, 0, NULL, NULL, "yes", "Long added fields are folded."},

	/* The report. */
	{"clear_report_template", NULL, &setting_type_clear_words, SETTING_SECTION_REPORT, 0,
		FIELD(report_template), 0, 0, NULL, NULL, NULL, "Empties the report."},
	{"report", NULL, &setting_type_lines, SETTING_SECTION_REPORT, 0, FIELD(report_template),
		0, 0, NULL, NULL, REPORT, "Adds a line to the report."},
	{"clear_unsafe_report_template", NULL, &setting_type_clear_words,
		SETTING_SECTION_REPORT, 0, FIELD(unsafe_report_template), 0, 0, NULL, NULL,
		NULL, "Empties the warning for spam that is not plain text."},
	{"unsafe_report", NULL, &setting_type_lines, SETTING_SECTION_REPORT, 0,
		FIELD(unsafe_report_template), 0, 0, NULL, NULL, UNSAFE_REPORT,
		"Adds a line to that warning."},
	{"report_contact", NULL, &setting_type_text, SETTING_SECTION_REPORT, 0,
		FIELD(report_contact), 0, 0, NULL, NULL, "the administrator of that system",
		"Whom to ask, as `_CONTACTADDRESS_` in reports."},
	{"report_hostname", NULL, &setting_type_text, SETTING_SECTION_REPORT, 0,
		FIELD(report_hostname), 0, 0, NULL, NULL, NULL,
		"Name of this host, as `_HOSTNAME_`; unset: what the system says."},
	{"report_charset", NULL, &setting_type_text, SETTING_SECTION_REPORT, 0,
		FIELD(report_charset), 0, 0, NULL, NULL, "UTF-8",
		"Character set the report is labelled with."},
	{"report_wrap_width", NULL, &setting_type_integer, SETTING_SECTION_REPORT, 0,
		FIELD(report_wrap_width), 20, 1000, "columns", NULL, "75",
		"Where descriptions in the report are wrapped."},
	{"version_tag", NULL, &setting_type_words, SETTING_SECTION_REPORT, SETTING_ADMIN,
		FIELD(version_tags), 0, 0, NULL, NULL, NULL,
		"Words that `_VERSION_` ends in, after a dash."},

	/* The learner of the original. */
	{"use_learner", NULL, &setting_type_bool, SETTING_SECTION_LEARNER, 0,
		FIELD(use_learner), 0, 0, NULL, NULL, "yes",
		"With `no`, TELL learns nothing and says so."},
	{"use_bayes", NULL, &setting_type_bool, SETTING_SECTION_LEARNER, 0, FIELD(use_bayes), 0,
		0, NULL, NULL, "yes", "As use_learner."},

	/* The daemon. */
	{"allow_user_rules", NULL, &setting_type_bool, SETTING_SECTION_DAEMON,
		SETTING_PRIVILEGED, FIELD(allow_user_rules), 0, 0, NULL, NULL, "no",
		"Rule definitions in user_prefs are passed over silently instead of refused."},
	{"time_limit", NULL, &setting_type_duration, SETTING_SECTION_DAEMON, SETTING_ADMIN,
		FIELD(time_limit_s), 0, 86400, "seconds", NULL, "300s",
		"Longest wait for others (`upstream`) about one message, our own work takes far "
		"less than a second; 0: no limit but theirs."},
	{"max_message_size", NULL, &setting_type_size, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(max_message_size_bytes), 1024, 268435456,
		"bytes", NULL, "64M",
		"Largest message that is taken; the default is more than Exim (50 MiB) and "
		"Postfix (10 MiB) take by theirs, the maximum is that of spamc."},
	{"max_connections", NULL, &setting_type_integer, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(max_connections), 16, 1000000,
		"connections", NULL, "65536",
		"Connections open at a time, as far as the system grants descriptors; beyond, the "
		"oldest that has sent nothing gives way, else new ones wait in the kernel."},
	{"max_connections_per_address", NULL, &setting_type_integer, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(max_connections_per_address), 0, 1000000,
		"connections", NULL, "1024",
		"Of these, for one address (IPv6: one /64), far more than one mail server opens; "
		"further ones are refused. Loopback and UNIX sockets are not counted. 0: no "
		"limit."},
	{"max_buffered_size", NULL, &setting_type_size, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(max_buffered_size_bytes), 1048576,
		1099511627776, "bytes", NULL, "1G",
		"Messages and replies held in memory at a time, of all clients; beyond, senders "
		"are read more slowly, and one of each worker thread always goes on."},
	{"command_timeout", NULL, &setting_type_duration, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(command_timeout_s), 0, 86400, "seconds",
		NULL, "30s",
		"How long a client may take for the TLS handshake and its command line; 0: no "
		"limit. `-T` goes before it."},
	{"request_timeout", NULL, &setting_type_duration, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(request_timeout_s), 0, 86400, "seconds",
		NULL, "300s",
		"From there to the answer, and again for taking the answer; 0: no limit. `-t` "
		"goes before it."},
	{"control_socket", NULL, &setting_type_text, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(control_socket), 0, 0, NULL, NULL, NULL,
		"UNIX socket for `trustctl`, for root and the daemon's own account only; unset: "
		"control.sock beside the ledger; `none`: there is none."},
	{"history", NULL, &setting_type_duration, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(history_s), 0, 3153600000.0, "seconds",
		NULL, "90d",
		"For how long decisions are kept, for `trustctl history` and for reports; 0: they "
		"are not."},
	{"history_max", NULL, &setting_type_integer, SETTING_SECTION_DAEMON,
		SETTING_ADMIN | SETTING_STRICT, FIELD(history_max), 0, 100000000, "decisions",
		NULL, "1000000",
		"So many decisions are kept at most, the newest ones; each takes some 400 bytes of "
		"the ledger."},

	/* Chained scorers. */
	{"upstream", NULL, &setting_type_words, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream), 0, 0, NULL, NULL, NULL,
		"Addresses of spamds whose scores are added to ours (`ADDRESS:PORT`, "
		"`localhost:PORT`, `[V6]:PORT`, with `ssl:` in front for TLS; `/PATH`), asked in "
		"this order until one answers."},
	{"upstream_timeout", NULL, &setting_type_duration, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_timeout_s), 1, 3600, "seconds",
		NULL, "30s",
		"How long their answer is waited for, all together; the default is more than "
		"the 15 seconds SpamAssassin itself waits for DNS, and less than mail servers "
		"wait for us."},
	{"upstream_skip_well_trusted", NULL, &setting_type_bool, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_skip_well_trusted), 0, 0, NULL,
		NULL, "yes",
		"Mail of well trusted senders is not sent there (it is with `trust_mode "
		"observe`)."},
	{"upstream_max_size", NULL, &setting_type_size, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_max_size_bytes), 1024, 268435456,
		"bytes", NULL, "512000",
		"Larger messages are not sent there; the default is that of spamc -s."},
	{"upstream_headers", NULL, &setting_type_bool, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_headers), 0, 0, NULL, NULL,
		"yes",
		"Where a marked message is wanted (PROCESS, HEADERS), the `X-Spam` fields that it "
		"adds are asked for as well and kept; this takes it a second scan."},
	{"upstream_tls_verify", NULL, &setting_type_bool, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_tls_verify), 0, 0, NULL, NULL,
		"yes",
		"Its certificate must be good; with `no`, whoever is on the way can read the mail "
		"and make up scores."},
	{"upstream_tls_ca", NULL, &setting_type_text, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_tls_ca), 0, 0, NULL, NULL, NULL,
		"File or directory of the certificates that its own must lead to; unset: those "
		"of the system."},
	{"upstream_tls_name", NULL, &setting_type_words, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_tls_name), 0, 0, NULL, NULL,
		NULL,
		"Names of which its certificate must have one; unset: the address (or `localhost`) "
		"of `upstream`."},
	{"upstream_tls_cert", NULL, &setting_type_text, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_tls_cert), 0, 0, NULL, NULL,
		NULL, "File with our certificate (PEM), for a spamd with `--ssl-verify`."},
	{"upstream_tls_key", NULL, &setting_type_text, SETTING_SECTION_UPSTREAM,
		SETTING_ADMIN | SETTING_STRICT, FIELD(upstream_tls_key), 0, 0, NULL, NULL, NULL,
		"File with the key of that certificate (PEM); read before rights are given up."},

	/* Gossip. */
	{"gossip_listen", NULL, &setting_type_words, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_listen), 0, 0, NULL, NULL, NULL,
		"Where gossip listens: `ADDRESS:PORT`, `[V6]:PORT` or `*:PORT`; unset: `*:7483`."},
	{"gossip_url", NULL, &setting_type_text, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_url), 0, 0, NULL, NULL, NULL,
		"`https://HOST:PORT` at which peers reach gossip; unset: it calls them, but "
		"they cannot call it."},
	{"gossip_hops", NULL, &setting_type_integer, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_hops), 0, 3, "steps", NULL, "2",
		"How many steps from a friend of a local user an issuer may be whose "
		"statements are kept."},
	{"gossip_statements_max", NULL, &setting_type_integer, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_statements_max), 1000, 100000000,
		"statements", NULL, "5000000",
		"Statements kept; beyond, only revocations and those of the nearest issuers "
		"are taken."},
	{"gossip_connections_max", NULL, &setting_type_integer, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_connections_max), 16, 65536,
		"connections", NULL, "512",
		"Connections of peers at one time; when all are taken, the oldest that has "
		"not proved its key goes."},
	{"gossip_threads", NULL, &setting_type_integer, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_threads), 1, 16, "threads", NULL,
		"2", "Threads that check signatures."},
	{"gossip_sync_interval", NULL, &setting_type_duration, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_sync_interval_s), 1, 86400,
		"seconds", NULL, "30s",
		"Between two looks at a peer's news; revocations do not wait for it."},
	{"gossip_repair_interval", NULL, &setting_type_duration, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_repair_interval_s), 60, 2592000,
		"seconds", NULL, "1d", "Between two complete comparisons with a peer."},
	{"gossip_requests_per_hour", NULL, &setting_type_integer, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_requests_per_hour), 10, 10000000,
		"requests", NULL, "7200", "What a peer may ask in an hour."},
	{"gossip_bytes_per_hour", NULL, &setting_type_size, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_bytes_per_hour), 1048576,
		1099511627776, "bytes", NULL, "512M",
		"What a peer may send and fetch in an hour."},
	{"gossip_signatures_per_hour", NULL, &setting_type_integer, SETTING_SECTION_GOSSIP,
		SETTING_ADMIN | SETTING_STRICT, FIELD(gossip_signatures_per_hour), 100,
		1000000000, "signatures", NULL, "500000",
		"Signatures of a peer's items that are checked in an hour."},
	/* Keys. */
	{"notify_command", NULL, &setting_type_text, SETTING_SECTION_KEYS, SETTING_ADMIN,
		FIELD(notify_command), 0, 0, NULL, NULL, NULL,
		"Program that tells the owner and the guardians of an identity when it is revoked, "
		"stopped or continued: a path, without arguments; it gets JSON on standard input "
		"(docs/KEYS.md). Unset: nobody is told."},
};

const size_t settings_row_count = ARRAY_LEN(settings_rows);

static const char *const section_titles[] = {
	[SETTING_SECTION_VERDICT] = "Verdict",
	[SETTING_SECTION_TRUST] = "Trust",
	[SETTING_SECTION_EVIDENCE] = "Evidence: who sent a message",
	[SETTING_SECTION_ADDRESSES] = "Addresses and recipients",
	[SETTING_SECTION_LISTS] = "Welcome and block lists",
	[SETTING_SECTION_MARKUP] = "Marking messages",
	[SETTING_SECTION_REPORT] = "Report",
	[SETTING_SECTION_LEARNER] = "Learner",
	[SETTING_SECTION_DAEMON] = "Daemon",
	[SETTING_SECTION_UPSTREAM] = "Chained scorers",
	[SETTING_SECTION_GOSSIP] = "Gossip",
	[SETTING_SECTION_KEYS] = "Keys",
};

const char *
setting_section_title(enum setting_section section)
{
	return section_titles[section];
}

/* Spellings of SpamAssassin before version 4, wherever they stand in a name. */
static const struct {
	const char *old_word;
	const char *word;
} renamed[] = {
	{"whitelist", "welcomelist"},
	{"blacklist", "blocklist"},
};

struct slice
setting_present_name(struct slice key, char out[SETTING_NAME_MAX])
{
	for (size_t i = 0; i < ARRAY_LEN(renamed); i++) {
		struct slice old_word = slice_str(renamed[i].old_word);
		struct slice word = slice_str(renamed[i].word);
		size_t at = slice_find(key, old_word);
		struct slice tail = slice_skip(key, at + old_word.len);

		if (at < key.len && at + word.len + tail.len < SETTING_NAME_MAX) {
			memcpy(out, key.data, at);
			memcpy(out + at, word.data, word.len);
			memcpy(out + at + word.len, tail.data, tail.len);
			return slice_of(out, at + word.len + tail.len);
		}
	}
	return key;
}

const struct setting_row *
setting_row_find(struct slice key)
{
	for (size_t i = 0; i < settings_row_count; i++) {
		const struct setting_row *row = &settings_rows[i];

		if (slice_eq(key, slice_str(row->name)) ||
			(row->alias != NULL && slice_eq(key, slice_str(row->alias)))) {
			return row;
		}
	}
	return NULL;
}
