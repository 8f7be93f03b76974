#!/usr/bin/env python3
"""Submits a mail as the desk does: auto-generated, with a VERP sender, asking to be told of the delivery (RFC 3461).

usage: send_notice.py MX_ADDRESS RECIPIENT TOKEN"""
import smtplib
import sys

address, recipient, token = sys.argv[1:]
mail = f"""From: Example Hosting Abuse Desk <abuse@hosting.example>
To: {recipient}
Reply-To: abuse+{token}@hosting.example
Subject: Abuse from your server
Date: Mon, 23 Nov 2026 12:00:00 +0000
Message-ID: <{token}@hosting.example>
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: OOF, AutoReply

Your server scans.
"""
with smtplib.SMTP(address, 25, local_hostname="desk", timeout=10) as server:
    server.sendmail(f"b+{token}@bounce.hosting.example", recipient, mail, mail_options=[f"ENVID={token}", "RET=HDRS"],
                    rcpt_options=["NOTIFY=SUCCESS,FAILURE,DELAY", f"ORCPT=rfc822;{recipient}"])
