#!/usr/bin/env python3
"""Sites on hosts of their own: cables are cut, networks fall apart, frames are lost, addresses change.

Four nodes, each in a network namespace with an address of its own; nothing is restarted on the way.
"""

import os
import pathlib
import re
import shutil
import time

import harness
import netns
from gossip_node import Node
from gossip_peers import GossipTest

CONFIG = "gossip_listen *:7483\n"

# Site and its user, one a host.
SITES = {
    "example.org": "alice",
    "example.net": "bob",
    "example.com": "carol",
    "north.example.net": "dora",
}


class Site(Node):
    """A node on a host; the others call it by the name of its domain."""

    def __init__(self, directory, domain, user, host):
        super().__init__(directory, domain, CONFIG)
        self.config.write_text(self.config.read_text().replace("gossip_listen 127.0.0.1:0\n", ""))
        self.user = f"{user}@{domain}"
        self.at = host
        self.prefix = host.inside()
        self.address = domain
        self.init(user)

    @property
    def who(self):
        return self.json("user", "show", self.user)["identity"]

    def vouch(self, name):
        """The user vouches; the statement as statements() has it."""
        self.trustctl("vouch", "--user", self.user, f"{name}@example.com")
        return ("vouch", self.who, f"addr:{name}@example.com")

    def tier(self, sender):
        return self.json("why", "--user", self.user, sender)["tier"]

    def said_of(self, other):
        """Its log about one peer."""
        return [line for line in self.log_text().splitlines() if f'peer "{other.domain}"' in line]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def peak_kib(self):
        """Memory at its peak, None under a sanitizer, which keeps what was freed."""
        proc = pathlib.Path(f"/proc/{self.process.pid}")
        if "libasan" in (proc / "maps").read_text():
            return None
        return int(re.search(r"VmHWM:\s+(\d+)", (proc / "status").read_text()).group(1))


class NetworkTest(GossipTest):
    """Four sites, all peers of each other, whose users know each other."""

    def setUp(self):
        super().setUp()
        self.network = netns.Network()
        self.addCleanup(self.network.close)
        for number, (domain, user) in enumerate(SITES.items()):
            host = self.network.host(f"192.0.2.{number + 1}")
            self.nodes.append(Site(self.dir / domain, domain, user, host))
        self.name_hosts()
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            for other in self.nodes:
                if node is not other:
                    self.introduce(node, other)
        self.wait_level(self.nodes)

    def name_hosts(self):
        self.network.call({node.domain: node.at for node in self.nodes})

    @staticmethod
    def introduce(node, other):
        node.trustctl("friend", "add", "--user", node.user, "--identity", other.who, other.user)
        node.trustctl("peer", "add", other.url, "--pin", other.pin, "--name", other.domain)

    def tail(self):
        return "\n\n".join(f"{node.domain}: {node.peers()}\n{node.tail()}" for node in self.nodes)

    def wait_level(self, nodes):
        """All have been in touch with all others of them."""
        for node in nodes:
            others = {other.domain for other in nodes} - {node.domain}
            harness.wait_for(
                lambda: all(node.peers()[name]["last_sync"] for name in others), "a sync", self.tail
            )

    def wait_held(self, wanted, nodes):
        """Waits until all of them hold all of it; the seconds it took."""
        began = time.monotonic()
        for node in nodes:
            harness.wait_for(
                lambda: wanted <= node.statements(), f"{wanted} at {node.domain}", self.tail
            )
        return time.monotonic() - began

    def report(self, what, seconds):
        print(f"{what}: {seconds:.1f} s", flush=True)

    def assert_bounded(self):
        """What every node has open, and has said, after whatever happened."""
        for node in self.nodes:
            self.assertEqual(len(node.starts()), 1, "nothing was restarted\n" + node.tail())
            self.assertLess(node.descriptors(), 64)
            self.assertLess(node.peak_kib() or 0, 32 * 1024)
            self.assertLess(len(node.log_text().splitlines()), 40, node.tail())


class Cut(NetworkTest):
    def test_whoever_was_cut_off_comes_back_without_a_restart_and_others_never_waited(self):
        alice, bob, carol, dora = self.nodes
        others = [alice, bob, carol]
        dora.at.cut()
        wanted = {dora.vouch("from-dora")}
        for number in range(5):
            new = {bob.vouch(f"meanwhile-{number}")}
            self.report("a vouch at two others while one is cut off", self.wait_held(new, others))
            wanted |= new
        harness.wait_for(
            lambda: all(node.said_of(dora) for node in others), "all to notice", self.tail
        )
        self.assertFalse(wanted <= dora.statements())
        dora.at.heal()
        self.report("level again after the cable is back", self.wait_held(wanted, self.nodes))
        harness.wait_for(
            lambda: all("answers again" in node.said_of(dora)[-1] for node in others),
            "all to say so", self.tail,
        )
        for node in others:
            self.assertEqual(len(node.said_of(dora)), 2, "said once\n" + node.tail())
        self.assert_bounded()


class Partition(NetworkTest):
    def steal(self, victim, thief):
        """A copy of the victim's device key at the thief's; the second from which it is his."""
        for key in (victim.store / "keys").glob(f"device-{victim.who}-*"):
            shutil.copy(key, thief.store / "keys")
        return harness.next_second()

    def test_two_halves_become_one_and_the_revocation_wins(self):
        """A thief at dora's host signs as carol in one half, while she revokes that key in the other."""
        alice, bob, carol, dora = self.nodes
        (device,) = carol.json("device", "list", "--user", carol.user)
        wanted = {carol.vouch("honest")}
        self.wait_held(wanted, self.nodes)
        stolen = self.steal(carol, dora)
        self.network.separate([alice.at, carol.at], [bob.at, dora.at])
        dora.trustctl("vouch", "--as", carol.who, "mallory@example.com")
        self.wait_held({("vouch", carol.who, "addr:mallory@example.com")}, [bob])
        self.assertEqual(bob.tier("mallory@example.com"), "known")
        carol.trustctl(
            "revoke", "--user", carol.user, "--device", device["key"], "--since", stolen,
            "--why", "hacked",
        )
        wanted |= {("revoke", carol.who, f"key:{device['key']}")}
        self.wait_held(wanted, [alice])
        wanted |= {node.vouch(f"from-{node.domain}") for node in self.nodes}
        self.network.separate()
        self.report("two halves are one again", self.wait_held(wanted, self.nodes))
        for node in (alice, bob, dora):
            self.assertEqual(node.tier("mallory@example.com"), "unknown", node.domain)
            self.assertEqual(node.tier("honest@example.com"), "known", node.domain)
        self.assert_bounded()


class Loss(NetworkTest):
    def test_a_network_that_loses_and_reorders_frames_only_takes_longer(self):
        self.network.impair(loss=0.15, delay_s=(0.005, 0.05))
        wanted = set()
        for number in range(6):
            wanted |= {node.vouch(f"{number}-of-{node.domain}") for node in self.nodes}
        self.report("the union over bad lines", self.wait_held(wanted, self.nodes))
        self.assertGreater(self.network.lost, 0)
        print(f"frames: {self.network.carried} carried, {self.network.lost} lost", flush=True)
        self.assert_bounded()


class Address(NetworkTest):
    def test_a_host_that_moves_is_found_by_its_name(self):
        alice, _, _, dora = self.nodes
        dora.at.move("192.0.2.77")
        self.name_hosts()
        wanted = {dora.vouch("from-the-new-place"), alice.vouch("to-the-new-place")}
        self.report("level with a host that moved", self.wait_held(wanted, self.nodes))
        self.assert_bounded()


if __name__ == "__main__":
    netns.main()
