// PHP written so that nobody can read it: code in strings that is unpacked and run, names of functions put together from pieces.

private rule php_text
{
  strings:
    $long = "<?php" nocase
    $short = /<\?[\s\r\n=]/
  condition:
    any of them
}

rule php_unpacks_and_runs
{
  meta:
    family = "hidden_code"
    says = "unpacks code from a string and runs it"
    severity = "high"
    gate = "eval( eval@( eval/* assert( assert@( assert/* create_function( preg_replace( preg_replace/*"
    gate = "base64_decode( gzinflate( gzuncompress( gzdecode( str_rot13( strrev( hex2bin( convert_uudecode( urldecode( bzdecompress( openssl_decrypt( pack( create_function(\"\",$ create_function(\"\",base64 create_function(\"\",gz create_function(\"\",str create_function(\"\",hex create_function(\" eval(\"\\ eval(\"\\ assert(\"\\ \",\"\\x \",\"\\1 \",\"\\0 \",\"eval \",\"assert \",\"gzinflate \",\"@gzinflate \",\"base64_decode \",base64_decode( \",str_rot13( \",strrev( \",gzinflate( \",hex2bin( \"\\x2f \"\\57 __file__ __compiler_halt_offset__ eval($ eval(\".$ eval(\"?>"
  strings:
    $chain = /\b(eval|assert)[\s@]*(\/\*[^*]{0,120}\*\/\s*)?\(\s*["'.?>\s@]{0,8}((\/\*[^*]{0,120}\*\/\s*)|(\$?\w{1,40}\s*\(\s*@?)){0,4}(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|hex2bin|convert_uudecode|rawurldecode|urldecode|bzdecompress|openssl_decrypt|pack)\s*\(\s*(@?\w{1,40}\s*\(\s*){0,6}["'$\\]/ nocase
    $create = /\bcreate_function\s*\(\s*["'][^"']{0,60}["']\s*,\s*@?(base64_decode|gzinflate|gzuncompress|str_rot13|strrev|hex2bin|\$\w{1,30}\s*\()/ nocase
    $create_empty = /=\s*create_function\s*\(\s*(''|""|["']\$\w{1,20}["'])\s*,\s*\$\w{1,30}\s*\(/ nocase
    $replace = /\bpreg_replace\s*\(\s*["'][^\n"']{1,40}[\/#~|!@%][imsxuADSUXJ]{0,6}e[imsxuADSUXJ]{0,6}["']\s*,\s*(["'](\\x[0-9a-f]{2}|\\[0-7]{3}){4}|["'](eval|assert|@?gzinflate|base64_decode)|(base64_decode|str_rot13|strrev|gzinflate|hex2bin)\s*\()/ nocase
    $replace_hidden = /\bpreg_replace\s*\(\s*["'](\\x2f|\\57|\/)\.?\*?(\\x2e|\\56|\.)(\\x2a|\\52|\*)(\\x2f|\\57|\/)(\\x65|\\145|e)["']/ nocase
    $self = /\beval\s*\(\s*["'.?>\s]{0,8}(\w{1,40}\s*\(\s*){0,4}(substr|file_get_contents|fread|fgets|file|strstr|preg_replace|str_replace)\s*\(\s*[^;\n]{0,60}__FILE__/ nocase
    $halt = /\beval\s*\([^;\n]{0,100}__COMPILER_HALT_OFFSET__/ nocase
    // $_X='…';eval(base64_decode('…$_X…
    $named = /\$_?[A-Z]\w{0,3}\s*=\s*__FILE__\s*;\s*\$_?[A-Z]\w{0,3}\s*=\s*['"]/
    // eval("\x65…
    $escaped = /\b(eval|assert)\s*\(\s*"(\\x[0-9a-f]{2}|\\[0-7]{2,3}){6}/ nocase
    $var_chain = /\beval\s*\(\s*["'.?>\s]{0,8}\$\w{1,40}\s*\(\s*\$\w{1,40}\s*\(\s*(\$\w{1,40}\s*\(\s*)?["'$]/ nocase
  condition:
    filesize < 4MB and php_text and any of them
}

rule php_spells_function_names
{
  meta:
    family = "hidden_code"
    says = "spells the names of functions so that a search does not find them"
    severity = "high"
    gate = "edoced_46esab etalfnizg noitcnuf_etaerc sserpmocnuzg 31tor_rts cexe_llehs urhtssap strrev( onfr64_qrpbqr tmvasyngr perngr_shapgvba str_rot13( \\x62 \\142 \\x61 \\141 \\x65 \\145 \\x67 \\147 \\x63 \\143 \\x47 \\107 \\x73 \\163 \\x5f \\137 \"b\\ \"ba\\ \"bas\\ \"base\\ \"base6\\ ${\"\\ ${\"_ a\".\"s as\".\"s s\".\"s s\".\"e ss\".\"e se\".\"r r\".\"t b\".\"a ba\".\"s bas\".\"e base\".\"6 base6\".\"4 base64\".\"_ base64_\".\"d 64_d\".\"e 64_de\".\"c 64_dec\".\"o 64_deco\".\"d 64_decod\".\"e c\".\"r \"cr\".\"e \"cre\".\"a \"crea\".\"t create_\".\"f g\".\"z \"gz\".\"i \"gzi\".\"n \"gzin\".\"f \"gzinf\".\"l e\".\"v \"ev\".\"a \"eva\".\"l \"s\".\"y \"sy\".\"s \"sys\".\"t \"syst\".\"e _p\".\"o _po\".\"s \"_\".\"p _g\".\"e _re\".\"q chr(98) chr(0x62) chr(101) chr(0x65) chr(97) chr(0x61)"
  strings:
    // written backwards, or in rot13
    $r1 = "edoced_46esab"
    $r2 = "etalfnizg"
    $r3 = "noitcnuf_etaerc"
    $r4 = "sserpmocnuzg"
    $r5 = "31tor_rts"
    $r6 = "cexe_llehs"
    $r7 = "urhtssap"
    $r8 = /strrev\s*\(\s*["'](tressa|metsys|cexe|lave)["']/ nocase
    $r9 = "onfr64_qrpbqr"
    $r10 = "tmvasyngr"
    $r11 = "perngr_shapgvba"
    $r12 = /str_rot13\s*\(\s*["'](nffreg|riny|flfgrz|rkrp|furyy_rkrp|cnffgueh|tmhapbzcerff)["']/ nocase
    // "\x65\x76\x61\x6c", "\145\166\141\154", mixed with letters
    $h1 = /["'](\\x62|\\142)(\\x61|\\141|a)(\\x73|\\163|s)(\\x65|\\145|e)(\\x36|\\66|\\066|6)(\\x34|\\64|\\064|4)/ nocase
    $h2 = /["']b(\\x61|\\141)(\\x73|\\163|s)(\\x65|\\145|e)(\\x36|\\66|\\066|6)/ nocase
    $h3 = /["'](ba|bas|base|base6)(\\x|\\)\w{2,3}[\w\\]{0,40}(d|\\x64|\\144)(e|\\x65|\\145)(c|\\x63|\\143)(o|\\x6f|\\157)(d|\\x64|\\144)(e|\\x65|\\145)["']/ nocase
    $h4 = /["'(](\\x65|\\145)(\\x76|\\166|v)(\\x61|\\141|a)(\\x6c|\\154|l)["'(\s\\]/ nocase
    $h5 = /["'](\\x67|\\147)(\\x7a|\\172|z)(\\x69|\\151|i)(\\x6e|\\156|n)(\\x66|\\146|f)/ nocase
    $h6 = /["'](\\x63|\\143)(\\x72|\\162|r)(\\x65|\\145|e)(\\x61|\\141|a)(\\x74|\\164|t)(\\x65|\\145|e)(\\x5f|\\137|_)(\\x66|\\146|f)/ nocase
    $h7 = /["'](\\x61|\\141)(\\x73|\\163|s)(\\x73|\\163|s)(\\x65|\\145|e)(\\x72|\\162|r)(\\x74|\\164|t)["']/ nocase
    $h8 = /["'](\\x47|\\107)(\\x4c|\\114|L)(\\x4f|\\117|O)(\\x42|\\102|B)(\\x41|\\101|A)(\\x4c|\\114|L)(\\x53|\\123|S)/
    $h9 = /\$\{\s*"(\\x[0-9a-f]{2}|\\[0-7]{2,3}|\w){3,20}"\s*\}\s*\[\s*"(\\x[0-9a-f]{2}|\\[0-7]{2,3})/ nocase
    $h10 = /["'](\\x73|\\163)(\\x79|\\171|y)(\\x73|\\163|s)(\\x74|\\164|t)(\\x65|\\145|e)(\\x6d|\\155|m)["']/ nocase
    $h11 = /["'](\\x5f|\\137)(\\x50|\\120|P)(\\x4f|\\117|O)(\\x53|\\123|S)(\\x54|\\124|T)["']/
    // 'as'.'sert', "ba"."se64_dec"."ode", 'cre'.'ate_fun'…
    $s1 = /["']a["']?\s*\.?\s*["']?s["']\s*\.\s*["']s["']?\s*\.?\s*["']?e["']?\s*\.?\s*["']?r["']?\s*\.?\s*["']?t["']/ nocase
    $s2 = /["'](b["']\s*\.\s*["']ase64|ba["']\s*\.\s*["']se64|bas["']\s*\.\s*["']e64|base["']\s*\.\s*["']64|base6["']\s*\.\s*["']4)_?d?e?c?["']?\s*\.?\s*["']?_?d?e?c?o?d?e?/ nocase
    $s3 = /["']b["']\s*\.\s*["']a["']\s*\.\s*["']s["']\s*\.\s*["']e["']/ nocase
    $s4 = /["']base64_d?e?c?o?d?["']\s*\.\s*["']d?e?c?o?d?e["']/ nocase
    $s5 = /["'](c["']\s*\.\s*["']reate|cr["']\s*\.\s*["']eate|cre["']\s*\.\s*["']ate|crea["']\s*\.\s*["']te|create_["']\s*\.\s*["']f)_?f?u?n?c?/ nocase
    $s6 = /["'](g["']\s*\.\s*["']zinf|gz["']\s*\.\s*["']inf|gzi["']\s*\.\s*["']nf|gzin["']\s*\.\s*["']fl|gzinf["']\s*\.\s*["']la)/ nocase
    $s7 = /["'](e["']\s*\.\s*["']val|ev["']\s*\.\s*["']al|eva["']\s*\.\s*["']l)["'(\s]/ nocase
    $s8 = /["'](s["']\s*\.\s*["']ystem|sy["']\s*\.\s*["']stem|sys["']\s*\.\s*["']tem|syst["']\s*\.\s*["']em)["']\s*[;)]/ nocase
    $s9 = /["'](_P["']\s*\.\s*["']OST|_PO["']\s*\.\s*["']ST|_["']\s*\.\s*["']POST|_G["']\s*\.\s*["']ET|_RE["']\s*\.\s*["']QUEST)["']/
    // chr(98).chr(97).chr(115)…
    $c1 = /chr\s*\(\s*(98|0x62)\s*\)\s*\.\s*chr\s*\(\s*(97|0x61)\s*\)\s*\.\s*chr\s*\(\s*(115|0x73)\s*\)\s*\.\s*chr\s*\(\s*(101|0x65)\s*\)/ nocase
    $c2 = /chr\s*\(\s*(101|0x65)\s*\)\s*\.\s*chr\s*\(\s*(118|0x76)\s*\)\s*\.\s*chr\s*\(\s*(97|0x61)\s*\)\s*\.\s*chr\s*\(\s*(108|0x6c)\s*\)/ nocase
    $c3 = /chr\s*\(\s*(97|0x61)\s*\)\s*\.\s*chr\s*\(\s*(115|0x73)\s*\)\s*\.\s*chr\s*\(\s*(115|0x73)\s*\)\s*\.\s*chr\s*\(\s*(101|0x65)\s*\)/ nocase
    $tests = "PHPUnit"
  condition:
    filesize < 4MB and php_text and not $tests and any of ($r*, $h*, $s*, $c*)
}

rule php_picks_letters
{
  meta:
    family = "hidden_code"
    says = "puts names together letter by letter and calls them"
    severity = "high"
    gate = "0].$ 1].$ 2].$ 3].$ 4].$ 5].$ 6].$ 7].$ 8].$ 9].$ 0}.$ 1}.$ 2}.$ 3}.$ 4}.$ 5}.$ 6}.$ 7}.$ 8}.$ 9}.$ ).chr("
  strings:
    // $x[12].$x[3].$x[7]… eight times
    $index = /(\$\w{1,24}|\$GLOBALS\[["'][^\]"']{1,40}["']\])[\[{]\d{1,3}[\]}]\s*\.\s*((\$\w{1,24}|\$GLOBALS\[["'][^\]"']{1,40}["']\])[\[{]\d{1,3}[\]}]\s*\.\s*){6,40}(\$\w{1,24}|\$GLOBALS\[)/
    $chr = /chr\s*\(\s*\d{2,3}\s*\)\s*\.\s*(chr\s*\(\s*(3[2-9]|[4-9]\d|1[01]\d|12[0-6])\s*\)\s*\.\s*){7,200}chr/ nocase
    $chr_math = /chr\s*\(\s*\d{1,6}\s*[-+*\/^]\s*\d{1,6}\s*\)\s*\.\s*(chr\s*\(\s*\d{1,6}\s*[-+*\/^]\s*\d{1,6}\s*\)\s*\.?\s*){3}/ nocase
    $calls = /(\$\{?\w{1,40}\}?|\$\w{1,30}\[['"]?\w{1,30}['"]?\]|\$GLOBALS\[["'][^\]"']{1,40}["']\](\[\d{1,4}\])?)\s*\(\s*["'$@\w)]/
    $library = /\n\s*namespace\s+\w/
  condition:
    filesize < 2MB and php_text and not $library and any of ($index, $chr, $chr_math) and $calls
}

rule php_without_letters
{
  meta:
    family = "hidden_code"
    says = "builds its code out of punctuation"
    severity = "high"
    gate = "\"^\" \")^ ++;$_ ~\" ~( $__"
  strings:
    $xor = /["'][^"'\w\s\\]{3,24}["']\s*\^\s*["'][^"'\\]{3,24}["']/
    $xor_call = /\(\s*["'][^"'\n]{2,24}["']\s*\^\s*["'][^"'\n]{2,24}["']\s*\)\s*[;(.]/
    $xor_chars = /(\(?["'][^"'\n]["']\s*\^\s*["'][^"'\n]["']\)?\s*\.\s*){3}/
    $count = /\$_{1,6}\s*\+\+\s*;\s*(\$_{1,6}\s*\+\+\s*;\s*){5}/
    $invert = /\(\s*~\s*["'][^"'\n]{2,40}["']\s*\)\s*[(;.]/
    $lines = /\$_{2,12}\s*=\s*\$_{2,12}\s*[.(\[]/
    $calls = /(\$\{?_{0,12}\w{0,20}\}?|\]|\}|\)|`)\s*[\[(]\s*[\$\])~"'_]/
  condition:
    filesize < 200KB and php_text and $calls and (#xor > 1 or $xor_call or $xor_chars or $count or $invert or #lines > 4)
}

rule php_jumps_about
{
  meta:
    family = "hidden_code"
    says = "was taken to pieces and is held together by jumps"
    severity = "high"
    gate = "goto"
    gate = "\\x"
  strings:
    $goto = /goto [A-Za-z_]\w{3,12};\s*[A-Za-z_]\w{3,12}:/
    $escaped = /\\x[0-9a-f]{2}\\[0-7]{2,3}|\\[0-7]{2,3}\\x[0-9a-f]{2}/ nocase
  condition:
    filesize < 2MB and php_text and #goto > 6 and #escaped > 8
}

rule php_includes_hidden_path
{
  meta:
    family = "hidden_code"
    says = "includes a file whose path is spelled in numbers"
    severity = "high"
    gate = "include\"\\ include(\"\\ include(@\"\\ include@\"\\ require\"\\ require(\"\\ _once\"\\ _once(\"\\ _once@\"\\ @\"\\ include\"/ require\"/ _once\"/ include(\"/ require(\"/ _once(\"/ include(@\"/ include@\"/ _once@\"/ include(base64 include(str_rot13 include(strrev include(hex2bin include(gzinflate includebase64 require(base64 require(str_rot13 require(hex2bin _once(base64 _once(str_rot13 .ico\"; .ico\"); .jpg\"; .jpg\"); .jpeg\"; .jpeg\"); .png\"; .png\"); .gif\"; .gif\"); .bmp\"; .bmp\");"
    gate = "include\" include( include@ require\" require( require@ _once\" _once( _once@ includebase64"
  strings:
    $path = /\b(include|require)(_once)?[\s(@]*"[^"\n]{0,80}(\\x[0-9a-f]{2}|\\[0-7]{2,3})[^"\n\\]{0,8}(\\x[0-9a-f]{2}|\\[0-7]{2,3})[^"\n\\]{0,8}(\\x[0-9a-f]{2}|\\[0-7]{2,3})/ nocase
    $decoded = /\b(include|require)(_once)?[\s(@]+(base64_decode|str_rot13|strrev|hex2bin|gzinflate)\s*\(/ nocase
    $picture = /\b(include|require)(_once)?[\s(@]+["'][^"'\n]{1,120}\.(ico|jpe?g|png|gif|bmp)["']\s*\)?\s*;/ nocase
  condition:
    filesize < 1MB and php_text and any of them
}

rule php_packed_payload
{
  meta:
    family = "hidden_code"
    says = "carries packed code of another kind inside a string"
    severity = "medium"
    gate = "zxzhbc v2ywwo ldmfsk pd9wahag w/cghwi 8p3boccac 8p3boc iyevdxnylwjpbi9wzxjs mvl3vzci9iaw4vcgvyb jiv91c3ivymlul3bl iyevymluL3no mvl2jpbi9za jiv9iaw4vc2 jf9qt1nuw rfue9tvf kx1bpu1rb jf9sruvvrvnuw rfukvrvuvtvf kx1jfuvvfu1rb c2hlbgxfzxhly nozwxsx2v4zw zagvsbf9legvj"
    gate = "base64_decode b64decode eval assert"
  strings:
    $eval = "eval(" base64
    $php = "<?php " base64
    $perl = "#!/usr/bin/perl" base64
    $sh = "#!/bin/sh" base64
    $post = "$_POST[" base64
    $request = "$_REQUEST[" base64
    $system = "shell_exec(" base64
    $decodes = /\b(base64_decode|b64decode|ev(al)|assert)\b/ nocase
    $tests = "PHPUnit"
    $library = /\n\s*namespace\s+\w/
  condition:
    filesize < 2MB and php_text and $decodes and not $tests and not $library and any of ($eval, $php, $perl, $sh, $post, $request, $system)
}

rule php_hides_behind_blanks
{
  meta:
    family = "hidden_code"
    says = "code pushed out of sight behind a long run of blanks"
    severity = "high"
    gate = "<?phpeval <?php@eval <?php$ <?php@ <?phpif <?phpassert ;eval( ;@eval( ;assert( ;@assert("
    gate = "eval $globals base64_decode assert $_post $_request $_cookie"
  strings:
    $first = /<\?php[ \t]{120}[ \t]{0,2000}[^\r\n]{0,60}(eval|\$GLOBALS|base64_decode|assert|\$_(POST|REQUEST|COOKIE))/
    $later = /;[ \t]{150}[ \t]{0,2000}@?(eval|assert)\s*\(/
  condition:
    filesize < 2MB and any of them
}
