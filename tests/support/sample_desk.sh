# A small desk for shell tests: one customer, one server, a configuration that sends nothing. Sourced.
#   make_sample_desk FOLDER [ADDRESS-OF-SRV-1]   writes FOLDER/pinfold.toml, FOLDER/servers.csv and the state's folder
make_sample_desk() {
  local folder=$1 address=${2:-192.0.2.11}
  mkdir -m 700 "$folder/state"
  cat >"$folder/pinfold.toml" <<TOML
state_dir = "$folder/state"
kill_switch = "$folder/STOP"

[mail]
submission = "127.0.0.1:25"
domain = "hosting.example"
from_name = "Example Hosting"
from_local = "abuse"
bounce_domain = "bounce.hosting.example"
TOML
  cat >"$folder/servers.csv" <<CSV
customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected
1001,Example Ltd,ops@example.net,en,1,srv-1,$address,02:00:00:00:00:01,sw1,swp1,cust:srv-1,no
CSV
}
