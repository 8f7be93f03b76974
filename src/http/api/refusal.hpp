/// Why a call is not carried out: thrown by the API's operations, caught once in Api::handle, sent as RFC 9457 problem details. Thrown inside a
/// transaction it also undoes that transaction, which is what is wanted.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace pinfold::http::api {

struct Refusal final : std::runtime_error {
  Refusal(unsigned s, std::string c, const std::string& detail) : std::runtime_error(detail), status(s), code(std::move(c)) {}
  unsigned status;
  std::string code;                                         ///< stable, for programs: "not_found"
  std::vector<std::pair<std::string, std::string>> errors;  ///< field, what is wrong
  std::vector<std::pair<std::string, std::string>> headers;
};

[[nodiscard]] Refusal not_found(const std::string& what);
[[nodiscard]] Refusal forbidden(const std::string& why);
[[nodiscard]] Refusal invalid(std::string field, std::string what);
/// The desk's own rules say no: "the case is closed".
[[nodiscard]] Refusal refused(const std::string& why);
[[nodiscard]] Refusal overtaken(const std::string& what);

[[nodiscard]] Response to_response(const Refusal& refusal, const std::string& request_id);

}  // namespace pinfold::http::api
