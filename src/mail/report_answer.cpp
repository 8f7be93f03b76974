#include "mail/report_answer.hpp"

#include <fmt/format.h>

#include <kainjow/mustache.hpp>

#include "base/text.hpp"
#include "base/text_file.hpp"
#include "message/format.hpp"

namespace pinfold::mail {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr std::size_t kMaxTemplate = std::size_t{64} * 1024;

std::string render(const std::string& source, const data& view) {
  mustache compiled(source);
  compiled.set_custom_escape([](const std::string& plain) { return plain; });
  return compiled.render(view);
}

}  // namespace

Expected<ReportAnswerTemplate, std::string> ReportAnswerTemplate::load(const std::filesystem::path& folder) {
  ReportAnswerTemplate made;
  for (const auto& [form, target] : {std::pair{"subject", &made.x_subject}, std::pair{"txt", &made.x_text}}) {
    const auto path = folder / "en" / fmt::format("report_answer.{}.mustache", form);
    auto text = read_text_file(path, kMaxTemplate);
    if (!text) {
      return Unexpected(fmt::format("{} {}", path.string(), text.error()));
    }
    if (const mustache compiled(*text); !compiled.is_valid()) {
      return Unexpected(fmt::format("{}: {}", path.string(), compiled.error_message()));
    }
    *target = *std::move(text);
  }
  return made;
}

std::string ReportAnswerTemplate::write(const ReportAnswer& answer, const OurAddresses& ours) const {
  data view;
  view.set("brand", printable(answer.brand, 200));
  view.set("report_id", printable(answer.report_id, 200));
  view.set("has_report_id", answer.report_id.empty() ? data::type::bool_false : data::type::bool_true);
  view.set("address", printable(answer.address, 200));
  view.set("about", printable(answer.about, 100));
  view.set("reported", to_people(answer.reported));
  view.set("not_ours", !answer.is_ours);
  view.set("was_right", answer.is_ours && answer.was_right);
  view.set("was_wrong", answer.is_ours && !answer.was_right);
  message::Outgoing mail;
  mail.from = {answer.brand, desk_address(ours)};
  mail.to = {{"", answer.to}};
  mail.reply_to = mail.from;
  mail.subject = trim(render(x_subject, view));
  mail.date = answer.now;
  mail.message_id = fmt::format("report-{}@{}", answer.key, ours.domain);
  if (!answer.message_id.empty()) {
    mail.references = {answer.message_id};
  }
  mail.extra = {{"Auto-Submitted", "auto-replied"}, {"X-Auto-Response-Suppress", "All"}};
  mail.text = render(x_text, view);
  return message::format_mail(mail);
}

}  // namespace pinfold::mail
