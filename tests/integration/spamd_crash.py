#!/usr/bin/env python3
"""kill -9 while introductions are paid and reports come in: what the ledger says afterwards.

A crash may forget the last payments, whose credit comes back. It loses no report that was answered,
pays nothing by halves, and invents no trust.
"""

import itertools
import json
import random
import threading

import harness
from harness import request, trustctl

CREDIT = 12  # introductions that carol has towards each recipient
ONE = 1000000  # the price of one, in millionths
CONFIG = f"""\
authres_trusted_authserv mx.example.org
introduction_credit {CREDIT}
"""
CAROL = "carol@example.org"
ROUNDS = 4
RECIPIENTS = [[f"user{turn}-{i}@example.org" for i in range(8)] for turn in range(ROUNDS)]
EVERYBODY = [user for users in RECIPIENTS for user in users]
STRANGERS = [f"stranger{number}@example.com" for number in range(20)]  # of whom carol knows all

# Bytes: far more than 200 introductions, some hundred reports and a thousand decisions need.
LEDGER_MAX = 4 << 20


def mail(sender, user, number):
    domain = sender.partition("@")[2]
    return (
        f"Authentication-Results: mx.example.org; dkim=pass header.d={domain}\n"
        f"Received: from mail.{domain} (mail.{domain} [192.0.2.7]) by mx.example.org;"
        " Mon, 1 Jan 2024 12:00:00 +0000\n"
        f"From: <{sender}>\nTo: <{user}>\nSubject: number {number}\n"
        f"Message-ID: <{number}@{domain}>\nDate: Mon, 1 Jan 2024 12:00:00 +0000\n\nHello.\n"
    ).encode()


def report(sender, user):
    """The bytes of a report of spam."""
    headers = ["Message-class: spam", "Set: local"]
    return request("TELL", mail(sender, user, 1), user=user, headers=headers)


class Load:
    """Clients that send mail and reports until the daemon is gone, and note every answer."""

    PAYMENTS, REPORTS = 25, 6  # answered in one round before the kill, of 96 that could be paid
    SENDERS, REPORTERS = 3, 3

    def __init__(self, daemon, turn):
        self.daemon = daemon
        self.turn = turn
        self.asked = set()  # (recipient, sender): the request was on its way
        self.introduced = set()  # of them those that were answered so
        self.reported = set()  # (recipient, sender) of reports that were answered
        self.sent = [0] * (self.SENDERS + self.REPORTERS)  # messages, by client
        self.lock = threading.Lock()
        self.enough = threading.Event()
        clients = [self.send] * self.SENDERS + [self.report] * self.REPORTERS
        self.threads = [
            threading.Thread(target=client, args=(random.Random(f"{turn} {number}"), number))
            for number, client in enumerate(clients)
        ]

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()

    def exchange(self, wire):
        """The answer; None when the daemon is gone, whole or not."""
        try:
            reply = self.daemon.exchange(wire)
        except OSError:
            return None
        return reply if b"EX_OK" in reply and b"\r\n\r\n" in reply else None

    def note(self, into, pair):
        with self.lock:
            into.add(pair)
            if len(self.introduced) >= self.PAYMENTS and len(self.reported) >= self.REPORTS:
                self.enough.set()

    def send(self, rng, client):
        """Mail of strangers: whoever is introduced has been paid for."""
        while True:
            pair = rng.choice(RECIPIENTS[self.turn]), rng.choice(STRANGERS)
            self.note(self.asked, pair)
            self.sent[client] += 1
            message = mail(pair[1], pair[0], f"{client}.{self.sent[client]}")
            reply = self.exchange(request("SYMBOLS", message, user=pair[0]))
            if reply is None:
                return
            if b"TRUST_FOF" in reply:
                self.note(self.introduced, pair)

    def report(self, rng, client):
        """Reports of spam, each about a sender of its own."""
        for number in itertools.count():
            pair = rng.choice(RECIPIENTS[self.turn]), f"pest{self.turn}-{client}-{number}@example.net"
            reply = self.exchange(report(pair[1], pair[0]))
            if reply is None:
                return
            if b"DidSet" in reply:
                self.note(self.reported, pair)


class CrashTest(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        self.store = self.make_store(
            *(("user", "add", user) for user in (CAROL, *EVERYBODY)),
            *(("vouch", "--user", CAROL, stranger) for stranger in STRANGERS),
        )
        self.asked, self.introduced, self.reported = set(), set(), set()
        self.sent = 0

    def start(self):
        spamd = self.daemon("-x", "--allow-tell", "-m", "4", config=CONFIG, store=self.store)
        spamd.start()
        spamd.wait_log("ledger open in")
        return spamd

    def ctl(self, *args):
        return json.loads(trustctl(self.store, *args, "--json").stdout)

    def round(self, turn):
        """Load, and SIGKILL in the middle of it."""
        spamd = self.start()
        load = Load(spamd, turn)
        load.start()
        reached = load.enough.wait(harness.PATIENCE_S)
        spamd.kill()
        load.join()
        self.assertTrue(reached, f"{len(load.introduced)} {len(load.reported)}\n{spamd.tail()}")
        self.asked |= load.asked
        self.introduced |= load.introduced
        self.reported |= load.reported
        self.sent += sum(load.sent)

    def recorded(self):
        """The introductions in the ledger, {(recipient, sender)}; none by halves, none on credit."""
        introduced = set()
        for user in EVERYBODY:
            rows = self.ctl("ledger", "show", "--user", user)
            paid = {row["who"]: row["amount_millionths"] for row in rows if row["what"] == "introduced"}
            spent = sum(row["amount_millionths"] for row in rows if row["what"] == "spent by")
            self.assertEqual(spent, sum(paid.values()), f"{user}: half a payment\n{rows}")
            self.assertLessEqual(spent, CREDIT * ONE, f"{user}: more than there is\n{rows}")
            introduced |= {(user, who) for who in paid}
        return introduced

    def check(self):
        """Nothing promised is lost, nothing else is there; how many payments were forgotten."""
        introduced = self.recorded()
        self.assertEqual(introduced - self.asked, set(), "nobody asked for them")
        forgotten = self.introduced - introduced
        self.introduced = introduced  # with those whose answer the crash cut off
        status = self.ctl("status")
        self.assertGreaterEqual(status["reports"], len(self.reported))
        self.assertLess(status["ledger_bytes"], LEDGER_MAX)
        self.check_history()
        return len(forgotten)

    def check_history(self):
        """It reads well, holds no more than what was sent, and names who paid."""
        rows = self.ctl("history")
        self.assertTrue(0 < len(rows) <= self.sent, f"{len(rows)} of {self.sent}")
        known = {(row["user"], row["sender"]) for row in rows if row["tier"] == "known"}
        self.assertEqual(known - self.asked, set())
        for row in rows:
            self.assertIn(row["tier"], ("known", "unknown"))
            self.assertEqual(len(row["payers"]), row["tier"] == "known", row)

    def test_kill_9_forgets_no_report_and_invents_no_credit(self):
        for turn in range(ROUNDS):
            self.round(turn)
            forgotten = self.check()
            print(
                f"round {turn}: {len(self.introduced)} introductions and {len(self.reported)} reports"
                f" recorded, {forgotten} payments forgotten", flush=True,
            )  # fmt: skip
        spamd = self.start()
        for user, sender in sorted(self.reported):
            self.assertNotIn(b"DidSet", spamd.exchange(report(sender, user)), "it was lost")
        self.spend_the_rest(spamd)

    def spend_the_rest(self, spamd):
        """What was recorded is free; all credit that came back can be spent, and not one more."""
        for user, stranger in sorted(self.introduced):
            self.assertIn(b"TRUST_FOF", self.symbols(spamd, user, stranger))
        for user in EVERYBODY:
            tiers = [b"TRUST_FOF" in self.symbols(spamd, user, stranger) for stranger in STRANGERS]
            self.assertEqual(sum(tiers), CREDIT, f"{user}\n{spamd.tail()}")
        self.assertEqual(spamd.stop(), 0)
        introduced = self.recorded()
        self.assertEqual(len(introduced), CREDIT * len(EVERYBODY))
        self.assertEqual(self.introduced - introduced, set())

    @staticmethod
    def symbols(spamd, user, stranger):
        return spamd.exchange(request("SYMBOLS", mail(stranger, user, 1), user=user))


if __name__ == "__main__":
    harness.main()
