#!/usr/bin/env python3
"""make bench-scale: from 1,000 to 1,000,000 servers through collector, three NATS nodes, two detectors and PostgreSQL, on one machine.

usage: scale.py PROGRAMS [SERVERS...]   runs build/release/bin/scale_bench for each size (1000 10000 100000 1000000), 60 virtual seconds each
       scale.py --draw                  draws build/bench/scale.json again
Writes build/bench/scale.json, docs/pictures/scale.svg and the table between the marks in docs/manual/scale.md."""
import json
import math
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
results_file = root / "build/bench/scale.json"
support = root / "tests/support"


def measure(programs, sizes):
    results_file.parent.mkdir(parents=True, exist_ok=True)
    known = {r["servers"]: r for r in json.loads(results_file.read_text())} if results_file.exists() else {}
    for size in sizes:
        postgres, nats = root / "build/bench/scale-postgres", root / "build/bench/scale-nats"
        try:
            subprocess.run([support / "postgres", "start", postgres], check=True)
            subprocess.run([support / "nats", "start", nats, "3"], check=True)
            urls = ",".join((nats / "urls").read_text().split())
            command = [f"{programs}/scale_bench", "--servers", str(size), "--seconds", "40" if size >= 1_000_000 else "60", "--nats", urls,
                       "--store", f"postgresql://pinfold@/postgres?host={postgres.readlink()}"]
            out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            print(out.stdout.strip(), flush=True)
            known[size] = json.loads(out.stdout)
        finally:
            subprocess.run([support / "nats", "stop", nats], check=False)
            subprocess.run([support / "postgres", "stop", postgres], check=False)
        results_file.write_text(json.dumps([known[k] for k in sorted(known)], indent=1))


PANELS = [("cores that are kept busy", [("collector_cores", "collector", "#0a5f8a"), ("packing_cores", "summaries", "#7a9e1f"),
                                        ("detector_cores", "two detectors", "#b3402a")]),
          ("memory, MB", [("detectors_mb", "two detectors", "#b3402a"), ("process_mb", "all in one process", "#555555")]),
          ("seconds until a scan is found", [("found_after_s", "from its first packet", "#0a5f8a")])]


def draw(results):
    """A panel each, both axes logarithmic (seconds: from zero), drawn by hand: no library is needed to look at it."""
    width, height, pad, gap = 300, 220, 46, 24
    total = len(PANELS) * (width + gap) + gap
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height + 2 * pad}" font-family="sans-serif" font-size="11">',
           f'<rect width="{total}" height="{height + 2 * pad}" fill="#ffffff"/>']
    sizes = [r["servers"] for r in results]
    low, high = math.log10(min(sizes)), math.log10(max(sizes))
    for number, (title, lines) in enumerate(PANELS):
        left, top = gap + number * (width + gap) + 34, pad
        inner = width - 40
        values = [r[key] for r in results for key, _, _ in lines if r[key] > 0]
        linear = number == 2
        bottom = 0 if linear else math.floor(math.log10(min(values)))
        upper = math.ceil(max(values) / 5) * 5 if linear else math.ceil(math.log10(max(values)))
        upper = max(upper, bottom + 1)

        def x(size):
            return left + (math.log10(size) - low) / max(high - low, 1e-9) * inner

        def y(value):
            place = value if linear else math.log10(max(value, 10 ** bottom))
            return top + height - (place - bottom) / (upper - bottom) * height

        svg.append(f'<text x="{left}" y="{top - 14}" font-size="13" font-weight="bold">{title}</text>')
        ticks = range(0, upper + 1, max(1, upper // 5)) if linear else [10 ** e for e in range(bottom, upper + 1)]
        for tick in ticks:
            svg.append(f'<line x1="{left}" x2="{left + inner}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#dddddd"/>')
            svg.append(f'<text x="{left - 5}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
        for size in sizes:
            svg.append(f'<text x="{x(size):.1f}" y="{top + height + 16}" text-anchor="middle">{size:,}</text>')
        for place, (key, name, colour) in enumerate(lines):
            points = " ".join(f"{x(r['servers']):.1f},{y(r[key]):.1f}" for r in results if r[key] > 0)
            svg.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
            svg += [f'<circle cx="{x(r["servers"]):.1f}" cy="{y(r[key]):.1f}" r="3" fill="{colour}"/>' for r in results if r[key] > 0]
            svg.append(f'<text x="{left + 8}" y="{top + 14 + 14 * place}" fill="{colour}">{name}</text>')
        svg.append(f'<text x="{left + inner / 2}" y="{top + height + 34}" text-anchor="middle">servers</text>')
    svg.append("</svg>")
    (root / "docs/pictures/scale.svg").write_text("\n".join(svg) + "\n")


def tabulate(results):
    head = ["servers", "samples/s", "collector: cores", "CPU s per million samples", "summaries: cores", "summaries/s", "stream MB/s",
            "two detectors: cores", "summaries/s and core", "their memory MB", "scan found after s"]
    rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for r in results:
        cells = [f"{r['servers']:,}", f"{r['records_per_second']:,.0f}", f"{r['collector_cores']:.3f}", f"{r['collector_cpu_per_million_records']:.2f}",
                 f"{r['packing_cores']:.3f}", f"{r['summaries_per_second']:,.0f}", f"{r['stream_mb_per_second']:.2f}", f"{r['detector_cores']:.3f}",
                 f"{r['summaries_per_detector_core']:,.0f}", f"{r['detectors_mb']:.0f}", f"{r['found_after_s']:.0f}"]
        rows.append("| " + " | ".join(cells) + " |")
    page = root / "docs/manual/scale.md"
    text = re.sub(r"(<!-- bench-scale -->\n).*?(<!-- end -->)", lambda m: m.group(1) + "\n".join(rows) + "\n" + m.group(2), page.read_text(), flags=re.S)
    page.write_text(text)
    print("\n".join(rows))


if sys.argv[1] != "--draw":
    measure(sys.argv[1], [int(a) for a in sys.argv[2:]] or [1000, 10_000, 100_000, 1_000_000])
everything = json.loads(results_file.read_text())
draw(everything)
tabulate(everything)
