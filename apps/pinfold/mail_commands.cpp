// pinfold mail classify FILE.eml...
#include <nlohmann/json.hpp>

#include "engine/places.hpp"
#include "mail/classify.hpp"
#include "mail/reader.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

void classify_file(const mail::Reader& reader, const std::string& file) {
  const auto opened = reader.open(read_file(file));
  if (!opened) {
    throw Stop(Exit::Environment, opened.error().why);
  }
  nlohmann::json answer{{"file", file}};
  if (const auto* unreadable = std::get_if<mail::Unreadable>(&opened->mail)) {
    answer["kind"] = "unknown";
    answer["why"] = "unreadable: " + unreadable->why;
  } else {
    const mail::Classified classified = mail::classify(std::get<message::Mail>(opened->mail), {}, {}, opened->report);
    answer["kind"] = mail::kind_name(classified.kind);
    answer["why"] = classified.why;
  }
  print_line(answer);
}

}  // namespace

void add_mail_commands(CLI::App& app, Context& context) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* group = app.add_subcommand("mail", "mail in and out")->require_subcommand(1);
  add_command(*group, "classify", "one JSON object a mail: reply, bounce, auto_reply, mdn, report, loop or unknown, and why",
              [&context, files] {
                const mail::Reader reader(engine::reader_program(), context.clock(), Seconds{20}, engine::definition_folders());
                for (const std::string& file : *files) {
                  classify_file(reader, file);
                }
              })
      ->add_option("file", *files, "raw mails")
      ->required();
}

}  // namespace pinfold::app
