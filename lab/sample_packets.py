#!/usr/bin/env python3
"""Writes a small capture of made-up traffic for exporters to read: lab/record-exports FOLDER.

usage: sample_packets.py FILE             as a capture
       sample_packets.py --send IFACE     onto an interface, one packet each 50 ms
TCP with an answer, a refused SYN, UDP, ICMP and ICMPv6, IPv6 TCP, and TCP in a VLAN; documentation addresses only (RFC 5737, RFC 3849). The same
bytes on every run."""
import socket
import struct
import sys
import time

START = 1_700_000_000
MAC_A, MAC_B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(source, destination, kind, payload, vlan=None):
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return destination + source + tag + struct.pack(">H", kind) + payload


def ipv4(source, destination, protocol, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(source, destination, protocol, payload):
    pton = lambda text: socket.inet_pton(socket.AF_INET6, text)
    return struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64) + pton(source) + pton(destination) + payload


def tcp(source, destination, flags, data=b"", sequence=1):
    return struct.pack(">HHIIBBHHH", source, destination, sequence, 1, 0x50, flags, 1024, 0, 0) + data


def udp(source, destination, data):
    return struct.pack(">HHHH", source, destination, 8 + len(data), 0) + data


def icmp(kind, code, data):
    body = struct.pack(">BBHI", kind, code, 0, 1) + data
    return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


def conversation(there, back):
    """A TCP connection of one request and one larger answer, as (forward?, segment) pairs."""
    yield there(SYN)
    yield back(SYN | ACK)
    yield there(ACK)
    yield there(PSH | ACK, b"GET / HTTP/1.0\r\n\r\n")
    for _ in range(4):
        yield back(ACK, b"x" * 1000)
    yield there(FIN | ACK)
    yield back(FIN | ACK)
    yield there(ACK)


def frames():
    def v4(source, destination, source_mac, destination_mac, source_port, destination_port, vlan=None):
        return lambda flags, data=b"": ethernet(source_mac, destination_mac, 0x0800, ipv4(source, destination, 6, tcp(source_port, destination_port, flags, data)), vlan)

    def v6(source, destination, source_mac, destination_mac, source_port, destination_port):
        return lambda flags, data=b"": ethernet(source_mac, destination_mac, 0x86DD, ipv6(source, destination, 6, tcp(source_port, destination_port, flags, data)))

    a, b = "192.0.2.11", "198.51.100.7"
    yield from conversation(v4(a, b, MAC_A, MAC_B, 40001, 80), v4(b, a, MAC_B, MAC_A, 80, 40001))
    yield v4(a, b, MAC_A, MAC_B, 40002, 23)(SYN)
    yield v4(b, a, MAC_B, MAC_A, 23, 40002)(RST | ACK)
    for _ in range(3):
        yield ethernet(MAC_A, MAC_B, 0x0800, ipv4(a, b, 17, udp(5353, 53, b"q" * 40)))
    for _ in range(2):
        yield ethernet(MAC_A, MAC_B, 0x0800, ipv4(a, b, 1, icmp(8, 0, b"p" * 56)))
    yield ethernet(MAC_B, MAC_A, 0x0800, ipv4(b, a, 1, icmp(3, 3, b"p" * 28)))
    a6, b6 = "2001:db8::11", "2001:db8:1::7"
    yield from conversation(v6(a6, b6, MAC_A, MAC_B, 40003, 443), v6(b6, a6, MAC_B, MAC_A, 443, 40003))
    yield ethernet(MAC_A, MAC_B, 0x86DD, ipv6(a6, b6, 58, icmp(128, 0, b"p" * 56)))
    yield from conversation(v4(a, b, MAC_A, MAC_B, 40004, 25, 100), v4(b, a, MAC_B, MAC_A, 25, 40004, 100))


def main():
    if sys.argv[1] == "--send":
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        wire.bind((sys.argv[2], 0))
        for frame in frames():
            wire.send(frame)
            time.sleep(0.05)
        return
    with open(sys.argv[1], "wb") as capture:
        capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(frames()):
            micros = i * 50_000
            capture.write(struct.pack("<IIII", START + micros // 1_000_000, micros % 1_000_000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
