#!/usr/bin/env python3
"""Stands for the desk's LMTP server: takes every mail and writes it to FOLDER/N.eml, with the envelope in its first two lines.

usage: lmtp_stub.py ADDRESS PORT FOLDER"""
import itertools
import os
import socketserver
import sys

folder = sys.argv[3]
numbers = itertools.count(1)


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        sender, recipients = "", []
        self.say("220 stub LMTP")
        while line := self.rfile.readline().decode(errors="replace").rstrip("\r\n"):
            verb = line.upper()
            if verb.startswith("MAIL FROM:"):
                sender, recipients = line[10:].split(" ")[0], []
            elif verb.startswith("RCPT TO:"):
                recipients.append(line[8:].split(" ")[0])
            elif verb == "DATA":
                self.say("354 go on")
                self.keep(sender, recipients)
                for _ in recipients:
                    self.say("250 2.0.0 taken")
                continue
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            self.say("250 2.0.0 ok")

    def keep(self, sender, recipients):
        lines = [f"X-Envelope-From: {sender}\n".encode(), f"X-Envelope-To: {' '.join(recipients)}\n".encode()]
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.replace(b"\r\n", b"\n"))
        name = os.path.join(folder, f"{next(numbers)}.eml")
        with open(name + ".new", "wb") as file:
            file.writelines(lines)
        os.rename(name + ".new", name)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server((sys.argv[1], int(sys.argv[2])), Session).serve_forever()
