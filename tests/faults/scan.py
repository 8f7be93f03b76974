#!/usr/bin/env python3
"""NetFlow v5 of servers that scan for telnet, as a border router would export it.

usage: scan.py PORT SECONDS ADDRESS...   40 attempts a second and server, one datagram each, to UDP 127.0.0.1 PORT
Source: the NetFlow v5 format as in src/flow/netflow5.hpp (header of 24 bytes, records of 48)."""
import ipaddress
import socket
import struct
import sys
import time

port, seconds, servers = int(sys.argv[1]), float(sys.argv[2]), [int(ipaddress.ip_address(a)) for a in sys.argv[3:]]
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.connect(("127.0.0.1", port))
began = time.monotonic()
sequence = target = 0
EACH = 10  # records a datagram, four datagrams a second and server
while time.monotonic() - began < seconds:
    for server in servers:
        now = time.time()
        uptime = int((now % 1_000_000) * 1000) & 0xFFFFFFFF
        records = b""
        for _ in range(EACH):
            target += 1
            peer = int(ipaddress.ip_address("203.0.113.0")) + target % 250 + (target // 250 % 200 << 16)
            records += struct.pack("!IIIHHIIIIHHBBBBHHBBH", server, peer, 0, 1, 2, 1, 44, uptime - 50, uptime - 50, 40000 + target % 20000, 23,
                                   0, 2, 6, 0, 0, 0, 0, 0, 0)
        header = struct.pack("!HHIIIIBBH", 5, EACH, uptime, int(now), int(now % 1 * 1e9), sequence, 0, 0, 0)
        sequence += EACH
        try:
            out.send(header + records)
        except ConnectionRefusedError:
            pass  # the collector is being started again: what is sent now is lost, as it would be by UDP
    time.sleep(0.25)
