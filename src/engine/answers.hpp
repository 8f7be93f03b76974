/// The signed link's page, tied to the desk: the key of its signatures, whose language, and what an answer becomes.
#pragma once

#include <string>

#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "http/answer_page.hpp"
#include "http/server.hpp"

namespace pinfold::engine {

/// The desk's own key, made on first use and kept in the store. Whoever has the database could answer for an owner; nobody else.
[[nodiscard]] std::string answer_key(records::Store& store);
[[nodiscard]] http::AnswerPageOptions answer_page_options(const config::Config& config, records::Store& store);
/// `desk` must outlive what is returned.
[[nodiscard]] http::AnswerDesk answer_desk(DeskService& desk);
/// Small bodies: an answer is a short form.
[[nodiscard]] http::Limits answer_limits();

}  // namespace pinfold::engine
