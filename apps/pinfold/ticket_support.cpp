#include "pinfold/ticket_support.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/places.hpp"
#include "store/evidence_files.hpp"
#include "ticket/event_json.hpp"

namespace pinfold::app {
namespace {

constexpr std::size_t kMaxAttachment = std::size_t{25} << 20U;

std::string read_bytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in && bytes.empty()) {
    throw Stop(Exit::WrongUse, file + ": cannot be read");
  }
  if (bytes.size() > kMaxAttachment) {
    throw Stop(Exit::WrongUse, fmt::format("{}: larger than {} MiB", file, kMaxAttachment >> 20U));
  }
  return bytes;
}

}  // namespace

ticket::TicketId parse_ticket_id(const std::string& text) {
  const auto number = parse_number(istarts_with(text, "T-") ? std::string_view{text}.substr(2) : std::string_view{text});
  if (!number || *number == 0 || *number > INT64_MAX) {
    throw Stop(Exit::WrongUse, "'" + printable(text, 40) + "' is no ticket; tickets look like T-7");
  }
  return ticket::TicketId{static_cast<std::int64_t>(*number)};
}

ticket::Attachment keep_attachment(Context& context, const std::string& file) {
  const std::string bytes = read_bytes(file);
  store::FileEvidenceStore evidence(engine::evidence_folder(context.config()));
  return {printable(std::filesystem::path(file).filename().string(), 200), evidence.put(bytes), bytes.size()};
}

void put_on_ticket(Context& context, ticket::TicketId id, ticket::EventBody body) {
  ticket::Ticket t;
  context.store().transact([&](records::Transaction& tx) {
    t = ticket::fold(id, tx.tickets().events(id));
    if (const auto why = ticket::why_not(t, body)) {
      throw Stop(Exit::No, to_string(id) + ": " + *why);
    }
    const ticket::Event event{t.last_seq + 1, context.clock().wall(), std::move(body)};
    ticket::apply(t, event);
    tx.tickets().append(t, {event});
  });
  context.output().line({{"ticket", to_string(id)}, {"state", to_string(t.state)}});
  context.output().say(fmt::format("{} {}", to_string(id), to_string(t.state)));
  for (const std::string& step : ticket::checklist(t)) {
    context.output().say("  □ " + step);
  }
}

ticket::Ticket load_ticket(Context& context, ticket::TicketId id) {
  ticket::Ticket t;
  context.store().read([&](records::Transaction& tx) { t = ticket::fold(id, tx.tickets().events(id)); });
  if (t.last_seq == 0) {
    throw Stop(Exit::No, "there is no ticket " + to_string(id));
  }
  return t;
}

ticket::TicketId open_ticket(Context& context, ticket::Opened opened) {
  ticket::TicketId id;
  context.store().transact([&](records::Transaction& tx) { id = tx.tickets().create(); });
  put_on_ticket(context, id, std::move(opened));
  return id;
}

void show_ticket(Context& context, ticket::TicketId id) {
  std::vector<ticket::Event> events;
  context.store().read([&](records::Transaction& tx) { events = tx.tickets().events(id); });
  if (events.empty()) {
    throw Stop(Exit::No, "there is no ticket " + to_string(id));
  }
  std::vector<std::vector<std::string>> rows;
  for (const ticket::Event& event : events) {
    nlohmann::json json = ticket::to_json(event.body);
    json["ticket"] = to_string(id);
    json["seq"] = event.seq;
    json["at"] = to_string(event.at);
    context.output().line(json);
    rows.push_back({fmt::format("#{}", event.seq), to_string(event.at).substr(0, 19), ticket::describe(event.body)});
  }
  context.output().table({"SEQ", "WHEN (UTC)", "WHAT"}, rows);
  for (const std::string& step : ticket::checklist(ticket::fold(id, events))) {
    context.output().say("□ " + step);
  }
}

}  // namespace pinfold::app
