// Programs that take orders in a chat channel. A chat client or a channel service speaks the protocol, too; a bot also runs commands or floods.

rule script_irc_bot
{
  meta:
    family = "irc_bot"
    says = "joins a chat channel and carries out what it is told there"
    severity = "high"
    gate = "privmsg"
    gate = "nick join user"
  strings:
    $p1 = /\bPRIVMSG\b/
    $p2 = /\bNICK\b/
    $p3 = /\bJOIN\b/
    $p4 = /\bUSER\b/
    $p5 = /\bPONG\b/
    $s1 = "IO::Socket" 
    $s2 = /\bsocket\s*\(/
    $s3 = /\bfsockopen\s*\(/ nocase
    $s4 = "socket.socket("
    $s5 = "/dev/tcp/"
    $s6 = "stream_socket_client" nocase
    $s7 = "TCPSocket"
    $s8 = "net.connect"
    $x1 = /\b(system|exec|shell_exec|passthru|popen|proc_open|qx|execl[pe]?|execv[pe]?)\s*[({\/]/
    $x2 = /=\s*`[^`\n]{0,80}`/
    $x3 = /os\.(system|popen)|subprocess\.|child_process/
    $x4 = /\beval\b/
    $x5 = "/bin/sh"
    $b1 = /[!@.](udp|tcp|syn|http)[ _-]?(flood)?\b/ nocase
    $b2 = /\b(udp|tcp|syn|http|sctp)_?flood(er)?/ nocase
    $b3 = /\b(portscan|nmap|mscan|googlescan|vulnscan|multiscan|rfi|sqlscan)\b/ nocase
    $b4 = /\$0\s*=\s*["']?(\$?\w{0,30}process|\$fake\w{0,20}|["'][\/\w-]{3,60}["'])/
    $b5 = /\b(backconnect|back_connect|connectback|cback|dcc_?chat|spread(er|ing)?)\b/ nocase
    $b6 = /\$(servidor|porta|canais|nick|admin|adms|auth|cmdprefix|hostauth|printcmd|ircname|realname)\b/ nocase
    $b7 = /\$SIG\{\s*['"]?(INT|HUP|TERM|CHLD|PS)['"]?\s*\}\s*=\s*['"]IGNORE/
    $b8 = /\bfork\b/
    $b9 = /\b(botnet|zombie|perlb0t|shellbot|pbot|d[aA]emon|killme|killall)\b/ nocase
  condition:
    filesize < 600KB and uint32(0) != 0x464c457f and 4 of ($p*) and 1 of ($s*) and 1 of ($x*) and 2 of ($b*)
}

rule binary_irc_bot
{
  meta:
    family = "irc_bot"
    says = "a compiled program that takes orders to flood in a chat channel"
    severity = "high"
    gate = "privmsg%s notice%s"
  strings:
    $p1 = "PRIVMSG %s"
    $p2 = "NOTICE %s :"
    $p3 = "JOIN %s"
    $p4 = "NICK %s"
    $p5 = "PONG %s"
    $f1 = "TSUNAMI" 
    $f2 = /\b(UDP|SYN|ACK|PAN|TCP|HTTP) ?<?(flood|target|host|ip)/ nocase
    $f3 = /<(target|host|ip)> <(port|secs|time)/
    $f4 = "GETSPOOFS"
    $f5 = "KILLALL"
    $f6 = "/bin/sh"
  condition:
    filesize < 8MB and uint32(0) == 0x464c457f and 3 of ($p*) and 2 of ($f*)
}
