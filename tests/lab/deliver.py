#!/usr/bin/env python3
"""Hands one raw mail to the mail server of this host, as another server would: usage: deliver.py FROM TO FILE
Exit status: 0 taken, 1 refused (the server's words are printed)."""
import smtplib
import sys

sender, recipient, file = sys.argv[1:]
with open(file, "rb") as raw, smtplib.SMTP("127.0.0.1", 25, local_hostname="client.example", timeout=20) as server:
    try:
        server.sendmail("" if sender == "<>" else sender, [recipient], raw.read())
    except smtplib.SMTPException as refusal:
        print(refusal)
        sys.exit(1)
