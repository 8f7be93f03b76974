// Programs that send mail to lists of strangers: pages for spammers, and gateways that a spammer feeds from afar.

rule php_mass_mailer
{
  meta:
    family = "mailer"
    says = "sends mail to a list of addresses that a visitor pastes in"
    severity = "high"
    gate = "mail( fsockopen( send("
    gate = "explode( split( mailer spam bomb"
    gate = "$_post $_request $_get"
    gate = "emaillist email_list maillist mail_list emails mails toemail to_list tolist recipients emailz listemail mailist victim mailer spam bomb"
  strings:
    $mail = /[^\w>:]mail\s*\(/ nocase
    $smtp = /fsockopen\s*\([^;\n]{0,80}\b25\b/ nocase
    $class = /->\s*send\s*\(/ nocase
    $list = /\$(_(POST|REQUEST|GET)\s*\[\s*["']?|)(emaillist|email_list|maillist|mail_list|emails|mails|toemails?|to_list|tolist|recipients|emailz|listemail|mailist|victims?)\b["']?\s*\]?/ nocase
    $explode = /\b(explode|split|preg_split)\s*\(\s*["'](\\r)?(\\n|,|;|\|)["']\s*,\s*\$/ nocase
    $posted = /\$_(POST|REQUEST|GET)\s*\[\s*["']?(emaillist|email_list|maillist|mail_list|emails|mails|to|toemails?|to_list|tolist|recipients|message|msg|subject|from|realname|sender|fromname|from_name|reply_?to|letter)\b/ nocase
    $area = /<textarea\b/ nocase
    $kind = /\b(leaf ?php ?mailer|alexus ?mailer|mass ?mailer|bulk ?mailer|php ?mailer by|inbox ?mailer|priv8 ?mailer|spam(mer|med)?|gammadyne|mailer ?inbox|email ?bomber|mail ?bomb)\b/ nocase
    $loop = /\b(for|foreach|while)\s*\(/ nocase
    $limits = /\b(set_time_limit\s*\(\s*0|ignore_user_abort|ini_set\s*\(\s*['"]max_execution_time)/ nocase
    $sent = /(sending|sent|spam+ed|sended)[^\n]{0,40}(\.\.\.|ok|done|!|<br)/ nocase
    $library = /\n\s*(namespace\s+\w|abstract class|final class)/
    $framework = /\b(wp_mail|current_user_can|defined\s*\(\s*['"](ABSPATH|_JEXEC|IN_PHPBB|MOODLE_INTERNAL|SMF|_VALID_MOS|IN_MYBB)['"])/
  condition:
    filesize < 600KB and ($mail or $smtp or $class) and $loop and not $library and not $framework and
    (($list and $explode and #posted > 3 and ($area or $limits or $sent)) or ($kind and #posted > 2 and ($explode or $list)))
}

rule php_mail_gateway
{
  meta:
    family = "mailer"
    says = "sends whatever mail a visitor's request asks for, packed so that nobody sees it"
    severity = "high"
    gate = "mail("
    gate = "$_post $_get $_request $_cookie"
    gate = "base64_decode str_rot13 gzinflate urldecode stripslashes( mail($_ mail(@$_"
  strings:
    $direct = /[^\w>:]mail\s*\(\s*@?(stripslashes|base64_decode|urldecode|str_rot13|gzinflate)\s*\(\s*@?\$(_(POST|GET|REQUEST|COOKIE)|\w{1,24})/ nocase
    $raw = /[^\w>:]mail\s*\(\s*@?\$_(POST|GET|REQUEST|COOKIE)\s*\[[^\]]{1,30}\]\s*,\s*@?\$_(POST|GET|REQUEST|COOKIE)\s*\[[^\]]{1,30}\]\s*,\s*@?\$_(POST|GET|REQUEST|COOKIE)\s*\[[^\]]{1,30}\]\s*,\s*@?\$_(POST|GET|REQUEST|COOKIE)/ nocase
    $decoded = /(base64_decode|str_rot13|gzinflate|urldecode)\s*\(\s*@?\$_(POST|GET|REQUEST|COOKIE)/ nocase
    $each = /foreach\s*\(\s*\$_(POST|REQUEST|COOKIE)\s+as/ nocase
    $mail = /[^\w>:$]mail\s*\(\s*\$\w{1,30}\s*(\[[^\]]{1,20}\]\s*)?,\s*\$\w{1,30}/ nocase
    $library = /\n\s*(namespace\s+\w|abstract class|final class)/
    $framework = /\b(wp_mail|defined\s*\(\s*['"](ABSPATH|_JEXEC|IN_PHPBB|MOODLE_INTERNAL|SMF|_VALID_MOS|IN_MYBB)['"])/
  condition:
    filesize < 200KB and not $library and not $framework and ($direct or $raw or (#decoded > 1 and $mail) or ($each and $decoded and $mail))
}

rule script_mailer
{
  meta:
    family = "mailer"
    says = "a script that pipes mail to a long list of addresses"
    severity = "medium"
    gate = "sendmail smtp"
    gate = "#!/"
    gate = ".txt .lst .csv"
  strings:
    $perl = /^#![^\n]{0,60}(perl|python)/
    $pipe = /open\s*\(?\s*\w{1,20}\s*,\s*["']\s*\|\s*[\w\/$]{0,40}sendmail/ nocase
    $smtp = /(Net::SMTP|smtplib\.SMTP|IO::Socket::INET[^;]{0,200}\b(smtp|25)\b)/
    $list = /\b(emails?|mails?|maillist|list|victims?|leads?|targets?)\.(txt|lst|csv)\b/ nocase
    $rotate = /\b(random|rand|shuffle|choice)\b[^\n]{0,60}\b(subject|from|sender|name)s?\b/ nocase
    $thread = /\b(fork\s*\(|threading|Thread->|Parallel::ForkManager|multiprocessing)/
  condition:
    filesize < 400KB and $perl and ($pipe or $smtp) and $list and ($rotate or $thread)
}
