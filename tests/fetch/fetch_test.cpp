#include "fetch/fetch.hpp"

#include <gtest/gtest.h>

#include "support/http_stub.hpp"

namespace pinfold::fetch {
namespace {

using test::HttpStub;
using test::StubRequest;

TEST(Url, IsReadAndWrittenBack) {
  const auto url = parse_url("https://NetBox.Example/tools/?a=b");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_https);
  EXPECT_EQ(url->host, "netbox.example");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->target, "/tools/?a=b");
  EXPECT_EQ(to_string(*url), "https://netbox.example:443/tools/?a=b");
  EXPECT_EQ(parse_url("http://[2001:db8::1]:8080")->host, "2001:db8::1");
  EXPECT_EQ(parse_url("http://[2001:db8::1]:8080")->target, "/");
  EXPECT_TRUE(is_loopback(*parse_url("http://127.9.9.9/x")));
  EXPECT_TRUE(is_loopback(*parse_url("http://[::1]/x")));
  EXPECT_FALSE(is_loopback(*parse_url("http://127.0.0.1.evil.example/")));
}

TEST(Url, WhatIsNoneIsRefused) {
  for (const char* text : {"", "netbox.example", "ftp://x/", "http://", "http:///x", "http://user@host/", "http://host:0/", "http://host:65536/",
                           "http://host:x/", "http://[::1", "http://ho st/", "http://host/\r\nX: y", "http://host/#part", "http://h\xc3\xa4ste/"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
  EXPECT_FALSE(parse_url("http://host/" + std::string(2000, 'a')));
}

TEST(Fetch, SendsWhatWasAskedAndReturnsTheAnswer) {
  StubRequest seen;
  HttpStub stub([&](const StubRequest& request) {
    seen = request;
    return HttpStub::Answer{201, "made", false};
  });
  Request request;
  request.method = "POST";
  request.url = *parse_url(stub.url("/a?b=c"));
  request.headers = {{"x-one", "1"}};
  request.body = "hello";
  const auto answer = send(request);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 201U);
  EXPECT_EQ(answer->body, "made");
  EXPECT_EQ(seen.head.substr(0, 21), "POST /a?b=c HTTP/1.1\r");
  EXPECT_EQ(seen.header("x-one"), "1");
  EXPECT_EQ(seen.body, "hello");
}

TEST(Fetch, NobodyListeningIsNotSentAndSilenceIsUnanswered) {
  Request request;
  request.url = *parse_url("http://127.0.0.1:1/");
  EXPECT_EQ(send(request).error().kind, Failure::Kind::NotSent);
  HttpStub silent([](const StubRequest&) { return HttpStub::Answer{200, "", true}; });
  request.url = *parse_url(silent.url());
  EXPECT_EQ(send(request).error().kind, Failure::Kind::Unanswered);
}

TEST(Fetch, AnAnswerThatIsTooLongOrTooLateIsNone) {
  HttpStub stub([](const StubRequest&) { return HttpStub::Answer{200, std::string(100'000, 'x'), false}; });
  Request request;
  request.url = *parse_url(stub.url());
  request.max_body = 1000;
  EXPECT_EQ(send(request).error().kind, Failure::Kind::Unanswered);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);  // takes connections and says nothing
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  request.url = *parse_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
  request.within = std::chrono::milliseconds{200};
  EXPECT_EQ(send(request).error().kind, Failure::Kind::Unanswered);
  ::close(listener);
}

TEST(Fetch, PlainTextWhereTlsIsWantedIsNotSent) {
  HttpStub plain([](const StubRequest&) { return HttpStub::Answer{200, "", false}; });
  Request request;
  request.url = *parse_url("https" + plain.url().substr(4));
  request.within = std::chrono::milliseconds{500};
  EXPECT_EQ(send(request).error().kind, Failure::Kind::NotSent);
}

}  // namespace
}  // namespace pinfold::fetch
