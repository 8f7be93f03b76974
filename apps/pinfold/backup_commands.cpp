// pinfold backup FILE, restore FILE, migrate-store URL
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "backup/backup.hpp"
#include "enforce/executor.hpp"
#include "enforce/process_owner.hpp"
#include "engine/open_store.hpp"
#include "engine/places.hpp"
#include "pinfold/context.hpp"
#include "store/move.hpp"
#include "store/postgres_store.hpp"

namespace pinfold::app {
namespace {

backup::Places places_of(const config::Config& config) {
  if (engine::is_shared(config)) {
    throw Stop(Exit::WrongUse,
               "the record is in PostgreSQL: back it up with pg_dump --format=custom and restore it with pg_restore; evidence files are in " +
                   engine::evidence_folder(config).string());
  }
  return {engine::database_file(config), engine::history_file(config), engine::evidence_folder(config)};
}

/// One line that is written over and over, on a terminal only.
class ProgressLine {
public:
  void show(std::string_view what, std::uint64_t done, std::uint64_t of) {
    if (x_terminal) {
      const std::string amount = of > 0 ? fmt::format("{} %", done * 100 / of) : done > 0 ? std::to_string(done) : std::string{};
      fmt::print(stderr, "\r\x1b[K{} {}", what, amount);
      static_cast<void>(std::fflush(stderr));
    }
  }
  ProgressLine() = default;
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() {
    if (x_terminal) {
      static_cast<void>(std::fputs("\r\x1b[K", stderr));
    }
  }

private:
  bool x_terminal = ::isatty(STDERR_FILENO) != 0;
};

/// The manifest, or the reason in one line: a backup that cannot be made or used is the environment's fault.
template <typename F>
backup::Manifest with_progress(F&& f) {
  try {
    ProgressLine progress;
    return f([&](std::string_view what, std::uint64_t done, std::uint64_t of) { progress.show(what, done, of); });
  } catch (const backup::BackupError& error) {
    throw Stop(Exit::Environment, error.what());
  }
}

void print(Context& context, const std::string& file, const backup::Manifest& manifest) {
  context.output().line({{"file", file},
                         {"made", to_string(manifest.made)},
                         {"version", manifest.version},
                         {"events", manifest.chain_length},
                         {"chain_head", manifest.chain_head},
                         {"evidence", manifest.evidence},
                         {"history", !manifest.history_sha256.empty()}});
  context.output().say(fmt::format("{}: of {}, {} events, {} pieces of evidence{}\nchain head {}", file, to_string(manifest.made),
                                   manifest.chain_length, manifest.evidence, manifest.history_sha256.empty() ? "" : ", traffic history",
                                   manifest.chain_head));
}

void back_up(Context& context, const std::string& file) {
  const backup::Places from = places_of(context.config());
  const WallTime now = context.clock().wall();
  print(context, file, with_progress([&](const backup::Progress& p) { return backup::write(from, file, PINFOLD_VERSION, now, p); }));
}

void restore(Context& context, const std::string& file) {
  const backup::Places to = places_of(context.config());
  const auto stop = [](records::Transaction& tx) { tx.settings().set(enforce::kStopSetting, "yes"); };
  print(context, file, with_progress([&](const backup::Progress& p) { return backup::restore(file, to, stop, p); }));
  context.output().say(
      "stopped: what happened after the backup is forgotten, so no port will be shut until `pinfold resume`. Compare `pinfold port status` with the "
      "switches first; notices that were waiting may be sent a second time, with the same Message-ID.");
}

void migrate(Context& context, const std::string& url) {
  const auto from = engine::database_file(context.config());
  const store::Process process{enforce::process_owner(), engine::who_is_gone(context.config())};
  store::Moved moved;
  try {
    ProgressLine progress;
    moved = store::move_to_postgres(from, url, process, context.clock().wall(),
                                    [&](std::string_view what, std::uint64_t done, std::uint64_t of) { progress.show(what, done, of); });
  } catch (const records::StoreError& error) {
    throw Stop(Exit::Environment, error.what());
  }
  nlohmann::json tables = nlohmann::json::object();
  std::uint64_t rows = 0;
  for (const store::MovedTable& table : moved.tables) {
    tables[table.name] = table.rows;
    rows += table.rows;
  }
  context.output().line({{"from", from.string()},
                         {"to", store::name_of_postgres(url)},
                         {"tables", tables},
                         {"events", moved.chain_length},
                         {"chain_head", moved.chain_head}});
  context.output().say(
      fmt::format("{} rows of {} tables, {} events\nchain head {}, verified\nnext: put url under [store] in the configuration, and keep {}"
                  " until you are sure",
                  rows, moved.tables.size(), moved.chain_length, moved.chain_head, from.string()));
}

}  // namespace

void add_backup_commands(CLI::App& app, Context& context) {
  const auto file = std::make_shared<std::string>();
  add_command(app, "backup", "database, history and evidence into one file, while the desk runs", [&context, file] { back_up(context, *file); })
      ->add_option("file", *file, "a new file")
      ->required();
  add_command(app, "restore", "bring a backup back, where no desk is yet; the desk comes back stopped", [&context, file] { restore(context, *file); })
      ->add_option("file", *file, "a backup")
      ->required();
  const auto url = std::make_shared<std::string>();
  add_command(app, "migrate-store", "the whole record from SQLite into an empty PostgreSQL database, while no desk runs",
              [&context, url] { migrate(context, *url); })
      ->add_option("url", *url, "postgresql://user@host/database")
      ->required();
}

}  // namespace pinfold::app
