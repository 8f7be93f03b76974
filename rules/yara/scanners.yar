// Programs that try doors: networks for open ports, servers for passwords.

rule script_password_guesser
{
  meta:
    family = "scanner"
    says = "tries names and passwords on many servers"
    severity = "high"
    gate = "paramiko net::ssh ssh2_auth ftplib ftp_login net::telnet telnetlib sshpass pexpect"
    gate = "pass user pwd combo"
  strings:
    $ssh = /\b(paramiko\.SSHClient|Net::SSH2?(::\w+)?->|ssh2_auth_password|Net::SSH\.start|pexpect\.spawn\s*\(\s*['"]ssh|sshpass\s+-p\s*["']?\$|ftplib\.FTP|ftp_login\s*\(\s*\$|telnetlib\.Telnet|Net::Telnet->)/
    $lists = /\b(pass(words?|file|list)?|users?|userlist|wordlist|dict|combo|hosts?|ips?|targets?|range|vuln|brute)\.(txt|lst|lists?|dic|log)\b/ nocase
    $many = /\b(threading|Thread\s*\(|ThreadPool|fork\s*\(|Parallel::ForkManager|pcntl_fork|multiprocessing|xargs\s+-P|\w+\s*&\s*$)/
    $found = /\b(cracked|brute(force|forcing|r)?|found|success|pwned|vuln(erable)?|gotcha|hit)\b/ nocase
    $guess = /(for|foreach|while)\s*[^\n]{0,60}\b(pass(word|wd)?s?|users?(names?)?|pwd|combo)\b/ nocase
  condition:
    filesize < 300KB and uint32(0) != 0x464c457f and $ssh and $guess and $found and ($lists or $many)
}

rule script_port_scanner
{
  meta:
    family = "scanner"
    says = "looks for open ports on whole networks"
    severity = "medium"
    gate = "connect_ex create_connection open_connection io::socket::inet fsockopen masscan zmap pscan synscan pnscan"
  strings:
    $py = /\.connect_ex\s*\(|socket\.create_connection\s*\(|asyncio\.open_connection\s*\(/
    $py_range = /for\s+\w+\s+in\s+(x?range\s*\(|ipaddress\.|netaddr\.|IPNetwork)/
    $perl = /IO::Socket::INET\s*(->|\s)\s*new\s*\(?[^;]{0,200}PeerAddr[^;]{0,200}Timeout/
    $perl_range = /(for(each)?|while)\b[^{]{0,80}(1\s*\.\.\s*(25[45]|65535)|<=?\s*25[45])/
    $php = /fsockopen\s*\(\s*\$\w+\s*,\s*\$\w*port/ nocase
    $php_range = /for\s*\([^)]{0,80}(25[45]|65535)/ nocase
    $sh = /\b(masscan|zmap|pscan2?|synscan|pnscan)\b[^\n]{0,120}(-p\s?\d{1,5}|--rate|\$\w|\d{1,3}\.\d{1,3})/
    $sh_run = /\b(sleep|cat|sort|rm|killall|while|for)\b[^\n]{0,120}\b(bios\.txt|mfu\.txt|scan\.log|vuln\.txt|pass_file|ips?\.txt|\.pscan\.\w+)/
    $many = /\b(threading|Thread|fork\s*\(|pcntl_fork|multiprocessing|Queue)\b/
  condition:
    filesize < 300KB and uint32(0) != 0x464c457f and (($py and $py_range and $many) or ($perl and $perl_range) or ($php and $php_range) or ($sh and $sh_run))
}

rule binary_scanner
{
  meta:
    family = "scanner"
    says = "a compiled scanner or password guesser"
    severity = "high"
    gate = "b-block bblock pass_file bios.txt mfu.txt vuln.txt scan.log libssh usage:%s"
  strings:
    $a1 = /<b-?block>/ nocase
    $a2 = "pass_file"
    $a3 = "bios.txt"
    $a4 = "mfu.txt"
    $a5 = "vuln.txt"
    $a6 = "scan.log"
    $a7 = "libssh"
    $a8 = /[Uu]sage: ?%s <(b-?block|host|ip|network|port|threads)/
    $a9 = "a.b.*.*"
    $a10 = /\b(brute ?force|bruter|cracked|nologin|passfile|userfile)\b/ nocase
  condition:
    filesize < 8MB and uint32(0) == 0x464c457f and 3 of them
}
