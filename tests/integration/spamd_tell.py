#!/usr/bin/env python3
"""TELL: what spamc says about it, that answered reports are kept, and what happens where they cannot be."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading

import harness
from harness import GOLDEN, HAM, request, share_store, trustctl

LEARNED = "Message successfully un/learned\n"
KNOWN = "Message was already un/learned\n"
NOT_REPORTED = "Unable to report/revoke message\n"

DONE = b"SPAMD/1.1 0 EX_OK\r\n"
DID_SET = DONE + b"DidSet: local\r\n\r\n\r\n"
DID_REMOVE = DONE + b"DidRemove: local\r\n\r\n\r\n"
DID_NOTHING = DONE + b"\r\n\r\n"
REFUSED = b"SPAMD/1.0 69 Service Unavailable: "

# As in spamd-trust/ledger_writer.h.
QUEUE_MAX = 1024

HOLD_LEDGER = harness.BUILD / "tests" / "hold-ledger"


def tell(message=HAM, spam=True, forget=False, user="bob"):
    """The bytes of a TELL."""
    headers = ["Remove: local"] if forget else ["Set: local"]
    headers.insert(0, "Message-class: " + ("spam" if spam else "ham"))
    return request("TELL", message, user=user, headers=headers)


def numbered(number):
    return HAM + b"number %d\n" % number


class TellTest(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        self.store = self.make_store(("user", "add", "bob@example.org", "--alias", "bob"))
        self.spamd = self.daemon("-x", "--allow-tell", store=self.store)

    def expect(self, daemon, wire, reply, label=None):
        self.assertEqual(daemon.exchange(wire), reply, f"{label}\n{daemon.tail()}")

    def expect_refused(self, daemon):
        """Refused, and not a word of having kept it; mail goes on."""
        reply = daemon.exchange(tell())
        self.assertTrue(reply.startswith(REFUSED), f"{reply}\n{daemon.tail()}")
        self.assertIn(b"EX_OK", daemon.exchange(request("CHECK", HAM)), daemon.tail())


class AnswerTest(TellTest):
    def test_spamc_learns_and_forgets(self):
        self.spamd.start()
        for options, text in (
            (("-L", "spam"), LEARNED),
            (("-L", "spam"), KNOWN),
            (("-L", "ham"), LEARNED),
            (("-L", "ham"), KNOWN),
            (("-L", "forget"), LEARNED),
            (("-L", "forget"), KNOWN),
            (("-C", "report"), NOT_REPORTED),
            (("-L", "spam"), KNOWN),  # the report has said so already
            (("-C", "revoke"), NOT_REPORTED),
            (("-L", "ham"), KNOWN),
        ):
            with self.subTest(options=options):
                done = self.spamd.spamc(*options)
                self.assertEqual((done.returncode, done.stdout.decode()), (0, text))

    def test_recordings_of_the_original_in_their_order(self):
        self.spamd.start()
        cases = json.loads((GOLDEN / "manifest.json").read_text())["cases"]
        cases = [case for case in cases if case["profile"] == "bayes" and case["kind"] == "tell"]
        self.assertGreater(len(cases), 10)
        for case in cases:
            with self.subTest(case=case["id"]):
                wire = (GOLDEN / (case["id"] + ".req")).read_bytes()
                self.expect(self.spamd, wire, (GOLDEN / (case["id"] + ".resp")).read_bytes())
                for line in case["log"]:
                    level, _, text = line.partition(": ")
                    text = re.escape(text.replace("65534", str(harness.account_uid())))
                    text = re.sub(r"\\\{\w+\\\}", r"[^ ,]+", text)
                    self.spamd.wait_log(f"{level}: {text}$")

    def test_users_do_not_share_reports_but_an_alias_is_its_user(self):
        self.spamd.start()
        self.expect(self.spamd, tell(user="bob"), DID_SET)
        self.expect(self.spamd, tell(user="bob@example.org"), DID_NOTHING)
        self.expect(self.spamd, tell(user="carol"), DID_SET)
        self.expect(self.spamd, tell(user="CAROL"), DID_NOTHING)
        self.expect(self.spamd, tell(user="bob@example.org", forget=True), DID_REMOVE)
        self.expect(self.spamd, tell(user="carol", forget=True), DID_REMOVE)

    def test_a_message_that_we_marked_is_the_one_that_came(self):
        for level in (0, 1, 2):
            with self.subTest(report_safe=level):
                config = f"report_safe {level}\nrewrite_header Subject [SPAM]\n"
                spamd = self.daemon("-x", "--allow-tell", config=config, store=self.store).start()
                message = harness.SPAM.replace(b"lunch", b"lunch %d" % level)
                self.expect(spamd, tell(message), DID_SET)
                marked = spamd.spamc(message=message).stdout
                self.assertIn(b"X-Spam-Checker-Version", marked)
                self.expect(spamd, tell(marked), DID_NOTHING)
                self.expect(spamd, tell(marked.replace(b"\n", b"\r\n")), DID_NOTHING)
                spamd.stop()

    def status(self):
        return json.loads(trustctl(self.store, "status", "--json").stdout)

    def test_status_counts_reports(self):
        self.assertIsNone(self.status()["reports"], "no ledger yet")
        self.spamd.start()
        for user in ("bob", "carol"):
            self.expect(self.spamd, tell(user=user), DID_SET)
        self.assertEqual(self.status()["reports"], 2)
        self.assertGreater(self.status()["ledger_bytes"], 0)
        self.expect(self.spamd, tell(user="bob", forget=True), DID_REMOVE)
        self.assertEqual(self.status()["reports"], 1)

    def test_reports_outlive_a_restart(self):
        self.spamd.start()
        self.expect(self.spamd, tell(), DID_SET)
        self.assertEqual(self.spamd.stop(), 0)
        again = self.daemon("-x", "--allow-tell", store=self.store).start()
        self.expect(again, tell(), DID_NOTHING)


class BareHostTest(harness.DaemonTest):
    """Where this program took the place of spamd, and nobody ran trustctl init."""

    def setUp(self):
        super().setUp()
        self.store = self.dir / "bare"

    def reporting(self):
        return self.daemon("-x", "--allow-tell", store=self.store).start()

    def expect_spamc(self, daemon, *cases):
        for options, text in cases:
            with self.subTest(options=options):
                done = daemon.spamc(*options)
                self.assertEqual(
                    (done.returncode, done.stdout.decode()), (0, text), daemon.tail()
                )

    def test_reports_are_kept_and_outlive_init(self):
        first = self.reporting()
        self.expect_spamc(
            first,
            (("-L", "spam"), LEARNED),
            (("-L", "spam"), KNOWN),
            (("-u", "carol", "-L", "spam"), LEARNED),
            (("-L", "forget"), LEARNED),
            (("-L", "ham"), LEARNED),
        )
        self.assertIn("made a ledger for reports there", first.log_text())
        self.assertEqual((self.store / "ledger").stat().st_mode & 0o777, 0o750)
        self.assertEqual((self.store / "ledger").stat().st_uid, harness.account_uid())
        os.kill(first.pid, signal.SIGKILL)
        trustctl(self.store, "init", "--domain", "example.org")
        share_store(self.store)
        second = self.reporting()
        self.expect_spamc(second, (("-L", "ham"), KNOWN), (("-L", "forget"), LEARNED))
        self.assertNotIn("made a ledger", second.log_text())

    def test_a_directory_without_a_ledger_may_be_a_disk_that_is_not_mounted(self):
        self.store.mkdir()
        reply = self.reporting().exchange(tell())
        self.assertTrue(reply.startswith(REFUSED), reply)
        self.assertEqual(list(self.store.iterdir()), [])

    def test_nothing_is_made_without_reports(self):
        self.daemon("-x", store=self.store).start()
        self.assertFalse(self.store.exists())


class CrashTest(TellTest):
    ROUNDS = 5
    CLIENTS = 4
    ANSWERS = 25  # before the kill, of all clients together

    def report(self, daemon, first, answered, enough):
        """One client: reports until the daemon is gone, notes what was answered."""
        number = first
        while True:
            try:
                reply = daemon.exchange(tell(numbered(number)))
            except OSError:
                return
            if reply != DID_SET:
                return
            answered.append(number)
            if len(answered) >= self.ANSWERS:
                enough.set()
            number += self.CLIENTS

    def test_kill_9_loses_no_answered_report(self):
        answered = []
        for number in range(self.ROUNDS):
            daemon = self.daemon("-x", "--allow-tell", store=self.store).start()
            enough = threading.Event()
            new = []
            clients = [
                threading.Thread(
                    target=self.report, args=(daemon, number * 100000 + i, new, enough)
                )
                for i in range(self.CLIENTS)
            ]
            for client in clients:
                client.start()
            reached = enough.wait(harness.PATIENCE_S)
            daemon.kill()
            for client in clients:
                client.join()
            self.assertTrue(reached, daemon.tail())
            answered += new
        daemon = self.daemon("-x", "--allow-tell", store=self.store).start()
        for number in answered:
            self.expect(daemon, tell(numbered(number)), DID_NOTHING, number)


class FailureTest(TellTest):
    def test_without_a_ledger_reports_are_refused_and_mail_goes_on(self):
        shutil.rmtree(self.store / "ledger")
        self.spamd.start()
        for _ in range(3):
            self.expect_refused(self.spamd)
        self.assertEqual(self.spamd.log_text().count("reports are not kept"), 1)
        done = self.spamd.spamc("-L", "spam")
        self.assertEqual((done.returncode, done.stdout), (74, b""))
        (self.store / "ledger").mkdir(mode=0o750)
        share_store(self.store)
        self.expect(self.spamd, tell(), DID_SET, "as soon as it is there")
        self.spamd.wait_log("info: spamd: ledger open in ")

    def test_ledger_that_may_not_be_written(self):
        if not harness.is_root():
            self.skipTest("needs root, to own what the daemon may not write")
        self.spamd.start()
        self.expect(self.spamd, tell(), DID_SET)
        self.spamd.stop()
        for path in ((self.store / "ledger"), *(self.store / "ledger").iterdir()):
            os.chown(path, 1, 1)  # neither root's nor the daemon's
        daemon = self.daemon("-x", "--allow-tell", store=self.store).start()
        self.expect_refused(daemon)
        share_store(self.store)
        self.expect(daemon, tell(), DID_NOTHING, "what was there is there")

    def test_ledger_of_root_is_opened_before_the_rights_go(self):
        if not harness.is_root():
            self.skipTest("needs root, to own what the daemon may not write")
        self.dir.chmod(0o700)
        for path in (self.store, *self.store.rglob("*")):
            os.chown(path, 0, 0)
        self.spamd.start()
        self.expect(self.spamd, tell(), DID_SET)
        self.spamd.stop()
        self.expect(self.daemon("-x", "--allow-tell", store=self.store).start(), tell(), DID_NOTHING)

    def test_damaged_ledger(self):
        (self.store / "ledger" / "data.mdb").write_bytes(b"not a database\n" * 1000)
        share_store(self.store)
        self.spamd.start()
        self.expect_refused(self.spamd)

    def test_full_disk_is_told_and_loses_nothing(self):
        limit = 128 * 1024  # for the log too, which is cut off
        self.spamd.start(
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)
            )
        )
        kept = 0
        while (reply := self.spamd.exchange(tell(numbered(kept)))) == DID_SET:
            kept += 1
            self.assertLess(kept, 10000, "the limit was not reached")
        self.assertTrue(reply.startswith(REFUSED), f"{reply}\n{self.spamd.tail()}")
        self.assertGreater(kept, 10)
        self.assertIn(b"EX_OK", self.spamd.exchange(request("CHECK", HAM)))
        worker = self.spamd.worker_pid()
        account = os.stat(self.store / "ledger")  # the worker's, who may lift its limit
        subprocess.run(
            ["prlimit", "--pid", str(worker), "--fsize=unlimited:unlimited"],
            user=account.st_uid,
            group=account.st_gid,
            check=True,
        )
        self.expect(self.spamd, tell(numbered(kept)), DID_SET, "there is room again")
        self.spamd.stop()
        daemon = self.daemon("-x", "--allow-tell", store=self.store).start()
        for number in range(kept + 1):
            self.expect(daemon, tell(numbered(number)), DID_NOTHING, number)

    def test_without_a_private_store_nobody_knows_whose_report_it_is(self):
        shutil.rmtree(self.store / "private")
        self.spamd.start()
        self.expect_refused(self.spamd)


class SlowDiskTest(TellTest):
    """Another process holds the ledger's write lock, as a disk that does not get on would."""

    def hold(self):
        holder = subprocess.Popen(
            [str(HOLD_LEDGER), str(self.store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdin.close)
        self.addCleanup(holder.stdout.close)
        self.assertEqual(holder.stdout.readline(), b"held\n")
        return holder

    def start(self, *options):
        daemon = self.daemon("-x", "--allow-tell", *options, store=self.store).start()
        self.wait_kept(daemon, tell())
        return daemon

    def wait_kept(self, daemon, wire):
        """Waits until a report is answered within the daemon's time limit, as by a disk that gets on."""
        kept = (DID_SET, DID_NOTHING)  # one that timed out may have been kept all the same
        harness.wait_for(lambda: daemon.exchange(wire) in kept, "a report to be kept", daemon.tail)

    def send(self, daemon, number):
        connection = daemon.connect_unix()
        connection.sendall(tell(numbered(number)))
        connection.shutdown(socket.SHUT_WR)
        return connection

    def test_queue_has_an_end_and_others_are_served(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = QUEUE_MAX + 256
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
        daemon = self.start("-m", "2")
        holder = self.hold()
        sent = [self.send(daemon, number) for number in range(QUEUE_MAX + 50)]
        daemon.wait_log_count("no room for reports", 50)
        for _ in range(20):
            self.assertIn(b"EX_OK", daemon.exchange(request("CHECK", HAM)))
        for gone in sent[::3]:
            gone.close()
        del sent[::3]
        holder.stdin.close()
        replies = []
        for connection in sent:
            replies.append(harness.read_all(connection))
            connection.close()
        refused = [reply for reply in replies if reply.startswith(REFUSED)]
        self.assertLessEqual(len(refused), 50)
        self.assertEqual(len(refused) + replies.count(DID_SET), len(replies))
        self.expect(daemon, tell(), DID_NOTHING)
        self.assertEqual(daemon.stop(), 0)

    def test_report_that_takes_too_long_times_out(self):
        daemon = self.start("-t", "1")
        holder = self.hold()
        reply = daemon.exchange(tell(numbered(1)))
        self.assertEqual(
            reply, b"SPAMD/1.0 79 Timeout: (1 second timeout while trying to TELL)\r\n"
        )
        holder.stdin.close()
        self.wait_kept(daemon, tell(numbered(2)))

    def test_stop_does_not_wait_for_the_disk_to_answer_falsely(self):
        daemon = self.start()
        holder = self.hold()
        waiting = self.send(daemon, 1)
        daemon.exchange(request("CHECK", HAM))
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_log("stopping with")
        holder.stdin.close()
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(harness.read_all(waiting), b"")
        waiting.close()


if __name__ == "__main__":
    harness.main()
