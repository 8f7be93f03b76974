#include "report/documents.hpp"

#include <zip.h>

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "message/charset.hpp"

namespace pinfold::report {
namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Member = std::unique_ptr<zip_file_t, CloseMember>;

Archive open_zip(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr && source != nullptr) {
    zip_source_free(source);
  }
  zip_error_fini(&error);
  return Archive(archive);
}

std::size_t directory_entries(std::string_view bytes) {
  constexpr std::string_view kEntry = "PK\x01\x02";
  std::size_t count = 0;
  for (auto at = bytes.find(kEntry); at != std::string_view::npos && count <= kMaxArchiveDirectory; at = bytes.find(kEntry, at + kEntry.size())) {
    ++count;
  }
  return count;
}

std::string_view base_name(std::string_view path) { return path.substr(path.find_last_of("/\\") + 1); }

bool is_zip(const message::Part& part, std::string_view bytes) { return bytes.substr(0, 4) == "PK\x03\x04" && part.type.rfind("image/", 0) != 0; }

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && iequals(text.substr(text.size() - end.size()), end);
}

}  // namespace

std::string_view type_of_name(std::string_view name) {
  struct Ending {
    std::string_view end;
    std::string_view type;
  };
  static constexpr std::array<Ending, 7> kEndings{{{".csv", "text/csv"},
                                                   {".json", "application/json"},
                                                   {".xml", "application/xml"},
                                                   {".txt", "text/plain"},
                                                   {".log", "text/plain"},
                                                   {".yaml", "text/plain"},
                                                   {".yml", "text/plain"}}};
  const auto found = std::find_if(kEndings.begin(), kEndings.end(), [&](const Ending& e) { return ends_with(name, e.end); });
  return found == kEndings.end() ? std::string_view{} : found->type;
}

void Attachments::visit(const message::Part& part, std::string_view bytes) {
  if (part.embedded > 0) {
    return;
  }
  if (is_zip(part, bytes)) {
    if (++x_archives > kMaxArchives) {
      ++x_dropped;
    } else {
      open_archive(bytes);
    }
    return;
  }
  // What message::parse_mail keeps as text is enough, but for lists, which are long.
  const bool is_list = icontains(part.type, "csv") || icontains(part.type, "json") || icontains(part.type, "xml");
  const std::string_view by_name = type_of_name(part.filename);
  const bool needs_name = !istarts_with(part.type, "text/") || by_name == "text/csv" || by_name == "application/json" || by_name == "application/xml";
  if (is_list || (needs_name && !by_name.empty())) {
    add(part.filename, by_name.empty() ? std::string_view(part.type) : by_name, bytes, part.charset);
  }
}

void Attachments::add(std::string_view name, std::string_view type, std::string_view bytes, const std::string& charset) {
  const std::size_t room = std::min(kMaxDocument, kMaxAllDocuments - std::min(x_bytes, kMaxAllDocuments));
  if (room < 64) {
    ++x_dropped;
    return;
  }
  x_dropped += bytes.size() > room ? 1U : 0U;
  x_documents.push_back({printable(name, 200), std::string(type), message::to_utf8(bytes.substr(0, room), charset, room)});
  x_bytes += x_documents.back().text.size();
}

void Attachments::open_archive(std::string_view bytes) {
  const Archive archive = directory_entries(bytes) > kMaxArchiveDirectory ? nullptr : open_zip(bytes);
  if (!archive) {
    ++x_dropped;
    return;
  }
  const auto entries = static_cast<std::uint64_t>(std::max<zip_int64_t>(zip_get_num_entries(archive.get(), 0), 0));
  x_dropped += entries > kMaxArchiveMembers ? entries - kMaxArchiveMembers : 0;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(entries, kMaxArchiveMembers); ++i) {
    const char* path = zip_get_name(archive.get(), i, 0);
    const std::string_view name = base_name(path == nullptr ? "" : path);
    const std::string_view type = type_of_name(name);
    const Member member(type.empty() ? nullptr : zip_fopen_index(archive.get(), i, 0));
    if (!member) {
      x_dropped += name.empty() ? 0U : 1U;  // a folder has no name of its own
      continue;
    }
    const std::size_t room = std::min(kMaxDocument, kMaxAllDocuments - std::min(x_bytes, kMaxAllDocuments));
    std::string text(room + 1, '\0');
    const zip_int64_t got = room == 0 ? -1 : zip_fread(member.get(), text.data(), text.size());
    if (got < 0) {
      ++x_dropped;
      continue;
    }
    add(name, type, std::string_view(text).substr(0, static_cast<std::size_t>(got)), "utf-8");
  }
}

}  // namespace pinfold::report
