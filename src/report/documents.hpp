/// The texts of a mail that a report may stand in: its own text parts, readable attachments, and the members of a zip.
/// Used by: report::parse_report. Runs inside `pinfold-reader`.
/// Bounds:  the constants below; an archive is read only as far as they allow, whatever its directory claims, so that its expansion ratio does not
///          matter. What is left out (too large, encrypted, an archive within an archive) is counted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "message/mail.hpp"

namespace pinfold::report {

inline constexpr std::size_t kMaxDocument = std::size_t{8} * 1024 * 1024;       ///< bytes of one text
inline constexpr std::size_t kMaxAllDocuments = std::size_t{24} * 1024 * 1024;  ///< of all together
inline constexpr std::size_t kMaxArchives = 4;                                  ///< a mail
inline constexpr std::size_t kMaxArchiveMembers = 32;                           ///< read of one archive
inline constexpr std::size_t kMaxArchiveDirectory = 1000;                       ///< entries; a longer directory is not even opened

struct Document {
  std::string name;  ///< file name as declared, of a member without its folders
  std::string type;  ///< "text/plain", "text/csv", "application/json", "application/xml"
  std::string text;  ///< valid UTF-8
};

/// Collects attachments while the mail is parsed: give `visitor` to message::parse_mail.
class Attachments {
public:
  void visit(const message::Part& part, std::string_view bytes);
  [[nodiscard]] const std::vector<Document>& documents() const { return x_documents; }
  [[nodiscard]] std::uint64_t dropped() const { return x_dropped; }

private:
  void add(std::string_view name, std::string_view type, std::string_view bytes, const std::string& charset);
  void open_archive(std::string_view bytes);

  std::vector<Document> x_documents;
  std::size_t x_bytes = 0;
  std::size_t x_archives = 0;
  std::uint64_t x_dropped = 0;
};

/// The type by the file name's ending; "" when it says nothing.
[[nodiscard]] std::string_view type_of_name(std::string_view name);

}  // namespace pinfold::report
