# Links, addresses and routes. Interface names exist only inside the lab's namespaces, so nothing of the machine can collide with them.
# shellcheck shell=bash disable=SC2154

# link HOST INTERFACE PEER_HOST PEER_INTERFACE
link() {
  ip -n "$(netns "$1")" link add "$2" type veth peer name "$4" netns "$(netns "$3")"
  ip -n "$(netns "$1")" link set "$2" up
  ip -n "$(netns "$3")" link set "$4" up
}
# batch HOST: `ip` commands from standard input, one a line.
batch() { ip -n "$(netns "$1")" -batch -; }
set_kernel() {
  local host=$1
  shift
  nsenter --net="/run/netns/$(netns "$host")" sysctl -qw "$@"
}

make_network() {
  local host
  for host in "${all_hosts[@]}"; do
    set_kernel "$host" net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    ip -n "$(netns "$host")" link set lo up
  done
  make_switch
  for host in "${servers[@]}"; do
    plug_in_server "$host"
  done
  make_router
  make_internet
}

make_switch() {
  batch sw1 <<BATCH
link add br0 type bridge ageing_time 30000 stp_state 0
link set br0 up
BATCH
  link sw1 mgmt0 desk mgmt0
  link sw1 swp24 rt1 eth0
  batch sw1 <<BATCH
address add $switch_address/24 dev mgmt0
link set swp24 master br0
link set swp24 alias "core:UPLINK rt1"
BATCH
  echo "address add $desk_mgmt_address/24 dev mgmt0" | batch desk
}

plug_in_server() {
  local server=$1 port
  port=$(server_port "$server")
  link sw1 "$port" "$server" eth0
  batch sw1 <<BATCH
link set $port master br0
link set $port alias cust:$server
BATCH
  # The second route is the mark by which lab/payload/scan.pl knows that it is in a lab.
  batch "$server" <<BATCH
link set eth0 address $(server_mac "$server")
address add $(server_address "$server")/24 dev eth0
route add default via $router_address
route add $scan_range via $router_address
BATCH
}

make_router() {
  echo "link set eth0 address $router_mac" | batch rt1
  set_kernel rt1 net.ipv4.ip_forward=1
  echo "address add $router_address/24 dev eth0" | batch rt1
  leaf inet "$inet_address/24" 198.51.100.1/24
  leaf desk "$desk_address/24" 10.98.0.2/24
  leaf mx "$mx_address/28" 203.0.113.17/28
  leaf mail "$mail_address/28" 203.0.113.81/28
}
# leaf HOST ADDRESS ROUTER_ADDRESS: a network with one host behind the router.
leaf() {
  link rt1 "to-$1" "$1" up0
  echo "address add $3 dev to-$1" | batch rt1
  batch "$1" <<BATCH
address add $2 dev up0
route add default via ${3%/*}
BATCH
}

# Targets for a scanner: addresses that refuse (a closed port answers RST), and very many that are silent.
make_internet() {
  echo "route add $scan_range via $inet_address" | batch rt1
  batch inet <<BATCH
route add local $refusing_range dev lo
route add blackhole $scan_range
BATCH
}
