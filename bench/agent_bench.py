"""What the host agent costs and loses (make bench-agent; root).

Runs in PID and mount namespaces of its own, with an empty /tmp and /dev/shm, beside a desk that takes everything. Rounds with and without the
agent alternate, so that what else the machine does falls on both.

  non-matching   COUNT execs of a program outside the watched directories: the agent's own CPU (its three processes), the kernel part as
                 bpf_stats counts it (with its two readings of the clock), and the CPU of the load with and without. The same of a shell with
                 its own code, the dearest of what does not match: its arguments are looked at.
  self-deleting  200 scripts that unlink themselves first: how many were told with their content.
  storm          40,000 execs out of /tmp: seen, lost, told, held back and summarised.
  memory         the largest sum of the three processes' private and shared-by-share memory (Pss), asked every 200 ms; the largest sum of
                 their resident sizes, where shared pages count three times; and beside it what the kernel keeps for the maps.
  auditd         the same load under a rule on execve, if auditd is installed and the kernel lets it run.
"""
import argparse
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

STATS = "/proc/sys/kernel/bpf_stats_enabled"
TICK = os.sysconf("SC_CLK_TCK")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Desk(http.server.BaseHTTPRequestHandler):
    findings = []
    lock = threading.Lock()

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/findings"):
            with Desk.lock:
                Desk.findings += json.loads(body)["findings"]
        self.send_response(202)
        self.end_headers()

    do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


def processes(pid):
    """The agent, its keeper and its responder."""
    found = [pid]
    for other in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(read(f"/proc/{other}/stat").rsplit(") ", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent in found and int(other) not in found:
            found.append(int(other))
    return found


def cpu(pids):
    """Seconds, to the nanosecond where the kernel tells it."""
    total = 0
    for pid in pids:
        try:
            total += sum(int(read(f"/proc/{pid}/task/{thread}/schedstat").split()[0]) for thread in os.listdir(f"/proc/{pid}/task")) / 1e9
        except OSError:
            try:
                fields = read(f"/proc/{pid}/stat").rsplit(") ", 1)[1].split()
                total += (int(fields[11]) + int(fields[12])) / TICK
            except OSError:
                pass
    return total


def memory(pids, what):
    """Megabytes of Pss or Rss."""
    total = 0
    for pid in pids:
        try:
            total += next(int(line.split()[1]) for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith(what + ":"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def descriptors(pid):
    """What /proc says of each of its open files, as a dictionary."""
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        yield dict(line.split(":", 1) for line in read(f"/proc/{pid}/fdinfo/{fd}").splitlines() if ":" in line)


def kernel_seconds(pid):
    """Run time of the agent's kernel programs, by the descriptors that it holds."""
    programs = {fields["prog_id"]: int(fields["run_time_ns"]) for fields in descriptors(pid) if "run_time_ns" in fields}
    return sum(programs.values()) / 1e9


def map_megabytes(pid):
    maps = {fields["map_id"]: int(fields["memlock"]) for fields in descriptors(pid) if "map_id" in fields}
    return sum(maps.values()) / 2**20


class Agent:
    def __init__(self, binary, state, port):
        os.makedirs(state, exist_ok=True)
        with open(f"{state}/desk.json", "w", encoding="utf-8") as file:
            json.dump({"url": f"http://127.0.0.1:{port}", "server": "bench"}, file)
        self.state = state
        self.process = subprocess.Popen([binary, "run", "--state", state, "--log-level", "error"], stdin=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(f"{state}/status.json") and self.status()["pid"] == self.process.pid)
        self.pids = processes(self.process.pid)
        self.largest = self.largest_resident = 0.0
        self.watching = True
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def watch(self):
        while self.watching:
            self.largest = max(self.largest, memory(self.pids, "Pss"))
            self.largest_resident = max(self.largest_resident, memory(self.pids, "Rss"))
            time.sleep(0.2)

    def status(self):
        try:
            return json.loads(read(f"{self.state}/status.json"))
        except (OSError, ValueError):
            return {"pid": 0}

    def stop(self):
        self.watching = False
        self.watcher.join()
        self.process.terminate()
        self.process.wait()


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("agent_bench: waited in vain")
        time.sleep(0.05)


def load(options, count, *program, workers=1):
    out = subprocess.run([options.load, str(count), str(workers), *program], check=True, stdin=subprocess.DEVNULL, capture_output=True,
                         text=True).stdout.split()
    return float(out[0]), float(out[1])


def per_100k(value, count):
    return value * 100_000 / count


def measure_cost(options, port, name, limit, *program):
    without, with_agent, own, kernel = [], [], [], []
    for _ in range(options.rounds):
        without.append(per_100k(load(options, options.count, *program)[1], options.count))
        agent = Agent(options.agent, tempfile.mkdtemp(prefix="state", dir="/mnt"), port)
        time.sleep(1.5)  # its beat and first look round
        before = cpu(agent.pids), kernel_seconds(agent.process.pid)
        with_agent.append(per_100k(load(options, options.count, *program)[1], options.count))
        own.append(per_100k(cpu(agent.pids) - before[0], options.count))
        kernel.append(per_100k(kernel_seconds(agent.process.pid) - before[1], options.count))
        agent.stop()
    total = [o + k for o, k in zip(own, kernel)]
    print(f"{name}, CPU s per 100,000, median of {options.rounds} rounds of {options.count}")
    print(f"  agent's processes          {statistics.median(own):7.3f}   ({min(own):.3f} to {max(own):.3f})")
    print(f"  in the kernel (bpf_stats)  {statistics.median(kernel):7.3f}   ({min(kernel):.3f} to {max(kernel):.3f})")
    print(f"  together                   {statistics.median(total):7.3f}   ({min(total):.3f} to {max(total):.3f})"
          + (f"   must be at most {limit}" if limit else ""))
    print(f"  the load without / with    {statistics.median(without):7.2f} / {statistics.median(with_agent):.2f}", flush=True)
    return not limit or statistics.median(total) <= limit


def measure_capture(options, agent):
    for i in range(200):
        with open(f"/dev/shm/s{i}.pl", "w", encoding="utf-8") as file:
            file.write(f"unlink $0; print {i};\n")
        subprocess.run(["perl", f"/dev/shm/s{i}.pl"], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    names = {f"/dev/shm/s{i}.pl" for i in range(200)}

    def caught():
        with Desk.lock:
            return {f["evidence"]["files"][0]["path"] for f in Desk.findings if f["evidence"].get("files")} & names

    try:
        wait_for(lambda: len(caught()) == 200, 20)
    except SystemExit:
        pass
    print(f"self-deleting scripts told with their content: {len(caught())} of 200")
    return len(caught()) == 200


def measure_storm(options, agent):
    subprocess.run(["cp", "/bin/true", "/tmp/storm"], check=True)
    time.sleep(2)
    before = agent.status()
    wall, _ = load(options, 40_000, "/tmp/storm", workers=2)
    time.sleep(13)  # a summary comes every ten seconds
    after = agent.status()
    seen = after["events"] - before["events"]
    lost = after["events_lost"] - before["events_lost"]
    print(f"storm: 40,000 execs out of /tmp in {wall:.1f} s ({40_000 / wall:.0f}/s): {seen} seen, {lost} lost and counted, "
          f"{after['held_back'] - before['held_back']} held back into summaries; tier: {after['tier']}")
    return seen + lost >= 40_000


def measure_auditd(options):
    peers = os.path.abspath(options.peers)
    if not os.path.exists(f"{peers}/usr/sbin/auditctl"):
        print("auditd: not unpacked (tools/setup bench)")
        return
    os.environ["PATH"] = f"{peers}/usr/sbin:" + os.environ["PATH"]
    os.environ["LD_LIBRARY_PATH"] = f"{peers}/usr/lib/x86_64-linux-gnu"
    work = tempfile.mkdtemp(prefix="pinfold-audit-", dir=os.path.dirname(peers))
    if subprocess.run(["auditctl", "-s"], capture_output=True).returncode != 0:
        print("auditd: not measured; this kernel refuses its audit socket")
        return
    with open(f"{work}/auditd.conf", "w", encoding="utf-8") as file:
        file.write(f"log_file = {work}/audit.log\nlog_format = RAW\nflush = INCREMENTAL_ASYNC\nfreq = 50\nmax_log_file = 500\n"
                   "space_left = 5\nadmin_space_left = 2\nlocal_events = yes\nwrite_logs = yes\n")
    os.chmod(f"{work}/auditd.conf", 0o640)
    daemon = subprocess.Popen(["auditd", "-n", "-s", "nochange", "-c", work], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(2)
    if daemon.poll() is not None:
        print("auditd: does not run here: " + daemon.stderr.read().decode(errors="replace").strip()[:200])
        return
    try:
        without = per_100k(load(options, options.count, "/bin/true")[1], options.count)
        subprocess.run(["auditctl", "-e", "1"], capture_output=True)
        subprocess.run(["auditctl", "-b", "8192"], capture_output=True)
        subprocess.run(["auditctl", "-a", "always,exit", "-F", "arch=b64", "-S", "execve"], check=True, capture_output=True)
        before = cpu([daemon.pid])
        with_rule = per_100k(load(options, options.count, "/bin/true")[1], options.count)
        time.sleep(2)
        own = per_100k(cpu([daemon.pid]) - before, options.count)
        print(f"auditd, a rule on execve: its own process {own:.2f}, the load without / with {without:.2f} / {with_rule:.2f}")
    finally:
        subprocess.run(["auditctl", "-D"], capture_output=True)
        subprocess.run(["auditctl", "-e", "0"], capture_output=True)
        daemon.terminate()
        daemon.wait()
        shutil.rmtree(work)


def inside(options):
    for command in (["mount", "-t", "tmpfs", "none", "/mnt"], ["mount", "-t", "tmpfs", "none", "/dev/shm"]):
        subprocess.run(command, check=True)
    os.makedirs("/mnt/bin")
    for name in ("agent", "load"):  # the build folder may lie below /tmp, which is covered next
        subprocess.run(["cp", getattr(options, name), f"/mnt/bin/{name}"], check=True)
        setattr(options, name, f"/mnt/bin/{name}")
    subprocess.run(["mount", "-t", "tmpfs", "none", "/tmp"], check=True)
    os.chdir("/")
    os.nice(-20)  # what else the machine does should not be measured
    desk = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=desk.serve_forever, daemon=True).start()
    port = desk.server_address[1]
    good = measure_cost(options, port, "non-matching execs (/bin/true)", 0.15, "/bin/true")
    measure_cost(options, port, "an interpreter that does not match (/bin/sh -c :)", None, "/bin/sh", "-c", ":")
    agent = Agent(options.agent, "/mnt/state-other", port)
    good = measure_capture(options, agent) and good
    good = measure_storm(options, agent) and good
    print(f"memory, all three processes: at most {agent.largest:.1f} MB (must be at most 30); resident sizes added up {agent.largest_resident:.1f} MB; "
          f"the kernel's maps {map_megabytes(agent.process.pid):.1f} MB")
    good = agent.largest <= 30 and good
    agent.stop()
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", default="build/release/bin/pinfold-agent")
    parser.add_argument("--load", default="build/release/bin/exec_load")
    parser.add_argument("--peers", default="build/bench/root", help="where tools/setup bench unpacked auditd")
    parser.add_argument("--count", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--auditd", action="store_true", help="measure auditd, too; its rules are the whole machine's while it lasts")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    stats = read(STATS).strip()
    with open(STATS, "w", encoding="utf-8") as file:
        file.write("1")
    try:
        result = subprocess.run(["unshare", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child", sys.executable, __file__, "--inside", *sys.argv[1:]]).returncode
        if options.auditd:
            measure_auditd(options)  # in the machine's own namespaces: audit knows no others
        return result
    finally:
        with open(STATS, "w", encoding="utf-8") as file:
            file.write(stats)


if __name__ == "__main__":
    sys.exit(main())
