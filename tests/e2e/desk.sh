# A real desk with people and cases, on loopback, for the pages' tests: sourced by pages_test.sh. No network, no switch; mail goes nowhere.
#   begin_desk PROGRAMS FOLDER   starts it; sets desk_url, answer_url, desk_pid. The folder is the caller's.
#   end_desk                     ends it, by pid
# Logins (password: correct horse battery): anna (sysadmin), bert (abuse), carla (owner of customer 1001), dora (owner of customer 1002).

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

write_desk() {
  local folder=$1 page_port=$2 answer_port=$3
  cat >"$folder/pinfold.toml" <<TOML
state_dir = "$folder/state"
policy = "policy.toml"

[http]
listen = "127.0.0.1:$page_port"
answers = "127.0.0.1:$answer_port"
public_url = "http://127.0.0.1:$answer_port"
help_line = "+49 30 1234567, day and night"

[mail]
submission = "127.0.0.1:9"
starttls = false
domain = "hosting.example"
from_name = "Example Host Abuse Desk"
TOML
  printf '[policy]\nwarnings = "armed"\n' >"$folder/policy.toml"
  cat >"$folder/servers.csv" <<CSV
customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected
1001,Example Forum Ltd,ops@forum.example,en,1,srv-1001,192.0.2.11,02:00:00:00:00:01,sw1,swp1,cust:srv-1001,no
1001,Example Forum Ltd,ops@forum.example,en,1,srv-1003,192.0.2.13,02:00:00:00:00:03,sw1,swp3,cust:srv-1003,no
1002,Muster GmbH,technik@muster.example,de,2,srv-1002,192.0.2.12;2001:db8::12,02:00:00:00:00:02,sw1,swp2,cust:srv-1002,no
CSV
  cat >"$folder/aup-1.md" <<MD
# Acceptable use

Be a good neighbour.

## Scanning <!-- classes: port_scan, brute_force -->

- Do not scan **other people's** networks.
MD
  sed 's/Be a good neighbour./Be a good neighbour, and keep your software up to date./' "$folder/aup-1.md" >"$folder/aup-2.md"
}

# Every step must do: a desk that is half filled would make tests fail elsewhere.
fill_desk() {
  (
    set -e
    desk_do inventory import "$1/servers.csv"
    desk_do aup publish "$1/aup-1.md"
    desk_do aup publish "$1/aup-2.md"
    for person in anna:sysadmin: bert:abuse: carla:owner:1001 dora:owner:1002; do
      IFS=: read -r login role customer <<<"$person"
      echo "correct horse battery" | desk_do user add "$login" --own --role "$role" ${customer:+--customer "$customer"}
    done
    desk_do case open srv-1001 --by bert --class phishing "a page that asks for bank passwords below /forum/images"
    desk_do case open srv-1002 --by bert --class malware_hosting "a dropper is offered for download"
    desk_do case open srv-1003 --by bert --class port_scan "somebody called: 4,812 hosts on tcp/22 in a minute"
    desk_do ticket open "something odd in /dev/shm" --by carla --kind suspicious --server srv-1001 --from-customer
  )
}

desk_do() { "$desk_programs/pinfold" --config "$desk_folder/pinfold.toml" --json "$@" >>"$desk_folder/commands.log" 2>&1; }

begin_desk() {
  desk_programs=$1 desk_folder=$2
  local page_port answer_port tries
  page_port=$(free_port) answer_port=$(free_port)
  mkdir -p -m 700 "$desk_folder" "$desk_folder/state"
  write_desk "$desk_folder" "$page_port" "$answer_port"
  fill_desk "$desk_folder" || { echo "the desk could not be filled:"; tail -n 5 "$desk_folder/commands.log"; return 1; }
  "$desk_programs/pinfold" --config "$desk_folder/pinfold.toml" serve >"$desk_folder/serve.log" 2>&1 &
  desk_pid=$!
  desk_url=http://127.0.0.1:$page_port answer_url=http://127.0.0.1:$answer_port
  for ((tries = 0; tries < 600; tries++)); do
    # Answers when it is ready; the loop ends with the desk if that ends.
    python3 - "$page_port" <<'PY' && return 0
import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=0.1).close()
PY
    kill -0 "$desk_pid" 2>/dev/null || break
    read -r -t 0.1 <> <(:) || true
  done 2>/dev/null
  echo "the desk does not answer:"
  tail -n 20 "$desk_folder/serve.log"
  return 1
}

end_desk() {
  [ -z "${desk_pid:-}" ] || { kill "$desk_pid" 2>/dev/null; wait "$desk_pid" 2>/dev/null; }
  desk_pid=
}
