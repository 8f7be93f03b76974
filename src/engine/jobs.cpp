#include "engine/jobs.hpp"

#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kMaxPayload = std::size_t{64} * 1024;

struct Row {
  std::string_view kind;
  nlohmann::json payload;
};

Row to_row(const desk::SendNotice& effect) { return {kSendNotice, {{"notice", effect.notice.value}}}; }
Row to_row(const desk::SetPort& effect) {
  return {kSetPort,
          {{"action", effect.action.value}, {"wish", effect.wish == desk::PortWish::Down ? "down" : "up"}, {"hold_released", effect.hold_released}}};
}
Row to_row(const desk::CallPerson& effect) {
  nlohmann::json payload{{"what", effect.what}, {"can_wait", effect.can_wait}};
  if (effect.about) {
    payload["action"] = effect.about->value;
  }
  return {kCallPerson, std::move(payload)};
}

/// The payload of a row of that kind, read by `read`; nullopt when it is another kind or damaged.
template <typename T, typename F>
std::optional<T> read_row(const records::Job& job, std::string_view kind, F&& read) {
  const auto json =
      job.kind == kind ? parse_json(job.payload, kMaxPayload) : Expected<nlohmann::json, std::string>(Unexpected(std::string("other kind")));
  if (!json) {
    return std::nullopt;
  }
  JsonReader reader(*json);
  T effect = read(reader);
  return reader.error() ? std::nullopt : std::optional<T>(std::move(effect));
}

}  // namespace

records::Job to_job(CaseId id, const desk::Effect& effect, WallTime not_before) {
  const Row row = std::visit([](const auto& what) { return to_row(what); }, effect.what);
  records::Job job;
  job.key = effect.key;
  job.case_id = id;
  job.kind = row.kind;
  job.payload = row.payload.dump();
  job.not_before = not_before;
  return job;
}

std::optional<desk::SendNotice> parse_send_notice(const records::Job& job) {
  return read_row<desk::SendNotice>(job, kSendNotice, [](JsonReader& r) { return desk::SendNotice{NoticeId{r.signed_number("notice")}}; });
}

std::optional<desk::SetPort> parse_set_port(const records::Job& job) {
  return read_row<desk::SetPort>(job, kSetPort, [](JsonReader& r) {
    return desk::SetPort{ActionId{r.signed_number("action")}, r.text("wish") == "up" ? desk::PortWish::Up : desk::PortWish::Down,
                         r.has("hold_released") && r.boolean("hold_released")};
  });
}

std::optional<desk::CallPerson> parse_call_person(const records::Job& job) {
  return read_row<desk::CallPerson>(job, kCallPerson, [](JsonReader& r) {
    return desk::CallPerson{r.text("what"), r.has("can_wait") && r.boolean("can_wait"),
                            r.has("action") ? std::optional(ActionId{r.signed_number("action")}) : std::nullopt};
  });
}

}  // namespace pinfold::engine
