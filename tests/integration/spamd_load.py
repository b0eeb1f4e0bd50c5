#!/usr/bin/env python3
"""Many clients, and clients that misbehave: the others are served meanwhile."""

import concurrent.futures
import pathlib
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
        spamd = self.daemon("-x", "-t", "1").start()
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", spamd.port))
            connection.sendall(request("PROCESS", HAM + b"y" * (8 * 1024 * 1024) + b"\n"))
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

    def test_zlib_bomb_is_refused(self):
        import zlib

        spamd = self.daemon("-x", config="max_message_size 4M\n").start()
        squeezer = zlib.compressobj(9)
        bomb = b"".join(squeezer.compress(b"\0" * 1_000_000) for _ in range(300))
        bomb += squeezer.flush()
        reply = spamd.exchange(request("CHECK", bomb, headers=("Compress: zlib",)))
        self.assertRegex(reply, rb"^SPAMD/1\.0 (69|76) ")
        self.assertEqual(spamd.exchange(request("PING")), PONG)

    def test_peak_of_buffered_bytes_slows_senders_but_stops_nobody(self):
        """More is sent at once than the daemon buffers; all of it is answered."""
        spamd = self.daemon("-x", "-m", "1").start()
        message = HAM + b"z" * (48 * 1024 * 1024) + b"\n"

        def one(_):
            return spamd.exchange(request("CHECK", message))[:16]

        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(one, range(30)))
        self.assertEqual(answers, [b"SPAMD/1.1 0 EX_O"] * 30, spamd.tail())


if __name__ == "__main__":
    harness.main()
