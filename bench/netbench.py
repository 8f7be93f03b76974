#!/usr/bin/env python3
"""make bench-flow: flow collectors side by side over loopback, in a network namespace of this process alone.

Each round starts every collector once, loads it with the same datagrams at the same pace, and stops it; rounds are interleaved so that noise hits
all alike, and medians are shown. CPU time is that of the whole process tree (idle cost subtracted). The collector runs on CPU 0, the
generator on CPU 1. Ours is `pinfold serve` with a database, 100,000 servers and detection on.
usage: netbench.py [--rounds N] [--kinds v9,sflow,v5,ipfix] [--lossless] [--alone] [--without NAME] [--out FILE.jsonl]
--alone: the collector without the rest of the desk (bench/flow_collector.cpp) in the place of `pinfold serve`.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

import collectors

RATES = {"v5": 15_000, "v9": 15_000, "ipfix": 15_000, "sflow": 15_000}  # datagrams a second: all keep up with that
PEERS = {"v5": ["recvmmsg", "pinfold", "nfcapd", "fastnetmon"], "v9": ["recvmmsg", "pinfold", "nfcapd", "fastnetmon"],
         "ipfix": ["recvmmsg", "pinfold", "nfcapd", "fastnetmon"], "sflow": ["recvmmsg", "pinfold", "sfcapd", "fastnetmon"]}
MUST = {"v9": 0.30, "sflow": 0.65}


def alone():
    """Into namespaces of our own: network with nothing but loopback, and a scratch folder in memory that goes with us."""
    if os.environ.get("PINFOLD_BENCH_ALONE") != "yes":
        os.environ["PINFOLD_BENCH_ALONE"] = "yes"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable] + sys.argv)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    work = collectors.CHECKOUT / "build/bench/work"
    work.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "bench", work], check=True)
    os.nice(-20)
    return work


def measure(name, kind, work, seconds):
    running = collectors.Running(name, work, kind)
    try:
        running.load(RATES[kind] // 2, 2)  # all different datagrams: whoever keeps a state has it then
        result = running.load(RATES[kind], seconds)
        result["pss_mb"] = running.pss()
        return result
    finally:
        running.stop()


def lossless(name, kind, work, seconds):
    """The highest pace, in steps of 5 %, at which no datagram was dropped in twice `seconds`."""
    running = collectors.Running(name, work, kind)
    best, low, high = None, 30_000, 400_000
    try:
        running.load(low // 2, 1)
        while high / low > 1.05:
            middle = int((low * high) ** 0.5)
            shots = [running.load(middle, seconds) for _ in range(2)]
            reached = min(shot["flows_per_s"] for shot in shots)
            wanted = middle * shots[0]["flows_per_s"] / (shots[0]["sent"] / seconds)
            if any(shot["dropped"] for shot in shots):
                high = middle
            else:
                best = max(best or 0, reached)
                if reached < 0.93 * wanted:  # the generator is at its end, not the collector
                    return best, True
                low = middle
        return best, False
    finally:
        running.stop()


def table(results, kinds, ours):
    lines = ["| export | collector | CPU s per million flows | times ours | range | memory (PSS) | datagrams dropped |",
             "|---|---|---|---|---|---|---|"]
    for kind in kinds:
        medians = {name: statistics.median(r["cpu_s_per_million"] for r in results[kind, name]) for name in PEERS[kind]}
        for name in PEERS[kind]:
            rows = results[kind, name]
            costs = sorted(r["cpu_s_per_million"] for r in rows)
            memory = statistics.median(r["pss_mb"] for r in rows)
            lines.append(f"| {kind} | {name} | {medians[name]:.3f} | {medians[name] / medians[ours]:.2f} | {costs[0]:.3f}–{costs[-1]:.3f} "
                         f"| {memory:.0f} MB | {sum(r['dropped'] for r in rows)} of {sum(r['sent'] for r in rows)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--kinds", default="v9,sflow,v5,ipfix")
    parser.add_argument("--lossless", action="store_true")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--without", default="")
    parser.add_argument("--out", default="build/bench/flow.jsonl")
    options = parser.parse_args()
    work = alone()
    kinds = options.kinds.split(",")
    ours = "collector" if options.alone else "pinfold"
    for kind in kinds:
        PEERS[kind] = [ours if name == "pinfold" else name for name in PEERS[kind] if name != options.without]
    results = {(kind, name): [] for kind in kinds for name in PEERS[kind]}
    with open(options.out, "w") as out:
        for number in range(options.rounds):
            for kind in kinds:
                for name in PEERS[kind]:
                    result = measure(name, kind, work, options.seconds)
                    results[kind, name].append(result)
                    out.write(json.dumps({"round": number, "export": kind, "collector": name, **result}) + "\n")
                    out.flush()
                    print(f"round {number + 1}: {kind:6} {name:11} {result['cpu_s_per_million']:.3f} CPU s per million flows", file=sys.stderr)
        if options.lossless:
            best, capped = lossless(ours, "v9", work, options.seconds)
            out.write(json.dumps({"export": "v9", "collector": ours, "lossless_flows_per_s": best, "generator_was_the_limit": capped}) + "\n")
            shown = f"{best / 1e6:.2f} million" if best else "none of the paces tried"
            print(f"\nhighest lossless rate, NetFlow v9, {ours}: {shown} flows/s{' (the generator could not send more)' if capped else ''}")
    print("\n" + table(results, kinds, ours))
    failed = False
    for kind, limit in MUST.items():
        if kind in kinds:
            cost = statistics.median(r["cpu_s_per_million"] for r in results[kind, ours])
            peer = statistics.median(r["cpu_s_per_million"] for r in results[kind, PEERS[kind][2]])
            good = cost <= limit and cost < peer
            failed = failed or not good
            print(f"{kind}: {cost:.3f}, must be at most {limit} and below {PEERS[kind][2]} ({peer:.3f}): {'yes' if good else 'NO'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
