#!/usr/bin/env python3
"""Two sites that trust each other: what is said at one changes how mail is scored at the other.

Real daemons, real spamc: spamd-trust and gossip on one store at example.org, gossip alone at
example.net. Nothing is restarted on the way.
"""

import subprocess
import unittest

import harness
from gossip_node import Node
from trust_site import Site

CONFIG = "authres_trusted_authserv mx.example.org\n"


def mail_from(sender):
    """A message with proof of its sender, as the site's own mail server hands it over."""
    domain = sender.partition("@")[2]
    return (
        f"Authentication-Results: mx.example.org; dkim=pass header.d={domain}\n"
        f"Received: from mail.{domain} (mail.{domain} [192.0.2.25]) by mx.example.org\n"
        f"\tfor <alice@example.org>; Mon, 23 Nov 2026 18:00:00 +0000\n"
        f"From: {sender}\nTo: alice@example.org\nSubject: hello\n"
        f"Message-ID: <1@{domain}>\n\nHello.\n"
    ).encode()


class TwoSites:
    """example.org, with spamd-trust and alice; example.net, with bob, whom she knows."""

    def __init__(self):
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
            "friend", "add", "--user", "alice@example.org", "--identity", self.bob,
            "bob@example.net",
        )

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

    def score(self, sender):
        return self.site.score(mail_from(sender), "alice@example.org")

    def wait_tier(self, sender, tier):
        """Waits until mail of that sender is scored so; the last answer."""
        last = []

        def reached():
            last[:] = [self.score(sender)]
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


if __name__ == "__main__":
    harness.main()
