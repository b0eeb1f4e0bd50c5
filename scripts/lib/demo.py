#!/usr/bin/env python3
"""The demo: a small site, real messages through the real spamc, a table of what came out; then
a second site, whose users' vouches and revocations change how mail is scored at the first.

usage: demo.py [--keep]     (called by scripts/demo, which builds first)
"""

import email
import email.utils
import pathlib
import shutil
import signal
import sys
import textwrap
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration"))

import harness  # noqa: E402  (the path above leads to it)
from gossip_node import Node  # noqa: E402
from trust_site import Site  # noqa: E402

EXAMPLES = TOP / "docs/examples/mail"
CORPUS = TOP.parent / "shared/data/mail"

CONFIG = """\
# The site's own mail server, and the id it writes into Authentication-Results.
authres_trusted_authserv mx.example.org
"""

SET_UP = """\
init --domain example.org
user add alice@example.org
user add bob@example.org
user add carol@example.org
friend add --user alice@example.org --level strong bob@example.net
vouch --user alice@example.org carol@example.com
friend add --user bob@example.org --level strong alice@example.org
block --user alice@example.org mallory@example.com
"""

# File, recipient, expected tier, rule that must be among those that hit.
EXAMPLE_CASES = [
    ("from-a-close-friend.eml", "alice@example.org", "well-trusted", "TRUST_WELL"),
    ("from-an-acquaintance.eml", "alice@example.org", "known", "TRUST_DIRECT"),
    ("from-a-friend-of-a-colleague.eml", "bob@example.org", "known", "TRUST_FOF"),
    ("from-a-stranger.eml", "carol@example.org", "unknown", "TRUST_UNKNOWN"),
    ("from-a-blocked-sender.eml", "alice@example.org", "blocked", "TRUST_BLOCKED"),
    ("forged-without-proof.eml", "alice@example.org", "unknown", "TRUST_UNPROVEN"),
    ("forged-with-a-false-result.eml", "alice@example.org", "unknown", "TRUST_AR_FORGED"),
    ("gtube.eml", "alice@example.org", "unknown", "GTUBE"),
]

# The same for messages of the public SpamAssassin corpus: is their From a strong friend first,
# and do we write the result that the site's mail server would have written today?
CORPUS_CASES = [
    ("ham/easy-0002.eml", True, True, "well-trusted", "TRUST_WELL"),
    ("ham/easy-0008.eml", True, False, "unknown", "TRUST_UNPROVEN"),
    ("spam/spam-0003.eml", False, True, "unknown", "TRUST_UNKNOWN"),
]


class Case:
    """One message on its way to one user, and what is expected of it."""

    def __init__(self, name, message, user, tier, rule):
        self.name, self.message, self.user = name, message, user
        self.tier, self.rule = tier, rule
        self.sender = sender_of(message)


def sender_of(message):
    return email.utils.parseaddr(email.message_from_bytes(message)["From"] or "")[1]


def example_cases():
    for name, *expected in EXAMPLE_CASES:
        yield Case(name, (EXAMPLES / name).read_bytes(), *expected)


def corpus_cases(site):
    """Old messages carry no results: puts the fields of a present-day border on top."""
    if not CORPUS.is_dir():
        return
    user = "alice@example.org"
    print("Messages of the public SpamAssassin corpus, with what the site's mail server adds today:")
    for name, is_friend, is_proved, *expected in CORPUS_CASES:
        message = (CORPUS / name).read_bytes()
        if message.startswith(b"From "):
            message = message.partition(b"\n")[2]
        sender = sender_of(message)
        domain = sender.partition("@")[2]
        fields = (
            f"Received: from mail.{domain} (mail.{domain} [192.0.2.25])\n"
            f"\tby mx.example.org (Postfix) with ESMTPS id 4XbL0n3QdNz9s\n"
            f"\tfor <{user}>; Mon, 23 Nov 2026 18:00:00 +0000 (UTC)\n"
        )
        if is_proved:
            fields = f"Authentication-Results: mx.example.org; dkim=pass header.d={domain}\n" + fields
        if is_friend:
            site.trustctl("friend", "add", "--user", user, "--level", "strong", sender)
        print(f"  {name}: " + ", ".join(
            line.partition(":")[0] for line in fields.splitlines() if not line.startswith("\t")))
        yield Case(name, fields.encode() + message, user, *expected)


def row(case, answer):
    """What the table shows of one answer, and whether it is what was expected."""
    good = answer.tier == case.tier and case.rule in answer.rules
    why = "; ".join(filter(None, [answer.path, " ".join(answer.rules)]))
    return [
        case.sender,
        case.user,
        answer.evidence,
        answer.tier,
        f"{answer.score:g}",
        why,
        good,
    ]


# What is left of a line for the last column; less, and it gets lines of its own.
WHY_WIDTH_MIN = 40


def print_table(rows):
    """As wide as the terminal, where it is one."""
    heads = ["from", "for", "proof", "tier", "score", "why"]
    widths = [max(len(line[i]) for line in [heads, *rows]) for i in range(5)]
    columns = shutil.get_terminal_size((136, 24)).columns
    at = sum(widths) + 2 * len(widths) + 2
    is_wide = columns - at >= WHY_WIDTH_MIN
    at = at if is_wide else 8
    print("  " + "  ".join(f"{head:{width}}" for head, width in zip(heads, [*widths, 0])))
    for line in rows:
        cells = "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths))
        if not is_wide:
            cells = cells.rstrip() + "\n" + " " * (at - 2)
        why = textwrap.wrap(line[5], max(min(columns - at, 72), WHY_WIDTH_MIN))
        print(("  " if line[6] else "! ") + cells + "  " + ("\n" + " " * at).join(why))


def set_up(site):
    print("A web of trust of three users (trustctl --store DIR ...):")
    for line in SET_UP.splitlines():
        print("  " + line)
        site.trustctl(*line.split())


def run(site, keep):
    set_up(site)
    cases = list(example_cases()) + list(corpus_cases(site))
    site.start()
    print(f"spamd-trust listens on 127.0.0.1:{site.daemon.port}\n")
    rows = [row(case, site.score(case.message, case.user)) for case in cases]
    print_table(rows)
    wrong = [case for case, line in zip(cases, rows) if not line[6]]
    for case in wrong:
        print(f"\n{case.name}: expected the tier {case.tier} and the rule {case.rule}")
    if not wrong:
        print(f"\nAll {len(rows)} messages got the tier they should.")
        run_peers(site)
    if keep:
        print_keep(site)
    return 1 if wrong else 0


# What happens at the second site, and what mail to alice at the first one then gets.
ACTS = [
    ("Nobody at example.org knows dave@example.com.", None, "dave@example.com", "unknown"),
    (
        "Bob, at example.net, vouches for him.",
        ("vouch", "--user", "bob@example.net", "dave@example.com"),
        "dave@example.com",
        "known",
    ),
    (
        "Bob finds that his keys were stolen.",
        ("revoke", "--user", "bob@example.net", "--force", "--why", "hacked", "--since", "1d"),
        "bob@example.net",
        "revoked",
    ),
    ("Whom that key vouched for is a stranger again.", None, "dave@example.com", "unknown"),
]


def mail_from(sender):
    """A message with proof of its sender, as the mail server of example.org hands it over."""
    domain = sender.partition("@")[2]
    return (
        f"Authentication-Results: mx.example.org; dkim=pass header.d={domain}\n"
        f"Received: from mail.{domain} (mail.{domain} [192.0.2.25]) by mx.example.org;\n"
        f"\tMon, 23 Nov 2026 18:00:00 +0000\n"
        f"From: {sender}\nTo: alice@example.org\nSubject: hello\n\nHello.\n"
    ).encode()


def start_peers(site):
    """A gossip node on the site's store, and a second site; they become peers."""
    here = Node(site.dir / "example.org", "example.org")
    here.store = site.store
    there = Node(site.dir / "example.net", "example.net").init("bob")
    here.start()
    there.start()
    link = here.invite()
    print("\nA second site, example.net. Both run gossip; the administrators connect them:")
    print(f"  example.org$ trustctl peer invite\n  {link}")
    print("  example.net$ trustctl peer accept " + link[:24] + "...")
    digits = there.accept(link)
    print(f"  Both see the digits {digits[:3]} {digits[3:]}.")
    here.trustctl(
        "friend", "add", "--user", "alice@example.org", "--identity", there.identity("bob"),
        "bob@example.net",
    )
    here.trustctl("peer", "add", there.url, "--pin", there.pin, "--name", "example.net")
    return here, there


def play(site, there, act):
    """One act: what is done at the other site, and how long until mail here shows it."""
    text, command, sender, tier = act
    began = time.monotonic()
    print(f"\n{text}")
    if command:
        print("  example.net$ trustctl " + " ".join(command))
        there.trustctl(*command)
    last = []

    def reached():
        last[:] = [site.score(mail_from(sender), "alice@example.org")]
        return last[0].tier == tier

    harness.wait_for(reached, f"{sender} to be {tier}", lambda: str(last[0]))
    after = f", {time.monotonic() - began:.1f} s later" if command else ""
    print(f"  mail from {sender} to alice@example.org: {last[0].tier}, {last[0].score:g} "
          f"({', '.join(last[0].rules)}){after}")


def run_peers(site):
    nodes = ()
    try:
        nodes = start_peers(site)
        for act in ACTS:
            play(site, nodes[1], act)
        print("\nNothing was restarted: spamd-trust reads what gossip writes.")
    finally:
        for node in nodes:
            node.stop()


def print_keep(site):
    example = (EXAMPLES / "from-an-acquaintance.eml").relative_to(TOP)
    print(
        f"""
The daemon goes on running. Try:
  spamc -d 127.0.0.1 -p {site.daemon.port} -u alice@example.org < {example}
  spamc -d 127.0.0.1 -p {site.daemon.port} -u alice@example.org -R < {example}
  export SPAMD_TRUST_STORE={site.store}
  build/release/trustctl/trustctl why -C {site.daemon.config} --user alice@example.org {example}
  build/release/trustctl/trustctl friend list --user alice@example.org
End it with:
  kill {site.daemon.pid}; rm -rf {site.dir}"""
    )


def main(*options):
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    keep = "--keep" in options
    site = Site(CONFIG)
    try:
        status = run(site, keep)
        if keep:
            site = None
        return status
    except AssertionError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if site is not None:
            site.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
