#!/usr/bin/env python3
"""Hands connections on the machine's loopback over to port 8080 of the desk's loopback, which lies in another network namespace.

usage: forward.py PORT PORT_FILE ENTER...
A socket belongs to the namespace it was made in: this program listens, writes the port it got to PORT_FILE (the wanted one may be taken),
and starts itself again behind the ENTER command, inside the desk's namespace, with the listening socket inherited."""
import os
import socket
import sys
import threading

PAGES = ("127.0.0.1", 8080)
MAX_CONNECTIONS = 64


def listen(wanted):
    for port in (wanted, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            continue
        listener.listen(16)
        return listener
    sys.exit("forward: no free port on loopback")


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for side in (source, sink):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def carry(visitor, slots):
    with slots, visitor:
        try:
            pages = socket.create_connection(PAGES, timeout=5)
        except OSError:
            return  # the desk is not running: the browser sees a closed connection
        pages.settimeout(None)
        with pages:
            back = threading.Thread(target=pump, args=(pages, visitor), daemon=True)
            back.start()
            pump(visitor, pages)
            back.join()


def main():
    if sys.argv[1] == "--inherited":
        listener = socket.socket(fileno=int(sys.argv[2]))
        slots = threading.BoundedSemaphore(MAX_CONNECTIONS)
        while True:
            visitor, _ = listener.accept()
            threading.Thread(target=carry, args=(visitor, slots), daemon=True).start()
    listener = listen(int(sys.argv[1]))
    with open(sys.argv[2] + ".new", "w") as port_file:
        port_file.write(str(listener.getsockname()[1]))
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    listener.set_inheritable(True)
    enter = sys.argv[3:] + [sys.executable, os.path.abspath(__file__), "--inherited", str(listener.fileno())]
    os.execvp(enter[0], enter)


if __name__ == "__main__":
    main()
