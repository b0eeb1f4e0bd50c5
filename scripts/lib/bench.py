#!/usr/bin/env python3
"""Measures the daemon beside the floor server and prints `name value unit` lines.

usage: bench.py     (called by `scripts/dev bench spamd`)

Ours does all that it does in service: it has all three stores, logs to a file, and keeps the history. The
message is proven (a DKIM pass of our verifier) and from a friend of the user, so that the ledger is asked, and
noted in, for each. What the ledger's thread does is in our CPU time as well.

Both servers run at once, with the same number of threads; the same load generator goes to
one and the other in turn, several rounds, and the medians are printed. So what else the
machine does falls on both. Ratios are ours to the floor's, with the target of each below it. Where
Debian's spamd is installed, it gets a few of the same requests, with three rules of its own.
"""

import os
import pathlib
import statistics
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration"))

import harness  # noqa: E402  (the path above leads to it)
from scorers import REAL_SPAMD, RealSpamd  # noqa: E402
from trust_site import Site  # noqa: E402

CONNECTIONS = 16
ROUNDS = 9
THREADS = os.cpu_count() or 1
USER = "alice@example.org"

# What is measured: name, command, size of the message, size of the floor's answer, requests.
CASES = [
    ("check_4k", "CHECK", 4 << 10, 0, 20000),
    ("process_100k", "PROCESS", 100 << 10, 101 << 10, 4000),
]

# What the ratios are to be: (case, kind) to {ratio: (is it a least or a most, bound)}.
CHECK_TARGETS = {"latency_p99": ("<=", 2.0)}
TARGETS = {
    ("check_4k", "tcp"): {"server_cpu": ("<=", 1.5), "requests": (">=", 0.80), **CHECK_TARGETS},
    ("check_4k", "unix"): {"server_cpu": ("<=", 1.8), "requests": (">=", 0.60), **CHECK_TARGETS},
    ("process_100k", "tcp"): {"requests": (">=", 0.70)},
    ("process_100k", "unix"): {"requests": (">=", 0.70)},
}

CONFIG = "authres_trusted_authserv mx.example.org\n"

HEAD = """\
Authentication-Results: mx.example.org; dkim=pass header.d=example.net header.s=mail
Received: from mail.example.net (mail.example.net [192.0.2.10])
\tby mx.example.org (Postfix) with ESMTPS id 4XbC2Q5t0Lz9s
\tfor <alice@example.org>; Mon, 23 Nov 2026 09:12:44 +0000 (UTC)
Date: Mon, 23 Nov 2026 10:12:41 +0100
From: Bob <bob@example.net>
To: Alice <alice@example.org>
Subject: A message of a certain size
Message-ID: <20261123091241.4f1c@example.net>

"""

LINE = "The quick brown fox jumps over the lazy dog, and does it again and again.\n"


def write_message(site, case):
    """A file with a message of the size that the case wants."""
    name, _, size, _, _ = case
    path = site.dir / f"{name}.eml"
    path.write_text((HEAD + LINE * (size // len(LINE) + 1))[: size - 1] + "\n")
    return path


class Floor:
    """The floor server on one kind of socket."""

    def __init__(self, program, where, reply):
        self.process = subprocess.Popen(
            [program, *where, "--threads", str(THREADS), "--reply", str(reply)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self.process.stdout.readline().split()[-1]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def load(where, case, message, pid=None):
    """One run of the load generator: {name: (value, unit)}; with a pid, also what it used."""
    _, command, _, _, requests = case
    process = [] if pid is None else ["--pid", str(pid)]
    done = subprocess.run(
        [harness.BUILD / "tests/loadgen", *where, *process]
        + ["--connections", str(CONNECTIONS), "--requests", str(requests)]
        + ["--command", command, "--message", message, "--user", USER],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"loadgen: {done.stderr.strip()}")
    lines = (line.split() for line in done.stdout.splitlines())
    return {name: (float(value), unit) for name, value, unit in lines}


def medians(runs):
    return {
        name: (statistics.median(run[name][0] for run in runs), unit)
        for name, (_, unit) in runs[0].items()
    }


def print_results(prefix, results):
    for name, (value, unit) in results.items():
        print(f"{prefix}.{name} {value:.1f} {unit}")


def ratio_line(prefix, name, value, target):
    """One ratio, and below it what it is to be, as a comment."""
    line = f"{prefix}.ratio.{name} {value:.2f} x"
    if target is None:
        return line
    relation, bound = target
    is_met = value <= bound if relation == "<=" else value >= bound
    return f"{line}\n#   target {relation} {bound:.2f}: {'met' if is_met else 'MISSED'}"


def print_comparison(case_name, kind, ours, floor):
    prefix = f"spamd.{case_name}.{kind}"
    print_results(f"{prefix}.ours", ours)
    print_results(f"{prefix}.floor", floor)
    for name in ("requests", "server_cpu", "latency_p50", "latency_p99"):
        base = floor[name][0]
        ratio = ours[name][0] / base if base else float("nan")
        print(ratio_line(prefix, name, ratio, TARGETS[case_name, kind].get(name)))
    sys.stdout.flush()


def measure(site, case, kind):
    """One case on one kind of socket, ours and the floor in turn."""
    name, _, _, reply, _ = case
    message = write_message(site, case)
    daemon = site.daemon
    floor_socket = site.dir / "floor.sock"
    floor_socket.unlink(missing_ok=True)
    floor_where = ["--tcp", "0"] if kind == "tcp" else ["--unix", str(floor_socket)]
    floor = Floor(harness.BUILD / "tests/floor_server", floor_where, reply)
    try:
        servers = [
            (daemon.worker_pid(), str(daemon.port if kind == "tcp" else daemon.socket)),
            (floor.process.pid, floor.address),
        ]
        runs = [[], []]
        for round_number in range(ROUNDS + 1):
            for i, (pid, address) in enumerate(servers):
                where = ["--" + kind, address]
                result = load(where, case, message, pid)
                if round_number > 0:  # the first round warms up
                    runs[i].append(result)
        print_comparison(name, kind, *map(medians, runs))
    finally:
        floor.stop()


def measure_original(site):
    """Debian's spamd on the first case, over a UNIX socket; it is slow, so few requests."""
    case = (*CASES[0][:-1], 500)
    directory = site.dir / "original"
    directory.mkdir()
    directory.chmod(0o755)
    original = RealSpamd(directory)
    try:
        result = load(["--unix", original.address], case, write_message(site, case))
        print_results(f"spamd.{case[0]}.unix.original", result)
    finally:
        original.stop()


def machine():
    """One comment line about where this was measured."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(": ")[1] for line in info.splitlines() if "model name" in line), "?")
    load_average = os.getloadavg()[0]
    return (
        f"# {model}, {THREADS} threads, {CONNECTIONS} connections, median of {ROUNDS} rounds, "
        f"load average before {load_average:.1f}"
    )


def main():
    print(machine())
    with Site(CONFIG) as site:
        site.trustctl("init", "--domain", "example.org")
        site.trustctl("user", "add", USER)
        site.trustctl("friend", "add", "--user", USER, "bob@example.net")
        site.start()
        for case in CASES:
            for kind in ("tcp", "unix"):
                measure(site, case, kind)
        if pathlib.Path(REAL_SPAMD).exists():
            measure_original(site)
        else:
            print(f"# {REAL_SPAMD} is not installed: not measured")


if __name__ == "__main__":
    main()
