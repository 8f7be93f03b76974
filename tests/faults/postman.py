#!/usr/bin/env python3
"""Delivers mails to desks over LMTP as a mail server does: each is tried again, at any desk, until one says 250.

usage: postman.py FOLDER ADDRESS:PORT...   five mails a second until FOLDER/stop is there, then those that wait, for 120 s at most
Writes FOLDER/mails.json all the while: mails (handed over and acknowledged), left (never acknowledged), refusals, longest (seconds for an answer)."""
import json
import pathlib
import queue
import smtplib
import sys
import threading
import time

folder = pathlib.Path(sys.argv[1])
doors = [door.rsplit(":", 1) for door in sys.argv[2:]]
waiting, lock = queue.Queue(), threading.Lock()
counts = {"mails": 0, "left": 0, "refusals": 0, "longest": 0.0}
over = threading.Event()
ANSWER_WITHIN = 60  # a mail server's own patience is longer


def deliver(host, port):
    while not (over.is_set() and waiting.empty()):
        try:
            number = waiting.get(timeout=0.5)
        except queue.Empty:
            continue
        began = time.monotonic()
        try:
            with smtplib.LMTP(host, int(port), local_hostname="mx.example", timeout=ANSWER_WITHIN) as server:
                server.sendmail(f"someone{number}@elsewhere.example", ["abuse@hosting.example"],
                                f"From: someone{number}@elsewhere.example\r\nTo: abuse@hosting.example\r\nSubject: question {number}\r\n"
                                f"Message-ID: <{number}@elsewhere.example>\r\n\r\nWhat is question {number} about?\r\n")
            taken = True
        except (OSError, smtplib.SMTPException):
            taken = False
        with lock:
            counts["mails" if taken else "refusals"] += 1
            counts["longest"] = max(counts["longest"], round(time.monotonic() - began, 1))
        if not taken:
            waiting.put(number)
            over.wait(0.5) or time.sleep(0.2)


def tell():
    with lock:
        (folder / "mails.new").write_text(json.dumps(counts))
    (folder / "mails.new").replace(folder / "mails.json")


workers = [threading.Thread(target=deliver, args=door, daemon=True) for door in doors]
for worker in workers:
    worker.start()
sent = 0
while not (folder / "stop").exists():
    sent += 1
    waiting.put(sent)
    tell()
    time.sleep(0.2)
over.set()
end = time.monotonic() + 120
for worker in workers:
    worker.join(max(0.0, end - time.monotonic()))
counts["left"] = sent - counts["mails"]
tell()
