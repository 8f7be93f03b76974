// PHP that carries out what a visitor sends, and pages made for that. Pinfold's own rules; docs/manual/audit.md says how they are kept honest.
// meta: family and says are shown to people; severity is high or medium; gate: a file must hold one of these words (see word_gate.hpp).

private rule is_php
{
  strings:
    $long = "<?php" nocase
    $echo = "<?=" 
    $short = /<\?[\s\r\n]/
  condition:
    any of them
}

rule php_runs_request
{
  meta:
    family = "web_shell"
    says = "runs code or commands that a visitor sends"
    severity = "high"
    gate = "$_post $_get $_request $_cookie $_files $_server[\"http http_post_vars http_get_vars http_cookie_vars php://input getallheaders apache_request_headers get_defined_vars filter_input {\"_ \"assert\" \"eval\" \"system\" \"passthru\" \"shell_exec\" \"popen\" \"create_function\""
    gate = "eval( eval@( eval/* assert( assert@( assert/* system( system@( system/* passthru( passthru@( exec( exec@( exec/* popen( proc_open( create_function( ` ]($ ](@ ](base64 ](stripslashes ](trim ](urldecode ](\" ](str }( array_map( array_filter( array_walk( array_walk_recursive( array_reduce( array_diff_ukey( array_udiff( array_uintersect( usort( uasort( uksort( call_user_func register_shutdown register_tick forward_static iterator_apply _callback( ob_start( spl_autoload_register( preg_replace( preg_filter( mb_ereg extract($_ extract(@$_ reflectionfunction("
  strings:
    // eval($_POST[x]), @assert(stripslashes($_REQUEST['x'])), system(base64_decode($_COOKIE[a].$b))
    $call = /\b(eval|assert|system|passthru|shell_exec|pcntl_exec|popen|proc_open|exec|create_function)[\s@]*(\/\*[^*]{0,80}\*\/\s*)?\(\s*["'.@\s]{0,6}(\/\*[^*]{0,80}\*\/\s*)?((stripslashes|base64_decode|urldecode|rawurldecode|gzinflate|gzuncompress|str_rot13|strrev|trim|hex2bin|pack|html_entity_decode|htmlspecialchars_decode|implode|join|sprintf|str_replace|chr|end|current|reset|array_pop|array_shift)[\s@]*\([\s@"'.,\w\/*?>=]{0,30}){0,4}["'.\s?>]{0,6}[{]?\$\{?["']?(_(POST|GET|REQUEST|COOKIE|FILES)|HTTP_(POST|GET|COOKIE)_VARS|_SERVER\s*\[\s*['"]HTTP_)/ nocase
    // system('nice '.$_GET['c']), exec("ping {$_POST[h]}")
    $call_words = /\b(system|passthru|shell_exec|exec|popen|proc_open)\s*\(\s*["'][^"'\n;]{0,80}(["']\s*\.\s*|\{)?\$_(POST|GET|REQUEST|COOKIE)\s*\[/ nocase
    $call_input = /\b(eval|assert|system|passthru|shell_exec|popen|create_function)[\s@]*\(\s*["'.?>\s@]{0,6}((stripslashes|base64_decode|urldecode|gzinflate|gzuncompress|str_rot13|strrev|trim|hex2bin)[\s@]*\([\s@]*){0,3}file_get_contents\s*\(\s*['"]php:\/\/input/ nocase
    $call_headers = /\b(eval|assert|system|passthru|shell_exec|popen|create_function)[\s@]*\(\s*((stripslashes|base64_decode|gzinflate|str_rot13|strrev|trim|end|current)[\s@]*\([\s@]*){0,3}(getallheaders|apache_request_headers|get_defined_vars|filter_input)\s*\(/ nocase
    // `$_GET[c]`
    $backtick = /(=|\becho|\bprint|\breturn|\bdie\s*\()\s*@?`[^\n`]{0,60}\$\{?_(POST|GET|REQUEST|COOKIE)\s*\[[^\n`]{1,60}`/
    // $_GET['f']($_POST['a'])
    $named = /(^|[;{}=(@.,!&|?:>]|\bphp|\becho|\bprint|\breturn|\bif\s*\()\s*@?\$\{?["']?_(POST|GET|REQUEST|COOKIE)["']?\}?\s*[\[{]\s*['"]?\w{0,24}['"]?\s*[\]}]\s*\(\s*(@?\w{0,20}\(?\s*)\$\{?["']?_?\w/ nocase
    // array_map('assert', $_POST), usort($_GET, 'assert'), array_map($_GET['f'], $_POST), register_shutdown_function($_GET[a], …)
    $callback = /\b(array_map|array_filter|array_walk|array_walk_recursive|array_reduce|array_diff_ukey|array_udiff|array_uintersect|usort|uasort|uksort|call_user_func|call_user_func_array|register_shutdown_function|register_tick_function|forward_static_call|forward_static_call_array|iterator_apply|preg_replace_callback|mb_ereg_replace_callback)\s*\([^;\n]{0,60}['"]?\b(assert|eval|system|passthru|shell_exec|popen|create_function)['"]\s*[,)]/ nocase
    $callback_named = /\b(array_map|call_user_func|call_user_func_array|register_shutdown_function|register_tick_function|forward_static_call|forward_static_call_array|ob_start|spl_autoload_register)\s*\(\s*@?(base64_decode\s*\(\s*)?\$_(POST|GET|REQUEST|COOKIE)\s*\[/ nocase
    // preg_replace('/.*/e', $_POST['x'], ''), mb_ereg_replace('.*', $_REQUEST[x], '', 'e')
    $replace = /\b(preg_replace|preg_filter|mb_ereg_replace|mb_eregi_replace)\s*\(\s*["'][^\n"']{1,40}[\/#~|!@%][imsxuADSUXJ]{0,6}e[imsxuADSUXJ]{0,6}["']\s*,[^;\n]{0,40}\$_(POST|GET|REQUEST|COOKIE|SERVER)/ nocase
    $replace_named = /\b(preg_replace|preg_filter|mb_ereg_replace)\s*\(\s*\$_(POST|GET|REQUEST|COOKIE)\s*\[/ nocase
    // extract($_REQUEST) && @$e(…)
    $extract = /\bextract\s*\(\s*@?\$_(POST|GET|REQUEST|COOKIE)\s*\)\s*(;|&&|\|\||and\b|or\b)\s*(@?(die|exit|print|echo)\s*\(?\s*)?@?\$\w{1,30}\s*\(/ nocase
    // new ReflectionFunction($_GET[…])->invoke
    $reflect = /new\s+ReflectionFunction\s*\(\s*(base64_decode\s*\(\s*)?\$_(POST|GET|REQUEST|COOKIE)/ nocase
    // (function…)($_POST), "$_"-built: ${'_'.$x}[…](${'_'.$y}
    $braced = /\$\{\s*['"]_['"]?\s*\.[^}]{1,40}\}\s*[\[{][^\]}]{1,20}[\]}]\s*\(/ nocase
  condition:
    filesize < 1500KB and is_php and any of them
}

rule php_runs_request_by_variable
{
  meta:
    family = "web_shell"
    says = "takes a value from the request and runs it a line later"
    severity = "high"
    gate = "=$_post =$_get =$_request =$_cookie =@$_post =@$_get =@$_request =@$_cookie ($_post ($_get ($_request ($_cookie (@$_post (@$_get (@$_request (@$_cookie php://input"
    gate = "eval( assert( system( passthru( shell_exec( create_function( ].$ }.$ ];$ ];@$ )$ )@$ ){$ ){@$ return$ echo$ print$"
  strings:
    $eval = /\$\w{1,24}\s*=\s*@?((stripslashes|base64_decode|urldecode|gzinflate|str_rot13|strrev|trim|hex2bin)\s*\(\s*@?){0,3}(\$_(POST|GET|REQUEST|COOKIE)\s*\[[^\]\n]{1,40}\]|file_get_contents\s*\(\s*['"]php:\/\/input['"])[^;{}\n]{0,60};[\s}]{0,20}(if\s*\([^;{}\n]{0,60}\)\s*\{?\s*)?(echo\s|print\s|die\s*\(|return\s)?\s*@?(eval|assert|system|passthru|shell_exec|create_function)\s*\(\s*["'.\s]{0,4}((stripslashes|base64_decode|urldecode|gzinflate|str_rot13|strrev|trim|hex2bin)\s*\(\s*){0,3}\$\w{1,24}\b/ nocase
    // $f = $_COOKIE; … $f[3]($f[4].$f[5]) and $a = $_POST['a']; $a($_POST['b'])
    $cookie = /\$\w{1,24}\s*=\s*@?\$_(POST|COOKIE|REQUEST|GET)\s*;[^}]{0,300}\$\w{1,24}\s*[\[{]\s*\d{1,3}\s*[\]}]\s*\.\s*\$\w{1,24}\s*[\[{]\s*\d{1,3}\s*[\]}]/ nocase
    $variable = /\$(\w{1,24})\s*=\s*@?\$_(POST|GET|REQUEST|COOKIE)\s*\[[^\]\n]{1,40}\]\s*;\s*(@|echo\s|print\s|return\s)?\s*@?\$\w{1,24}\s*\(\s*@?((stripslashes|base64_decode|urldecode)\s*\()?\s*\$_(POST|GET|REQUEST|COOKIE)\s*\[/ nocase
    $loop = /foreach\s*\(\s*@?\$_(POST|GET|REQUEST|COOKIE)\s+as\s+\$\w{1,24}\s*(=>\s*\$\w{1,24}\s*)?\)\s*\{?\s*@?(eval|assert|system|passthru|shell_exec|\$\w{1,24})\s*\(/ nocase
  condition:
    filesize < 600KB and is_php and any of them
}

rule php_shell_page
{
  meta:
    family = "web_shell"
    says = "a page with the tools of a web shell: commands, files, the machine's secrets"
    severity = "high"
    gate = "shell_exec passthru proc_open popen"
    gate = "php_uname posix_getpwuid getmyuid get_current_user disk_free_space /etc/passwd"
    gate = "safe_mode disable_functions open_basedir disk_free_space get_current_user /etc/passwd"
    gate = "$_post $_get $_request $_cookie $_files $http_post_vars"
  strings:
    $x1 = /\bshell_exec\b/ nocase
    $x2 = /\bpassthru\b/ nocase
    $x3 = /\bproc_open\b/ nocase
    $x4 = /\bpopen\b/ nocase
    $x5 = /\bsystem\s*\(/ nocase
    $x6 = /[^\w>:$]exec\s*\(/ nocase
    $r1 = "php_uname" nocase
    $r2 = "safe_mode" nocase
    $r3 = "disable_functions" nocase
    $r4 = "posix_getpwuid" nocase
    $r5 = "/etc/passwd"
    $r6 = "disk_free_space" nocase
    $r7 = "open_basedir" nocase
    $r8 = "getmyuid" nocase
    $r9 = "get_current_user" nocase
    $t1 = "move_uploaded_file" nocase
    $t2 = "fileperms" nocase
    $t3 = "chmod" nocase
    $t4 = "mysql_connect" nocase
    $t5 = "base64_decode" nocase
    $t6 = "/bin/sh"
    $t7 = "fsockopen" nocase
    $t8 = "touch(" nocase
    $t9 = "/etc/shadow"
    $t10 = "netstat"
    $t11 = "self remove" nocase
    $t12 = "back connect" nocase
    $t13 = "phpinfo(" nocase
    $in1 = /\$_(POST|GET|REQUEST|COOKIE|FILES)\b/
    $in2 = "$HTTP_POST_VARS"
    $library = /\n\s*namespace\s+\w/
    $tests = "PHPUnit"
  condition:
    filesize < 1MB and is_php and not $library and not $tests and 1 of ($in*) and 3 of ($x*) and 3 of ($r*) and 4 of ($t*)
}

rule php_shell_by_name
{
  meta:
    family = "web_shell"
    says = "names itself a web shell"
    severity = "high"
    gate = "filesman c99shell c99_sess c99_buff c99sh_ c99fsbuff c99ftpbrute c99getsource r57shell r57_pwd r57_lang b374k wsoshell wsoweb wso1 wso2 wso3 wso4 wso5 indoxploit anonghost 1n73ction k2ll33d p0wny weevely antsword behinder godzilla locus7s ani-shell massdefac mass-defac mass_defac autodefac auto_defac auto-defac bypassshell bypass-shell bypass_shell backdoorshell backdoor-shell backdoor_shell priv8shell priv8-shell priv8_shell privateshell private-shell private_shell hackedshell hacked-shell hacked_shell uploadershell uploader-shell uploader_shell minishell mini-shell mini_shell webshell web-shell web_shell phpshell php-shell php_shell alfateam alfa-team alfashell alfa-shell symlinksa symlinkbypass symlinkserver symlinkshell symlinker symlink-s symlink-b symlink_s symlink_b"
    gate = "eval( assert( system( passthru( exec( popen( proc_open( move_uploaded_file( base64_decode( gzinflate("
  strings:
    $a1 = "FilesMan"
    $a2 = /\bc99(shell|_sess|_buff|sh_|fsbuff|ftpbrutecheck|getsource)/ nocase
    $a3 = /\br57(shell|_pwd|_lang)/ nocase
    $a4 = "b374k" nocase
    $a5 = /\bWSO (\d\.|Shell|Web)/ nocase
    $a6 = "IndoXploit" nocase
    $a7 = "AnonGhost" nocase
    $a8 = "1n73ction"
    $a9 = "k2ll33d"
    $a10 = "p0wny" nocase
    $a11 = /\bweevely\b/ nocase
    $a12 = /\b(antsword|behinder|godzilla)\b[^\n]{0,80}(shell|pass)/ nocase
    $a13 = "locus7s" nocase
    $a14 = "Ani-Shell" nocase
    $a15 = /\b(mass|auto)[ _-]?defac(e|er|ing)\b/ nocase
    $a16 = /\b(bypass|backdoor|priv8|private|hacked|uploader|mini|web|php)[ _-]?shell\b[^\n]{0,60}\b(by|v\d|coded|version)\b/ nocase
    $a17 = /\bALFA[ -]?(TEAM|TEaM|SHELL)\b/ nocase
    $a18 = /\bsymlink(er)?[ _-]?(sa|bypass|shell|server)\b/ nocase
    $x = /\b(eval|assert|system|passthru|shell_exec|exec|popen|proc_open|move_uploaded_file|base64_decode|gzinflate)\s*\(/ nocase
  condition:
    filesize < 1500KB and is_php and $x and any of ($a*)
}

rule php_uploader
{
  meta:
    family = "web_shell"
    says = "a small page that stores whatever a visitor uploads, under the visitor's name for it"
    severity = "medium"
    gate = "$_files $http_post_files"
    gate = "<form <input"
    gate = "copy move_uploaded_file"
  strings:
    $move = /\b(move_uploaded_file|copy)\s*\(\s*\$(_FILES|HTTP_POST_FILES)\s*\[[^\]]{1,30}\]\s*\[\s*["']?tmp_name["']?\s*\]\s*,\s*[^;]{0,80}\$(_FILES|HTTP_POST_FILES)\s*\[[^\]]{1,30}\]\s*\[\s*["']?name["']?\s*\]/ nocase
    $by_variable = /=\s*[^;\n]{0,60}\$_FILES\s*\[[^\]]{1,30}\]\s*\[\s*["']?name["']?\s*\]\s*;[^}]{0,300}\b(move_uploaded_file|copy)\s*\(\s*\$/ nocase
    $form = /<(form|input)\b/ nocase
    $checks = /\b(pathinfo|in_array|getimagesize|finfo|mime|session_start|require|include|checkToken|is_admin|current_user_can|nonce|csrf)\b/ nocase
  condition:
    filesize < 4KB and is_php and ($move or $by_variable) and $form and not $checks
}

rule php_fetches_code
{
  meta:
    family = "dropper"
    says = "fetches code from another server and runs it or writes it to a file"
    severity = "high"
    gate = "ents(\"http ents(\"ftp file(\"http file(\"ftp ode(\"ahr0c copy(\"http (curl_exec( include\"http include(\"http include(@\"http include@\"http require\"http require(\"http _once\"http _once(\"http include\"ftp include(\"ftp require\"ftp require(\"ftp _once\"ftp _once(\"ftp \"data:text \"data://text $_post $_get $_request wget lwp-download \"curl curlhttp curl- \"fetch fetchhttp fetch-"
    gate = "eval( eval\" eval? assert( create_function( include\"http include(\"http include(@\"http include@\"http require\"http require(\"http _once\"http _once(\"http include\"ftp include(\"ftp require\"ftp require(\"ftp _once\"ftp _once(\"ftp \"data: file_put_contents( fwrite( fputs( fopen($_ fopen(@$_ copy(\"http exec(\" system(\" passthru(\" popen(\" proc_open(\""
  strings:
    $run = /\b(eval|assert|create_function)\s*\(\s*["'?>.\s]{0,8}((stripslashes|base64_decode|gzinflate|gzuncompress|str_rot13|strrev|trim|hex2bin)\s*\(\s*){0,3}@?(curl_exec\s*\(\s*\$|(file_get_contents|implode\s*\(\s*['"]{2}\s*,\s*file)\s*\(\s*(base64_decode\s*\(\s*)?["'](https?:|ftp:|aHR0c))/ nocase
    $include = /\b(include|require)(_once)?[\s(@]+["'](https?:\/\/|ftp:\/\/|data:(\/\/)?text\/plain;base64)/ nocase
    $write = /\b(file_put_contents|fwrite|fputs)\s*\(\s*[^;\n]{1,120},\s*@?((base64_decode|gzinflate|hex2bin|stripslashes|urldecode)\s*\(\s*){0,3}(\$_(POST|GET|REQUEST|COOKIE)\s*\[[^\]\n]{1,30}\]\s*\)*\s*\)\s*;|file_get_contents\s*\(\s*(["']https?:\/\/[^"'\n]{4,200}\.(txt|jpg|png|gif|php|zip|log|dat)|\$_(POST|GET|REQUEST)))/ nocase
    $named_by = /\b(file_put_contents|fopen)\s*\(\s*@?\$_(POST|GET|REQUEST|COOKIE)\s*\[[^\]\n]{1,30}\]\s*,\s*(["'][wa]|@?(base64_decode\s*\(\s*)?\$_(POST|GET|REQUEST|COOKIE))/ nocase
    $copy = /\bcopy\s*\(\s*["']https?:\/\/[^"'\n]{4,200}["']\s*,\s*["'][^"'\n]{1,100}\.(php\d?|phtml|pl|cgi|py|sh)["']/ nocase
    $shell = /\b(system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec)\s*\(\s*["'][^"'\n]{0,200}\b(wget|curl|lwp-download|fetch)\b[^"'\n]{0,300}\b(perl|sh|bash|python|chmod|php)\b/ nocase
    $functions = /function\s+\w{1,40}\s*\([^)]{0,60}\)\s*\{/
    $tests = "PHPUnit"
    $asserts = "assertSame"
  condition:
    filesize < 400KB and is_php and not $tests and not $asserts and any of ($run, $include, $write, $named_by, $copy, $shell) and #functions < 60
}
