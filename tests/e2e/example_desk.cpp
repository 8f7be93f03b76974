// Thirty days of a small provider, for the pages' tests and the manual's pictures.
//   example_desk PINFOLD.TOML FOLDER     FOLDER has servers.csv, aup-1.md, aup-2.md. Prints one JSON object: the cases that the tests name.
#include "past.hpp"

namespace pinfold::example {
namespace {

using abuse::AbuseClass;
using abuse::Origin;
using abuse::Severity;
using desk::Statement;

/// What the tests name.
struct Named {
  CaseId ladder;
  CaseId off;
  CaseId waiting;
  CaseId phishing;
  CaseId malware;
  CaseId promised;
  CaseId silent;
};

CaseId scan(Past& past, const std::string& server, unsigned hosts, const std::string& port) {
  return past.seen(server, AbuseClass::PortScan, "horizontal", Origin::Network, Severity::High, 96,
                   fmt::format("contacted {} hosts on tcp/{} in 37 s; 2 of them answered", hosts, port),
                   {{"destinations", std::to_string(hosts)},
                    {"port", "tcp/" + port},
                    {"answered", "2"},
                    {"example targets", "198.51.100.7, 198.51.100.8, 198.51.100.9"}});
}

/// Warned, answered after a while, quiet since: how most cases go.
void ordinary(Past& past, int days, const std::string& server, AbuseClass abuse_class, const std::string& kind, Severity severity,
              const std::string& summary, Micros answered_after, Statement statement, const std::string& words) {
  auto id = std::make_shared<CaseId>();
  past.at(hours{24 * days}, [&past, id, server, abuse_class, kind, severity, summary] {
    *id = past.seen(server, abuse_class, kind, Origin::Network, severity, 84, summary, {{"destinations", "212"}, {"packets", "184,000"}});
  });
  past.at(hours{24 * days} - answered_after, [&past, id, statement, words] { past.answer(*id, statement, words); });
}

void older_cases(Past& past) {
  ordinary(past, 28, "srv-1020", AbuseClass::BruteForce, "ssh", Severity::High, "tried 1,840 log-ins by SSH at 212 hosts", hours{3}, Statement::Fixed,
           "a forgotten test account; removed");
  ordinary(past, 26, "srv-1030", AbuseClass::Spam, "", Severity::Medium, "sent mail to 212 mail servers in ten minutes", hours{20}, Statement::Fixed,
           "contact form closed");
  ordinary(past, 24, "srv-1011", AbuseClass::Reflector, "ntp", Severity::Medium, "answers NTP monlist queries 206 times as large as the question",
           minutes{40}, Statement::Fixed, "ntpd updated");
  ordinary(past, 21, "srv-1010", AbuseClass::Flood, "udp", Severity::Critical, "sent 412,000 packets a second to 203.0.113.9", minutes{12},
           Statement::Looking, "we are on it");
  ordinary(past, 19, "srv-1020", AbuseClass::FileSharing, "bittorrent", Severity::Low, "talked BitTorrent with 212 peers", hours{9},
           Statement::Intended, "we seed our own images");
  ordinary(past, 16, "srv-1030", AbuseClass::BruteForce, "wordpress", Severity::High, "tried 2,200 log-ins at 31 WordPress sites", hours{6},
           Statement::Fixed, "theme removed");
  auto wrong = std::make_shared<CaseId>();
  past.at(hours{24 * 17}, [&past, wrong] { *wrong = scan(past, "srv-1002", 1204, "443"); });
  past.at(hours{24 * 17 - 5}, [&past, wrong] {
    past.put(*wrong, desk::ClosedByStaff{StaffId{"bert"}, true, "a monitoring service that the customer had announced by telephone"});
  });
}

/// Warned, silent, again, switched off, talked, on again.
void whole_ladder(Past& past, CaseId& id) {
  past.at(hours{24 * 14}, [&past, &id] { id = scan(past, "srv-1001", 4812, "22"); });
  past.at(hours{24 * 12}, [&past] { scan(past, "srv-1001", 6120, "22"); });
  past.at(hours{24 * 12} - minutes{4}, [&past, &id] { past.approve(id, "anna", "seen on the wire, nobody answers the phone"); });
  past.at(hours{24 * 12 - 7}, [&past, &id] { past.talk(id); });
}

void switched_off(Past& past, CaseId& id) {
  past.at(hours{40}, [&past, &id] {
    id = past.seen("srv-1003", AbuseClass::BruteForce, "ssh", Origin::Network, Severity::High, 93,
                   "tried 3,410 log-ins by SSH at 530 hosts in ten minutes", {{"destinations", "530"}, {"port", "tcp/22"}, {"attempts", "3,410"}});
  });
  past.at(hours{5}, [&past] {
    past.seen("srv-1003", AbuseClass::BruteForce, "ssh", Origin::Network, Severity::High, 95,
              "tried 2,980 log-ins by SSH at 471 hosts in ten minutes", {{"destinations", "471"}, {"port", "tcp/22"}, {"attempts", "2,980"}});
  });
  past.at(hours{5} - minutes{4}, [&past, &id] { past.approve(id, "anna", "warned two days ago, no answer, still at it"); });
}

void waiting_for_approval(Past& past, CaseId& id) {
  past.at(hours{31}, [&past, &id] { id = scan(past, "srv-1010", 9310, "23"); });
  past.at(minutes{6}, [&past] { scan(past, "srv-1010", 11240, "23"); });
}

void open_cases(Past& past, Named& named) {
  past.at(hours{23}, [&past] { past.bounce("admin@kiosk.example"); });
  past.at(hours{60}, [&past, &named] {
    named.silent = past.seen("srv-1040", AbuseClass::VulnerableApp, "", Origin::Host, Severity::Low, 78,
                             "WordPress 5.8.1 has a published hole and is reachable from outside",
                             {{"path", "/var/www/clinic"}, {"version", "5.8.1"}, {"newest", "6.7.1"}});
  });
  past.at(hours{21}, [&past, &named] {
    named.phishing = past.opened("srv-1001", AbuseClass::Phishing, "bert", "a page that asks for bank passwords below /forum/images");
  });
  past.at(hours{22}, [&past] {
    past.seen("srv-1030", AbuseClass::Spam, "", Origin::Network, Severity::High, 88, "sent mail to 640 mail servers in ten minutes",
              {{"destinations", "640"}, {"port", "tcp/25"}});
  });
  past.at(hours{20},
          [&past, &named] { named.malware = past.opened("srv-1002", AbuseClass::MalwareHosting, "bert", "a dropper is offered for download"); });
  past.at(hours{9}, [&past, &named] { named.promised = scan(past, "srv-1020", 2210, "445"); });
  past.at(hours{7},
          [&past, &named] { past.answer(named.promised, Statement::Looking, "our Windows guest; taken off the network tonight", hours{20}); });
  past.at(minutes{2}, [&past] {
    static constexpr std::string_view kScript = "#!/usr/bin/perl\nuse IO::Socket;\n# ...\n";
    past.seen("srv-1011", AbuseClass::MaliciousScript, "run_from_tmp", Origin::Host, Severity::Critical, 97,
              "perl ran /dev/shm/.x/scan.pl as www-data, started by php-fpm; it deleted itself",
              {{"process", "perl /dev/shm/.x/scan.pl"}, {"user", "www-data"}, {"parents", "php-fpm8.2 < systemd"}, {"connections", "212 in 8 s"}},
              {{"/dev/shm/.x/scan.pl", past.keep(kScript), kScript.size()}});
  });
}

void talks(Past& past) {
  using ticket::Side;
  auto id = std::make_shared<ticket::TicketId>();
  past.at(hours{50}, [&past, id] {
    *id =
        past.open_ticket({CustomerId{"1001"}, ServerId{"srv-1001"}, ticket::Kind::Suspicious, "something odd in /dev/shm", Side::Customer, "carla"});
    past.put_ticket(*id, ticket::Message{Side::Customer,
                                         "carla",
                                         "A folder .x that we did not make, owned by www-data. The list is attached; we have deleted nothing.",
                                         {{"ls.txt", past.keep("drwxr-xr-x 2 www-data www-data 80 .x\n"), 38}},
                                         ""});
  });
  past.at(hours{47}, [&past, id] {
    past.put_ticket(
        *id, ticket::Message{Side::Staff,
                             "anna",
                             "Thank you for not deleting it. May we audit /var/www and /dev/shm? The order is on this page; please agree to it.",
                             {},
                             ""});
    past.put_ticket(*id, ticket::AuditOrdered{Side::Staff, "anna", {"/var/www", "/dev/shm"}, "to find the way in"});
  });
  past.at(hours{46}, [&past, id] { past.put_ticket(*id, ticket::AuditConsented{"carla", "portal"}); });
  past.at(hours{44}, [&past, id] {
    static constexpr std::string_view kReport =
        R"({"type":"finding","kind":"malicious_script","severity":"high","subject":"/var/www/forum/images/.x.php","what":"runs what a visitor sends","why":"eval of a decoded request parameter","first":"Keep a copy, then remove it.","step":"remove"}
{"type":"finding","kind":"vulnerable_application","severity":"medium","subject":"/var/www/forum/gallery","what":"gallery 1.2 has a published hole","why":"1.4 mends it","first":"Update it.","step":"update"}
{"type":"summary","order":"T-1","paths":["/var/www","/dev/shm"],"hostname":"srv-1001","started":"2026-11-24T12:00:00Z","findings":2}
)";
    past.put_ticket(
        *id,
        ticket::AuditRun{past.keep(kReport), {"/var/www", "/dev/shm"}, 2, "2 findings: malicious_script 1, vulnerable_application 1; 1 application"});
    past.put_ticket(*id, ticket::AuditRead{"anna"});
    past.put_ticket(*id, ticket::PlanSet{"anna",
                                         {{ticket::StepKind::Remove, Side::Customer, "remove /var/www/forum/images/.x.php (keep a copy)"},
                                          {ticket::StepKind::Update, Side::Customer, "update the forum's gallery from 1.2 to 1.4"},
                                          {ticket::StepKind::Change, Side::Customer, "change the passwords of the forum's administrators"}}});
  });
  past.at(hours{30}, [&past, id] { past.put_ticket(*id, ticket::StepDone{1, "carla", "copy kept"}); });
  past.at(hours{29}, [&past, id] {
    past.put_ticket(
        *id, ticket::Message{Side::Customer, "carla", "The file is gone. The update needs a maintenance window; we do it on Friday night.", {}, ""});
  });
  past.at(hours{28}, [&past] {
    const auto question = past.open_ticket({CustomerId{"1003"}, ServerId{"srv-1010"}, ticket::Kind::Question,
                                            "may we run a scanner for our own networks?", ticket::Side::Customer, "noc"});
    past.put_ticket(question, ticket::Message{Side::Staff, "bert", "Yes, with a declared role: tell us from which address and until when.", {}, ""});
  });
}

void people(Past& past) {
  past.at(hours{24 * 29}, [&past] {
    past.publish("aup-1.md");
    for (const char* customer : {"1001", "1002", "1003", "1004"}) {
      past.accept(customer, 1, "owner");
    }
    past.agent("srv-1001", "fanotify and exec events");
    past.agent("srv-1011", "fanotify and exec events");
    past.agent("srv-1040", "exec events");
  });
  past.at(hours{24 * 12}, [&past] { past.verified("ops@forum.example", "answered a code"); });
  past.at(hours{24 * 4}, [&past] {
    past.publish("aup-2.md");
    past.accept("1004", 2, "owner");
  });
  past.at(hours{11}, [&past] {
    past.reported("Security Team <cert@reporter.example>", "Malicious activity from 192.0.2.20",
                  "Dear all,\r\nwe saw connections from 192.0.2.20 to our honeypot on port 23, several hundred since midnight.\r\nKind regards");
  });
  past.at(hours{3}, [&past] {
    past.reported("anti-abuse@bank.example", "Phishing: please take down",
                  "The page at 192.0.2.11/forum/images/login.html asks our customers for their passwords.");
  });
}

void fill(Past& past) {
  Named named;
  past.user("anna", records::Role::Sysadmin);
  past.user("ines", records::Role::Sysadmin);
  past.user("olga", records::Role::Admin);
  past.user("bert", records::Role::Abuse);
  past.user("carla", records::Role::Owner, "1001");
  past.user("dora", records::Role::Owner, "1002");
  older_cases(past);
  whole_ladder(past, named.ladder);
  switched_off(past, named.off);
  waiting_for_approval(past, named.waiting);
  open_cases(past, named);
  talks(past);
  people(past);
  past.run();
  past.traffic("srv-1001", 48, kDays, {{hours{24 * 14}, 22}, {hours{24 * 12}, 25}, {hours{21}, 90}, {hours{9}, 35}});
  past.traffic("srv-1003", 22, 3, {{hours{40}, 14}, {hours{5}, 16}});
  past.traffic("srv-1010", 210, 3, {{hours{31}, 60}, {minutes{6}, 70}});
  past.traffic("srv-1002", 12, 3, {});
  past.hand_over();
  const nlohmann::json names{{"ladder", to_string(named.ladder)},     {"off", to_string(named.off)},         {"waiting", to_string(named.waiting)},
                             {"phishing", to_string(named.phishing)}, {"malware", to_string(named.malware)}, {"promised", to_string(named.promised)},
                             {"silent", to_string(named.silent)}};
  fmt::print("{}\n", names.dump());
}

}  // namespace
}  // namespace pinfold::example

int main(int argc, char** argv) {
  try {
    if (argc != 3) {
      throw std::runtime_error("usage: example_desk PINFOLD.TOML FOLDER");
    }
    pinfold::example::Past past(argv[1], argv[2]);
    pinfold::example::fill(past);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "example_desk: %s\n", error.what());
    return 1;
  }
}
