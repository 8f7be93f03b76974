/// The running desk as the API sees it (http/api/desk.hpp): the same functions that the command line calls, behind one interface.
/// Threads: any. Clock: injected. What may take long (a switch, Argon2id, the sealed reader, a replay) blocks its caller.
#pragma once

#include <functional>
#include <string>

#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "engine/mail/notices.hpp"
#include "http/api/api.hpp"
#include "mail/reader.hpp"
#include "mail/submitter.hpp"
#include "records/history.hpp"

namespace pinfold::engine {

struct ApiDeskParts {
  const config::Config& config;
  DeskService& desk;
  records::EvidenceStore& evidence;
  records::History* history = nullptr;
  NoticeWorker& notices;
  const mail::Reader& reader;
  const mail::Submitter& submitter;
  const Clock& clock;
  std::function<http::Health()> health;
  std::function<void()> wake;
};

/// Everything in `parts` must outlive what is returned.
[[nodiscard]] std::unique_ptr<http::api::Desk> make_api_desk(ApiDeskParts parts);
/// The site's name, colours and limits from the configuration; reads the logo's file. Throws runtime_error when that cannot be read.
[[nodiscard]] http::api::ApiOptions api_options(const config::Config& config);

}  // namespace pinfold::engine
