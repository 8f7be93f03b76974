#!/usr/bin/env python3
"""A name server for one test: TXT records from a file ("NAME TEXT" a line), everything else does not exist. Plain UDP on 127.0.0.1.

usage: dns_stub.py PORT FILE"""
import socket
import struct
import sys

port, file = int(sys.argv[1]), sys.argv[2]
records = {}
with open(file, encoding="ascii") as lines:
    for line in lines:
        name, _, text = line.strip().partition(" ")
        if text:
            records[name.lower()] = text


def answer(query):
    """The reply to one question, or None for what is no question."""
    if len(query) < 17:
        return None
    at, labels = 12, []
    while at < len(query) and query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    question = query[12:at + 5]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    text = records.get(".".join(labels).lower())
    if text is None or kind != 16:
        code = 0 if text is not None else 3
        return query[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, 0, 0, 0) + question
    pieces = [text[i:i + 255].encode("ascii") for i in range(0, len(text), 255)]
    data = b"".join(bytes([len(piece)]) + piece for piece in pieces)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(data)) + data
    return query[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + question + record


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", port))
    print("ready", flush=True)
    while True:
        query, asker = server.recvfrom(4096)
        reply = answer(query)
        if reply:
            server.sendto(reply, asker)
