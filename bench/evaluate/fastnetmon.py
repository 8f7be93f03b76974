#!/usr/bin/env python3
"""Feeds FastNetMon what Pinfold was given, and writes down whom it bans.

  fastnetmon.py FEED-FOLDER LAB-ROOT      (as root; runs itself in namespaces of its own without a way out, which end with it)

Reads feed-N.bin and feed-N.jsonl (pinfold-evaluate feed; N is the sampling), runs for each N a stock and a tuned FastNetMon on ports of its
own, sends the datagrams at their moments over loopback, and writes FEED-FOLDER/fastnetmon.jsonl: each input's row with is_found and
seconds_to_detect (seconds after the attack's begin; the feeds start 5 s before it). All run side by side, in real time.
Ends only the processes that it started.
"""
import ctypes
import heapq
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

BEFORE_ATTACK = 5.0
BASE_PORT = 20055
STOCK = {}
# As well as one can without losing sight of honest servers: outbound only, no bandwidth, packets above a busy tunnel, new flows a second.
TUNED = {"process_incoming_traffic": "off", "ban_for_bandwidth": "off", "threshold_pps": "15000", "ban_for_flows": "on", "threshold_flows": "150"}
# The addresses that the feeds use. It walks every address of these once a second: a wider prefix makes it late.
NETWORKS = "10.16.0.0/23\n"


def in_own_namespaces(folder):
    """A network with nothing but loopback, and a /var/log that is not the machine's. Both go when this process and its children have ended."""
    new_mounts, new_network = 0x00020000, 0x40000000
    if ctypes.CDLL(None, use_errno=True).unshare(new_mounts | new_network) != 0:
        sys.exit("fastnetmon.py: no namespaces: " + os.strerror(ctypes.get_errno()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.makedirs(f"{folder}/log", exist_ok=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", f"{folder}/log", "/var/log"], check=True)


def write_configuration(folder, root, port, changes):
    settings = {
        "netflow": "on", "sflow": "off", "netflow_port": str(port), "netflow_host": "127.0.0.1", "netflow_sampling_ratio": "1",
        "disable_usage_report": "on", "networks_list_path": f"{folder}/networks", "white_list_path": f"{folder}/white",
        "prometheus": "off", "enable_api": "off", "monitor_local_ip_addresses": "off", "pid_path": f"{folder}/pid",
        "cli_stats_file_path": f"{folder}/stats", "cli_stats_ipv6_file_path": f"{folder}/stats6", "notify_script_path": f"{folder}/notify",
        "unban_only_if_attack_finished": "off", "ban_time": "600", "interfaces": "",
    } | changes
    lines = []
    for line in open(f"{root}/etc/fastnetmon.conf"):
        key = line.split("=")[0].strip() if "=" in line and not line.startswith("#") else None
        lines.append(f"{key} = {settings.pop(key)}\n" if key in settings else line)
    lines += [f"{key} = {value}\n" for key, value in settings.items()]
    open(f"{folder}/fastnetmon.conf", "w").write("".join(lines))
    open(f"{folder}/networks", "w").write(NETWORKS)
    open(f"{folder}/white", "w").write("")
    open(f"{folder}/notify", "w").write(f'#!/bin/sh\necho "$(date +%s.%N) $1 $2 $3 $4" >>{folder}/bans\ncat >/dev/null\n')
    os.chmod(f"{folder}/notify", 0o755)
    if os.path.exists(f"{folder}/bans"):
        os.unlink(f"{folder}/bans")


def start(folder, root, port, changes):
    os.makedirs(folder, exist_ok=True)
    write_configuration(folder, root, port, changes)
    environment = dict(os.environ, LD_LIBRARY_PATH=f"{root}/usr/lib/x86_64-linux-gnu:{root}/usr/lib")
    return subprocess.Popen([f"{root}/usr/sbin/fastnetmon", "--configuration_file", f"{folder}/fastnetmon.conf", "--disable_pid_logic"],
                            stdout=open(f"{folder}/output", "w"), stderr=subprocess.STDOUT, env=environment, cwd=folder)


def read_feed(file):
    data = open(file, "rb").read()
    at = 0
    while at < len(data):
        seconds, length = struct.unpack_from("<dH", data, at)
        yield seconds, data[at + 10:at + 10 + length]
        at += 10 + length


def send(feeds):
    """feeds: (file, ports). Everything in order of time, as fast as time goes."""
    def tagged(number, file):
        for seconds, datagram in read_feed(file):
            yield seconds, number, datagram
    streams = [tagged(number, file) for number, (file, _) in enumerate(feeds)]
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    begin = time.time()
    said = -1
    for seconds, number, datagram in heapq.merge(*streams, key=lambda one: one[0]):
        wait = begin + seconds - time.time()
        if wait > 0:
            time.sleep(wait)
        for port in feeds[number][1]:
            try:
                sender.sendto(datagram, ("127.0.0.1", port))
            except ConnectionRefusedError:
                pass
        if int(seconds) // 10 != said:
            said = int(seconds) // 10
            print(f"\rFastNetMon: {int(seconds)} s of 80 s, {max(0.0, -wait):.2f} s behind ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return begin


def bans_of(folder):
    first = {}
    try:
        for line in open(f"{folder}/bans"):
            fields = line.split()
            if len(fields) == 5 and fields[4] == "ban":
                first.setdefault(fields[1], (float(fields[0]), fields[2]))
    except FileNotFoundError:
        pass
    return first


def main():
    folder, root = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    in_own_namespaces(folder)
    feeds, instances = [], []
    for file in sorted(os.listdir(folder)):
        if not (match := re.fullmatch(r"feed-(\d+)\.bin", file)):
            continue
        one_in, ports = int(match[1]), []
        for tool, changes in (("stock", STOCK), ("tuned", TUNED)):
            port = BASE_PORT + len(instances)
            own = f"{folder}/fastnetmon-{tool}-{one_in}"
            instances.append((tool, one_in, own, start(own, root, port, changes)))
            ports.append(port)
        feeds.append((f"{folder}/{file}", ports))
    time.sleep(4)  # it opens its socket when it likes, and says nothing
    for tool, one_in, own, process in instances:
        if process.poll() is not None:
            sys.exit(f"fastnetmon.py: FastNetMon ({tool}, 1:{one_in}) ended at once; see {own}/output")
    try:
        begin = send(feeds)
        time.sleep(6)
    finally:
        for _, _, _, process in instances:
            process.terminate()
        for _, _, _, process in instances:
            process.wait()
    with open(f"{folder}/fastnetmon.jsonl", "w") as out:
        for tool, one_in, own, _ in instances:
            bans = bans_of(own)
            for line in open(f"{folder}/feed-{one_in}.jsonl"):
                row = json.loads(line)
                row["tool"] = tool
                when, direction = bans.get(row["role"], (None, ""))
                row["is_found"] = when is not None
                row["found_as"] = direction
                row["seconds_to_detect"] = when - begin - BEFORE_ATTACK if when is not None else -1
                out.write(json.dumps(row) + "\n")


main()
