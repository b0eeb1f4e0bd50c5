#!/usr/bin/env python3
"""Two nodes become peers and swap statements: real processes, real TLS, loopback only."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import tempfile
import unittest

import harness
from gossip_node import GOSSIP, Node


class GossipTest(unittest.TestCase):
    """Each test has a directory of its own and ends the nodes it started."""

    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gossip-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.nodes = []

    def tearDown(self):
        for node in self.nodes:
            node.stop()
            text = node.log_text()
            self.assertNotRegex(text, "Sanitizer|runtime error", text)

    def node(self, domain, *users, config=""):
        node = Node(self.dir / domain, domain, config).init(*users)
        self.nodes.append(node)
        return node.start()

    def two(self):
        return self.node("example.org", "alice"), self.node("example.net", "bob")


class Pairing(GossipTest):
    def test_an_invitation_makes_peers_of_both_with_the_same_digits(self):
        a, b = self.two()
        link = a.invite()
        self.assertTrue(link.startswith(f"gossip://{a.host}/{a.pin}/"), link)
        digits = b.accept(link)
        self.assertRegex(digits, r"^\d{6}$")
        a.wait_log(f"paired with .*, digits {digits}")
        harness.wait_for(lambda: b.json("peer", "list")[0]["last_sync"], "a first sync", b.tail)
        [peer] = a.json("peer", "list")
        self.assertEqual(peer["pin"], b.pin)
        [peer] = b.json("peer", "list")
        self.assertEqual((peer["pin"], peer["url"], peer["class"]), (a.pin, a.url, "friend"))

    def test_without_an_address_of_ones_own_the_machine_names_the_peer(self):
        a, b = self.two()
        done = b.trustctl("peer", "accept", a.invite())
        name = socket.gethostname()[:63]
        self.assertIn(f"Paired with {name}.", done.stdout)
        for node in (a, b):
            node.wait_log(f"paired with {re.escape(name)}, digits")
            self.assertEqual([peer["name"] for peer in node.json("peer", "list")], [name])
        # With one, its host does.
        c = self.node("example.com", config="gossip_url https://mx.example.com:7483\n")
        c.accept(a.invite())
        a.wait_log("paired with mx.example.com, digits")
        # Who is only pinned is called by the host he is called at.
        b.trustctl("peer", "add", c.url, "--pin", c.pin)
        self.assertIn("127.0.0.1", b.peers())

    def test_a_link_is_good_once(self):
        a, b = self.two()
        c = self.node("example.com")
        link = a.invite()
        b.accept(link)
        done = c.trustctl("peer", "accept", link, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not open any more", done.stderr)
        self.assertEqual(len(a.json("peer", "list")), 1)
        self.assertEqual(c.json("peer", "list"), [])

    def test_five_wrong_secrets_close_it(self):
        a, b = self.two()
        link = a.invite()
        wrong = link[:-1] + ("A" if link[-1] != "A" else "E")
        for _ in range(5):
            done = b.trustctl("peer", "accept", wrong, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("secret is wrong", done.stderr)
        done = b.trustctl("peer", "accept", link, check=False)
        self.assertIn("not open any more", done.stderr)
        self.assertEqual(a.json("peer", "list"), [])

    def test_a_damaged_link_says_what_is_wrong(self):
        a, b = self.two()
        link = a.invite()
        for bad, text in (
            (link[:-4], "secret in the invitation is not whole"),
            (link.replace("gossip://", "https://"), "starts with gossip://"),
            (link.replace("/" + a.pin, "/" + a.pin[:-5]), "pin in the invitation is not whole"),
        ):
            done = b.trustctl("peer", "accept", bad, check=False)
            self.assertEqual(done.returncode, 65, done.stderr)
            self.assertIn(text, done.stderr)
        done = a.trustctl("peer", "accept", link, check=False)
        self.assertIn("of our own", done.stderr)

    def test_somebody_elses_server_at_the_address_is_found_out(self):
        a, b = self.two()
        c = self.node("example.com")
        link = a.invite().replace(a.host, c.host)
        done = b.trustctl("peer", "accept", link, check=False)
        self.assertIn("not the one pinned", done.stderr)

    def test_without_an_address_of_our_own_an_invitation_is_refused_with_the_remedy(self):
        a = self.node("example.org")
        done = a.trustctl("peer", "invite", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("gossip_url", done.stderr)


class Peers(GossipTest):
    def test_a_peer_that_does_not_know_us_is_named_as_such(self):
        a, b = self.two()
        a.trustctl("peer", "add", b.url, "--pin", b.pin, "--name", "example.net")
        harness.wait_for(
            lambda: "know" in a.peers()["example.net"]["state"], "the refusal", a.tail
        )
        b.wait_log("refused 1 connection.*its key is no peer's")

    def test_a_wrong_pin_is_named_as_such(self):
        a, b = self.two()
        a.trustctl("peer", "add", b.url, "--pin", a.pin[:-1] + "A", "--name", "x", check=False)
        wrong = b.pin[::-1][1:] + "A"
        a.trustctl("peer", "add", b.url, "--pin", wrong, "--name", "example.net")
        harness.wait_for(
            lambda: "key" in a.peers()["example.net"]["state"], "the mismatch", a.tail
        )

    def test_pause_resume_remove(self):
        a, b = self.two()
        a.connect(b)
        harness.wait_for(lambda: a.peers()["example.net"]["last_sync"], "a sync", a.tail)
        a.trustctl("peer", "pause", "example.net")
        self.assertEqual(a.peers()["example.net"]["state"], "paused")
        a.trustctl("peer", "resume", b.pin[:8])
        self.assertNotEqual(a.peers()["example.net"]["state"], "paused")
        a.trustctl("peer", "remove", b.url)
        self.assertEqual(a.json("peer", "list"), [])
        done = a.trustctl("peer", "remove", "example.net", check=False)
        self.assertIn("no peer is called example.net", done.stderr)

    def test_peers_survive_a_restart(self):
        a, b = self.two()
        a.connect(b)
        harness.wait_for(lambda: a.peers()["example.net"]["last_sync"], "a sync", a.tail)
        a.kill()
        a.start()
        self.assertEqual(a.peers()["example.net"]["pin"], b.pin)

    def test_trustctl_says_that_gossip_does_not_run(self):
        a = self.node("example.org")
        a.stop()
        done = a.trustctl("peer", "invite", "--host", "x", check=False)
        self.assertEqual(done.returncode, 69)
        self.assertIn("gossip does not run", done.stderr)
        self.assertEqual(a.json("peer", "list"), [])


class Statements(GossipTest):
    def befriend(self, a, b):
        """alice, of a, knows who bob, of b, is."""
        a.trustctl(
            "friend", "add", "--user", "alice@example.org", "--identity", b.identity("bob"),
            "bob@example.net",
        )

    def test_a_vouch_and_its_withdrawal_reach_the_peer(self):
        a, b = self.two()
        self.befriend(a, b)
        a.connect(b)
        b.trustctl("vouch", "--user", "bob@example.net", "carol@example.com")
        vouch = ("vouch", b.identity("bob"), "addr:carol@example.com")
        harness.wait_for(lambda: vouch in a.statements(), "bob's vouch", a.tail)
        why = a.trustctl("why", "--user", "alice@example.org", "carol@example.com").stdout
        self.assertIn("bob@example.net", why)

    def test_a_revocation_passes_a_node_that_takes_no_interest(self):
        """The way over which a knew of bob is cut; the word of the theft takes another."""
        a, b = self.two()
        between = self.node("example.com")
        self.befriend(a, b)
        a.connect(b)
        bob = b.identity("bob")
        harness.wait_for(
            lambda: ("bind", bob, "addr:bob@example.net") in a.statements(), "bob", a.tail
        )
        a.trustctl("peer", "remove", "example.net")
        b.trustctl("peer", "remove", "example.org")
        between.connect(a)
        between.connect(b)
        for node in (a, b):
            harness.wait_for(
                lambda n=node: n.peers()["example.com"]["last_sync"], "a sync", node.tail
            )
        b.trustctl("revoke", "--user", "bob@example.net", "--force", "--why", "hacked")
        harness.wait_for(
            lambda: a.json("identity", "show", "--as", bob)["state"] == "revoked",
            "the revocation", lambda: a.tail() + between.tail() + b.tail(),
        )
        self.assertNotIn(bob, {issuer for _, issuer, _ in between.statements()})

    def test_what_nobody_is_interested_in_is_not_stored(self):
        a, b = self.two()
        a.connect(b)
        b.trustctl("vouch", "--user", "bob@example.net", "carol@example.com")
        harness.wait_for(lambda: a.peers()["example.net"]["last_sync"], "a sync", a.tail)
        a.trustctl("peer", "sync", "example.net", "--repair")
        harness.wait_for(
            lambda: "scope" in a.peers()["example.net"]["refused"], "the refusals", a.tail
        )
        self.assertNotIn(b.identity("bob"), {issuer for _, issuer, _ in a.statements()})

    def test_what_is_for_direct_peers_is_not_passed_on(self):
        a, b = self.two()
        c = self.node("example.com", "dave")
        self.befriend(a, b)
        c.trustctl(
            "friend", "add", "--user", "dave@example.com", "--identity", b.identity("bob"),
            "bob@example.net",
        )
        a.connect(b)
        a.connect(c)
        bob = b.identity("bob")
        b.trustctl("vouch", "--user", "bob@example.net", "--aud", "peers", "erin@example.com")
        b.trustctl("vouch", "--user", "bob@example.net", "frank@example.com")
        harness.wait_for(
            lambda: ("vouch", bob, "addr:frank@example.com") in c.statements(), "the open one",
            lambda: a.tail() + c.tail(),
        )
        erin = ("vouch", bob, "addr:erin@example.com")
        harness.wait_for(lambda: erin in a.statements(), "the one for peers", a.tail)
        self.assertNotIn(erin, c.statements())

    def test_statements_made_while_a_node_was_down_come_when_it_is_back(self):
        a, b = self.two()
        self.befriend(a, b)
        a.connect(b)
        harness.wait_for(lambda: a.peers()["example.net"]["last_sync"], "a sync", a.tail)
        a.kill()
        b.trustctl("vouch", "--user", "bob@example.net", "carol@example.com")
        a.start()
        vouch = ("vouch", b.identity("bob"), "addr:carol@example.com")
        harness.wait_for(lambda: vouch in a.statements(), "bob's vouch", a.tail)


class Process(GossipTest):
    def test_a_faulty_configuration_is_named(self):
        for line, text in (
            ("gossip_listen nonsense", "nonsense"),
            ("gossip_hops 17", "gossip_hops"),
            ("gossip_url http://example.org", "gossip_url"),
        ):
            config = self.dir / "bad.cf"
            config.write_text(line + "\n")
            done = self.run_gossip("-C", config, "--check-config")
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn(text, done.stderr)
        config.write_text("gossip_hops 1\n")
        done = self.run_gossip("-C", config, "--check-config")
        self.assertEqual((done.returncode, done.stdout), (0, "configuration ok\n"))

    @staticmethod
    def run_gossip(*args):
        return harness.subprocess.run(
            [str(GOSSIP), *map(str, args)], capture_output=True, text=True, check=False,
            stdin=harness.subprocess.DEVNULL, timeout=harness.PATIENCE_S,
        )

    def test_without_a_store_it_says_so(self):
        config = self.dir / "a.cf"
        config.write_text("gossip_listen 127.0.0.1:0\n")
        done = self.run_gossip("-C", config, "--store", self.dir / "none")
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("none", done.stderr)

    def test_hup_takes_new_settings_or_none(self):
        a = self.node("example.org")
        before = len(a.starts())
        a.config.write_text("gossip_listen 127.0.0.1:0\ngossip_hops 17\n")
        a.process.send_signal(signal.SIGHUP)
        a.wait_log("going on with the old ones")
        a.config.write_text("gossip_listen 127.0.0.1:0\ngossip_hops 1\n")
        a.process.send_signal(signal.SIGHUP)
        a.wait_start(before)
        self.assertEqual(a.json("peer", "list"), [])

    def test_the_key_is_closed_to_others(self):
        a = self.node("example.org")
        key = a.store / "gossip" / "node.pem"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(key.parent.stat().st_mode & 0o777, 0o700)
        a.stop()
        os.chmod(key, 0o644)
        done = self.run_gossip("-C", a.config, "--store", a.store)
        self.assertEqual(done.returncode, 78)
        self.assertIn("may be read by others", done.stderr)

    def test_status_names_the_pin_of_the_node(self):
        a = self.node("example.org")
        self.assertEqual(json.loads(a.trustctl("peer", "status", "--json").stdout)["pin"], a.pin)


if __name__ == "__main__":
    harness.main()
