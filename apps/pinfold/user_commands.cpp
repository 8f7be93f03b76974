// pinfold user add|passwd|list: who may log in.
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/password.hpp"
#include "base/text.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

constexpr std::size_t kListed = 10'000;
constexpr unsigned kIdBits = 80;

struct Arguments {
  std::string login;
  std::string name;
  std::string role = "support";
  std::string customer;
  std::string language = "en";
  bool is_own = false;
};

/// No echo while a password is typed.
class Quiet {
public:
  Quiet() : x_known(::tcgetattr(STDIN_FILENO, &x_before) == 0) {
    if (x_known) {
      termios quiet = x_before;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      static_cast<void>(::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet));
    }
  }
  ~Quiet() {
    if (x_known) {
      static_cast<void>(::tcsetattr(STDIN_FILENO, TCSAFLUSH, &x_before));
      fmt::print(stderr, "\n");
    }
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

private:
  termios x_before{};
  bool x_known;
};

/// From the terminal, or the first line of standard input: never from the command line, which others on the machine can read.
std::string read_password(const std::string& login) {
  const bool asks = ::isatty(STDIN_FILENO) != 0;
  std::string password;
  if (asks) {
    fmt::print(stderr, "Password for {} (at least {} characters): ", login, kLeastPassword);
  }
  {
    const Quiet quiet;
    std::getline(std::cin, password);
  }
  if (!password.empty() && password.back() == '\r') {
    password.pop_back();
  }
  if (const auto why = why_not_password(password, login)) {
    throw Stop(Exit::WrongUse, "the password: " + *why);
  }
  return password;
}

void add(Context& context, const Arguments& a) {
  const auto role = records::parse_role(a.role);
  if (!role) {
    throw Stop(Exit::WrongUse, "--role is owner, member, support, abuse, sysadmin or admin");
  }
  records::UserRow row;
  row.id = random_token(kIdBits);
  row.login = to_lower(trim(a.login));
  row.name = a.name.empty() ? row.login : printable(a.name, 100);
  row.role = *role;
  row.language = a.language;
  row.created = context.clock().wall();
  row.must_change = !a.is_own;
  const bool fits = row.login.size() >= 2 && row.login != "policy" && row.login != "desk" &&
                    std::all_of(row.login.begin(), row.login.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!fits) {
    throw Stop(Exit::WrongUse, "a login has at least two printable characters and no blanks; `policy` and `desk` are the program's own");
  }
  if (!records::is_staff(*role)) {
    row.customer = CustomerId{a.customer};
    if (context.desk().inventory()->find(row.customer) == nullptr) {
      throw Stop(Exit::No, "name the --customer whose user this is; there is none called '" + printable(a.customer, 60) + "'");
    }
  } else if (!a.customer.empty()) {
    throw Stop(Exit::WrongUse, "staff belongs to no customer: --role owner or member");
  }
  row.password_hash = hash_password(read_password(row.login));
  bool added = false;
  context.store().transact([&](records::Transaction& tx) { added = tx.access().add_user(row); });
  if (!added) {
    throw Stop(Exit::No, row.login + ": the login is taken");
  }
  context.output().line({{"login", row.login}, {"role", records::to_string(row.role)}});
  context.output().say(fmt::format("{} may log in{}", row.login, row.must_change ? ", and chooses another password first" : ""));
}

void change_password(Context& context, const Arguments& a) {
  const std::string login = to_lower(trim(a.login));
  std::optional<records::UserRow> row;
  context.store().read([&](records::Transaction& tx) { row = tx.access().user_by_login(login); });
  if (!row) {
    throw Stop(Exit::No, "there is no user " + printable(login, 60));
  }
  row->password_hash = hash_password(read_password(login));
  row->must_change = !a.is_own;
  row->is_closed = false;
  row->totp_secret = row->totp_pending = {};
  context.store().transact([&](records::Transaction& tx) {
    tx.access().put_user(*row);
    tx.access().end_sessions(row->id, "");
  });
  context.output().line({{"login", login}});
  context.output().say(login + ": the password is changed, one-time codes are removed, sessions have ended");
}

void list(Context& context) {
  std::vector<records::UserRow> users;
  context.store().read([&](records::Transaction& tx) { users = tx.access().users(std::nullopt, "", "", kListed); });
  std::vector<std::vector<std::string>> rows;
  for (const records::UserRow& row : users) {
    const std::string seen = row.last_login ? to_string(*row.last_login) : "";
    context.output().line({{"login", row.login},
                           {"name", row.name},
                           {"role", records::to_string(row.role)},
                           {"customer", row.customer.value},
                           {"totp", !row.totp_secret.empty()},
                           {"closed", row.is_closed},
                           {"last_login", seen}});
    rows.push_back({row.login, row.name, std::string(records::to_string(row.role)), row.customer.value, row.totp_secret.empty() ? "no" : "yes",
                    row.is_closed ? "closed" : (row.last_login ? to_people(*row.last_login) : "never")});
  }
  context.output().table({"LOGIN", "NAME", "ROLE", "CUSTOMER", "CODES", "LAST LOGIN"}, rows);
}

}  // namespace

void add_user_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* users = app.add_subcommand("user", "who may log in")->require_subcommand(1);
  CLI::App* adding =
      add_command(*users, "add", "a new user; the password is asked for, or read from standard input", [&context, a] { add(context, *a); });
  adding->add_option("login", a->login, "a name or mail address")->required();
  adding->add_option("--role", a->role, "owner, member (of a customer), support, abuse, sysadmin or admin");
  adding->add_option("--customer", a->customer, "whose user, for owner and member");
  adding->add_option("--name", a->name, "as people see it");
  adding->add_option("--language", a->language, "en, de, …");
  adding->add_flag("--own", a->is_own, "the password is the user's own choice already");
  CLI::App* passwd =
      add_command(*users, "passwd", "a new password; removes one-time codes and ends all sessions", [&context, a] { change_password(context, *a); });
  passwd->add_option("login", a->login, "whose")->required();
  passwd->add_flag("--own", a->is_own, "the password is the user's own choice already");
  add_command(*users, "list", "everybody", [&context] { list(context); });
}

}  // namespace pinfold::app
