#!/usr/bin/env python3
"""Prints how many flow records of a server arrive within SECONDS, as "ipfix N sflow N": datagrams that hold the server's address.

usage: count_datagrams.py LISTEN_ADDRESS IPFIX_PORT SFLOW_PORT SERVER_ADDRESS SECONDS"""
import select
import socket
import sys
import time

listen, ipfix_port, sflow_port, server, seconds = sys.argv[1:]
needle = socket.inet_aton(server)
names, counts = {}, {"ipfix": 0, "sflow": 0}
for name, port, version in (("ipfix", ipfix_port, b"\x00\x0a"), ("sflow", sflow_port, b"\x00\x00\x00\x05")):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((listen, int(port)))
    names[sock] = (name, version)
end = time.monotonic() + float(seconds)
while (left := end - time.monotonic()) > 0 and not all(counts.values()):
    for sock in select.select(list(names), [], [], left)[0]:
        datagram = sock.recv(65535)
        name, version = names[sock]
        counts[name] += datagram.startswith(version) and needle in datagram
print(f"ipfix {counts['ipfix']} sflow {counts['sflow']}")
