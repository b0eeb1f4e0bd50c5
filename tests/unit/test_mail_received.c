#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/mail/received.h"
#include "tests/support/mail_checks.h"
#include "tests/support/mutate.h"

#define DATE "; Mon, 23 Nov 2026 09:00:00 +0000"

static const struct {
	const char *label;
	const char *body;
	const char *peer;
	const char *helo;
	const char *rdns;
	const char *by;
	const char *with;
} peer_rows[] = {
	{"Postfix",
		" from mail.example.net (mx.example.net [192.0.2.1])\r\n\tby mx.example.org"
		" (Postfix) with ESMTP id 4F\r\n\tfor <alice@example.org>" DATE,
		"192.0.2.1", "mail.example.net", "mx.example.net", "mx.example.org", "ESMTP"},
	{"Postfix, IPv6",
		"from h (unknown [IPv6:2001:db8::1]) by mx.example.org (Postfix) with ESMTPS" DATE,
		"2001:db8::1", "h", "", "mx.example.org", "ESMTPS"},
	{"Postfix, literal as HELO",
		"from [127.0.0.1] (unknown [192.0.2.1]) by m (Postfix) with SMTP" DATE,
		"192.0.2.1", "[127.0.0.1]", "", "m", "SMTP"},
	{"Postfix with TLS and authentication",
		"from h (r.example.net [192.0.2.1])\n\t(using TLSv1.3 with cipher X (256/256 bits))\n"
		"\t(Client CN \"x [127.0.0.1]\", Issuer \"y\" (verified OK))\n"
		"\t(Authenticated sender: alice)\n\tby m (Postfix) with ESMTPSA id 4F" DATE,
		"192.0.2.1", "h", "r.example.net", "m", "ESMTPSA"},
	{"Postfix, keyword as HELO", "from by (r.example.net [192.0.2.1]) by m with SMTP" DATE,
		"192.0.2.1", "by", "r.example.net", "m", "SMTP"},
	{"sendmail with ident",
		"from h (root@r.example.net [192.0.2.1]) by m (8.17/8.17) with ESMTP" DATE,
		"192.0.2.1", "h", "r.example.net", "m", "ESMTP"},
	{"sendmail, no reverse name", "from h ([192.0.2.1]) by m (8.17/8.17) with SMTP" DATE,
		"192.0.2.1", "h", "", "m", "SMTP"},
	{"sendmail, ident only", "from h (root@[192.0.2.1]) by m (8.17/8.17) with SMTP" DATE,
		"192.0.2.1", "h", "", "m", "SMTP"},
	{"sendmail, may be forged",
		"from h (r.example.net\n    [192.0.2.1] (may be forged)) by m with ESMTP" DATE,
		"192.0.2.1", "h", "r.example.net", "m", "ESMTP"},
	{"Exim", "from r.example.net ([192.0.2.1] helo=h) by m with esmtp (Exim 4.96)" DATE,
		"192.0.2.1", "h", "r.example.net", "m", "esmtp"},
	{"Exim with port",
		"from r ([192.0.2.1]:4711 helo=[127.0.0.1]) by m with esmtp (Exim 4.96)" DATE,
		"192.0.2.1", "[127.0.0.1]", "r", "m", "esmtp"},
	{"Exim, IPv6", "from r ([2001:db8::1]:25 helo=h) by m with esmtps (Exim 4.96)" DATE,
		"2001:db8::1", "h", "r", "m", "esmtps"},
	{"Exim, helo= in the ident answer",
		"from r ([192.0.2.1] helo=h ident=helo=x) by m with esmtp (Exim 4.96)" DATE,
		"192.0.2.1", "h", "r", "m", "esmtp"},
	{"sendmail, at signs in the ident answer",
		"from h (a@127.0.0.1@r.example.net [192.0.2.1]) by m with SMTP" DATE,
		"192.0.2.1", "h", "r.example.net", "m", "SMTP"},
	{"Exim, reverse name is HELO",
		"from r.example.net ([192.0.2.1]) by m with esmtp (Exim 4.96)" DATE,
		"192.0.2.1", "r.example.net", "", "m", "esmtp"},
	{"Exim, no reverse name", "from [192.0.2.1] (helo=h) by m with esmtp (Exim 4.96)" DATE,
		"192.0.2.1", "h", "", "m", "esmtp"},
	{"Exim, no reverse name, more keys",
		"from [192.0.2.1] (port=4711 helo=[127.0.0.1] ident=x) by m with esmtp (Exim 4.96)" DATE,
		"192.0.2.1", "[127.0.0.1]", "", "m", "esmtp"},
	{"Exim, HELO is the address", "from [192.0.2.1] by m with esmtp (Exim 4.96)" DATE,
		"192.0.2.1", "[192.0.2.1]", "", "m", "esmtp"},
	{"qmail", "from unknown (HELO h) (192.0.2.1) by m with SMTP; 23 Nov 2026", "192.0.2.1",
		"h", "", "m", "SMTP"},
	{"qmail with ident", "from r (HELO h) (alice@192.0.2.1) by m with SMTP" DATE,
		"192.0.2.1", "h", "r", "m", "SMTP"},
	{"qmail, reverse name is HELO", "from r.example.net (192.0.2.1) by m with SMTP" DATE,
		"192.0.2.1", "r.example.net", "", "m", "SMTP"},
	{"IronPort", "from r (HELO h) ([192.0.2.1]) by m with ESMTP" DATE, "192.0.2.1", "h",
		"r", "m", "ESMTP"},
	{"Exchange",
		"from H.example.net (192.0.2.1) by M.example.org (192.0.2.9) with Microsoft SMTP Server id 15.1" DATE,
		"192.0.2.1", "H.example.net", "", "M.example.org", "Microsoft"},
	{"Exchange, IPv6",
		"from h (2001:db8::1) by m (2001:db8::2) with Microsoft SMTP Server" DATE,
		"2001:db8::1", "h", "", "m", "Microsoft"},
	{"Microsoft SMTPSVC",
		"from h ([192.0.2.1] RDNS failed) by m with Microsoft SMTPSVC(6.0)" DATE,
		"192.0.2.1", "h", "", "m", "Microsoft"},
	{"CommuniGate",
		"from [192.0.2.1] (account a@x HELO [127.0.0.1]) by m (CommuniGate Pro SMTP 6) with ESMTP" DATE,
		"192.0.2.1", "[127.0.0.1]", "", "m", "ESMTP"},
	{"Courier, mapped address", "from h (r [::ffff:192.0.2.1]) by m with esmtp" DATE,
		"192.0.2.1", "h", "r", "m", "esmtp"},
	{"amavis",
		"from m ([127.0.0.1]) by localhost (m [127.0.0.1]) (amavisd-new, port 10024) with ESMTP" DATE,
		"127.0.0.1", "m", "", "localhost", "ESMTP"},
	{"LMTP with an address",
		"from h ([192.0.2.1]) by m with LMTP id x (envelope-from <>)" DATE, "192.0.2.1",
		"h", "", "m", "LMTP"},
	{"upper case, no date", "FROM h (r [192.0.2.1]) BY m WITH SMTP", "192.0.2.1", "h", "r",
		"m", "SMTP"},
};

Test(received, knows_the_peer_as_servers_write_it)
{
	for (size_t i = 0; i < ARRAY_LEN(peer_rows); i++) {
		const char *label = peer_rows[i].label;
		char peer[NET_ADDRESS_TEXT_MAX];
		struct received r;

		received_parse(slice_str(peer_rows[i].body), &r);
		cr_expect_eq(r.kind, RECEIVED_FROM_PEER, "%s", label);
		cr_expect_str_eq(
			net_address_print(&r.peer, peer), peer_rows[i].peer, "%s", label);
		cr_expect(slice_eq(r.helo, slice_str(peer_rows[i].helo)), "%s: helo %.*s",
			label, SLICE_ARG(r.helo));
		cr_expect(slice_eq(r.rdns, slice_str(peer_rows[i].rdns)), "%s: rdns %.*s",
			label, SLICE_ARG(r.rdns));
		cr_expect(slice_eq(r.by, slice_str(peer_rows[i].by)), "%s: by %.*s", label,
			SLICE_ARG(r.by));
		cr_expect(slice_eq(r.with, slice_str(peer_rows[i].with)), "%s: with %.*s",
			label, SLICE_ARG(r.with));
	}
}

static const struct {
	const char *label;
	struct slice body;
	enum received_kind kind;
} kind_rows[] = {
	{"Postfix pickup", SLICE("by m (Postfix, from userid 0)\n\tid 4F" DATE),
		RECEIVED_SUBMITTED},
	{"Exim local", SLICE("from alice by m with local (Exim 4.96)" DATE),
		RECEIVED_SUBMITTED},
	{"Exim local, no name", SLICE("by m with local (Exim 4.96)" DATE), RECEIVED_SUBMITTED},
	{"Exim -bs", SLICE("from alice by m with local-esmtp (Exim 4.96)" DATE),
		RECEIVED_SUBMITTED},
	{"sendmail", SLICE("(from alice@localhost)\n\tby m (8.17/8.17/Submit) id x" DATE),
		RECEIVED_SUBMITTED},
	{"sendmail -bs",
		SLICE("from localhost (alice@localhost) by m (8.17/8.17) with ESMTP" DATE),
		RECEIVED_SUBMITTED},
	{"qmail", SLICE("(qmail 4711 invoked by uid 1000); 23 Nov 2026"), RECEIVED_SUBMITTED},
	{"qmail bounce", SLICE("(qmail 4711 invoked for bounce); 23 Nov 2026"),
		RECEIVED_SUBMITTED},
	{"nullmailer", SLICE("(nullmailer pid 1 invoked by uid 0);" DATE), RECEIVED_SUBMITTED},
	{"OpenSMTPD",
		SLICE("from localhost (m [local]) by m (OpenSMTPD) with ESMTPA id x" DATE),
		RECEIVED_SUBMITTED},
	{"Microsoft pickup", SLICE("from mail pickup service by m with Microsoft SMTPSVC" DATE),
		RECEIVED_SUBMITTED},
	{"fetchmail",
		SLICE("from pop.example.net [192.0.2.1] by localhost with POP3 (fetchmail-6.4)" DATE),
		RECEIVED_SUBMITTED},
	{"fetchmail, IMAP",
		SLICE("from imap [192.0.2.1]\n\tby localhost with IMAP (fetchmail-6.4)" DATE),
		RECEIVED_SUBMITTED},

	{"qmail network", SLICE("(qmail 4711 invoked from network); 23 Nov 2026"),
		RECEIVED_INSIDE},
	{"Dovecot", SLICE("from m by m with LMTP id x (envelope-from <>)" DATE),
		RECEIVED_INSIDE},
	{"Dovecot, no from", SLICE("by m with LMTP id x" DATE), RECEIVED_INSIDE},
	{"no from clause", SLICE("by 2002:a05:: with SMTP id x" DATE), RECEIVED_INSIDE},
	{"qmail-scanner", SLICE("from a@x by m by uid 64020 with qmail-scanner-2.11" DATE),
		RECEIVED_INSIDE},

	{"empty", SLICE(""), RECEIVED_UNKNOWN},
	{"date only", SLICE(DATE), RECEIVED_UNKNOWN},
	{"name only", SLICE("from 192.0.2.1 by m with HTTP" DATE), RECEIVED_UNKNOWN},
	{"literal only", SLICE("from [192.0.2.1] by m with SMTP" DATE), RECEIVED_UNKNOWN},
	{"reverse name only", SLICE("from h (r.example.net) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"web mail",
		SLICE("from 192.0.2.1 (SquirrelMail authenticated user a) by m with HTTP" DATE),
		RECEIVED_UNKNOWN},
	{"bad address", SLICE("from h (r [192.0.2.256]) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"unclosed bracket", SLICE("from h (r [192.0.2.1) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"text at the bracket", SLICE("from h (r [192.0.2.1]x) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"unclosed comment", SLICE("from h (r [192.0.2.1] by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"NUL", SLICE("from h (r [192.0.2.1]) \0 by m with SMTP" DATE), RECEIVED_UNKNOWN},
	{"other comment first", SLICE("(ofmipd 192.0.2.1); 23 Nov 2026"), RECEIVED_UNKNOWN},

	/* The peer's own words must not pass for the server's. */
	{"HELO with blanks", SLICE("from x y (r [192.0.2.1]) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"HELO with an address",
		SLICE("from x [127.0.0.1] (r [192.0.2.1]) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"HELO with clauses",
		SLICE("from x by y with local (r [192.0.2.1]) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"HELO with a protocol", SLICE("from x by y (r [192.0.2.1]) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"ident answer with an address",
		SLICE("from [192.0.2.1] (helo=x ident=a [127.0.0.1]) by m with esmtp (Exim 4.96)" DATE),
		RECEIVED_UNKNOWN},
	{"ident answer with an address in front",
		SLICE("from h (a [127.0.0.1] b@r [192.0.2.1]) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"ident answer with an address and a port",
		SLICE("from h (a@[127.0.0.1]:@r) by m with SMTP" DATE), RECEIVED_UNKNOWN},
	{"ident answer with a bare address",
		SLICE("from h (a@127.0.0.1@r) by m with SMTP" DATE), RECEIVED_UNKNOWN},
	{"HELO with a keyword", SLICE("from x with LMTP (r [192.0.2.1]) by m" DATE),
		RECEIVED_UNKNOWN},
	{"HELO like a pickup service",
		SLICE("from mail pickup service (r [192.0.2.1]) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"HELO instead of the address", SLICE("from x [127.0.0.1] by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"no number as port", SLICE("from h ([192.0.2.1]:x) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
	{"address behind other words", SLICE("from h (x y [127.0.0.1]) by m with SMTP" DATE),
		RECEIVED_UNKNOWN},
};

Test(received, tells_hand_overs_from_submissions_and_doubt)
{
	for (size_t i = 0; i < ARRAY_LEN(kind_rows); i++) {
		struct received r;

		received_parse(kind_rows[i].body, &r);
		cr_expect_eq(r.kind, kind_rows[i].kind, "%s: %d", kind_rows[i].label, r.kind);
	}
}

Test(received, stays_within_bounds_for_near_misses)
{
	for (size_t i = 0; i < ARRAY_LEN(peer_rows); i++) {
		mutate_truncations(slice_str(peer_rows[i].body), check_received);
		mutate_bytes(slice_str(peer_rows[i].body), check_received);
	}
	for (size_t i = 0; i < ARRAY_LEN(kind_rows); i++) {
		mutate_truncations(kind_rows[i].body, check_received);
		mutate_bytes(kind_rows[i].body, check_received);
	}
}
