// Small scripts that fetch a program and start it, and connections back to whoever broke in.

rule shell_dropper
{
  meta:
    family = "dropper"
    says = "fetches a program into a temporary folder, starts it and removes its traces"
    severity = "high"
    gate = "wget curl- curlhttp curl$ curl\" tftp lwp-download fetch- fetchhttp ftpget base64- opensslenc xxd-r"
    gate = "/tmp /dev/shm /var/tmp /var/run /run/shm"
    gate = "|sh |bash |sudo sh; perl python php chmod nohup bash"
  strings:
    // cd /tmp || cd /var/run || …
    $walk = /cd\s+\/(tmp|var\/run|mnt|root|dev\/shm|var\/tmp)\s*(\|\||&&|;)\s*cd\s+\//
    $fetch_run = /\b(wget|curl|tftp|ftpget|lwp-download|fetch|GET)\b[^\n|;&]{0,240}(https?:\/\/|ftp:\/\/|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|\$\w)[^\n|;&]{0,240}\s*(;|&&|\|\|?|\n)[^\n]{0,60}\b(chmod\s+(\+x|0?7\d\d|u\+x|a\+x)|perl|sh|bash|python[23]?|php|nohup)\b/
    $pipe = /\b(wget|curl)\b[^\n|]{0,240}\|\s*(sudo\s+)?(ba|da|z|k)?sh\b/
    $decode = /\b(base64\s+(-d|--decode|-D)|openssl\s+enc\s+-d|xxd\s+-r)[^\n]{0,80}\|\s*(ba|da)?sh\b/
    $place = /(\/tmp|\/dev\/shm|\/var\/tmp|\/var\/run|\/run\/shm)\/?\s?\.?[\w.\/-]{0,60}/
    $clean = /\brm\s+-[rf]{1,2}f?\s+[^\n]{0,60}(\$0|\*|\/tmp|\/dev\/shm|\/var\/tmp|\.sh|\.pl)|history\s+-c|unset\s+HISTFILE|HISTFILE=\/dev\/null|(>|cat\s+\/dev\/null\s*>)\s*\/var\/log\//
    $background = /\b(nohup|setsid|disown)\b[^\n]{0,120}|>\s*\/dev\/null\s+2>&1\s*&/
    $hidden = /\/(tmp|dev\/shm|var\/tmp)\/\.[\w. -]{1,40}/
    $arch = /\.(mips|mipsel|mpsl|arm[4567]?l?|x86|x86_64|i[56]86|ppc|sh4|m68k|sparc)\b/
    $kill = /\b(pkill|killall|kill)\s+-?(9|f|KILL)?\s*-?f?\s*[^\n]{0,60}(xmr|miner|kdevtmpfsi|kinsing|java|watchbog|\.sh|sshd)/ nocase
    $persist = /\b(crontab\s+-|\/etc\/cron|\/var\/spool\/cron|authorized_keys|\/etc\/rc\.local|ld\.so\.preload|systemctl\s+enable)/
    $elf = { 7f 45 4c 46 }
    $license = /(GNU General Public|Apache License|MIT License|Copyright \(c\))/ nocase
  condition:
    filesize < 200KB and not $elf at 0 and not $license and (
      ($walk and $fetch_run) or
      (#arch > 3 and $fetch_run and $place) or
      (($fetch_run or $pipe or $decode) and $place and 2 of ($clean, $background, $hidden, $kill, $persist)))
}

rule reverse_shell
{
  meta:
    family = "back_door"
    says = "opens a shell to another machine"
    severity = "high"
    gate = "/dev/tcp/ /dev/udp/ mkfifo nc- ncat netcat socat dup2( ,\"<& ,\">& fsockopen( tcpsocket net.socket net.connect uname-a histfile"
    gate = "/sh bash \"sh shell -i exec"
  strings:
    $bash = /(bash|sh)\s+-i\s*[<>&]{1,3}\s*\/dev\/(tcp|udp)\/[\w.$\-]{1,60}\/\d{1,5}/
    $exec = /exec\s+\d{1,3}<>\s*\/dev\/(tcp|udp)\//
    $fifo = /mkfifo\s+(\/[\w.\/]{1,40}|\w{1,20})\s*[;&][^\n]{0,120}(\/bin\/)?(ba)?sh\s+-i[^\n]{0,80}\b(nc|ncat|telnet|openssl)\b/
    $nc = /\b(nc|ncat|netcat)(\.\w+)?\s+(-\w+\s+)*-(e|c)\s*["']?\/bin\/(ba)?sh/
    $socat = /socat\s+[^\n]{0,120}(exec|EXEC):["']?(\/bin\/)?(ba)?sh/
    $perl1 = /open\s*\(?\s*(STDIN|STDOUT|STDERR)\s*,\s*["']?[<>]&\s*(=\s*)?["'.\s]{0,3}\$?\w{1,20}/
    $perl2 = /(socket\s*\(\s*\w{1,20}\s*,\s*(PF_INET|&PF_INET|AF_INET)|IO::Socket::INET)/
    $perl3 = /\b(exec|system)\s*[({"'\s]{1,3}[^\n;]{0,40}(\/bin\/(ba)?sh|\$shell|\$\w{0,10}cmd|unset HISTFILE)/ nocase
    $py1 = /os\.dup2\s*\(\s*\w{1,20}\.fileno\s*\(\s*\)\s*,\s*[012]\s*\)/
    $py2 = /(pty\.spawn|subprocess\.(call|Popen|run)|os\.(system|execl[pe]?|execv[pe]?|popen))\s*\(\s*\[?\s*["'](\/bin\/)?(ba|z)?sh/
    $php1 = /fsockopen\s*\(\s*["'$][^;\n]{1,80}\)\s*;/ nocase
    $php2 = /(exec|shell_exec|system|passthru|popen|proc_open)\s*\(\s*["'](\/bin\/)?(ba)?sh\s+-i\s*["'<]/ nocase
    $php3 = /["']uname -a; w; id; \/bin\/sh -i/
    $ruby = /TCPSocket\.(new|open)\s*\([^\n]{1,80}\n?[^\n]{0,80}(exec\s+sprintf|IO\.popen|spawn)/
    $node = /(net\.Socket\(\)|net\.connect)[^}]{0,300}(\/bin\/(ba)?sh|spawn\s*\(\s*["']sh)/
    $bind = /(socket_bind|bind\s*\(\s*\w{1,20}\s*,\s*sockaddr_in)[^;]{0,80};/
    $hidden = "HISTFILE"
    $tests = "PHPUnit"
  condition:
    filesize < 500KB and uint32(0) != 0x464c457f and not $tests and (
      $bash or $exec or $fifo or $nc or $socat or ($perl1 and $perl2 and $perl3) or ($py1 and $py2) or $php3 or ($php1 and $php2) or $ruby or $node or
      ($bind and $perl1 and $perl3) or ($hidden and $perl2 and $perl3))
}

rule web_server_opens_door
{
  meta:
    family = "back_door"
    says = "settings that make the web server run pictures or foreign files as code"
    severity = "high"
    gate = "addhandler addtype forcetype sethandler auto_prepend_file auto_append_file"
  strings:
    $type = /^[ \t]*(AddHandler|AddType)\s+["']?(application\/x-httpd-(php\d*|ea-php\d*)|php\d*-(script|cgi)|x-httpd-php\d*)["']?\s+[^\n]{0,100}\.(jpe?g|png|gif|ico|txt|css|js|svg|bmp|pdf|log)\b/ nocase
    $set = /<Files(Match)?\s+[^>\n]{0,80}\.?\(?(jpe?g|png|gif|ico|txt|css|svg|bmp|log)[^>\n]{0,60}>\s*(ForceType|SetHandler)\s+["']?(application\/x-httpd-php|php\d?-script)/ nocase
    $prepend = /(php_value\s+auto_(prepend|append)_file|auto_(prepend|append)_file\s*=)\s*["']?[^"'\n]{0,160}(\/tmp\/|\/dev\/shm\/|\/\.[\w-]|\.(jpe?g|png|gif|ico|txt|css|log)\b|php:\/\/input|data:|https?:\/\/)/ nocase
  condition:
    filesize < 64KB and any of them
}
