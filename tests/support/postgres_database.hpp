/// A fresh database of the tests' PostgreSQL server, dropped at the end. The server is the one of ctest (tests/support/postgres), or, for a test
/// program that is run by hand, one that is started for it and ended with it.
#pragma once

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace pinfold::test {

class PostgresServer {
public:
  enum class Kind : unsigned char { Shared, Own };
  static PostgresServer& instance() {
    static PostgresServer server(Kind::Shared);
    return server;
  }
  /// Own: nobody else's, to be killed at will.
  explicit PostgresServer(Kind kind) {
    const std::filesystem::path given = PINFOLD_BINARY_DIR "/test-postgres";
    x_is_own = kind == Kind::Own || !std::filesystem::is_symlink(given);
    const std::string name = "pinfold-test-postgres-" + std::to_string(x_owner) + (kind == Kind::Own ? "-own" : "");
    x_place = x_is_own ? std::filesystem::temp_directory_path() / name : given;
    if (x_is_own) {
      run("start");
    }
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer() {
    if (x_is_own && ::getpid() == x_owner) {
      run("stop");
    }
  }
  [[nodiscard]] std::string url(const std::string& database) const {
    return "postgresql://pinfold@/" + database + "?host=" + std::filesystem::read_symlink(x_place).string();
  }
  /// Killed, and started again on the same data.
  void restart() { run("restart"); }

private:
  void run(const std::string& step) const {
    const std::string command = PINFOLD_SOURCE_DIR "/tests/support/postgres " + step + " '" + x_place.string() + "'";
    if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
      throw std::runtime_error(command + " failed");
    }
  }

  pid_t x_owner = ::getpid();
  bool x_is_own = false;
  std::filesystem::path x_place;
};

class PostgresDatabase {
public:
  PostgresDatabase() {
    static std::atomic<int> number{0};
    x_name = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++number);
    administer("DROP DATABASE IF EXISTS " + x_name + " WITH (FORCE)");
    administer("CREATE DATABASE " + x_name + " TEMPLATE template0");
  }
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;
  ~PostgresDatabase() {
    try {
      administer("DROP DATABASE IF EXISTS " + x_name + " WITH (FORCE)");
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the server goes, and the database with it
    }
  }
  [[nodiscard]] const std::string& name() const { return x_name; }
  [[nodiscard]] std::string url() const { return PostgresServer::instance().url(x_name); }

  static void administer(const std::string& statement) {
    soci::session session(soci::postgresql, PostgresServer::instance().url("postgres"));
    session << "SET client_min_messages = error";
    session << statement;
  }

private:
  std::string x_name;
};

}  // namespace pinfold::test
