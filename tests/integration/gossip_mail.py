#!/usr/bin/env python3
"""Two sites that trust each other: what is said at one changes how mail is scored at the other.

Real daemons, real spamc: spamd-trust and gossip on one store at example.org, gossip alone at
example.net. Nothing is restarted on the way.
"""

import os
import signal
import subprocess
import time
import unittest

import harness
from gossip_node import Node
from trust_site import Site

CONFIG = "authres_trusted_authserv mx.example.org\n"


def mail_from(sender, shows=None, signed="from", proof="dkim=pass"):
    """A message with proof of its sender, as the site's own mail server hands it over.

    With `shows`, the sender names his identity; h= of the signature is `signed`.
    """
    domain = sender.partition("@")[2]
    field = f"Trust-Identity: id:{shows}\n" if shows else ""
    return (
        f"Authentication-Results: mx.example.org; {proof} header.d={domain} header.s=s1\n"
        f"Received: from mail.{domain} (mail.{domain} [192.0.2.25]) by mx.example.org\n"
        f"\tfor <alice@example.org>; Mon, 23 Nov 2026 18:00:00 +0000\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=s1; h={signed}; bh=x; b=abcdefgh\n"
        f"{field}From: {sender}\nTo: alice@example.org\nSubject: hello\n"
        f"Message-ID: <1@{domain}>\n\nHello.\n"
    ).encode()


class TwoSites:
    """example.org, with spamd-trust and alice; example.net, with bob, whom she knows.

    She knows him by his address; with `confirmed`, she also said which identity is his.
    """

    def __init__(self, confirmed=True):
        self.site = Site(CONFIG)
        self.nodes = []
        self.here = Node(self.site.dir / "here", "example.org")
        self.here.store = self.site.store
        self.there = Node(self.site.dir / "there", "example.net")
        self.nodes = [self.here, self.there]
        self.here.init("alice")
        self.there.init("bob")
        self.bob = self.there.identity("bob")
        self.here.trustctl(
            "friend", "add", "--user", "alice@example.org",
            *(("--identity", self.bob) if confirmed else ()), "bob@example.net",
        )

    def add_node(self, domain, user):
        """One more site, which does not gossip yet."""
        node = Node(self.site.dir / domain, domain)
        node.init(user)
        self.nodes.append(node)
        return node

    def start(self):
        self.site.start()
        for node in self.nodes:
            node.start()
        digits = self.there.accept(self.here.invite())
        self.here.wait_log(f"digits {digits}")
        # Who follows an invitation knows how to call; the host learns it here.
        self.here.trustctl(
            "peer", "add", self.there.url, "--pin", self.there.pin, "--name", "example.net"
        )

    def close(self):
        for node in self.nodes:
            node.stop()
        self.site.close()

    def score(self, sender, **how):
        return self.site.score(mail_from(sender, **how), "alice@example.org")

    def wait_statement(self, act, issuer, subject):
        harness.wait_for(
            lambda: (act, issuer, subject) in self.here.statements(),
            f"{act} of {subject}", self.here.tail,
        )

    def wait_tier(self, sender, tier, **how):
        """Waits until mail of that sender is scored so; the last answer."""
        last = []

        def reached():
            last[:] = [self.score(sender, **how)]
            return last[0].tier == tier

        harness.wait_for(
            reached, f"{tier} for {sender}",
            lambda: f"{last[0]}\n{self.here.tail()}\n{self.site.daemon.tail()}",
        )
        return last[0]


class Mail(unittest.TestCase):
    def setUp(self):
        self.sites = TwoSites()
        self.addCleanup(self.sites.close)
        self.sites.start()

    def bob(self, *args):
        self.sites.there.trustctl(*args, "--user", "bob@example.net")

    def test_a_vouch_made_there_lets_a_stranger_in_here(self):
        sites = self.sites
        self.assertEqual(sites.score("carol@example.com").tier, "unknown")
        self.bob("vouch", "carol@example.com")
        answer = sites.wait_tier("carol@example.com", "known")
        self.assertIn("TRUST_FOF", answer.rules)

    def test_a_withdrawn_vouch_introduces_nobody_new(self):
        sites = self.sites
        self.bob("vouch", "carol@example.com")
        self.bob("vouch", "dave@example.com")
        sites.wait_tier("carol@example.com", "known")
        self.bob("vouch", "dave@example.com", "--level", "none")
        harness.wait_for(
            lambda: any(
                (st["issuer"], st["subject"], st["level"])
                == (sites.bob, "addr:dave@example.com", 0)
                for st in sites.here.json("statement", "list")
            ),
            "the withdrawal", sites.here.tail,
        )
        self.assertEqual(sites.score("dave@example.com").tier, "unknown")

    def test_who_is_a_friend_no_more_is_heard_no_more_and_again_when_he_is(self):
        """The scope follows the users' lists at once, both ways; nothing waits for the night."""
        sites = self.sites
        friend = ("--user", "alice@example.org", "bob@example.net")
        sites.there.trustctl("user", "add", "erin@example.net")
        self.bob("vouch", "carol@example.com")
        sites.wait_statement("vouch", sites.bob, "addr:carol@example.com")
        sites.here.trustctl("friend", "remove", *friend)
        # Lists are looked at every half second: when erin is heard, this one was seen.
        erin = sites.there.identity("erin")
        sites.here.trustctl("friend", "add", "--identity", erin, *friend[:2], "erin@example.net")
        sites.wait_statement("bind", erin, "addr:erin@example.net")
        before = sites.here.peers()["example.net"]["refused"]
        self.bob("vouch", "dave@example.com")
        refused = harness.wait_for(
            lambda: (now := sites.here.peers()["example.net"]["refused"]) != before and now,
            "the refusal", sites.here.tail,
        )
        self.assertIn("scope", refused)
        self.assertNotIn(
            ("vouch", sites.bob, "addr:dave@example.com"), sites.here.statements()
        )
        sites.here.trustctl("friend", "add", "--identity", sites.bob, *friend)
        sites.wait_statement("vouch", sites.bob, "addr:dave@example.com")
        sites.wait_tier("dave@example.com", "known")

    def test_a_stolen_key_dies_here_too(self):
        """What the thief vouches for counts nowhere, within the five seconds we promise."""
        sites = self.sites
        self.bob("vouch", "mallory@example.com")
        harness.wait_for(
            lambda: ("vouch", sites.bob, "addr:mallory@example.com") in sites.here.statements(),
            "the vouch", sites.here.tail,
        )
        self.bob("revoke", "--force", "--why", "hacked", "--since", "1h")
        harness.wait_for(
            lambda: any(act == "revoke" for act, _, _ in sites.here.statements()),
            "the revocation", sites.here.tail,
        )
        self.assertEqual(sites.score("mallory@example.com").tier, "unknown")
        self.assertEqual(sites.score("bob@example.net").tier, "revoked")

    def test_nothing_is_lost_when_gossip_is_killed_in_the_middle(self):
        """Round after round: statements are made there, the node here dies at any moment."""
        sites = self.sites
        names = [f"friend{i}@example.com" for i in range(12)]
        for i, name in enumerate(names):
            self.bob("vouch", name)
            if i % 3 == 2:
                sites.here.kill()
                sites.here.start()
        wanted = {("vouch", sites.bob, "addr:" + name) for name in names}
        harness.wait_for(
            lambda: wanted <= sites.here.statements(), "all vouches", sites.here.tail
        )
        self.assertEqual(
            sites.here.trustctl("rebuild", check=False).returncode, 0, sites.here.tail()
        )

    def test_a_full_disk_stops_nothing_but_the_news(self):
        """The file may not grow: mail is scored on, and what was missed comes later."""
        sites = self.sites
        sites.here.stop()
        data = sites.site.store / "graph" / "data.mdb"
        limit = data.stat().st_size // 512
        before = len(sites.here.starts())
        with sites.here.log.open("ab") as log:
            sites.here.process = subprocess.Popen(
                ["sh", "-c", f'ulimit -f {limit}; trap "" XFSZ; exec "$@"', "sh",
                 str(harness.BUILD / "gossip" / "gossip"), "--store", str(sites.here.store),
                 "-C", str(sites.here.config)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
            )
        sites.here.wait_start(before)
        # Whoever is pinned before the port changes again calls us; here we call him.
        names = [f"somebody{i:03}@example.com" for i in range(40)]
        for name in names:
            self.bob("vouch", name)
        self.assertEqual(sites.score("nobody@example.com").tier, "unknown")
        sites.here.kill()
        sites.here.start()
        wanted = {("vouch", sites.bob, "addr:" + name) for name in names}
        harness.wait_for(
            lambda: wanted <= sites.here.statements(), "all vouches", sites.here.tail
        )


class Binding(unittest.TestCase):
    """Alice knows bob by his address. Which identity is his she never said; his mail shows it."""

    COVERED = "from:trust-identity"

    def setUp(self):
        self.sites = TwoSites(confirmed=False)
        self.addCleanup(self.sites.close)
        self.mallory = self.sites.add_node("example.com", "mallory")
        self.sites.start()
        self.sites.here.connect(self.mallory)
        self.thief = self.mallory.identity("mallory")
        bob = self.sites.bob
        self.sites.there.trustctl("vouch", "--user", "bob@example.net", "carol@example.com")
        self.sites.wait_statement("vouch", bob, "addr:carol@example.com")
        self.sites.wait_statement("bind", bob, "addr:bob@example.net")

    def addresses(self, identity):
        """(in effect, claimed) here."""
        shown = self.sites.here.json("identity", "show", "--as", identity)
        return shown["addresses"], shown["claims"]

    def wait_effect(self):
        harness.wait_for(
            lambda: self.addresses(self.sites.bob) == (["bob@example.net"], []),
            "bob's address", self.sites.site.daemon.tail,
        )

    def test_mail_that_shows_the_identity_makes_the_binding_count(self):
        sites = self.sites
        self.assertEqual(sites.score("carol@example.com").tier, "unknown")
        self.assertEqual(self.addresses(sites.bob), ([], ["bob@example.net"]))
        sites.score("bob@example.net", shows=sites.bob, signed=self.COVERED)
        answer = sites.wait_tier("carol@example.com", "known")
        self.assertIn("TRUST_FOF", answer.rules)
        self.assertEqual(self.addresses(sites.bob), (["bob@example.net"], []))
        why = sites.here.json("why", "--user", "alice@example.org", "bob@example.net")
        self.assertEqual(why["why"]["identity"], "id:" + sites.bob)

    def test_who_speaks_for_the_domain_may_vouch_for_its_addresses(self):
        """Bindings carry the hosting site's second signature; confirmed once, it counts for all."""
        sites = self.sites
        self.assertEqual(sites.score("carol@example.com").tier, "unknown")
        speaker = sites.there.json("identity", "show", "--site")["identity"]
        sites.here.trustctl("friend", "add", "--site", "--identity", speaker, "example.net")
        self.wait_effect()  # the site's own certificate has to come
        sites.wait_tier("carol@example.com", "known")

    def test_it_survives_a_crash_of_the_daemon(self):
        sites = self.sites
        sites.score("bob@example.net", shows=sites.bob, signed=self.COVERED)
        self.wait_effect()
        os.kill(sites.site.daemon.worker_pid(), signal.SIGKILL)
        # Nobody is introduced until the new worker has its ledger open.
        sites.wait_tier("carol@example.com", "known")

    def test_it_is_kept_also_where_no_history_is(self):
        sites = self.sites
        sites.site.restart(CONFIG + "history 0\n")
        sites.score("bob@example.net", shows=sites.bob, signed=self.COVERED)
        sites.wait_tier("carol@example.com", "known")

    def test_a_stolen_identity_counts_against_the_address_that_showed_it(self):
        sites = self.sites
        sites.score("bob@example.net", shows=sites.bob, signed=self.COVERED)
        self.wait_effect()
        # Revocations count in seconds; what was seen in the same one ends as well.
        seen = int(time.time())
        harness.wait_for(lambda: time.time() >= seen + 1, "the next second")
        sites.there.trustctl(
            "revoke", "--user", "bob@example.net", "--force", "--why", "hacked"
        )
        sites.wait_tier("bob@example.net", "revoked")

    def test_a_thief_who_binds_somebody_elses_address_gains_nothing(self):
        """Whatever he signs, and whatever he sends."""
        sites = self.sites
        for what in (("bind", "bob@example.net"), ("vouch", "evil@example.com")):
            self.mallory.trustctl(what[0], "--user", "mallory@example.com", what[1])
        sites.wait_statement("bind", self.thief, "addr:bob@example.net")
        sites.wait_statement("vouch", self.thief, "addr:evil@example.com")
        forged = (
            ("bob@example.net", {"signed": "from"}),
            ("bob@example.net", {"signed": self.COVERED, "proof": "dkim=fail"}),
            ("bob@example.net", {"signed": self.COVERED, "proof": "dkim=none"}),
            ("mallory@example.com", {"signed": self.COVERED}),
            ("eve@example.net", {"signed": self.COVERED}),
        )
        for sender, how in forged:
            self.assertEqual(
                sites.score("evil@example.com").tier, "unknown", f"before {sender} {how}"
            )
            sites.score(sender, shows=self.thief, **how)
        # Bob's own mail, sent again with one more field, which nothing signed.
        twice = mail_from("bob@example.net", shows=sites.bob, signed=self.COVERED).replace(
            b"Trust-Identity", f"Trust-Identity: id:{self.thief}\nTrust-Identity".encode()
        )
        sites.site.score(twice, "alice@example.org")
        # What was noted of all this is there when what comes behind it is.
        sites.score("bob@example.net", shows=sites.bob, signed=self.COVERED)
        self.wait_effect()
        self.assertNotIn("bob@example.net", self.addresses(self.thief)[0])
        self.assertIn("bob@example.net", self.addresses(self.thief)[1])
        self.assertEqual(sites.score("evil@example.com").tier, "unknown")
        self.assertEqual(sites.score("carol@example.com").tier, "known")
        # Nor does his end stain the address.
        self.mallory.trustctl(
            "revoke", "--user", "mallory@example.com", "--force", "--why", "hacked",
            "--since", "1h",
        )
        harness.wait_for(
            lambda: any(s[:2] == ("revoke", self.thief) for s in sites.here.statements()),
            "the revocation", sites.here.tail,
        )
        self.assertEqual(sites.score("bob@example.net").tier, "known")


class Warnings(unittest.TestCase):
    """What a user reports there makes strangers dear to his friends here (METRIC "Reports")."""

    SPAMMER = "mallory@example.com"

    def setUp(self):
        self.sites = sites = TwoSites()
        self.addCleanup(sites.close)
        sites.there.trustctl("user", "add", "dave@example.net")
        sites.there.trustctl("user", "add", "erin@example.net")
        for user in ("dave", "erin"):
            sites.here.trustctl(
                "friend", "add", "--user", "alice@example.org",
                "--identity", sites.there.identity(user), f"{user}@example.net",
            )
        self.daemon = harness.Daemon(
            sites.there.dir, "-x", "-l", config=CONFIG, store=sites.there.store
        )
        self.daemon.config.write_text(CONFIG + "share_reports yes\n")
        self.addCleanup(self.daemon.stop)
        harness.share_store(sites.there.store)
        self.daemon.start()
        sites.start()
        # Dave vouches for the spammer, who would be introduced.
        self.there("vouch", "--user", "dave@example.net", self.SPAMMER)
        sites.wait_statement("vouch", sites.there.identity("dave"), "addr:" + self.SPAMMER)

    def there(self, *args):
        return self.sites.there.trustctl(*args)

    def report(self, user, *options):
        """The spammer's mail, as one of the users there reports it."""
        message = mail_from(self.SPAMMER)
        done = self.daemon.spamc("-u", f"{user}@example.net", *options, message=message)
        self.assertIn(done.returncode, (0, 5, 6), done.stderr)
        return self.there("ledger", "share", "-C", str(self.daemon.config)).stdout

    def why(self):
        """(tier, price, warnings) of the spammer, for alice; nothing is paid."""
        found = self.sites.here.json("why", "--user", "alice@example.org", self.SPAMMER)
        return found["tier"], found["why"]["price"], found["why"]["warnings"]

    def wait_why(self, *expected):
        harness.wait_for(
            lambda: self.why() == expected, str(expected),
            lambda: f"{self.why()}\n{self.sites.here.tail()}\n{self.sites.there.tail()}",
        )

    def test_a_report_there_is_a_warning_here(self):
        self.assertEqual(self.why(), ("known", 1.0, 0))
        self.assertIn("published", self.report("bob", "-L", "spam"))
        # One credit does not pay for two; a second one who warns makes it not payable at all.
        self.wait_why("unknown", 2.0, 1)
        self.assertEqual(self.sites.score(self.SPAMMER).tier, "unknown")
        self.assertIn("published", self.report("erin", "-L", "spam"))
        self.wait_why("unknown", 3.0, 2)
        # Nobody who did not ask for it hears who wrote to whom: the warning is for peers.
        warnings = [s for s in self.sites.here.json("statement", "list") if s["act"] == "warn"]
        self.assertEqual({s["audience"] for s in warnings}, {"peers"})
        # What is taken back there is taken back here.
        self.assertIn("taken back", self.report("bob", "-L", "ham"))
        self.wait_why("unknown", 2.0, 1)
        self.assertIn("taken back", self.report("erin", "-C", "revoke"))
        self.wait_why("known", 1.0, 0)
        self.assertEqual(self.sites.score(self.SPAMMER).tier, "known")

    def test_a_friend_of_ones_own_is_none_the_worse(self):
        self.sites.here.trustctl(
            "friend", "add", "--user", "alice@example.org", self.SPAMMER
        )
        self.report("bob", "-L", "spam")
        self.sites.wait_statement("warn", self.sites.bob, "addr:" + self.SPAMMER)
        self.assertEqual(self.sites.score(self.SPAMMER).tier, "known")

    def test_who_is_no_friend_warns_nobody(self):
        self.sites.here.trustctl(
            "friend", "remove", "--user", "alice@example.org", "bob@example.net"
        )
        self.report("bob", "-L", "spam")
        self.report("erin", "-L", "spam")
        self.sites.wait_statement(
            "warn", self.sites.there.identity("erin"), "addr:" + self.SPAMMER
        )
        self.wait_why("unknown", 2.0, 1)


if __name__ == "__main__":
    harness.main()
