#!/usr/bin/env python3
"""Debian's real spamd beside the daemon: the same requests, the same answers and log lines.

SHAPES says how many requests of each kind (default 200), SHAPES_SEED where the seeds begin. A
failure names its seed; SHAPES=1 SHAPES_SEED=THAT repeats it alone.
"""

import difflib
import os
import pathlib
import re
import socket
import unittest

import harness
import scorers
import shapes
from comparison import OURS_ALONE, comparable
from harness import read_all

COUNT = int(os.environ.get("SHAPES", "200"))
SEED = int(os.environ.get("SHAPES_SEED", "0"))

# Lines of the log that only one of them has.
NOT_COMPARED = ("server ", "prefork:", "handled cleanup", "spawned child", "store")


def log_lines(text):
    """The lines about requests, without times and places."""
    found = []
    for level, line in re.findall(r"(info|warn): spamd: (.*)", text):
        if not any(word in line for word in NOT_COMPARED):
            line = re.sub(r"got connection over .*", "got connection over SOCKET", line)
            line = re.sub(r"rport=[^,]*", "rport=SOCKET", line)
            line = re.sub(r"(scantime=|in +)[\d.]+", r"\1SECONDS", line)
            found.append(f"{level}: {line}")
    return found


def escaped(lines):
    return [repr(line)[2:-1] for line in lines]


@unittest.skipUnless(
    pathlib.Path(scorers.REAL_SPAMD).exists(), f"{scorers.REAL_SPAMD} is missing: scripts/deps test"
)
class OriginalTest(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        self.users = self.dir / "users"
        self.users.mkdir()
        options = ("--virtual-config-dir", f"{self.users}/%u")
        config = shapes.COMMON + shapes.RULES
        (self.dir / "real").mkdir()
        self.real = scorers.RealSpamd(self.dir / "real", *options, config=config, rules="")
        self.addCleanup(self.real.stop)
        store = self.make_store()
        self.spamd = self.daemon("-x", *options, config=config + OURS_ALONE, store=store).start()
        self.spamd.wait_log("ledger open")

    def ask(self, path, wire):
        """The answer and nothing but it; what is left unread may come back as a reset."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(harness.PATIENCE_S)
            connection.connect(str(path))
            try:
                connection.sendall(wire)
                connection.shutdown(socket.SHUT_WR)
                return read_all(connection)
            except OSError:
                return None

    def check(self, seed, wire):
        begun = len(self.real.text()), len(self.spamd.log_text())
        theirs, ours = self.ask(self.real.address, wire), self.ask(self.spamd.socket, wire)
        if theirs is None:
            return  # it has closed before it read everything
        theirs, ours = comparable(theirs), comparable(ours)
        if theirs != ours:
            lines = escaped(theirs.split(b"\n")), escaped(ours.split(b"\n"))
            diff = "\n".join(difflib.unified_diff(*lines, "original", "ours", lineterm=""))
            self.fail(f"seed {seed}: {wire!r}\n{diff}")

        def logs():
            real, spamd = self.real.text()[begun[0] :], self.spamd.log_text()[begun[1] :]
            return log_lines(real), log_lines(spamd)

        what = f"the same log, seed {seed}: {wire!r}"
        harness.wait_for(lambda: logs()[0] == logs()[1], what, lambda: str(logs()))

    def test_messages_under_the_settings_of_users(self):
        for seed in range(SEED, SEED + COUNT):
            shape = shapes.Shapes(seed)
            home = self.users / f"u{seed}"
            home.mkdir()
            (home / "user_prefs").write_text(shape.prefs())
            self.check(seed, shape.request(f"u{seed}", shape.message()))

    def test_requests_that_are_hardly_any(self):
        for seed in range(SEED, SEED + COUNT):
            self.check(seed, shapes.Shapes(seed).odd_request())

    def test_each_tag(self):
        message = (
            b"From: =?utf-8?Q?B=C3=B6b?= <bob@example.org>\n"
            b"To: alice@example.net, carol@example.net\nSubject: one\n\ttwo\n"
            b"Subject: =?iso-8859-1?Q?caf=E9?=\nX-Trust-Test: spam\n\nHello\n"
        )
        for number, tag in enumerate(shapes.TAGS + shapes.ADDRESS_TAGS):
            home = self.users / f"t{number}"
            home.mkdir()
            fields = f"report_safe 0\nadd_header all One a{tag}b\n"
            report = f"clear_report_template\nreport x{tag}y\n"
            (home / "user_prefs").write_text(fields + report)
            for command in ("PROCESS", "REPORT"):
                self.check(tag, harness.request(command, message, user=f"t{number}"))


if __name__ == "__main__":
    harness.main()
