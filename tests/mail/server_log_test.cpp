// What mail servers' logs say of one mail.
#include "mail/server_log.hpp"

#include <gtest/gtest.h>

namespace pinfold::mail {
namespace {

using Kind = LogLine::Kind;

TEST(ServerLogLine, IsReadInEachServersForm) {
  struct Row {
    const char* name;
    std::string line;
    LogLine expected;
  };
  const Row rows[] = {
      {"Postfix knows the Message-ID",
       "Mar  2 03:04:05 mx postfix/cleanup[12]: 4XyZ12: message-id=<pf-7.1.abcd@desk.example>",
       {Kind::Known, "4XyZ12", "pf-7.1.abcd@desk.example", "", "", ""}},
      {"Postfix, taken by another server",
       "2026-03-02T03:04:05.123+00:00 mx postfix/smtp[12]: 4XyZ12: to=<Owner@Customer.example>, relay=mx.customer.example[192.0.2.1]:25, delay=0.5, "
       "delays=0/0/0.1/0.4, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9ABC)",
       {Kind::Sent, "4XyZ12", "", "owner@customer.example", "", "mx.customer.example[192.0.2.1]:25: 250 2.0.0 Ok: queued as 9ABC"}},
      {"Postfix, into a mailbox here",
       "Mar  2 03:04:05 mx postfix/local[12]: 4XyZ12: to=<o@c.example>, relay=local, delay=0, dsn=2.0.0, status=sent (delivered to maildir)",
       {Kind::Sent, "4XyZ12", "", "o@c.example", "", "local: delivered to maildir"}},
      {"Postfix, only to a filter of its own",
       "Mar  2 03:04:05 mx postfix/smtp[12]: 4XyZ12: to=<o@c.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, dsn=2.0.0, status=sent (250 2.0.0 "
       "from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4NEXT1)",
       {Kind::HandedOn, "4XyZ12", "", "o@c.example", "4NEXT1",
        "127.0.0.1[127.0.0.1]:10024: 250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4NEXT1"}},
      {"Postfix, deferred",
       "Mar  2 03:04:05 mx postfix/smtp[12]: 4XyZ12: to=<o@c.example>, relay=none, delay=1, dsn=4.4.1, status=deferred (connect to c: timed out)",
       {Kind::Deferred, "4XyZ12", "", "o@c.example", "", "none: connect to c: timed out"}},
      {"Postfix, bounced",
       "Mar  2 03:04:05 mx postfix/smtp[12]: 4XyZ12: to=<o@c.example>, relay=c[192.0.2.1]:25, dsn=5.1.1, status=bounced (550 5.1.1 no such user)",
       {Kind::Failed, "4XyZ12", "", "o@c.example", "", "c[192.0.2.1]:25: 550 5.1.1 no such user"}},
      {"Exim knows the Message-ID",
       "2026-03-02 03:04:05 1abCDE-000123-AB <= b@d.example H=desk [192.0.2.2] P=esmtp S=99 id=pf-7.1.abcd@desk.example",
       {Kind::Known, "1abCDE-000123-AB", "pf-7.1.abcd@desk.example", "", "", ""}},
      {"Exim, taken",
       "2026-03-02 03:04:05 1abCDE-000123-AB => o@c.example R=dnslookup T=remote_smtp H=mx.c.example [192.0.2.1] C=\"250 OK id=1\"",
       {Kind::Sent, "1abCDE-000123-AB", "", "o@c.example", "", "mx.c.example: 250 OK id=1"}},
      {"Exim, failed",
       "2026-03-02 03:04:05 1abCDE-000123-AB ** o@c.example R=dnslookup T=remote_smtp: 550 no such user",
       {Kind::Failed, "1abCDE-000123-AB", "", "o@c.example", "", ": o@c.example R=dnslookup T=remote_smtp: 550 no such user"}},
      {"Sendmail, taken",
       "Mar  2 03:04:05 mx sendmail[9]: 62234abc: to=<o@c.example>, delay=00:00:01, mailer=esmtp, relay=mx.c.example. [192.0.2.1], dsn=2.0.0, "
       "stat=Sent (ok 123)",
       {Kind::Sent, "62234abc", "", "o@c.example", "", "mx.c.example. [192.0.2.1]: ok 123"}},
      {"Sendmail, failed",
       "Mar  2 03:04:05 mx sendmail[9]: 62234abc: to=<o@c.example>, relay=mx.c.example., dsn=5.1.1, stat=User unknown",
       {Kind::Failed, "62234abc", "", "o@c.example", "", "mx.c.example.: User unknown"}}};
  for (const Row& row : rows) {
    const auto found = parse_log_line(row.line);
    ASSERT_TRUE(found) << row.name;
    EXPECT_EQ(static_cast<int>(found->kind), static_cast<int>(row.expected.kind)) << row.name;
    EXPECT_EQ(found->queue_id, row.expected.queue_id) << row.name;
    EXPECT_EQ(found->message_id, row.expected.message_id) << row.name;
    EXPECT_EQ(found->recipient, row.expected.recipient) << row.name;
    EXPECT_EQ(found->next_id, row.expected.next_id) << row.name;
    EXPECT_EQ(found->words, row.expected.words) << row.name;
  }
}

TEST(ServerLogLine, IsNobodysOtherwise) {
  for (const char* line : {"", "x", "Mar  2 03:04:05 mx postfix/qmgr[1]: 4XyZ12: removed", "Mar  2 03:04:05 mx sshd[1]: Accepted password",
                           "2026-03-02 03:04:05 1abCDE-000123-AB Completed", "2026-03-02 03:04:05 Start queue run: pid=12345",
                           "Mar  2 03:04:05 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]"}) {
    EXPECT_FALSE(parse_log_line(line)) << line;
  }
}

}  // namespace
}  // namespace pinfold::mail
