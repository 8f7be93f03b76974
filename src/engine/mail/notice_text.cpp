#include "engine/mail/notice_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/words.hpp"
#include "desk/story.hpp"
#include "engine/mail/brands.hpp"
#include "http/answer_link.hpp"

namespace pinfold::engine {
namespace {

/// More facts than this make no notice clearer; the rest stands in the case.
constexpr std::size_t kMaxFactsShown = 14;
constexpr std::size_t kMaxFilesShown = 4;

std::string fact_of(const abuse::Finding& finding, std::string_view name) {
  const auto& facts = finding.evidence.facts;
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const auto& fact) { return fact.first == name; });
  return found == facts.end() ? std::string{} : found->second;
}

/// The findings of the latest incident, each as it stands now.
std::vector<const abuse::Finding*> latest_findings(const NoticeContext& context) {
  std::vector<const abuse::Finding*> findings;
  if (context.c.incidents.empty()) {
    return findings;
  }
  const auto& incident = *std::max_element(context.c.incidents.begin(), context.c.incidents.end(),
                                           [](const desk::Incident& a, const desk::Incident& b) { return a.last_seen < b.last_seen; });
  for (const std::uint32_t seq : incident.findings) {
    const auto event = std::find_if(context.events.begin(), context.events.end(), [&](const desk::Event& e) { return e.seq == seq; });
    if (event != context.events.end()) {
      if (const auto* recorded = std::get_if<desk::FindingRecorded>(&event->body)) {
        findings.push_back(&recorded->finding);
      }
    }
  }
  return findings;
}

/// Which process made which traffic, as far as both were seen: the latest incident's story, without the numbers of events.
void add_story(mail::NoticeText& text, const NoticeContext& context) {
  if (context.c.incidents.empty()) {
    return;
  }
  const auto& incident = *std::max_element(context.c.incidents.begin(), context.c.incidents.end(),
                                           [](const desk::Incident& a, const desk::Incident& b) { return a.last_seen < b.last_seen; });
  const desk::Story story = desk::tell_story(context.c, context.events, incident.id);
  for (const desk::MadeBy& link : story.links) {
    const desk::Actor& actor = story.actors[link.actor];
    if (text.facts.size() < kMaxFactsShown && !actor.script.empty()) {
      text.facts.emplace_back("made by", fmt::format("{}{} ({})", actor.script, actor.user.empty() ? "" : " as " + actor.user,
                                                     link.link == desk::Link::Connection ? link.why : "most likely: " + link.why));
    }
  }
}

/// The network says what others suffer, so it leads; else whoever is surest.
const abuse::Finding* leading(const std::vector<const abuse::Finding*>& findings) {
  const auto rank = [](const abuse::Finding* f) { return std::pair{f->origin == abuse::Origin::Network, f->confidence.percent}; };
  const auto best = std::max_element(findings.begin(), findings.end(), [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
  return best == findings.end() ? nullptr : *best;
}

void add_host_side(mail::NoticeText& text, const std::vector<const abuse::Finding*>& findings, const abuse::Finding* lead) {
  for (const abuse::Finding* finding : findings) {
    for (const abuse::EvidenceFile& file : finding->evidence.files) {
      if (text.files.size() < kMaxFilesShown && std::find(text.files.begin(), text.files.end(), file) == text.files.end()) {
        text.files.push_back(file);
      }
    }
    if (finding->origin != abuse::Origin::Host) {
      continue;
    }
    text.process = finding->summary;
    if (const std::string ancestry = fact_of(*finding, "ancestry"); !ancestry.empty()) {
      text.way_in = fmt::format("The process was started by: {}", ancestry);
    }
    if (finding != lead && text.facts.size() < kMaxFactsShown) {
      text.facts.emplace_back("script", fact_of(*finding, "script"));
    }
  }
}

/// On whose authority the port went off.
mail::Decision decision_of(const desk::Case& c) {
  for (auto action = c.actions.rbegin(); action != c.actions.rend(); ++action) {
    if (action->wish == desk::PortWish::Down && action->result) {
      const bool signed_by_policy = std::find(action->approvals.begin(), action->approvals.end(), desk::policy_approver()) != action->approvals.end();
      return action->ground == desk::Ground::Emergency ? mail::Decision::Emergency
             : action->ground == desk::Ground::Person  ? mail::Decision::Person
             : action->automatic || signed_by_policy   ? mail::Decision::Automatic
                                                       : mail::Decision::ApprovedByPerson;
    }
  }
  return mail::Decision::ApprovedByPerson;
}

/// What a person who ordered the measure gave as their reason. It leads the facts: the statement of reasons rests on it.
void add_reason(mail::NoticeText& text, const NoticeContext& context) {
  const desk::DisableRequested* latest = nullptr;
  for (const desk::Event& event : context.events) {
    if (const auto* request = std::get_if<desk::DisableRequested>(&event.body); request != nullptr && !request->observed_only) {
      latest = request;
    }
  }
  if (latest != nullptr && latest->ground != desk::Ground::Policy && !latest->reason.empty()) {
    text.facts.insert(text.facts.begin(), {"reason given", latest->reason});
  }
}

/// The measure on that server is the quarantine VLAN of its switch, as `enforce` applies it.
bool is_quarantined(const NoticeContext& context) {
  const inventory::Server* server = context.inventory.find(context.c.server);
  const auto& switches = context.config.switches;
  return server != nullptr && server->port &&
         std::any_of(switches.begin(), switches.end(), [&](const config::Switch& s) { return s.id == server->port->switch_id && s.quarantine_vlan; });
}

}  // namespace

mail::NoticeText notice_text(const NoticeContext& context) {
  mail::NoticeText text;
  text.kind = context.notice.kind;
  text.case_id = context.c.id;
  text.notice = context.notice.id;
  text.token = context.notice.token;
  text.to.address = context.notice.contact.value;
  text.brand = name_for(context.config, context.c.customer);
  text.server = context.c.server;
  const auto queued =
      std::find_if(context.events.begin(), context.events.end(), [&](const desk::Event& e) { return e.seq == context.notice.queued_by; });
  text.now = queued == context.events.end() ? context.now : queued->at;
  if (const inventory::Server* server = context.inventory.find(context.c.server)) {
    for (const net::Prefix& prefix : server->addresses) {
      text.addresses.push_back(prefix.length() == prefix.address().bits() ? to_string(prefix.address()) : to_string(prefix));
    }
  }
  if (const inventory::Customer* customer = context.inventory.find(context.c.customer)) {
    text.to.name = customer->name;
    for (const inventory::Contact& contact : context.inventory.recipients(customer->id)) {
      text.language = contact.id == context.notice.contact ? contact.language : text.language;
    }
  }
  if (text.kind == desk::NoticeKind::Disabled) {
    text.decision = decision_of(context.c);
    text.console = fill(context.config.http.console, {{"server", context.c.server.value}});
  }
  text.in_quarantine = is_quarantined(context);
  const auto findings = latest_findings(context);
  if (const abuse::Finding* lead = leading(findings)) {
    text.abuse_class = lead->abuse_class;
    text.summary = lead->summary;
    text.first_seen = lead->first_seen;
    text.last_seen = lead->last_seen;
    text.facts = lead->evidence.facts;
    text.facts.resize(std::min(text.facts.size(), kMaxFactsShown));
    text.is_reported = std::none_of(findings.begin(), findings.end(), [](const auto* f) { return abuse::is_own_telemetry(*f); });
    add_host_side(text, findings, lead);
    add_story(text, context);
  }
  if (text.kind == desk::NoticeKind::Disabled) {
    add_reason(text, context);
  }
  if (text.kind == desk::NoticeKind::Warning) {
    text.deadline = text.now + context.notice.window.value_or(context.config.policy.response_window);
  }
  if (const desk::Notice* warning = context.c.first_warning(); text.kind == desk::NoticeKind::Reminder && warning != nullptr && warning->delivered) {
    text.deadline = *warning->delivered + warning->window.value_or(context.config.policy.response_window);
  }
  if (context.config.http.answers) {
    text.link = context.config.http.public_url + http::answer_path(context.answer_key, context.c.id, context.notice);
  }
  const mail::OurAddresses ours = addresses_for(context.config, context.c.customer);
  for (const desk::Notice& earlier : context.c.notices) {
    if (earlier.id < context.notice.id) {
      text.earlier_message_ids.push_back(mail::message_id(ours, context.c.id, earlier.id, earlier.token));
    }
  }
  return text;
}

}  // namespace pinfold::engine
