#!/usr/bin/env python3
"""make_initramfs.py OUT [PATH=SOURCE]... : an initial file system in the kernel's cpio format ("newc", Documentation/driver-api/early-userspace).
Programs named are taken with the libraries that `ldd` lists for them. Sources that begin with "text:" are the content itself."""
import os
import subprocess
import sys

entries = {}


def put(path, content, mode):
    folder = os.path.dirname(path)
    if folder and folder not in entries:
        put(folder, b"", 0o040755)
    entries[path] = (content, mode)


def take(path, source):
    if source.startswith("text:"):
        put(path, source[5:].encode(), 0o100755)
        return
    with open(source, "rb") as file:
        content = file.read()
    put(path, content, 0o100755)
    if content[:4] != b"\x7fELF" or path.endswith(".ko"):
        return
    listed = subprocess.run(["ldd", source], capture_output=True, text=True, check=False).stdout
    for word in listed.split():
        if word.startswith("/") and word[1:] not in entries and os.path.exists(word):
            with open(word, "rb") as library:
                put(word[1:], library.read(), 0o100755)


for argument in sys.argv[2:]:
    path, source = argument.split("=", 1)
    take(path, source)
for folder in ("proc", "sys", "dev", "run", "tmp"):
    put(folder, b"", 0o040755)

with open(sys.argv[1], "wb") as out:
    for number, (path, (content, mode)) in enumerate(list(entries.items()) + [("TRAILER!!!", (b"", 0))], 1):
        name = path.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        out.write(head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4))
