# Files for the desk: pinfold.toml, policy, inventory and secrets for `pinfold serve`, and lab.json with the lab's facts for programs.
# shellcheck shell=bash disable=SC2154

write_desk_files() {
  local desk=$run_dir/desk
  install -d -m 700 "$desk/secrets" "$desk/state"
  (umask 077 && echo "$snmp_auth" >"$desk/secrets/snmp-auth" && echo "$snmp_priv" >"$desk/secrets/snmp-priv")
  write_config "$desk/pinfold.toml"
  write_policy "$desk/policy.toml"
  write_inventory "$desk/inventory.csv"
  write_facts "$run_dir/lab.json.new"
  mv "$run_dir/lab.json.new" "$run_dir/lab.json"
}

write_config() {
  cat >"$1" <<TOML
# Written by lab/lab for \`pinfold serve\` on the lab's desk.
state_dir = "$run_dir/desk/state"
kill_switch = "$run_dir/desk/STOP"
policy = "policy.toml"

[http]
listen = "127.0.0.1:$pages_inner_port"
public_url = "$(pages_url)"

[agents]
listen = "$desk_address:$agents_port"

[flows]
ipfix = "$desk_mgmt_address:$ipfix_port"
sflow = "$desk_mgmt_address:$sflow_port"

# Both exports see the same packets: the lower rank that is alive is accounted.
[[exporter]]
address = "$switch_address"
protocol = "ipfix"
observation_point = "sw1/swp24"
rank = 0

[[exporter]]
address = "$switch_address"
protocol = "sflow"
observation_point = "sw1/swp24"
rank = 1

[mail]
submission = "$mx_address:25"
starttls = false
domain = "hosting.example"
from_name = "Example Hosting Abuse Desk"
from_local = "abuse"
bounce_domain = "bounce.hosting.example"
lmtp = "$desk_address:$lmtp_port"

[[switch]]
id = "sw1"
address = "$switch_address:161"
user = "$snmp_user"
auth_secret_file = "$run_dir/desk/secrets/snmp-auth"
priv_secret_file = "$run_dir/desk/secrets/snmp-priv"

[guard]
gateway_macs = ["$router_mac"]
TOML
}

# The demo arms itself. Days become minutes, with --fast seconds.
write_policy() {
  local window=${response_window:-60 s} gap=${quiet_gap:-20 s} watch="10 min" silence="90 s" gather="10 s"
  if [ "$fast" = yes ]; then
    window=${response_window:-12 s} gap=${quiet_gap:-4 s} watch="5 min" silence="30 s" gather="8 s"
  fi
  cat >"$1" <<TOML
# Written by lab/lab: a policy whose days are minutes or seconds, and which is armed.
[policy]
response_window = "$window"
gather = "$gather"
quiet_gap = "$gap"
watch_window = "$watch"
probation = "$watch"
close_after_quiet = "30 min"
silence_within = "$silence"
evidence_max_age = "10 min"
warnings = "armed"
measures = "armed"
auto_approve_when_both_agree = true

[limits]
max_disables_per_switch_hour = 2
max_disables_per_site_hour = 5
max_disables_per_site_day = 20
person_first = "0 s"

[detect.port_scan]
update_interval = "1 s"
quiet = "$gap"
TOML
}

write_inventory() {
  local server owner number=1001
  {
    echo "customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected"
    for server in "${servers[@]}"; do
      owner=$(server_owner "$server")
      echo "$number,Customer ${server#srv-} Ltd,$owner@$(owner_domain "$owner"),en,1,$server,$(server_address "$server"),$(server_mac "$server"),sw1,$(server_port "$server"),cust:$server,no"
      number=$((number + 1))
    done
  } >"$1"
}

# Where a person's browser finds the pages; without a forwarder, where the desk itself does.
pages_url() {
  if [ "$pages_port" = 0 ]; then echo "http://127.0.0.1:$pages_inner_port"; else echo "http://127.0.0.1:$pages_port"; fi
}

write_facts() {
  local host server pid hosts="" customers="" comma=""
  for host in "${all_hosts[@]}"; do
    read -r pid _ <<<"$(recorded_pid "init-$host")"
    hosts+="$comma
    \"$host\": {\"netns\": \"$(netns "$host")\", \"init_pid\": $pid, \"cgroup\": \"$(cgroup_of "$host")\"}"
    comma=,
  done
  comma=""
  for server in "${servers[@]}"; do
    customers+="$comma
    \"$server\": {\"address\": \"$(server_address "$server")\", \"mac\": \"$(server_mac "$server")\", \"switch\": \"sw1\", \"port\": \"$(server_port "$server")\",
      \"owner\": \"$(server_owner "$server")@$(owner_domain "$(server_owner "$server")")\", \"maildir\": \"$(mailbox_of "$server")\",
      \"state_dir_inside\": \"/run/lab/hosts/$server\"}"
    comma=,
  done
  cat >"$1" <<JSON
{
  "id": "$id",
  "dir": "$run_dir",
  "dir_inside": "/run/lab",
  "checkout_inside": "/run/checkout",
  "exec": ["$lab_source/lab", "exec", "$run_dir"],
  "hosts": {$hosts
  },
  "servers": {$customers
  },
  "router": {"address": "$router_address", "mac": "$router_mac"},
  "internet": {"address": "$inet_address", "http_port": 80, "large_file": "http://$inet_address/large.bin", "large_file_bytes": 67108864,
    "scan_range": "$scan_range", "refusing_range": "$refusing_range"},
  "switch": {"id": "sw1", "address": "$switch_address", "snmp_port": 161, "user": "$snmp_user", "auth": "SHA-256", "auth_secret": "$snmp_auth",
    "priv": "AES", "priv_secret": "$snmp_priv", "uplink": "swp24"},
  "desk": {"address": "$desk_address", "mgmt_address": "$desk_mgmt_address", "config": "$run_dir/desk/pinfold.toml",
    "policy": "$run_dir/desk/policy.toml", "inventory": "$run_dir/desk/inventory.csv", "state_dir": "$run_dir/desk/state",
    "kill_switch": "$run_dir/desk/STOP", "ipfix_port": $ipfix_port, "sflow_port": $sflow_port, "lmtp_port": $lmtp_port,
    "agents_url": "http://$desk_address:$agents_port", "pages_inside": "http://127.0.0.1:$pages_inner_port",
    "pages_url": "$(pages_url)"},
  "mail": {"mx": "$mx_address:25", "owners": "$mail_address:25", "domain": "hosting.example", "bounce_domain": "bounce.hosting.example",
    "on_vacation": "srv-a"},
  "attack": {"upload_url_srv-a": "http://$(server_address srv-a)/", "upload_url_srv-b": "http://$(server_address srv-b)/",
    "upload_from": "inet", "script": "$lab_source/payload/scan.pl", "script_inside": "/run/checkout/lab/payload/scan.pl"}
}
JSON
}
