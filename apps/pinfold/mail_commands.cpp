// pinfold mail classify FILE.eml...
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/places.hpp"
#include "mail/classify.hpp"
#include "mail/reader.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

/// Larger than any mail that the reader accepts, so that it is the reader which says why.
constexpr std::size_t kMaxMailFile = std::size_t{256} * 1024 * 1024;

void classify_file(const mail::Reader& reader, const std::string& file) {
  const auto read = reader.read(text_of(file, kMaxMailFile));
  if (!read) {
    throw Stop(Exit::Environment, read.error().why);
  }
  nlohmann::json answer{{"file", file}};
  if (const auto* unreadable = std::get_if<mail::Unreadable>(&*read)) {
    answer["kind"] = "unknown";
    answer["why"] = "unreadable: " + unreadable->why;
  } else {
    const mail::Classified classified = mail::classify(std::get<message::Mail>(*read), {});
    answer["kind"] = mail::kind_name(classified.kind);
    answer["why"] = classified.why;
  }
  fmt::print("{}\n", answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

void add_mail_commands(CLI::App& app, Context& context) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* group = app.add_subcommand("mail", "mail in and out")->require_subcommand(1);
  add_command(*group, "classify", "one JSON object a mail: reply, bounce, auto_reply, mdn, report, loop or unknown, and why",
              [&context, files] {
                const mail::Reader reader(engine::reader_program(), context.clock());
                for (const std::string& file : *files) {
                  classify_file(reader, file);
                }
              })
      ->add_option("file", *files, "raw mails")
      ->required();
}

}  // namespace pinfold::app
