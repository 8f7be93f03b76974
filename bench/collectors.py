"""The collectors under test: how each is started, and how its whole process tree is measured."""
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent
PROGRAMS = CHECKOUT / "build/release/bin"
PEERS = CHECKOUT / "build/bench/root"
PORT, PAGES = 20055, 20080
COLLECTOR_CPU, GENERATOR_CPU = 0, 1
SERVERS = 100_000


def tree(pid):
    """The process and all its descendants."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += tree(int(child))
        except OSError:
            pass
    return found


def cpu_seconds(pid):
    """On the processor, to the nanosecond (utime and stime come in hundredths of a second). Threads that have ended are not in it."""
    total = 0
    for one in tree(pid):
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/schedstat"):
            try:
                total += int(task.read_text().split()[0])
            except OSError:
                pass
    return total / 1e9


def pss_mb(pid):
    total = 0
    for one in tree(pid):
        try:
            for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total / 1024


def socket_state():
    """(bytes waiting, datagrams dropped) of the sockets on our port; None when nobody listens."""
    rows = [line.split() for table in ("udp", "udp6") for line in pathlib.Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]]
    rows = [row for row in rows if row[1].endswith(f":{PORT:04X}")]
    if not rows:
        return None
    return sum(int(row[4].split(":")[1], 16) for row in rows), sum(int(row[-1]) for row in rows)


def pinfold_command(work, kind):
    state = work / "pinfold"
    if not state.exists():
        state.mkdir()
        with open(work / "servers.csv", "w") as out:
            out.write("customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected\n")
            for i in range(SERVERS):
                out.write(f"c{i // 10},Customer {i // 10},owner{i // 10}@customer.example,en,1,srv-{i},10.{i >> 16}.{i >> 8 & 255}.{i & 255},,,,,no\n")
    socket = "sflow" if kind == "sflow" else "ipfix"
    config = work / "pinfold.toml"
    config.write_text(f"""state_dir = "{state}"
[http]
listen = "127.0.0.1:{PAGES}"
[mail]
submission = "127.0.0.1:9"
starttls = false
domain = "hosting.example"
[flows]
{socket} = "127.0.0.1:{PORT}"
[[exporter]]
address = "127.0.0.1"
protocol = "{socket}"
observation_point = "border"
""")
    if not (state / "imported").exists():
        subprocess.run([PROGRAMS / "pinfold", "--config", config, "inventory", "import", work / "servers.csv"], check=True, stdout=subprocess.DEVNULL)
        (state / "imported").touch()
    return [PROGRAMS / "pinfold", "--config", config, "serve"]


def nfcapd_command(work, name):
    folder = work / "captured"
    subprocess.run(["rm", "-rf", folder], check=True)
    folder.mkdir()
    return [PEERS / "usr/bin" / name, "-l", folder, "-p", str(PORT), "-b", "127.0.0.1", "-B", "4194304", "-t", "60", "-I", "bench"]


def fastnetmon_command(work, kind):
    """Stock settings; only addresses, paths and the protocol are set. It has no option for the receive buffer: see Running.start."""
    sflow = kind == "sflow"
    wanted = {"netflow": "off" if sflow else "on", "sflow": "on" if sflow else "off", "netflow_port": PORT, "sflow_port": PORT,
              "netflow_host": "127.0.0.1", "sflow_host": "127.0.0.1", "enable_ban": "off", "enable_ban_ipv6": "off", "disable_usage_report": "on",
              "networks_list_path": work / "networks", "white_list_path": work / "whitelist", "prometheus": "off", "enable_api": "off",
              "monitor_local_ip_addresses": "off", "enable_connection_tracking": "off", "pid_path": work / "fastnetmon.pid",
              "cli_stats_file_path": work / "fastnetmon.dat", "cli_stats_ipv6_file_path": work / "fastnetmon6.dat"}
    lines = []
    for line in (PEERS / "etc/fastnetmon.conf").read_text().splitlines():
        key = line.split("=")[0].strip() if "=" in line and not line.startswith("#") else None
        lines.append(f"{key} = {wanted[key]}" if key in wanted else line)
    (work / "fastnetmon.conf").write_text("\n".join(lines) + "\n")
    (work / "networks").write_text("10.0.0.0/15\n")
    (work / "whitelist").write_text("")
    return [PEERS / "usr/sbin/fastnetmon", "--configuration_file", work / "fastnetmon.conf", "--disable_pid_logic", "--log_file",
            work / "fastnetmon.log"]


def command_of(name, work, kind):
    if name == "recvmmsg":
        return [PROGRAMS / "flow_sink", str(PORT)]
    if name == "pinfold":
        return pinfold_command(work, kind)
    if name == "collector":
        return [PROGRAMS / "flow_collector", str(PORT), "sflow" if kind == "sflow" else "ipfix"]
    if name in ("nfcapd", "sfcapd"):
        return nfcapd_command(work, name)
    return fastnetmon_command(work, kind)


class Running:
    """One collector on its CPU, from binding its socket to its end."""

    def __init__(self, name, work, kind):
        self.name, self.kind = name, kind
        environment = dict(os.environ)
        if name not in ("pinfold", "collector", "recvmmsg"):
            environment["LD_LIBRARY_PATH"] = str(PEERS / "usr/lib/x86_64-linux-gnu")
        command = ["taskset", "-c", str(COLLECTOR_CPU)] + [str(part) for part in command_of(name, work, kind)]
        self.log = work / f"{name}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=work, env=environment)
        for _ in range(300):
            if socket_state() is not None:
                break
            if self.process.poll() is not None:
                raise SystemExit(f"{name} ended: {self.log.read_text()[-800:]}")
            time.sleep(0.1)
        else:
            raise SystemExit(f"{name} does not listen: {self.log.read_text()[-800:]}")
        time.sleep(1)
        before = cpu_seconds(self.process.pid)
        time.sleep(1)
        self.idle = cpu_seconds(self.process.pid) - before  # what it costs a second without any flow

    def load(self, rate, seconds):
        """Sends for so long; what arrived, what was dropped, and what it cost once the socket is empty again."""
        drops, cpu, began = socket_state()[1], cpu_seconds(self.process.pid), time.monotonic()
        out = subprocess.run(["taskset", "-c", str(GENERATOR_CPU), PROGRAMS / "flow_gen", self.kind, str(PORT), str(rate), str(seconds)],
                             check=True, capture_output=True, text=True).stdout
        sent = json.loads(out)
        deadline = time.monotonic() + 10
        while socket_state()[0] > 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        took = time.monotonic() - began
        dropped = socket_state()[1] - drops
        datagrams = sent["datagrams"] + sent["templates"]
        flows = sent["flows"] * (datagrams - dropped) / datagrams
        used = cpu_seconds(self.process.pid) - cpu - self.idle * took
        return {"sent": datagrams, "dropped": dropped, "flows": flows, "flows_per_s": sent["flows"] / sent["seconds"], "cpu_s": used,
                "cpu_s_per_million": used / flows * 1e6}

    def metrics(self):
        """Ours only: the counters of the metrics page, summed over labels."""
        sums = {}
        with urllib.request.urlopen(f"http://127.0.0.1:{PAGES}/metrics", timeout=10) as page:
            for line in page.read().decode().splitlines():
                if line and not line.startswith("#"):
                    name, value = line.rsplit(" ", 1)
                    key = name.split("{")[0]
                    sums[key] = sums.get(key, 0) + float(value)
        return sums

    def pss(self):
        return pss_mb(self.process.pid)

    def stop(self):
        for pid in reversed(tree(self.process.pid)):
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
