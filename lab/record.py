#!/usr/bin/env python3
"""Records the flow exports that reach the desk, as a capture file that `pinfold flows decode`, `pinfold detect` and the demo without root read.

usage: record.py FILE SECONDS ADDRESS PORT...   (on the lab's desk, where no `pinfold serve` runs)
Writes pcap (link type raw IPv4, 101) with microsecond time stamps. Bounds: SECONDS, and 20,000 datagrams."""
import select
import socket
import struct
import sys
import time

RAW_IP = 101
MAX_DATAGRAMS = 20_000


def ip_udp(source, destination, payload):
    """The datagram as it was on the wire, without checksums (0 means none, RFC 768; the IP checksum is not looked at)."""
    udp = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(source[0]), socket.inet_aton(destination[0])) + udp


def main():
    path, seconds, address, ports = sys.argv[1], float(sys.argv[2]), sys.argv[3], [int(p) for p in sys.argv[4:]]
    sockets = []
    for port in ports:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((address, port))
        sockets.append(udp)
    end, count = time.monotonic() + seconds, 0
    with open(path, "wb") as capture:
        capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, RAW_IP))
        while (left := end - time.monotonic()) > 0 and count < MAX_DATAGRAMS:
            for udp in select.select(sockets, [], [], left)[0]:
                payload, source = udp.recvfrom(65535)
                packet = ip_udp(source, udp.getsockname(), payload)
                now = time.time_ns() // 1000
                capture.write(struct.pack("<IIII", now // 1_000_000, now % 1_000_000, len(packet), len(packet)) + packet)
                count += 1
    print(f"{count} datagrams")


if __name__ == "__main__":
    main()
