#!/usr/bin/env python3
"""Storms against a desk on this loopback, bounded in count; prints what was sent and what was said as one JSON object.

usage: storms.py flows PORT DATAGRAMS      half from 127.0.0.1, half from 127.0.0.9; headers of every protocol with rubbish behind them
       storms.py reports PORT MAILS        abuse reports of different days, by LMTP over eight connections
       storms.py logins PORT ATTEMPTS      wrong passwords for one account from thirty-two addresses, as a proxy would hand them on
"""
import collections
import concurrent.futures
import http.client
import json
import random
import smtplib
import socket
import struct
import sys

HEADS = [struct.pack(">I", 5), struct.pack(">H", 5), struct.pack(">H", 9), struct.pack(">H", 10)]


def flows(port, count):
    chance = random.Random(1)
    sockets = []
    for address in ("127.0.0.1", "127.0.0.9"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", port))
        sockets.append(sock)
    datagrams = [head + chance.randbytes(chance.randrange(0, 1400)) for head in HEADS for _ in range(64)]
    sent = 0
    for i in range(count):
        try:
            sent += sockets[i % 2].send(datagrams[i % len(datagrams)]) >= 0
        except OSError:
            pass
    return {"sent": sent}


def mail(number):
    return f"""From: reporter{number % 40}@abuse-reports.example
To: abuse@desk.example
Message-ID: <storm-{number}@abuse-reports.example>
Subject: Abuse from 192.0.2.11 ({number})
Date: Thu, 26 Nov 2026 12:{number // 60 % 60:02d}:{number % 60:02d} +0000

Your server 192.0.2.11 attacked us on 2026-11-26 at 12:{number // 60 % 60:02d}:{number % 60:02d} UTC:
sshd: Failed password for root from 192.0.2.11 port {1024 + number % 60000} ssh2
"""


def reports(port, count):
    def hand_in(numbers):
        words = collections.Counter()
        with smtplib.LMTP("127.0.0.1", port, local_hostname="mx.example") as server:
            for number in numbers:
                try:
                    server.sendmail(f"reporter{number % 40}@abuse-reports.example", ["abuse@desk.example"], mail(number))
                    words["taken"] += 1
                except smtplib.SMTPException:
                    words["put off"] += 1
                    server.rset()
        return words

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return dict(sum(pool.map(hand_in, [range(i, count, 8) for i in range(8)]), collections.Counter()))


def logins(port, count):
    def attempt(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", "/v1/session", json.dumps({"login": "root", "password": f"guess {number} of many"}),
                               {"Content-Type": "application/json", "X-Forwarded-For": f"198.51.100.{number % 32}"})
            return connection.getresponse().status
        except OSError as fault:
            return type(fault).__name__
        finally:
            connection.close()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return {str(status): times for status, times in collections.Counter(pool.map(attempt, range(count))).items()}


print(json.dumps({"flows": flows, "reports": reports, "logins": logins}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))))
