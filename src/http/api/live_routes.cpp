// What is live: the stream of changes, and slow work.
#include "http/api/json.hpp"
#include "http/api/operations.hpp"

namespace pinfold::http::api {

Response get_stream(Api& api, Call& call) {
  std::string text(call.request.header("last-event-id"));
  text = text.empty() ? call.param("after") : text;
  const auto number = whole(text);
  if (!text.empty() && !number) {
    throw invalid("Last-Event-ID", "not an id of this stream");
  }
  const Request request = call.request;
  Sessions* sessions = &api.sessions();
  const Clock* clock = &api.clock();
  auto stream = api.hub().open(call.who().is_staff() ? CustomerId{} : call.who().user.customer, number,
                               [sessions, clock, request] { return sessions->caller_of(request, clock->wall()) != nullptr; });
  if (!stream) {
    throw Refusal(503, "unavailable", "too many listen already");
  }
  return {.status = 200, .content_type = "text/event-stream", .body = {}, .headers = {{"X-Accel-Buffering", "no"}}, .stream = std::move(stream)};
}

Response get_action(Api& api, Call& call) {
  const auto shown = api.actions().show(call.path.at(0), call.who().user.id);
  if (!shown) {
    throw not_found("there is no such action of yours, or it is long over");
  }
  return ok(*shown);
}

Response accepted(Api& api, const Call& call, Actions::Work work) {
  const auto id = api.actions().begin(std::string(call.route.operation), call.who().user.id, std::move(work));
  const auto shown = id ? api.actions().show(*id, call.who().user.id) : std::nullopt;
  if (!shown) {
    throw Refusal(503, "unavailable", "too much slow work is going on; try again in a minute");
  }
  Response response = ok(*shown, 202);
  response.headers.emplace_back("Location", "/v1/actions/" + *id);
  return response;
}

}  // namespace pinfold::http::api
