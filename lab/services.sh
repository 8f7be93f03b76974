# What runs on the switch, the router, the internet and the customers' servers; and the way from the machine's loopback to the desk's pages.
# shellcheck shell=bash disable=SC2154

start_services() {
  start_switch_agent
  start_flow_export
  start_internet
  start_web srv-a
  start_web srv-b
}

# SNMPv3 authPriv; the only thing that may be written is ifAdminStatus. net-snmp has no BRIDGE-MIB and does not read the kernel's ifAlias:
# the helper serves both. Runs as root, because a SET of ifAdminStatus takes CAP_NET_ADMIN.
start_switch_agent() {
  local state=/run/lab/hosts/sw1 helper=/run/lab/bin/pinfold-lab-bridge-mib
  mkdir -p "$run_dir/hosts/sw1/snmp"
  cat >"$run_dir/hosts/sw1/snmpd.conf" <<CONF
agentaddress udp:$switch_address:161
sysName sw1.lab
createUser $snmp_user SHA-256 "$snmp_auth" AES "$snmp_priv"
view writable included .1.3.6.1.2.1.2.2.1.7
view readable included .1.3.6.1.2.1
view readable included .1.3.6.1.6.3.10
view readable included .1.0.8802.1.1.2
group operators usm $snmp_user
access operators "" usm priv exact readable writable none
master agentx
agentXSocket /run/agentx.sock
pass_persist .1.3.6.1.2.1.17 $helper bridge br0
pass_persist -p 1 .1.3.6.1.2.1.31.1.1.1.18 $helper alias
CONF
  service sw1 snmpd env SNMP_PERSISTENT_DIR=$state/snmp snmpd -f -C -c $state/snmpd.conf -Lo -I -smux
}

# LLDP, so that the guard rails have a neighbour to see on the uplink. The switch's side starts only once the SNMP agent answers: told to
# join an agent that is still starting, it can hang.
start_neighbour_discovery() {
  service rt1 lldpd bash -c 'lldpd -d -u /run/lldpd.socket -I eth0 -C eth0 -S "Pinfold lab router" &
    until lldpcli -u /run/lldpd.socket configure lldp tx-interval 1; do sleep 0.1; done; wait'
  service sw1 lldpd lldpd -d -u /run/lldpd.socket -x -X /run/agentx.sock -I 'swp*' -S "Pinfold lab switch"
}

# One capture on the uplink, exported twice: IPFIX and sFlow of the same packets, which the desk must count once.
start_flow_export() {
  cat >"$run_dir/hosts/sw1/pmacctd.conf" <<CONF
daemonize: false
pcap_interface: swp24
plugins: nfprobe[ipfix],sfprobe[sflow]
aggregate[ipfix]: src_host,dst_host,src_port,dst_port,proto,tos,tcpflags,src_mac,dst_mac
nfprobe_receiver[ipfix]: $desk_mgmt_address:$ipfix_port
nfprobe_version[ipfix]: 10
nfprobe_timeouts[ipfix]: tcp=2:tcp.rst=2:tcp.fin=2:udp=2:icmp=1:general=2:maxlife=3:expint=1
sfprobe_receiver[sflow]: $desk_mgmt_address:$sflow_port
sfprobe_agentip[sflow]: $switch_address
sampling_rate[sflow]: 1
CONF
  service sw1 pmacctd pmacctd -f /run/lab/hosts/sw1/pmacctd.conf
}

# A listener on port 80 with a large file (sparse, so that it takes no room).
start_internet() {
  echo "the lab's internet" >"$run_dir/hosts/inet/srv/index.html"
  truncate -s 64M "$run_dir/hosts/inet/srv/large.bin"
  service inet http /usr/bin/python3 -m http.server --bind $inet_address --directory /srv 80
}

# The customer's PHP page with the upload hole, by PHP's own server, as the user a web server has.
start_web() {
  local server=$1
  mkdir "$run_dir/hosts/$server/srv/www"
  install -m 644 "$lab_source/www/index.php" "$run_dir/hosts/$server/srv/www/"
  # More than one worker: an upload that runs its script must not block the next visitor. Bound as root, then www-data.
  service "$server" php env PHP_CLI_SERVER_WORKERS=3 setpriv --reuid 33 --regid 33 --clear-groups --inh-caps=+net_bind_service \
    --ambient-caps=+net_bind_service php8.2 -S "$(server_address "$server"):80" -t /srv/www
}

# People's browsers run on the machine, the desk's pages in its namespace: a listener on the machine's loopback hands connections over.
start_forward() {
  [ "$pages_port" != 0 ] || return 0
  local pid
  read -r pid _ <<<"$(recorded_pid init-desk)"
  setsid /usr/bin/python3 "$lab_source/forward.py" "$pages_port" "$run_dir/hosts/desk/pages_port" \
    nsenter --target "$pid" --net </dev/null >"$run_dir/log/desk-forward.log" 2>&1 &
  disown
  record_pid $! forward
  wait_for 3 test -s "$run_dir/hosts/desk/pages_port" || fail "forward.py: $(tail -n 2 "$run_dir/log/desk-forward.log")"
  pages_port=$(cat "$run_dir/hosts/desk/pages_port")
}

desk_reaches() { in_host desk timeout 2 bash -c ": </dev/tcp/$1/$2"; }
ask_switch() {  # snmpget|snmpgetnext OID
  in_host desk "$1" -v3 -u $snmp_user -l authPriv -a SHA-256 -A $snmp_auth -x AES -X $snmp_priv -t 0.5 -r 0 -On $switch_address "$2"
}
switch_answers() { ask_switch snmpget .1.3.6.1.2.1.1.5.0; }
readonly lldp_remote_name=.1.0.8802.1.1.2.1.4.1.1.9
router_is_neighbour() { ask_switch snmpgetnext $lldp_remote_name | grep -F "$lldp_remote_name."; }

wait_until_ready() {
  wait_for 10 switch_answers || fail "the switch does not answer SNMP: $(tail -n 3 "$run_dir/log/sw1-snmpd.log")"
  start_neighbour_discovery
  wait_for 10 desk_reaches $inet_address 80 || fail "the internet's web server: $(tail -n 3 "$run_dir/log/inet-http.log")"
  wait_for 10 desk_reaches $mx_address 25 || fail "the provider's mail server: $(tail -n 3 "$run_dir/log/mx-postfix.log")"
  wait_for 10 desk_reaches $mail_address 25 || fail "the owners' mail server: $(tail -n 3 "$run_dir/log/mail-postfix.log")"
  wait_for 10 desk_reaches "$(server_address srv-a)" 80 || fail "PHP on srv-a: $(tail -n 3 "$run_dir/log/srv-a-php.log")"
  wait_for 10 desk_reaches "$(server_address srv-b)" 80 || fail "PHP on srv-b: $(tail -n 3 "$run_dir/log/srv-b-php.log")"
  wait_for 5 router_is_neighbour || say "the switch sees no LLDP neighbour yet: $(tail -n 1 "$run_dir/log/sw1-lldpd.log")"
}
