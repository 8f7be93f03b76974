// Programs that earn coins on somebody else's electricity.

rule miner
{
  meta:
    family = "miner"
    says = "mines a cryptocurrency, or starts a program that does"
    severity = "high"
    gate = "stratum xmrig minerd cryptonight randomx cpuminer donate-level mining.subscribe minexmr supportxmr nanopool hashvault moneroocean c3pool f2pool minergate xmrpool unmineable nicehash 2miners herominers hugepages"
  strings:
    $url = /stratum2?\+(tcp|ssl|tls|udp):\/\/[\w.-]/
    $n1 = /\bxmrig\b/ nocase
    $n2 = "cpuminer" nocase
    $n3 = /\bminerd\b/
    $n4 = "cryptonight" nocase
    $n5 = "randomx" nocase
    $n6 = "donate-level" nocase
    $n7 = /\b(minexmr|supportxmr|nanopool|hashvault|moneroocean|c3pool|f2pool|minergate|monerohash|xmrpool|unmineable|nicehash|2miners|herominers)\b/ nocase
    $n8 = /["'\s](-a|--algo|"algo":)\s*["'=]?(cryptonight|rx\/0|randomx|cn\/|yescrypt|argon2)/
    $n9 = /\b4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b/
    $n10 = /\b(nr_hugepages|vm\.nr_hugepages|--cpu-priority|--max-cpu-usage|hugepages|hashrate)\b/
    $n11 = "mining.subscribe"
    $n12 = /["'](rig-id|donate-level|nicehash|keepalive)["']\s*:/
    $document = /^(#\s|<!DOCTYPE|<html|=head|\s*rule\s+\w+)/
  condition:
    filesize < 16MB and not $document and (
      (uint32(0) == 0x464c457f and 3 of ($n*)) or
      (filesize < 400KB and uint32(0) != 0x464c457f and (($url and 1 of ($n*)) or 3 of ($n*))))
}
