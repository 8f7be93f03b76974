#!/usr/bin/env python3
"""make soak-flow: `pinfold serve` under a steady load of NetFlow v9, MINUTES long (default 10), in a network namespace of its own.

Every half minute it prints memory and counters. At the end every datagram and record must be explained, and memory must not have grown by more than
GROWTH in the second half. (In the first the tables fill, and after three to four minutes the first minutes go to the history.)
usage: soak.py [--minutes 10] [--flows-per-second N]
"""
import argparse
import json
import subprocess
import sys
import time

import collectors
import netbench

GROWTH = 1.02
LOSSLESS = 3_600_000  # flows a second without a drop, as measured by `make bench-flow` (docs/manual/flows.md)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--flows-per-second", type=int, default=LOSSLESS // 2)
    options = parser.parse_args()
    work = netbench.alone()
    running = collectors.Running("pinfold", work, "v9")
    memory, seconds = [], options.minutes * 60
    drops_before = collectors.socket_state()[1]
    try:
        generator = subprocess.Popen(["taskset", "-c", str(collectors.GENERATOR_CPU), collectors.PROGRAMS / "flow_gen", "v9", str(collectors.PORT),
                                      str(options.flows_per_second // 28), str(seconds)], stdout=subprocess.PIPE, text=True)
        began = time.monotonic()
        while generator.poll() is None:
            time.sleep(min(30, seconds / 10))
            memory.append((time.monotonic() - began, running.pss()))
            m = running.metrics()
            print(f"{memory[-1][0]:6.0f} s  {memory[-1][1]:7.1f} MB  {m['pinfold_flow_records_total']:13.0f} records  "
                  f"{m['pinfold_socket_kernel_drops_total']:.0f} dropped by the kernel", flush=True)
        sent = json.loads(generator.stdout.read())
        time.sleep(2)
        m, drops = running.metrics(), collectors.socket_state()[1] - drops_before
    finally:
        running.stop()
    datagrams = sent["datagrams"] + sent["templates"]
    records = m["pinfold_flow_records_total"]
    checks = [
        ("sent = received + dropped", datagrams, m["pinfold_socket_datagrams_total"] + drops),
        ("received = exporter's + strangers'", m["pinfold_socket_datagrams_total"],
         m["pinfold_export_datagrams_total"] + m["pinfold_socket_unknown_exporter_total"]),
        ("nothing refused, nothing without a template", 0, m["pinfold_export_decode_errors_total"] + m["pinfold_export_sets_dropped_total"]),
        ("the records are of whole datagrams", records, records // 28 * 28),
        ("the others received are templates, at most those sent", True, 0 <= m["pinfold_export_datagrams_total"] - records / 28 <= sent["templates"]),
        ("records = accounted + spare + foreign + events", records, m["pinfold_flow_records_accounted_total"] + m["pinfold_flow_records_spare_total"] +
         m["pinfold_flow_records_foreign_total"] + m["pinfold_flow_records_events_total"]),
    ]
    good = True
    for what, left, right in checks:
        good = good and left == right
        print(f"{'ok ' if left == right else 'NO '} {what}: {left:.0f} and {right:.0f}")
    for name in ("pinfold_export_lost_datagrams_total", "pinfold_flow_records_late_total", "pinfold_flow_records_wrong_clock_total",
                 "pinfold_flow_attempts_untracked_total", "pinfold_findings_total"):
        print(f"    {name} {m[name]:.0f}")
    middle = next(mb for at, mb in memory if at >= seconds / 2)
    grown = memory[-1][1] / middle
    good = good and grown <= GROWTH
    print(f"{'ok ' if grown <= GROWTH else 'NO '} memory: {middle:.1f} MB at half time, {max(mb for _, mb in memory):.1f} at most, "
          f"{memory[-1][1]:.1f} MB at the end ({grown:.3f} times half time's)")
    print(f"{options.minutes:g} minutes at {sent['flows'] / sent['seconds'] / 1e6:.2f} million flows/s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
