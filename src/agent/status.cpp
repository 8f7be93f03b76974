#include "agent/status.hpp"

#include <nlohmann/json.hpp>

#include "agent/sensor/proc_reader.hpp"
#include "base/json_reader.hpp"

namespace pinfold::agent {

bool has_news(const Status& now, Status before) {
  before.written = now.written;
  before.execs = now.execs;
  before.connections = now.connections;
  return now != before;
}

std::string to_json_text(const Status& s) {
  return nlohmann::json{{"pid", s.pid},
                        {"started", to_string(s.started)},
                        {"written", to_string(s.written)},
                        {"tier", s.tier},
                        {"server", s.server},
                        {"execs", s.execs},
                        {"events", s.events},
                        {"connections", s.connections},
                        {"findings", s.findings},
                        {"without_content", s.without_content},
                        {"held_back", s.held_back},
                        {"allowed", s.allowed},
                        {"events_lost", s.events_lost},
                        {"restarts", s.restarts},
                        {"findings_sent", s.findings_sent},
                        {"findings_waiting", s.findings_waiting},
                        {"findings_lost", s.findings_lost},
                        {"last_error", s.last_error}}
      .dump();
}

Expected<Status, std::string> load_status(const std::filesystem::path& state) {
  const std::string path = (state / "status.json").string();
  const auto text = read_start(path, kMaxProcText);
  if (!text) {
    return Unexpected(path + ": not there; the agent has not run with this state folder");
  }
  const auto json = parse_json(text->bytes, kMaxProcText);
  if (!json) {
    return Unexpected(path + ": " + json.error());
  }
  JsonReader reader(*json);
  Status s;
  s.pid = reader.signed_number("pid");
  s.started = reader.parsed("started", parse_wall_time);
  s.written = reader.parsed("written", parse_wall_time);
  s.tier = reader.text("tier");
  s.server = reader.text("server");
  s.execs = reader.number("execs");
  s.events = reader.number("events");
  s.connections = reader.number("connections");
  s.findings = reader.number("findings");
  s.without_content = reader.number("without_content");
  s.held_back = reader.number("held_back");
  s.allowed = reader.number("allowed");
  s.restarts = reader.number("restarts");
  s.events_lost = reader.number("events_lost");
  s.findings_sent = reader.number("findings_sent");
  s.findings_waiting = reader.number("findings_waiting");
  s.findings_lost = reader.number("findings_lost");
  s.last_error = reader.text("last_error");
  if (reader.error()) {
    return Unexpected(path + ": " + *reader.error());
  }
  return s;
}

}  // namespace pinfold::agent
