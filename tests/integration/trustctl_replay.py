#!/usr/bin/env python3
"""trustctl replay as programs and administrators call it."""

import gzip
import json
import os
import pathlib
import select
import subprocess
import tempfile
import time
import unittest

import harness
from harness import PATIENCE_S, TRUSTCTL

EX_USAGE, EX_DATAERR = 64, 65

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "replay"

# Streams made from real graphs, with what a reference model answers.
STREAMS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "trust-metric"


def replay(events, *args):
    return subprocess.run(
        [TRUSTCTL, "replay", *args],
        input=events,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=300,
        check=False,
    )


class Golden(unittest.TestCase):
    def test_answers_are_the_stored_ones(self):
        # circle.answers came from an independent model, written from METRIC.
        result = replay((GOLDEN / "circle.events").read_bytes())
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(
            result.stdout.decode(), (GOLDEN / "circle.answers").read_text(encoding="utf-8")
        )


class Pipe(unittest.TestCase):
    def test_each_answer_comes_before_the_next_question(self):
        with subprocess.Popen(
            [TRUSTCTL, "replay"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            process.stdin.write(b"A\t0\tr\tf\t2\nA\t0\tf\ts\t2\n")
            for number in range(1, 50):
                line = f"Q\t{number}\tr\ts\t{number}\n".encode()
                # Cut somewhere, so that the rest comes with another read.
                process.stdin.write(line[:number % len(line)])
                process.stdin.flush()
                process.stdin.write(line[number % len(line):])
                process.stdin.flush()
                ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
                self.assertTrue(ready, f"no answer to {number}")
                answer = os.read(process.stdout.fileno(), 4096)
                self.assertEqual(answer, f"{number}\tknown\t-3.744\n".encode())
            process.stdin.close()
            self.assertEqual(process.wait(timeout=PATIENCE_S), 0)

    def test_a_reader_that_goes_away_is_an_error(self):
        with subprocess.Popen(
            ["sh", "-c", f"{TRUSTCTL} replay; echo $? >&2"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            process.stdout.close()
            process.stdin.write(b"Q\t1\tr\ts\t1\n")
            process.stdin.close()
            self.assertNotEqual(process.stderr.read().split()[-1], b"0")
            process.wait(timeout=PATIENCE_S)

    def test_a_last_line_without_line_end_is_a_line(self):
        result = replay(b"A\t0\tr\ts\t2\nQ\t1\tr\ts\t1")
        self.assertEqual((result.returncode, result.stdout), (0, b"1\tknown\t-6.000\n"))

    def test_no_events_have_no_answers(self):
        result = replay(b"")
        self.assertEqual((result.returncode, result.stdout), (0, b""))


class Faults(unittest.TestCase):
    def check(self, events, answers, text):
        result = replay(events)
        self.assertEqual(result.returncode, EX_DATAERR, events)
        self.assertEqual(result.stdout, answers)
        self.assertIn(text, result.stderr.decode())

    def test_a_malformed_line_is_told_with_its_number_and_ends_it(self):
        good = b"A\t0\tr\ts\t2\nQ\t1\tr\ts\t1\n"
        answer = b"1\tknown\t-6.000\n"
        self.check(good + b"Q\t2\tr\ts\nQ\t3\tr\ts\t2\n", answer, "line 3: not five fields")
        self.check(good + b"Q\t0\tr\ts\t2\n", answer, "line 3: the time is before")
        self.check(good + b"A\t2\tr\ts\t9\n", answer, 'line 3: the level is not 0 to 3: "9"')
        self.check(good + b"\n", answer, "line 3")
        self.check(good + b"Q\t2", answer, "line 3")

    def test_huge_identifiers_and_lines_are_refused(self):
        self.check(b"A\t0\t" + b"x" * 1025 + b"\ts\t2\n", b"", "line 1: an identifier is longer")
        self.check(b"A\t0\tr\ts\t2\n" + b"x" * 3_000_000, b"", "line 2: longer than any line")

    def test_bytes_from_outside_do_not_reach_the_terminal(self):
        result = replay(b"A\t0\tr\ts\t\x1b[31m\n")
        self.assertNotIn(b"\x1b", result.stderr)

    def test_arguments_are_a_usage_error(self):
        self.assertEqual(replay(b"", "file.txt").returncode, EX_USAGE)


# A log without years ends in the last one that lets it end before tomorrow.
TOMORROW = time.gmtime(time.time() + 86400)
YEAR = TOMORROW.tm_year - ((TOMORROW.tm_mon, TOMORROW.tm_mday, TOMORROW.tm_hour) < (2, 3, 10))

# Who wrote to whom, and when: alice writes to bob, who answers; eve writes to all; carol's colleague
# alice knows bob.
MAIL = [
    ("alice@example.org", "bob@example.net", f"05 Jan {YEAR} 10:00:00"),
    ("bob@example.net", "alice@example.org", f"05 Jan {YEAR} 11:00:00"),
    ("eve@example.com", "alice@example.org", f"06 Jan {YEAR} 10:00:00"),
    ("bob@example.net", "carol@example.org", f"01 Feb {YEAR} 09:00:00"),
    ("bob@example.net", "alice@example.org", f"02 Feb {YEAR} 09:00:00"),
    ("alice@example.org", "carol@example.org", f"02 Feb {YEAR} 10:00:00"),
    ("eve@example.com", "carol@example.org", f"03 Feb {YEAR} 10:00:00"),
]

# month, messages, known by an own edge, introduced, unknown, new senders
FORECAST = [
    (f"{YEAR}-01", 2, 1, 0, 1, 1),
    (f"{YEAR}-02", 3, 1, 1, 1, 2),
    ("all", 5, 2, 1, 2, 3),
]


class Forecast(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)

    def forecast(self, option, path):
        result = replay(b"", option, str(path), "--domain", "example.org", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        rows = json.loads(result.stdout)
        keys = ("month", "messages", "known", "introduced", "unknown", "new_senders")
        self.assertEqual([tuple(row[key] for key in keys) for row in rows], FORECAST)
        self.assertTrue(all(row["well_trusted"] == 0 for row in rows))

    def test_messages_of_a_maildir(self):
        for name in ("cur", "new", "tmp"):
            (self.path / name).mkdir()
        for number, (sender, recipient, date) in enumerate(reversed(MAIL)):
            message = f"From: <{sender}>\nTo: <{recipient}>\nDate: {date} +0000\n\nhello\n"
            (self.path / "cur" / f"{number}.host").write_text(message, encoding="utf-8")
        self.forecast("--maildir", self.path)

    def test_a_log_of_postfix_in_both_forms_of_time(self):
        for style in ("plain", "iso"):
            lines = []
            for number, (sender, recipient, date) in enumerate(MAIL):
                day, month, year, clock = date.split()
                at = f"{month} {int(day):2} {clock}"
                if style == "iso":
                    at = f"{year}-{1 if month == 'Jan' else 2:02}-{day}T{clock}.000001+00:00"
                lines += [
                    f"{at} mx postfix/qmgr[1]: A{number}: from=<{sender}>, size=9, nrcpt=1",
                    # A content filter takes it first, and hands it back under another id.
                    f"{at} mx postfix/smtp[2]: A{number}: to=<{recipient}>, "
                    "relay=127.0.0.1[127.0.0.1]:10024, status=sent (250 ok)",
                    f"{at} mx postfix/qmgr[1]: B{number}: from=<{sender}>, size=9, nrcpt=1",
                    f"{at} mx postfix/lmtp[3]: B{number}: to=<{recipient}>, relay=mail, "
                    "status=sent (delivered)",
                    f"{at} mx postfix/smtp[2]: B{number}: to=<x@example.net>, relay=none, "
                    "status=deferred (later)",
                ]
            path = self.path / style
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            with self.subTest(style):
                self.forecast("--mail-log", path)

    def test_what_is_no_mail_is_told(self):
        path = self.path / "text"
        path.write_text("no mail\n", encoding="utf-8")
        for option in ("--mail-log", "--maildir"):
            result = replay(b"", option, str(path), "--domain", "example.org")
            self.assertEqual(result.returncode, EX_DATAERR, result.stderr)
        self.assertEqual(replay(b"", "--mail-log", str(path)).returncode, EX_USAGE)


@unittest.skipUnless(STREAMS.is_dir(), f"{STREAMS} is not there")
class SharedStreams(unittest.TestCase):
    def accepted(self, name):
        events = gzip.decompress((STREAMS / f"{name}.events.gz").read_bytes())
        labels = gzip.decompress((STREAMS / f"{name}.labels.gz").read_bytes()).decode()
        label = dict(line.split("\t") for line in labels.splitlines())
        start = time.monotonic()
        result = replay(events)
        seconds = time.monotonic() - start
        self.assertEqual(result.returncode, 0, result.stderr)
        print(f"{name}: {events.count(10) / seconds:.0f} events/s")
        counts = {"honest": 0, "sybil": 0, "other": 0}
        for line in result.stdout.decode().splitlines():
            number, tier, _ = line.split("\t")
            counts[label[number]] += tier in ("known", "trusted")
        return counts

    def test_answers_are_near_the_reference(self):
        reference = json.loads((STREAMS / "reference.json").read_text(encoding="utf-8"))
        for name, expected in reference.items():
            counts = self.accepted(name)
            honest, sybil = expected["honest_reference"][1], expected["sybil_reference"][1]
            # Reports in this stream follow the reference's own answers, not ours: who lets in
            # another one of two false identities is told of the first all the same. Told of
            # its own instead, the metric lets in 137 on average of eight runs (117 to 155).
            room = 7 if name == "alpha-feedback" else 2
            with self.subTest(name):
                self.assertGreaterEqual(counts["honest"], 0.98 * honest)
                self.assertLessEqual(counts["sybil"], sybil + room)


if __name__ == "__main__":
    harness.main()
