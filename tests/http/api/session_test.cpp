// Logging in: passwords, codes, throttling, cookies, CSRF, and the end of sessions.
#include "http/api/api_fixture.hpp"
#include "http/session/totp.hpp"

namespace pinfold::http {
namespace {

class SessionTest : public test::ApiTest {
protected:
  Response log_in(const std::string& login, const std::string& password, const std::string& totp = {}) {
    json body{{"login", login}, {"password", password}};
    if (!totp.empty()) {
      body["totp"] = totp;
    }
    return call({}, "POST", "/v1/session", body);
  }
  Entry entry_of(const Response& response) {
    const std::string cookie = header(response, "Set-Cookie");
    return {cookie.substr(0, cookie.find(';')), parsed(response)["csrf"].get<std::string>()};
  }
};

TEST_F(SessionTest, APersonLogsInAndOut) {
  const Response in = log_in("Abuse", test::kPassword);
  ASSERT_EQ(in.status, 200U) << in.body;
  EXPECT_EQ(parsed(in)["user"]["login"], "abuse") << "logins know no case";
  const std::string cookie = header(in, "Set-Cookie");
  for (const char* wanted : {"HttpOnly", "SameSite=Strict", "Path=/"}) {
    EXPECT_NE(cookie.find(wanted), std::string::npos) << cookie;
  }
  EXPECT_EQ(in.body.find(cookie.substr(8, 20)), std::string::npos) << "the cookie's value is not told to scripts";
  const Entry who = entry_of(in);
  EXPECT_EQ(call(who, "GET", "/v1/session").status, 200U);
  EXPECT_EQ(call(who, "DELETE", "/v1/session").status, 204U);
  EXPECT_EQ(call(who, "GET", "/v1/session").status, 401U) << "at once, cache or not";
}

TEST_F(SessionTest, OverTlsTheCookieIsSecureAndBoundToTheHost) {
  Request request{.method = "POST",
                  .target = "/v1/session",
                  .headers = {{"content-type", "application/json"}, {"x-forwarded-for", "198.51.100.7"}, {"x-forwarded-proto", "https"}},
                  .body = json{{"login", "abuse"}, {"password", test::kPassword}}.dump(),
                  .remote = "127.0.0.1"};
  const Response in = portal.handle(request);
  ASSERT_EQ(in.status, 200U);
  const std::string cookie = header(in, "Set-Cookie");
  EXPECT_EQ(cookie.substr(0, 15), "__Host-pinfold=");
  EXPECT_NE(cookie.find("; Secure"), std::string::npos);
  EXPECT_NE(header(in, "Strict-Transport-Security"), "");
}

TEST_F(SessionTest, WrongPasswordsAreSlowedDownByAccount) {
  for (unsigned i = 0; i < kMaxFailures; ++i) {
    const Response wrong = log_in("abuse", "wrong password");
    EXPECT_EQ(wrong.status, 401U);
    EXPECT_EQ(parsed(wrong)["code"], "wrong_password");
    EXPECT_EQ(log_in("nobody-" + std::to_string(i), "wrong password").body.find("nobody"), std::string::npos);
  }
  const Response throttled = log_in("abuse", test::kPassword);
  EXPECT_EQ(throttled.status, 429U) << "the right one too: guessing must not tell";
  EXPECT_EQ(header(throttled, "Retry-After"), "60");
  clock.advance(Seconds{60});
  EXPECT_EQ(log_in("abuse", test::kPassword).status, 200U);
}

TEST_F(SessionTest, ManyAccountsFromOneAddressAreSlowedDownToo) {
  unsigned refused = 0;
  for (unsigned i = 0; i <= kMaxFailuresFrom; ++i) {
    Request request{.method = "POST",
                    .target = "/v1/session",
                    .headers = {{"content-type", "application/json"}},
                    .body = json{{"login", "guess" + std::to_string(i)}, {"password", ""}}.dump(),
                    .remote = "127.0.0.1"};
    refused += portal.handle(request).status == 429 ? 1U : 0U;
  }
  EXPECT_EQ(refused, 1U);
}

TEST_F(SessionTest, WithoutTheTokenOfTheSessionNothingIsChanged) {
  const Entry who = enter("owner");
  const Response forged = call({who.cookie, "another"}, "PATCH", "/v1/me", {{"name", "x"}});
  EXPECT_EQ(forged.status, 403U);
  EXPECT_EQ(parsed(forged)["code"], "csrf");
  EXPECT_EQ(call(who, "PATCH", "/v1/me", {{"name", "Anna"}}).status, 200U);
  EXPECT_EQ(parsed(call({who.cookie, ""}, "GET", "/v1/me"))["name"], "Anna");
}

TEST_F(SessionTest, OneTimeCodesAreAskedForOnceConfirmedAndEachIsTakenOnce) {
  const Entry who = enter("sysadmin");
  const Response started = call(who, "POST", "/v1/me/totp");
  ASSERT_EQ(started.status, 200U) << started.body;
  const std::string secret = parsed(started)["secret"];
  EXPECT_NE(parsed(started)["uri"].get<std::string>().find("otpauth://totp/Example%20Host:sysadmin?secret=" + secret), std::string::npos);
  const auto step = [&] { return std::chrono::duration_cast<Seconds>(clock.wall().since_epoch).count() / kTotpStep; };
  EXPECT_EQ(log_in("sysadmin", test::kPassword).status, 200U) << "not confirmed yet";
  EXPECT_EQ(call(who, "POST", "/v1/me/totp/confirm", {{"code", "000000"}}).status, 422U);
  EXPECT_EQ(call(who, "POST", "/v1/me/totp/confirm", {{"code", totp_code(secret, step())}}).status, 204U);
  EXPECT_EQ(parsed(log_in("sysadmin", test::kPassword))["code"], "totp_required");
  EXPECT_EQ(parsed(log_in("sysadmin", test::kPassword, totp_code(secret, step())))["code"], "wrong_totp") << "used for confirming";
  clock.advance(Seconds{60});
  const std::string code = totp_code(secret, step());
  EXPECT_EQ(log_in("sysadmin", test::kPassword, code).status, 200U);
  EXPECT_EQ(log_in("sysadmin", test::kPassword, code).status, 401U) << "a second time";
  EXPECT_EQ(log_in("sysadmin", "wrong password", totp_code(secret, step() + 1)).status, 401U);
  EXPECT_EQ(call(who, "POST", "/v1/me/totp/remove", {{"password", test::kPassword}}).status, 204U);
}

TEST_F(SessionTest, TheCodesAreThoseOfRfc6238) {
  // Appendix B, SHA-1, the last six digits; the secret is "12345678901234567890".
  const std::string secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  EXPECT_EQ(totp_code(secret, 59 / kTotpStep), "287082");
  EXPECT_EQ(totp_code(secret, 1111111109 / kTotpStep), "081804");
  EXPECT_EQ(totp_code(secret, 2000000000 / kTotpStep), "279037");
  EXPECT_EQ(totp_code("not base 32!", 1), "");
}

TEST_F(SessionTest, ANewPasswordEndsTheOtherSessions) {
  const Entry here = enter("member");
  const Entry there = enter("member");
  EXPECT_EQ(call(here, "POST", "/v1/me/password", {{"current", test::kPassword}, {"new", "short"}}).status, 422U);
  EXPECT_EQ(call(here, "POST", "/v1/me/password", {{"current", "wrong"}, {"new", "a much longer secret"}}).status, 403U);
  EXPECT_EQ(call(here, "POST", "/v1/me/password", {{"current", test::kPassword}, {"new", "a much longer secret"}}).status, 204U);
  EXPECT_EQ(call(here, "GET", "/v1/me").status, 200U);
  EXPECT_EQ(call(there, "GET", "/v1/me").status, 401U);
  EXPECT_EQ(log_in("member", test::kPassword).status, 401U);
  EXPECT_EQ(log_in("member", "a much longer secret").status, 200U);
}

TEST_F(SessionTest, SessionsAreListedRevokedAndEndByThemselves) {
  const Entry here = enter("support");
  const Entry there = enter("support");
  const json list = parsed(call(here, "GET", "/v1/sessions"));
  const json& items = list["items"];
  ASSERT_EQ(items.size(), 2U);
  for (const json& one : items) {
    if (!one["current"].get<bool>()) {
      EXPECT_EQ(call(here, "DELETE", "/v1/sessions/" + one["id"].get<std::string>()).status, 204U);
    }
  }
  EXPECT_EQ(call(there, "GET", "/v1/me").status, 401U);
  clock.advance(std::chrono::hours{10});
  EXPECT_EQ(call(here, "GET", "/v1/me").status, 401U);
}

TEST_F(SessionTest, WhoGotHisPasswordFromAnotherChoosesOneFirst) {
  const json made{{"login", "new@customer.example"}, {"name", "New"}, {"role", "member"}, {"password", "given by the owner"}};
  ASSERT_EQ(call(enter("owner"), "POST", "/v1/users", made).status, 201U);
  const Response in = log_in("new@customer.example", "given by the owner");
  ASSERT_EQ(in.status, 200U);
  const Entry who = entry_of(in);
  EXPECT_EQ(parsed(call(who, "GET", "/v1/cases"))["code"], "password_must_change");
  EXPECT_EQ(call(who, "POST", "/v1/me/password", {{"current", "given by the owner"}, {"new", "chosen by oneself"}}).status, 204U);
  EXPECT_EQ(call(who, "GET", "/v1/cases").status, 200U);
}

TEST_F(SessionTest, NobodyMakesHimselfMoreThanHeIs) {
  const json staff{{"login", "evil"}, {"name", "Evil"}, {"role", "admin"}, {"password", "a long password"}};
  EXPECT_EQ(call(enter("owner"), "POST", "/v1/users", staff).status, 403U);
  const json other{{"login", "evil"}, {"name", "Evil"}, {"role", "owner"}, {"customer", "2002"}, {"password", "a long password"}};
  const Response made = call(enter("owner"), "POST", "/v1/users", other);
  ASSERT_EQ(made.status, 201U);
  EXPECT_EQ(parsed(made)["customer"], "1001") << "of his own customer, whatever he asks";
  const Response changed = call(enter("owner"), "PATCH", "/v1/users/u-member", {{"role", "sysadmin"}}, {{"if-match", "\"1\""}});
  EXPECT_EQ(changed.status, 403U);
}

TEST_F(SessionTest, TheScriptlessPagesWantALogInOnceThereAreUsers) {
  const auto page = [&](const Entry& who, const std::string& target) { return call(who, "GET", target); };
  const Response sent = page({}, "/cases/PF-1");
  EXPECT_EQ(sent.status, 303U);
  EXPECT_EQ(header(sent, "Location"), "/login?next=/cases/PF-1");
  EXPECT_EQ(page(enter("owner"), "/cases").status, 403U);
  EXPECT_EQ(page(enter("support"), "/cases").status, 200U);
  EXPECT_EQ(page({}, "/healthz").status, 200U) << "this machine may ask";
  Request outside{.method = "GET", .target = "/metrics", .headers = {{"x-forwarded-for", "198.51.100.7"}}, .body = {}, .remote = "127.0.0.1"};
  EXPECT_EQ(portal.handle(outside).status, 401U);
  Request exposed{.method = "GET", .target = "/login", .headers = {}, .body = {}, .remote = "198.51.100.7"};
  EXPECT_EQ(portal.handle(exposed).status, 403U) << "in clear over a network: nothing";
}

TEST_F(SessionTest, TheScriptlessLogInIsAFormOfOurOwn) {
  const auto post = [&](const std::string& body, std::map<std::string, std::string> headers) {
    headers["content-type"] = "application/x-www-form-urlencoded";
    headers["host"] = "desk.example";
    return portal.handle({.method = "POST", .target = "/login", .headers = headers, .body = body, .remote = "127.0.0.1"});
  };
  const std::string right = "login=support&password=correct+horse+battery&next=%2Fcases%2FPF-1";
  EXPECT_EQ(post(right, {{"origin", "https://evil.example"}}).status, 403U);
  EXPECT_EQ(post(right, {{"sec-fetch-site", "cross-site"}}).status, 403U);
  EXPECT_EQ(post("login=support&password=wrong", {}).status, 401U);
  const Response in = post(right, {{"origin", "https://desk.example"}});
  EXPECT_EQ(in.status, 303U);
  EXPECT_EQ(header(in, "Location"), "/cases/PF-1");
  EXPECT_EQ(header(post("login=support&password=correct+horse+battery&next=%2F%2Fevil.example", {}), "Location"), "/");
}

TEST_F(SessionTest, ThePagesWithoutScriptOfferAWayOut) {
  new_case();
  const Entry who = enter("abuse");
  for (const char* target : {"/cases", "/cases/PF-1"}) {
    const Response page = call(who, "GET", target);
    ASSERT_EQ(page.status, 200U) << target;
    EXPECT_NE(page.body.find(R"(<form method="post" action="/logout">)"), std::string::npos) << target;
    EXPECT_NE(header(page, "Content-Security-Policy").find("form-action 'self'"), std::string::npos) << target;
  }
  EXPECT_EQ(call(who, "POST", "/logout").status, 303U);
  EXPECT_EQ(call(who, "GET", "/cases").status, 303U) << "to the log-in";
}

}  // namespace
}  // namespace pinfold::http
