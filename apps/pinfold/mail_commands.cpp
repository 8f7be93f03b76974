// pinfold mail classify FILE.eml..., pinfold mail preview CASE
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/answers.hpp"
#include "engine/mail/brands.hpp"
#include "engine/mail/notice_text.hpp"
#include "engine/mail/notices.hpp"
#include "engine/places.hpp"
#include "mail/classify.hpp"
#include "mail/reader.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

/// Larger than any mail that the reader accepts, so that it is the reader which says why.
constexpr std::size_t kMaxMailFile = std::size_t{256} * 1024 * 1024;

/// The desk's addresses, where there is a configuration; a mail is also told without.
std::vector<mail::OurAddresses> known_addresses(Context& context) {
  if (!std::filesystem::exists(context.options().config)) {
    return {mail::OurAddresses{}};
  }
  return engine::all_addresses(context.config());
}

void classify_file(const mail::Reader& reader, const std::vector<mail::OurAddresses>& ours, const std::string& file) {
  const auto opened = reader.open(text_of(file, kMaxMailFile));
  if (!opened) {
    throw Stop(Exit::Environment, opened.error().why);
  }
  nlohmann::json answer{{"file", file}};
  if (const auto* unreadable = std::get_if<mail::Unreadable>(&opened->mail)) {
    answer["kind"] = "unknown";
    answer["why"] = "unreadable: " + unreadable->why;
  } else {
    mail::Classified classified;
    for (const mail::OurAddresses& each : ours) {
      classified = mail::classify(std::get<message::Mail>(opened->mail), each, {}, opened->report);
      if (!classified.references.empty()) {
        break;
      }
    }
    answer["kind"] = mail::kind_name(classified.kind);
    answer["why"] = classified.why;
  }
  print_line(answer);
}

/// What a first warning would be: nothing has been written to this case's owner yet.
desk::Notice unwritten_notice(const desk::Case& c, const inventory::Inventory& inventory) {
  desk::Notice notice;
  notice.id = NoticeId{1};
  notice.token = "previewonly";
  const auto recipients = inventory.recipients(c.customer);
  notice.contact = recipients.empty() ? ContactId{"nobody@invalid"} : recipients.front().id;
  return notice;
}

struct Preview {
  std::string case_id;
  std::string letter;
  std::string language;
};

/// The mail as it was or would be sent: that of the case's last notice, or any other letter over the same facts.
void preview(Context& context, const Preview& wanted) {
  const CaseId id = parse_case_id(wanted.case_id);
  const auto c = context.desk().find(id);
  if (!c) {
    throw Stop(Exit::No, to_string(id) + ": no such case");
  }
  if (c->erased > 0) {
    throw Stop(Exit::No, to_string(id) + ": what the letter was about was erased by law");
  }
  const auto letter = mail::parse_letter(wanted.letter);
  if (!wanted.letter.empty() && !letter) {
    throw Stop(Exit::WrongUse, "--letter: warning, second_notice, disabled, enabled, reminder, contact_verification or ticket");
  }
  const auto templates = mail::Templates::load(engine::templates_folder());
  if (!templates) {
    throw Stop(Exit::Environment, templates.error());
  }
  std::vector<desk::Event> events;
  context.store().read([&](records::Transaction& tx) { events = tx.cases().events(id); });
  const auto inventory = context.desk().inventory();
  const desk::Notice notice_shown = c->notices.empty() ? unwritten_notice(*c, *inventory) : c->notices.back();
  mail::NoticeText text =
      engine::notice_text({*c, events, notice_shown, *inventory, context.config(), engine::answer_key(context.store()), context.clock().wall()});
  text.letter = letter;
  const desk::Notice* warning = c->first_warning();
  if (letter == mail::Letter::Reminder && !text.deadline && warning != nullptr) {
    text.deadline = warning->delivered.value_or(context.clock().wall()) + warning->window.value_or(context.desk().policy().response_window);
  }
  text.language = wanted.language.empty() ? text.language : wanted.language;
  const mail::Notice notice = mail::compose(text, *templates, engine::addresses_for(context.config(), c->customer));
  context.output().line({{"case", to_string(id)}, {"envelope_from", notice.envelope_from}, {"message_id", notice.message_id}, {"mail", notice.mail}});
  context.output().say(notice.mail);
}

}  // namespace

void add_mail_commands(CLI::App& app, Context& context) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* group = app.add_subcommand("mail", "mail in and out")->require_subcommand(1);
  add_command(*group, "classify", "one JSON object a mail: reply, bounce, auto_reply, mdn, report, loop or unknown, and why",
              [&context, files] {
                const mail::Reader reader(engine::reader_program(), context.clock(), Seconds{20}, engine::definition_folders(),
                                          mail::Reader::Start::Warm);
                const auto ours = known_addresses(context);
                for (const std::string& file : files_below(*files)) {
                  classify_file(reader, ours, file);
                }
              })
      ->add_option("file", *files, "raw mails, or folders of them")
      ->required();
  const auto wanted = std::make_shared<Preview>();
  CLI::App* show =
      add_command(*group, "preview", "the mail to a case's owner, as it is or would be sent", [&context, wanted] { preview(context, *wanted); });
  show->add_option("case", wanted->case_id, "PF-42")->required();
  show->add_option("--letter", wanted->letter, "another one over the same facts");
  show->add_option("--language", wanted->language, "instead of the contact's");
}

}  // namespace pinfold::app
