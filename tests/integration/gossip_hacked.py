#!/usr/bin/env python3
"""The drill "I was hacked": five sites with spamd-trust and gossip, a thief with alice's keys.

The sites know each other. The thief pushes what he signs to carol's, where somebody once took him for
a peer; what he signs is well formed and its signature is right.
"""

import contextlib
import json
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import harness
from forge import DAY_S, Key
from gossip_abuse import AbuseTest, context, make_key, pin_of
from gossip_node import Node
from gossip_peers import GossipTest
from harness import PATIENCE_S, request

# Enough credit that each vouch which counts shows: how little one is worth is tested elsewhere.
CONFIG = "authres_trusted_authserv mx.example.org\nintroduction_credit 100\n"
FRESH = "fresh_vouches 512\n"
SITES = {
    "example.org": "alice",
    "example.net": "bob",
    "example.com": "carol",
    "north.example.net": "dora",
    "south.example.net": "erin",
}
GOOD, FINE, MALLORY, EVE, TRUDY, OSCAR, LATE, BACK = (
    f"{name}@example.com"
    for name in ("good", "fine", "mallory", "eve", "trudy", "oscar", "late", "back")
)

# By the rule that says so, as spamd-trust lists them.
TIERS = {
    "TRUST_REVOKED": "revoked",
    "TRUST_WELL": "well trusted",
    "TRUST_DIRECT": "known",
    "TRUST_FOF": "introduced",
    "TRUST_UNKNOWN": "unknown",
}


def mail(sender, user):
    """A message with proof of its sender."""
    domain = sender.partition("@")[2]
    return (
        f"Authentication-Results: mx.example.org; dkim=pass header.d={domain}\n"
        f"Received: from mail.{domain} (mail.{domain} [192.0.2.25]) by mx.example.org;\n"
        f"\tMon, 23 Nov 2026 18:00:00 +0000\n"
        f"From: {sender}\nTo: {user}\nSubject: quick question\nMessage-ID: <1@{domain}>\n\nHello.\n"
    ).encode()


class Place(Node):
    """A site: its store, spamd-trust and gossip."""

    def __init__(self, directory, domain, user):
        super().__init__(directory, domain, FRESH)
        self.user = f"{user}@{domain}"
        self.init(user)
        self.who = self.identity(user)
        self.spamd = harness.Daemon(self.dir, "-x", config=CONFIG, store=self.store)

    def start_all(self):
        harness.share_store(self.store)
        self.spamd.start()
        return self.start()

    def stop(self):
        self.spamd.stop()
        return super().stop()

    def go_off(self):
        """gossip ends; mail goes on coming in."""
        return super().stop()

    def tier(self, sender):
        """How spamd-trust scores mail of that sender to the user of this site."""
        wire = request("SYMBOLS", mail(sender, self.user), user=self.user)
        reply = self.spamd.exchange(wire).decode()
        rules = reply.partition("\r\n\r\n")[2].strip().split(",")
        return next((tier for rule, tier in TIERS.items() if rule in rules), reply)

    def vouch(self, address):
        self.trustctl("vouch", "--user", self.user, address)

    def shown(self, identity):
        return self.json("identity", "show", "--as", identity)

    def holds(self, act, subject):
        return any((row[0], row[2]) == (act, subject) for row in self.statements())


class Drill(GossipTest):
    """Everybody is everybody's peer, and a strong friend of alice."""

    def setUp(self):
        super().setUp()
        self.dir.chmod(0o755)  # the account of spamd-trust looks in here
        self.nodes = [Place(self.dir / domain, domain, user) for domain, user in SITES.items()]
        self.alice, self.bob, self.carol, self.dora, self.erin = self.nodes
        for place in self.nodes:
            for other in self.nodes:
                if place is not other:
                    place.trustctl(
                        "friend", "add", "--user", place.user, "--level", "strong",
                        "--identity", other.who, other.user,
                    )
        for place in self.nodes:
            place.start_all()
        for number, place in enumerate(self.nodes):
            for other in self.nodes[number + 1 :]:
                place.connect(other)
        self.gate = make_key(self.dir, "gate")
        self.carol.trustctl("peer", "add", "--pin", pin_of(self.gate[1]), "--name", "old-friend")

    def tail(self):
        return "\n\n".join(f"{place.domain}:\n{place.tail(15)}" for place in self.nodes)

    def wait_tier(self, sender, tier, places, since=None):
        """Waits until all of them score him so; prints how long each took, where asked."""
        since, waiting, took = since or time.monotonic(), list(places), {}

        def reached():
            for place in list(waiting):
                if place.tier(sender) == tier:
                    waiting.remove(place)
                    took[place.domain] = time.monotonic() - since
            return not waiting

        harness.wait_for(
            reached, f"{sender} to be {tier}",
            lambda: f"{[(p.domain, p.tier(sender)) for p in waiting]}\n{self.tail()}",
        )
        return took

    def report(self, what, took):
        times = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items())
        print(f"{what}: {times} (to be: within 5 s)", flush=True)

    def device_of(self, place):
        (device,) = place.json("device", "list", "--user", place.user)
        return device["key"]

    def steal(self, kind):
        """A copy of a key of alice's; from the second on that is returned it is the thief's too."""
        (path,) = (self.alice.store / "keys").glob(f"{kind}-{self.alice.who}*")
        stolen = self.dir / f"stolen-{kind}.pem"
        shutil.copy(path, stolen)
        return Key(stolen), harness.next_second()

    def push(self, lines):
        """The thief speaks to carol's node; what became of each line."""
        body = "".join(line + "\n" for line in lines).encode()
        plain = socket.create_connection(("127.0.0.1", self.carol.port), PATIENCE_S)
        with context(self.gate).wrap_socket(plain) as connection:
            connection.sendall(
                b"POST /v1/statements HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                + b"Content-Length: %d\r\n\r\n" % len(body) + body
            )
            head, _, answer = AbuseTest.read_answer(connection).partition(b"\r\n\r\n")
        self.assertIn(b" 200 ", head.splitlines()[0])
        return answer.decode().split()

    def notices(self):
        """A notify_command for alice's site that keeps what it is told."""
        told, script = self.dir / "told", self.dir / "notify"
        script.write_text(f"#!/bin/sh\ncat >>{told}\necho >>{told}\n")
        script.chmod(0o755)
        config = self.dir / "notify.cf"
        config.write_text(f"notify_command {script}\n")
        return told, config

    @contextlib.contextmanager
    def watching(self, place, senders):
        """Sends mail of them all the time meanwhile; the set of tiers they got, by sender."""
        seen, over = {sender: set() for sender in senders}, threading.Event()

        def watch():
            while not over.is_set():
                for sender in senders:
                    seen[sender].add(place.tier(sender))

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


class StolenDevice(Drill):
    """Someone has copied the key of alice's device, and speaks as she does."""

    SENDERS = (MALLORY, EVE, TRUDY)

    def setUp(self):
        super().setUp()
        self.online = [self.bob, self.carol, self.dora]
        self.device = self.device_of(self.alice)
        self.alice.trustctl(
            "guardians", "--user", self.alice.user,
            "--guardian", self.bob.who, "--guardian", self.carol.who,
        )  # fmt: skip
        self.alice.vouch(GOOD)
        self.wait_tier(GOOD, "introduced", [*self.online, self.erin])
        self.erin.go_off()
        self.alice.vouch(FINE)  # erin will hear of it after the theft
        self.wait_tier(FINE, "introduced", self.online)

    def steal_and_speak(self):
        """Dated today, a month back, an hour ahead; and an address of his as one of alice's."""
        key, stolen = self.steal("device")
        who = self.alice.who
        outcomes = self.push([
            key.vouch(who, MALLORY),
            key.vouch(who, EVE, stolen - 30 * DAY_S),
            key.vouch(who, TRUDY, stolen + 3600),
            key.statement("bind", who, f"addr:{OSCAR}"),
        ])  # fmt: skip
        self.assertEqual(outcomes, ["added"] * 4)
        for sender in self.SENDERS:
            self.wait_tier(sender, "introduced", self.online)  # he gets through, for now
        return key, stolen

    def revoke(self, since):
        """On alice's host; when it began."""
        began = time.monotonic()
        self.told, config = self.notices()
        self.alice.trustctl(
            "revoke", "--user", self.alice.user, "-C", config, "--device", self.device,
            "--since", since, "--why", "hacked",
        )  # fmt: skip
        return began

    def assert_unknown(self, places, *senders):
        for place in places:
            for sender in senders:
                self.assertEqual(place.tier(sender), "unknown", (place.domain, sender))

    def test_it_dies_everywhere_and_what_was_good_stays(self):
        key, stolen = self.steal_and_speak()
        began = self.revoke(stolen)
        for sender in self.SENDERS:
            took = self.wait_tier(sender, "unknown", self.online, began)
            self.report(f"{sender} refused after the revocation", took)
        self.assert_told(stolen)
        self.go_on(key, stolen)
        self.come_back()
        for place in [*self.online, self.erin]:
            for sender in (GOOD, FINE):
                self.assertEqual(place.tier(sender), "introduced", (place.domain, sender))
            # Only what the device signed is touched: mail proved by DKIM keeps its tier.
            self.assertEqual(place.tier(self.alice.user), "well trusted", place.domain)
        self.assert_refiled()

    def assert_told(self, stolen):
        """Owner and guardians, through notify_command."""
        told = json.loads(self.told.read_text())
        self.assertEqual((told["event"], told["why"]), ("device revoked", "hacked"))
        self.assertEqual((told["since"], told["what"]), (stolen, f"key:{self.device}"))
        self.assertEqual(told["owner"], [self.alice.user])
        self.assertEqual(sorted(told["guardians"]), sorted([self.bob.user, self.carol.user]))

    def go_on(self, key, stolen):
        """The thief signs more, with dates as he likes; it is held, and counts nowhere."""
        self.push([key.vouch(self.alice.who, LATE), key.vouch(self.alice.who, BACK, stolen - DAY_S)])
        for place in self.online:
            for sender in (LATE, BACK):
                harness.wait_for(
                    lambda: place.holds("vouch", f"addr:{sender}"), f"{sender}'s vouch", self.tail
                )
        self.assert_unknown(self.online, *self.SENDERS, LATE, BACK, OSCAR)

    def come_back(self):
        """erin's node starts while mail comes in: not one message gains by what the thief said."""
        senders = (*self.SENDERS, LATE, BACK)
        with self.watching(self.erin, senders) as seen:
            began = time.monotonic()
            self.erin.start()
            took = self.wait_tier(FINE, "introduced", [self.erin], began)
            harness.wait_for(
                lambda: self.erin.holds("revoke", f"key:{self.device}")
                and all(self.erin.holds("vouch", f"addr:{sender}") for sender in senders),
                "what was missed", self.tail,
            )
        self.report("the node that was off has what alice signed anew", took)
        for sender in senders:
            self.assertEqual(seen[sender], {"unknown"}, sender)
        self.assert_unknown([self.erin], *senders, OSCAR)

    def lowered(self, place):
        """Mail that got through by an introduction and would not now."""
        rows = place.json("refile", "-C", place.spamd.config)
        return [row for row in rows if row["tier"] == "known"]

    def assert_refiled(self):
        """Of the mail that got through, what the thief's friends sent is listed, and nothing else."""
        for place in [*self.online, self.erin]:
            expected = set() if place is self.erin else set(self.SENDERS)
            # spamd-trust writes its history when nobody waits, the last of it a second later.
            harness.wait_for(
                lambda: {row["sender"] for row in self.lowered(place)} >= expected,
                f"the history of {place.domain}", self.tail,
            )
            lower = self.lowered(place)
            self.assertEqual({row["sender"] for row in lower}, expected, place.domain)
            for row in lower:
                self.assertEqual((row["user"], row["tier_now"]), (place.user, "unknown"))
                self.assertEqual(len(row["message_id_sha256"]), 64)

    def test_a_node_that_was_off_never_serves_what_a_flood_of_his_brings(self):
        """More than one page of it, dated after the revocation, so that it does not come first by itself."""
        key, stolen = self.steal("device")
        names = [f"friend{number}@example.com" for number in range(300)]
        with ThreadPoolExecutor(4) as pool:
            lines = list(pool.map(lambda name: key.vouch(self.alice.who, name, stolen + 3600), names))
        self.assertEqual(set(self.push(lines[:200]) + self.push(lines[200:])), {"added"})
        self.wait_tier(names[-1], "introduced", self.online)
        began = self.revoke(stolen)
        took = self.wait_tier(names[-1], "unknown", self.online, began)
        self.report("a flood refused after the revocation", took)
        watched = names[::60]
        with self.watching(self.erin, watched) as seen:
            self.erin.start()
            harness.wait_for(
                lambda: self.erin.holds("revoke", f"key:{self.device}")
                and all(self.erin.holds("vouch", f"addr:{name}") for name in names),
                "what was missed", self.tail,
            )
        self.assertEqual(seen, {name: {"unknown"} for name in watched})


class StolenRoot(Drill):
    """Someone has copied alice's root."""

    def test_two_friends_stop_the_identity_without_its_owner(self):
        alice, bob, carol, dora, erin = self.nodes
        alice.trustctl(
            "guardians", "--user", alice.user, "--guardian", bob.who, "--guardian", carol.who
        )
        for place in (bob, carol):
            harness.wait_for(lambda: place.shown(alice.who)["guardians"], "guardians", self.tail)
        bob.trustctl("guard", "--user", bob.user, alice.who, "--why", "hacked")
        harness.wait_for(
            lambda: all(place.holds("guard", f"id:{alice.who}") for place in self.nodes),
            "the first guardian's word", self.tail,
        )
        for place in (bob, carol, dora, erin):
            self.assertEqual(place.tier(alice.user), "well trusted", "one alone is not enough")
        began = time.monotonic()
        carol.trustctl("guard", "--user", carol.user, alice.user, "--why", "hacked")  # by address
        took = self.wait_tier(alice.user, "revoked", [bob, carol, dora, erin], began)
        self.report("stopped by two guardians", took)

    def test_a_thief_cannot_move_the_identity_to_a_key_of_his_own(self):
        alice, bob, carol, dora, erin = self.nodes
        friends = [bob, carol, dora, erin]
        for place in friends:
            harness.wait_for(lambda: place.shown(alice.who)["next"], "her next root", self.tail)
        (committed,) = {place.shown(alice.who)["next"] for place in friends}
        root, _ = self.steal("root")
        his = Key.make(self.dir / "his.pem")
        outcomes = self.push([
            root.statement("identity", alice.who, f"id:{alice.who}", seq=99, body={"next": his.thumbprint}),
            his.statement("identity", his.thumbprint, f"id:{his.thumbprint}"),
            his.statement("succeed", his.thumbprint, f"id:{alice.who}"),
        ])  # fmt: skip
        print(f"the thief's succession: {', '.join(outcomes)}", flush=True)
        self.assertEqual(outcomes[0], "conflict")
        self.push([root.statement(
            "identity", alice.who, f"id:{alice.who}", seq=100, body={"next": his.thumbprint}
        )])  # fmt: skip
        for place in friends:
            shown = place.shown(alice.who)
            self.assertEqual((shown["next"], shown["successor"]), (committed, None), place.domain)
        began = time.monotonic()
        alice.trustctl("succeed", "--user", alice.user)
        harness.wait_for(
            lambda: all(place.shown(alice.who)["successor"] == committed for place in friends),
            "the true succession", self.tail,
        )
        self.report("the committed next root continues", {"all": time.monotonic() - began})
        for place in friends:
            self.assertEqual(place.tier(alice.user), "well trusted", place.domain)


if __name__ == "__main__":
    harness.main()
