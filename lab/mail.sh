# Two real mail servers (Postfix): mx is the provider's, mail is the one that the owners' mailboxes are on. There is no DNS in the lab.
# shellcheck shell=bash disable=SC2154

make_mail_files() {
  make_postfix mx
  make_postfix mail
  configure_mx
  configure_mail
  make_mailboxes
}

start_mail() {
  in_host mail setpriv --reuid owner-a --regid owner-a --clear-groups env HOME=/home/owner-a USER=owner-a vacation -i owner-a
  service mx postfix-start postfix start
  service mail postfix-start postfix start
}

# What both have in common. Everything Postfix writes lies in hosts/HOST/spool, which the host sees as /var/spool.
make_postfix() {
  local host=$1 etc=$run_dir/hosts/$1/etc/postfix spool=$run_dir/hosts/$1/spool sbin=$run_dir/hosts/$1/usr/sbin program
  mkdir -p "$etc" "$spool"/postfix "$sbin"
  install -d -o 64901 "$spool/postfix-data"
  # Package scripts would make these two set-group-id; ours are copies inside the lab's folder.
  for program in postdrop postqueue; do
    cp "$(server_program usr/sbin/$program)" "$sbin/"
    chgrp 64902 "$sbin/$program"
    chmod 2755 "$sbin/$program"
  done
  cat >"$etc/main.cf" <<'CF'
compatibility_level = 3.6
queue_directory = /var/spool/postfix
data_directory = /var/spool/postfix-data
maillog_file = /var/spool/postfix.log
inet_protocols = ipv4
smtp_dns_support_level = disabled
lmtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtp_tls_security_level = none
alias_maps =
alias_database =
biff = no
append_dot_mydomain = no
# A story of seconds: what could not be delivered is tried again at once.
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
CF
  cat >"$etc/master.cf" <<'CF'
smtp       inet  n - n - - smtpd
pickup     unix  n - n 60 1 pickup
cleanup    unix  n - n - 0 cleanup
qmgr       unix  n - n 300 1 qmgr
rewrite    unix  - - n - - trivial-rewrite
bounce     unix  - - n - 0 bounce
defer      unix  - - n - 0 bounce
trace      unix  - - n - 0 bounce
verify     unix  - - n - 1 verify
flush      unix  n - n 1000? 0 flush
proxymap   unix  - - n - - proxymap
proxywrite unix  - - n - 1 proxymap
smtp       unix  - - n - - smtp
relay      unix  - - n - - smtp
lmtp       unix  - - n - - lmtp
local      unix  - n n - - local
virtual    unix  - n n - - virtual
error      unix  - - n - - error
retry      unix  - - n - - error
discard    unix  - - n - - discard
showq      unix  n - n - - showq
anvil      unix  - - n - 1 anvil
scache     unix  - - n - 1 scache
postlog    unix-dgram n - n - 1 postlogd
CF
}
server_program() { if [ -e "$server_root/$1" ]; then echo "$server_root/$1"; else echo "/$1"; fi; }

# The provider's: takes the desk's notices, hands answers and delivery reports to the desk by LMTP, everything else to the owners' server.
configure_mx() {
  local etc=$run_dir/hosts/mx/etc/postfix
  cat >>"$etc/main.cf" <<CF
myhostname = mx.hosting.example
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8 $desk_address/32
relay_domains = hosting.example, bounce.hosting.example
transport_maps = texthash:/etc/postfix/transport
CF
  cat >"$etc/transport" <<MAP
hosting.example lmtp:inet:[$desk_address]:$lmtp_port
bounce.hosting.example lmtp:inet:[$desk_address]:$lmtp_port
* smtp:[$mail_address]:25
MAP
}

configure_mail() {
  local etc=$run_dir/hosts/mail/etc/postfix owner
  cat >>"$etc/main.cf" <<CF
myhostname = mail.isp.example
mydestination = customer-a.example, customer-b.example, customer-c.example, mail.isp.example
mynetworks = 127.0.0.0/8
home_mailbox = Maildir/
relayhost = [$mx_address]:25
recipient_delimiter = +
sender_canonical_maps = texthash:/etc/postfix/senders
recipient_bcc_maps = texthash:/etc/postfix/copies
CF
  if [ -n "${PINFOLD_LAB_MILTER:-}" ]; then  # tests/lab/mail_test.sh starts an OpenDKIM there
    printf '%s\n' "smtpd_milters = inet:127.0.0.1:8891" "milter_default_action = accept" >>"$etc/main.cf"
  fi
  # A vacation program in .forward would make the delivery report say "expanded"; beside the mailbox it says "delivered", as most do.
  echo "owner-a@customer-a.example owner-a+vacation@customer-a.example" >"$etc/copies"
  for owner in owner-a owner-b owner-c; do
    echo "$owner@mail.isp.example $owner@$(owner_domain $owner)"
  done >"$etc/senders"
}

# Owner A is on vacation, owners B and C are not.
make_mailboxes() {
  local home=$run_dir/hosts/mail/home owner number=64911
  mkdir -p "$home"
  for owner in owner-a owner-b owner-c; do
    install -d -o $number -g $number -m 755 "$home/$owner" "$home/$owner"/Maildir{,/new,/cur,/tmp}
    number=$((number + 1))
  done
  cat >"$home/owner-a/.vacation.msg" <<'MSG'
Subject: Out of the office
Precedence: bulk

I am on vacation until the end of the month and will read your mail about
"$SUBJECT" when I am back.
MSG
  # Debian's vacation is polite and never answers what says Auto-Submitted (RFC 3834), as our notices do. Many in the field are not; the
  # lab needs one of those, so the header is taken away before it looks.
  cat >"$home/owner-a/.forward+vacation" <<'FORWARD'
"|/bin/sed -e '/^Auto-Submitted:/Id' -e '/^Precedence:/Id' | /usr/bin/vacation owner-a"
FORWARD
  chown 64911:64911 "$home"/owner-a/.[vf]*
}

mailbox_of() { echo "$run_dir/hosts/mail/home/$(server_owner "$1")/Maildir"; }

print_mailbox() {
  local mail
  is_server "$1" && [ -d "$(mailbox_of "$1")" ] || fail "no mailbox for $1 in $run_dir"
  find "$(mailbox_of "$1")"/{new,cur} -type f -printf '%T@ %p\n' | sort -n | while read -r _ mail; do
    printf '==== %s\n' "${mail##*/}"
    cat "$mail"
    echo
  done
}

send_reply() {
  local owner
  owner=$(server_owner "$1")
  is_server "$1" && pid_is_ours "$(recorded_pid init-mail)" || fail "no such server, or the lab in $run_dir is not up: $1"
  in_host mail setpriv --reuid "$owner" --regid "$owner" --clear-groups sendmail -i -t -f "$owner@$(owner_domain "$owner")" <"$2"
}
