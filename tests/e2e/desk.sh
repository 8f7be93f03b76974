# A real desk with people and a past, on loopback, for the pages' tests: sourced by pages_test.sh. Mail goes nowhere; its one switch is a bridge of this
# network namespace, whose ports are really switched.
#   begin_desk PROGRAMS FOLDER   starts it; sets desk_url, answer_url, desk_pid. The folder is the caller's, as is the network namespace.
#   end_desk                     ends it, by pid
#   begin_proxy PRISM CONTRACT   puts prism in front of it; sets proxy_url
#   end_proxy
# Logins (password: correct horse battery): anna, ines (sysadmins), olga (admin), bert (abuse), carla (owner of customer 1001), dora (owner of customer 1002).

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

write_desk() {
  local folder=$1 page_port=$2 answer_port=$3 mail_port=$4
  cat >"$folder/pinfold.toml" <<TOML
state_dir = "$folder/state"
policy = "policy.toml"

[http]
name = "Example Hosting"
listen = "127.0.0.1:$page_port"
answers = "127.0.0.1:$answer_port"
public_url = "http://127.0.0.1:$answer_port"
help_line = "+49 30 1234567, day and night"
console = "https://panel.hosting.example/console/{server}"

[mail]
submission = "127.0.0.1:9"
starttls = false
domain = "hosting.example"
from_name = "Example Hosting Abuse Desk"
lmtp = "127.0.0.1:$mail_port"
canary = false # there is no mail server that it could go round by

[[switch]]
id = "sw1"
driver = "bridge"
TOML
  cat >"$folder/policy.toml" <<TOML
[policy]
warnings = "armed"
measures = "armed"

[level.1]
name = "unmanaged"

[level.4]
name = "managed"
agent_expected = true
audit = "included"
remediation = "staff"

[[on_call]]
name = "Bert"
mail = "bert@hosting.example"

[[on_call]]
name = "Anna"
mail = "anna@hosting.example"
TOML
  cat >"$folder/servers.csv" <<CSV
customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected
1001,Example Forum Ltd,ops@forum.example;owner@forum.example,en,1,srv-1001,192.0.2.11,02:00:00:00:00:01,sw1,swp1,cust:srv-1001,no
1001,Example Forum Ltd,ops@forum.example;owner@forum.example,en,1,srv-1003,192.0.2.13,02:00:00:00:00:03,sw1,swp3,cust:srv-1003,no
1002,Muster GmbH,technik@muster.example,de,2,srv-1002,192.0.2.12;2001:db8::12,02:00:00:00:00:02,sw1,swp2,cust:srv-1002,no
1003,Northwind Games,noc@northwind.example,en,1,srv-1010,192.0.2.20,02:00:00:00:00:04,sw1,swp4,cust:srv-1010,no
1003,Northwind Games,noc@northwind.example,en,1,srv-1011,192.0.2.21,02:00:00:00:00:05,sw1,swp5,cust:srv-1011,no
1004,Harbour Travel,it@harbour.example,en,3,srv-1020,192.0.2.30,02:00:00:00:00:06,sw1,swp6,cust:srv-1020,no
1005,Kiosk & Söhne,admin@kiosk.example,de,1,srv-1030,192.0.2.40,02:00:00:00:00:07,sw1,swp7,cust:srv-1030,no
1006,Orchard Clinic,it@clinic.example,en,4,srv-1040,192.0.2.50,02:00:00:00:00:08,sw1,swp8,cust:srv-1040,yes
CSV
  cat >"$folder/aup-1.md" <<MD
# Acceptable use

Your server is yours, and so is what it does. Be a good neighbour.

## 1 No attacks <!-- classes: port_scan, brute_force, flood, malicious_script -->

- Do not scan or attack **other people's** networks.
- Do not try other people's passwords.

## 2 No unwanted mail <!-- classes: spam -->

- Send mail only to people who have asked for it.

## 3 Answer us

- Read the address that we write to at least once a day.
- If we warn you and hear nothing within 24 hours, and it happens again, we switch the port off.
MD
  sed -e 's/Be a good neighbour./Be a good neighbour, and keep your software up to date./' -e '/other people.s passwords/a\
- Do not offer services that others can misuse against third parties.' "$folder/aup-1.md" >"$folder/aup-2.md"
}

# The switch: a bridge with a port for every server, which stands in a network of its own behind it: the port's other end must not be ours, or the desk would
# refuse to cut itself off (G4). srv-1003's port is down, as its case says.
write_switch() {
  unshare --net tail -f /dev/null &
  hosts_pid=$!
  until [ "$(readlink "/proc/$hosts_pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do
    kill -0 "$hosts_pid" || return 1
  done
  (
    set -e
    ip link set lo up
    ip link add sw1 type bridge
    ip link set sw1 up
    for n in 1 2 3 4 5 6 7 8; do
      server=$(sed -n "s/.*,swp$n,cust:\(srv-[0-9]*\),.*/\1/p" "$1/servers.csv")
      ip link add "swp$n" type veth peer name "host$n" address "02:00:00:00:00:0$n" netns "$hosts_pid"
      nsenter --net="/proc/$hosts_pid/ns/net" ip link set "host$n" up
      ip link set "swp$n" alias "cust:$server" master sw1 up
      bridge fdb replace "02:00:00:00:00:0$n" dev "swp$n" master static
    done
    ip link set swp3 down
  )
}

# Every step must do: a desk that is half filled would make tests fail elsewhere.
fill_desk() {
  (
    set -e
    desk_do switch arm sw1
    # Last, and straight before the desk starts: who has listened all the time goes on listening.
    "$desk_programs/example_desk" "$1/pinfold.toml" "$1" >"$1/cases.json" 2>>"$1/commands.log"
  )
}

desk_do() { "$desk_programs/pinfold" --config "$desk_folder/pinfold.toml" --json "$@" >>"$desk_folder/commands.log" 2>&1; }

# Waits until somebody takes connections at that port, at most a minute, and not longer than the process lives.
answers_at() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    python3 - "$1" <<'PY' && return 0
import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=0.1).close()
PY
    kill -0 "$2" 2>/dev/null || break
    read -r -t 0.1 <> <(:) || true
  done 2>/dev/null
  return 1
}

begin_desk() {
  desk_programs=$1 desk_folder=$2
  local page_port answer_port
  page_port=$(free_port) answer_port=$(free_port)
  mkdir -p -m 700 "$desk_folder" "$desk_folder/state"
  write_desk "$desk_folder" "$page_port" "$answer_port" "$(free_port)"
  write_switch "$desk_folder" || { echo "the bridge could not be made"; return 1; }
  fill_desk "$desk_folder" || { echo "the desk could not be filled:"; tail -n 5 "$desk_folder/commands.log"; return 1; }
  "$desk_programs/pinfold" --config "$desk_folder/pinfold.toml" serve >"$desk_folder/serve.log" 2>&1 &
  desk_pid=$!
  desk_url=http://127.0.0.1:$page_port answer_url=http://127.0.0.1:$answer_port
  answers_at "$page_port" "$desk_pid" && return 0
  echo "the desk does not answer:"
  tail -n 20 "$desk_folder/serve.log"
  return 1
}

end_desk() {
  [ -z "${desk_pid:-}" ] || { kill "$desk_pid" 2>/dev/null; wait "$desk_pid" 2>/dev/null; }
  [ -z "${hosts_pid:-}" ] || { kill "$hosts_pid" 2>/dev/null; wait "$hosts_pid" 2>/dev/null; }
  desk_pid='' hosts_pid=''
}

begin_proxy() {
  local port
  port=$(free_port)
  "$1" proxy "$2" "$desk_url" --errors --host 127.0.0.1 --port "$port" >"$desk_folder/proxy.log" 2>&1 &
  proxy_pid=$!
  proxy_url=http://127.0.0.1:$port
  answers_at "$port" "$proxy_pid" && return 0
  echo "prism does not answer:"
  tail -n 20 "$desk_folder/proxy.log"
  return 1
}

end_proxy() {
  [ -z "${proxy_pid:-}" ] || { kill "$proxy_pid" 2>/dev/null; wait "$proxy_pid" 2>/dev/null; }
  proxy_pid=
}
