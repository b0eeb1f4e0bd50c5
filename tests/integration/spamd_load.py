#!/usr/bin/env python3
"""Many clients, and clients that misbehave: the others are served meanwhile."""

import concurrent.futures
import pathlib
import re
import resource
import socket
import zlib

import harness
from harness import HAM, read_all, request, wait_for

PONG = b"SPAMD/1.5 0 PONG\r\n"


def more_descriptors(wanted):
    """Raises our own limit as far as allowed; how many connections we may hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(soft, min(wanted + 100, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return min(wanted, limit - 100)


def own_address():
    """An address of this host that is not loopback; None where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address


def is_served(place):
    """A refused connection may be reset as early as in connect(), or end without a byte."""
    try:
        with socket.create_connection(place, harness.PATIENCE_S) as connection:
            connection.sendall(request("PING"))
            return read_all(connection) == PONG
    except ConnectionError:
        return False


class ManyTest(harness.DaemonTest):
    def test_200_clients_at_once(self):
        spamd = self.daemon("-x").start()
        message = HAM + b"x" * 4096 + b"\n"

        def one(number):
            done = spamd.spamc("-u", f"user{number}", "-c", message=message)
            return done.returncode, done.stdout

        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(one, range(200)))
        self.assertEqual(answers, [(0, b"0.0/5.0\n")] * 200, spamd.tail())
        spamd.wait_log_count("result: ", 200)  # answers to some that came together are sent first
        for number in range(200):
            self.assertIn(f"user=user{number},", spamd.log_text())

    def test_10000_idle_connections(self):
        spamd = self.daemon("-x").start()
        count = more_descriptors(10_000)
        idle = []
        self.addCleanup(lambda: [connection.close() for connection in idle])
        while len(idle) < count:
            idle.append(spamd.connect_unix())
            if len(idle) % 1000 == 0:
                self.assertEqual(spamd.exchange(request("CHECK", HAM))[:16], b"SPAMD/1.1 0 EX_O")
        self.assertEqual(spamd.spamc("-c").stdout, b"0.0/5.0\n")
        if count < 10_000:
            print(f"only {count} connections allowed here", end=" ")

    def test_oldest_idle_connection_gives_way_when_all_places_are_taken(self):
        limit = 256  # of open files; half of that for connections, with one worker
        spamd = self.daemon("-x", "-m", "1")
        spamd.start(
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        )
        idle = [spamd.connect_unix() for _ in range(limit // 2)]
        self.addCleanup(lambda: [connection.close() for connection in idle])
        spamd.wait_log_count("got connection over", limit // 2)
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        self.assertEqual(idle[0].recv(10), b"", "the oldest one is closed")

    def test_clients_that_never_read(self):
        spamd = self.daemon("-x").start()
        big = HAM + b"y" * (8 * 1024 * 1024) + b"\n"
        stuck = []
        self.addCleanup(lambda: [connection.close() for connection in stuck])
        for _ in range(4):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", spamd.port))
            connection.sendall(request("PROCESS", big))
            stuck.append(connection)
        spamd.wait_log_count("result: ", 4)
        for _ in range(10):
            self.assertEqual(spamd.exchange(request("CHECK", HAM))[:16], b"SPAMD/1.1 0 EX_O")
        reply = read_all(stuck[0])
        self.assertTrue(reply.endswith(big[-1000:]))

    def test_never_reading_ends_at_the_child_timeout(self):
        spamd = self.daemon("-x", "-t", "3").start()
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", spamd.port))
            connection.sendall(request("PROCESS", HAM + b"y" * (8 * 1024 * 1024) + b"\n"))
            spamd.wait_log("result: ")
            ours = connection.getsockname()[1]

            def is_gone():
                rows = pathlib.Path("/proc/net/tcp").read_text().splitlines()
                return not any(
                    row.split()[1].endswith(f":{spamd.port:04X}")
                    and row.split()[2].endswith(f":{ours:04X}")
                    and row.split()[3] == "01"
                    for row in rows[1:]
                )

            wait_for(is_gone, "the daemon to give up", spamd.tail)

    def test_slow_senders_do_not_hold_up_others(self):
        spamd = self.daemon("-x", "-m", "1").start()
        slow = []
        self.addCleanup(lambda: [connection.close() for connection in slow])
        sent = request("CHECK", HAM)
        for at in range(1, len(sent), 4):
            connection = spamd.connect()
            connection.sendall(sent[:at])
            slow.append(connection)
        self.assertEqual(spamd.exchange(request("CHECK", HAM))[:16], b"SPAMD/1.1 0 EX_O")
        for at, connection in zip(range(1, len(sent), 4), slow):
            connection.sendall(sent[at:])
            self.assertIn(b"Spam: False", read_all(connection))

    def test_announced_lengths_cost_nothing_until_bytes_come(self):
        spamd = self.daemon("-x").start()
        waiting = []
        self.addCleanup(lambda: [connection.close() for connection in waiting])
        for _ in range(100):
            connection = spamd.connect()
            connection.sendall(b"CHECK SPAMC/1.5\r\nContent-length: 200000000\r\n\r\nSubject: x\n")
            waiting.append(connection)
        self.assertEqual(spamd.exchange(request("CHECK", HAM))[:16], b"SPAMD/1.1 0 EX_O")
        status = pathlib.Path(f"/proc/{spamd.worker_pid()}/status").read_text()
        resident_kib = int(status.partition("VmRSS:")[2].split()[0])
        self.assertLess(resident_kib, 500_000)

    def test_zlib_bombs_are_refused_and_others_are_served(self):
        spamd = self.daemon("-x", "-m", "1", config="max_message_size 4M\n").start()
        squeezer = zlib.compressobj(9)
        bomb = b"".join(squeezer.compress(b"\0" * 1_000_000) for _ in range(300))
        bomb += squeezer.flush()
        sent = request("CHECK", bomb, headers=("Compress: zlib",))

        def throw(_):
            return spamd.exchange(sent)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            replies = [pool.submit(throw, number) for number in range(40)]
            served = 0
            while not all(reply.done() for reply in replies) or served < 20:
                self.assertEqual(spamd.exchange(request("CHECK", HAM))[:16], b"SPAMD/1.1 0 EX_O")
                served += 1
            for reply in replies:
                self.assertRegex(reply.result(), rb"^SPAMD/1\.0 (69|76) ")
        status = pathlib.Path(f"/proc/{spamd.worker_pid()}/status").read_text()
        self.assertLess(int(status.partition("VmHWM:")[2].split()[0]), 300_000)

    def test_peak_of_buffered_bytes_slows_senders_but_stops_nobody(self):
        """More is sent at once than the daemon buffers; all of it is answered."""
        spamd = self.daemon("-x", "-m", "1").start()
        message = HAM + b"z" * (48 * 1024 * 1024) + b"\n"

        def one(_):
            return spamd.exchange(request("CHECK", message))[:16]

        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(one, range(30)))
        self.assertEqual(answers, [b"SPAMD/1.1 0 EX_O"] * 30, spamd.tail())


class SettingsTest(harness.DaemonTest):
    """Each cap can be set, and holds others up no longer than it must."""

    def check(self, spamd):
        self.assertEqual(spamd.exchange(request("CHECK", HAM))[:16], b"SPAMD/1.1 0 EX_O")

    def hold(self, spamd, count, sent=b""):
        held = [spamd.connect_unix() for _ in range(count)]
        self.addCleanup(lambda: [connection.close() for connection in held])
        for connection in held:
            connection.sendall(sent)
        return held

    def test_connections_in_all(self):
        spamd = self.daemon("-x", "-m", "1", config="max_connections 16\n").start()
        idle = self.hold(spamd, 16)
        spamd.wait_log_count("got connection over", 16)
        self.check(spamd)
        self.assertEqual(idle[0].recv(10), b"", "the oldest one is closed")

    def test_connections_that_have_begun_do_not_give_way(self):
        spamd = self.daemon("-x", "-m", "1", config="max_connections 16\n").start()
        sent = request("CHECK", HAM)
        begun = self.hold(spamd, 16, sent[:30])
        spamd.wait_log_count("got connection over", 16)
        with spamd.connect() as late:
            late.sendall(sent)
            begun[3].sendall(sent[30:])
            self.assertIn(b"Spam: False", read_all(begun[3]))
            begun[3].close()
            self.assertIn(b"Spam: False", read_all(late))
        for connection in begun[:3] + begun[4:]:
            connection.sendall(sent[30:])
            self.assertIn(b"Spam: False", read_all(connection))

    def test_connections_of_one_address(self):
        address = own_address()
        if address is None:
            self.skipTest("this host has no address but loopback")
        options = ("-x", "-i", f"{address}:0", "-A", f"{address},127.0.0.1")
        spamd = self.daemon(*options, config="max_connections_per_address 4\n").start()
        (port,) = re.findall(rf"\[{re.escape(address)}\]:(\d+)", spamd.log_text())
        place = (address, int(port))
        held = [socket.create_connection(place, harness.PATIENCE_S) for _ in range(4)]
        self.addCleanup(lambda: [connection.close() for connection in held])
        spamd.wait_log_count(f"connection from {address} ", 4)
        self.assertFalse(is_served(place))
        spamd.wait_log(r"refused connections over the limit of one address: count=1 ")
        held[0].sendall(request("PING"))
        self.assertEqual(read_all(held[0]), PONG)
        held[0].close()
        self.check(spamd)
        wait_for(lambda: is_served(place), "the place that is free again", spamd.tail)

    def test_buffered_bytes(self):
        spamd = self.daemon("-x", "-m", "1", config="max_buffered_size 1M\n").start()
        message = HAM + b"z" * (4 * 1024 * 1024) + b"\n"

        def one(_):
            return spamd.exchange(request("CHECK", message))[:16]

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = [pool.submit(one, number) for number in range(40)]
            while not all(answer.done() for answer in answers):
                self.check(spamd)
            self.assertEqual({answer.result() for answer in answers}, {b"SPAMD/1.1 0 EX_O"})
        status = pathlib.Path(f"/proc/{spamd.worker_pid()}/status").read_text()
        self.assertLess(int(status.partition("VmHWM:")[2].split()[0]), 150_000)

    def test_deadlines(self):
        table = [
            ("command_timeout 1\n", (), b"", b"79 Timeout: (1 second socket timeout reading"),
            ("command_timeout 60\n", ("-T", "1"), b"", b"79 Timeout: (1 second socket timeout"),
            ("request_timeout 1\n", (), b"CHECK SPAMC/1.5\r\n", b"while trying to CHECK)"),
            ("request_timeout 60\n", ("-t", "1"), b"CHECK SPAMC/1.5\r\n", b"to CHECK)"),
        ]
        for config, options, sent, reply in table:
            with self.subTest(config=config, options=options):
                spamd = self.daemon("-x", "-m", "1", *options, config=config).start()
                with spamd.connect() as connection:
                    connection.sendall(sent)
                    self.check(spamd)
                    self.assertIn(reply, read_all(connection))
                spamd.stop()

    def test_a_byte_now_and_then_gains_nothing(self):
        spamd = self.daemon("-x", "-m", "1", config="request_timeout 2\n").start()
        with spamd.connect() as connection:
            connection.settimeout(0.1)
            reply = b""
            connection.sendall(request("CHECK", HAM)[:60])
            while not reply:
                self.check(spamd)
                try:
                    connection.sendall(b"x")
                    reply = connection.recv(1000)
                except TimeoutError:
                    continue
        self.assertIn(b"79 Timeout: (2 second timeout while trying to CHECK)", reply)

    def test_values_out_of_range_do_not_start(self):
        for line in (
            "max_connections 15",
            "max_connections_per_address -1",
            "max_buffered_size 1000",
            "request_timeout 2d",
            "command_timeout soon",
        ):
            with self.subTest(line):
                done = self.daemon("-x", config=line + "\n").run()
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertIn(line.split()[0], done.stderr)


if __name__ == "__main__":
    harness.main()
