// Programs that send as much as they can at one victim.

rule script_flooder
{
  meta:
    family = "flooder"
    says = "sends packets without end at an address that it is given"
    severity = "high"
    gate = "udp:// sock_dgram sock_raw pf_inet af_inet"
    gate = "while for( time"
    gate = "fwrite( fputs( send( sendto( flood"
  strings:
    $php = /fsockopen\s*\(\s*["']udp:\/\/["']?\s*\.?\s*\$/ nocase
    $php_stream = /stream_socket_client\s*\(\s*["']udp:\/\/["']?\s*\.?\s*\$/ nocase
    $php_loop = /while\s*\(\s*(1|true|time\s*\(\s*\)\s*<|\$\w+\s*>\s*time|\$\w+\s*<)|for\s*\(\s*;\s*;/ nocase
    $php_time = /\b(time\s*\(\s*\)\s*\+|max_time|maxtime|exec_time|set_time_limit\s*\(\s*0)/ nocase
    $php_rand = /\b(mt_)?rand\s*\(\s*1\s*,\s*(6|65)\d{0,4}/ nocase
    $php_fill = /str_repeat\s*\(|\.=\s*["'](X|A|\\x[0-9a-f]{2}|0)["']|chr\s*\(\s*(mt_)?rand/ nocase
    $perl = /socket\s*\(\s*\w{1,20}\s*,\s*(PF_INET|AF_INET|2)\s*,\s*(SOCK_DGRAM|SOCK_RAW|2|3)\s*,/
    $perl_send = /send\s*\(\s*\w{1,20}\s*,\s*(\$\w{1,30}|pack\s*\(\s*["']a\$?\w{0,20}["'])\s*,/
    $perl_loop = /for\s*\(\s*;\s*;\s*|while\s*\(\s*1\s*\)|for\s*\([^)]{0,40};[^)]{0,40}time|time\s*(<=?|>)\s*\$/
    $python = /socket\.SOCK_(DGRAM|RAW)/
    $python_fill = /random\._urandom\s*\(|os\.urandom\s*\(|randbytes\s*\(/
    $python_send = /\.sendto\s*\(/
    $python_loop = /while\s+(True|1|time\.time\(\)\s*<)/
    $words = /\b(udp|syn|tcp|http|icmp|ping|dns)[ _-]?flood(er|ing)?\b/ nocase
    $argv = /(sys\.argv|\$ARGV\[|@ARGV|shift\b|argv\[|\$_(GET|POST|REQUEST))/
    $c = /\b(IPPROTO_RAW|SOCK_RAW)\b/
    $c_header = /\bstruct\s+(iphdr|ip|tcphdr|udphdr)\b/
    $c_sum = /\b(csum|in_cksum|checksum)\s*\(/
    $c_loop = /while\s*\(\s*1\s*\)|for\s*\(\s*;\s*;\s*\)/
  condition:
    filesize < 300KB and uint32(0) != 0x464c457f and (
      (($php or $php_stream) and $php_loop and ($php_rand or ($php_time and $php_fill)) and filesize < 60KB) or
      ($perl and $perl_send and $perl_loop and $argv) or
      ($python and $python_fill and $python_send and $python_loop) or
      ($c and $c_header and $c_sum and $c_loop and $words))
}

rule binary_flooder
{
  meta:
    family = "flooder"
    says = "a compiled program with a choice of floods"
    severity = "high"
    gate = "flood tsourceenginequery /dev/watchdog killattk lolnogtfo getlocalip busybox attack_ sendudp sendtcp sendstd sendhold mirai gafgyt qbot kaiten"
  strings:
    $f1 = /\b(udp|syn|tcp|ack|http|icmp|std|vse|dns|greip|stomp|hex|xmas)[ _-]?flood/ nocase
    $f2 = "TSource Engine Query"
    $f3 = "LOLNOGTFO"
    $f4 = "KILLATTK"
    $f5 = "GETLOCALIP"
    $f6 = "/dev/watchdog"
    $f7 = /\/bin\/busybox [A-Z]{4,12}/
    $f8 = /\b(attack_(udp|tcp|gre|app)_?\w{0,16}|sendUDP|sendTCP|sendSTD|sendHTTP|sendHOLD|sendJUNK)\b/
    $f9 = "/proc/net/tcp"
    $f10 = "REPORT %s:%s:"
    $f11 = /\b(admin|root)\x00(1234|12345|password|xc3511|vizxv|7ujMko0|juantech|anko)\b/
    $f12 = "listening tun0"
    $f13 = /\b(mirai|gafgyt|qbot|lizkebab|torlus|kaiten|xorddos|hajime|tsunami)\b/ nocase
  condition:
    filesize < 8MB and uint32(0) == 0x464c457f and 3 of them
}
