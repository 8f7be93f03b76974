#include "message/parse.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "message/charset.hpp"
#include "message/gobject.hpp"
#include "message/raw_check.hpp"

namespace pinfold::message {
namespace {

constexpr std::size_t kMaxShortText = 512;  // names, types, file names

std::string short_text(const char* text) { return text == nullptr ? std::string{} : clean_utf8(text, kMaxShortText); }

/// Types other than text/* whose content people and report parsers read.
bool is_readable(std::string_view type) {
  static constexpr std::array<std::string_view, 7> kTypes = {"application/json",    "application/xml", "application/yaml",
                                                             "application/x-yaml",  "application/csv", "application/x-netcraft",
                                                             "application/vnd.xarf"};
  return istarts_with(type, "text/") || istarts_with(type, "message/") || icontains(type, "+json") || icontains(type, "+xml") ||
         std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

std::vector<Header> read_headers(GMimeObject* object, bool& cut) {
  std::vector<Header> headers;
  GMimeHeaderList* list = g_mime_object_get_header_list(object);
  const int count = g_mime_header_list_get_count(list);
  for (int i = 0; i < count; ++i) {
    if (headers.size() == kMaxHeaders) {
      cut = true;
      break;
    }
    GMimeHeader* header = g_mime_header_list_get_header_at(list, i);
    const char* value = g_mime_header_get_value(header);
    cut = cut || (value != nullptr && std::string_view(value).size() > kMaxHeaderValue);
    headers.push_back({short_text(g_mime_header_get_name(header)), value == nullptr ? std::string{} : clean_utf8(trim(value), kMaxHeaderValue)});
  }
  return headers;
}

void add_addresses(InternetAddressList* list, std::vector<Mailbox>& mailboxes, bool& cut, unsigned depth = 0) {
  const int count = list == nullptr || depth > 2 ? 0 : internet_address_list_length(list);
  for (int i = 0; i < count; ++i) {
    if (mailboxes.size() == kMaxAddresses) {
      cut = true;
      return;
    }
    InternetAddress* address = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_GROUP(address)) {
      add_addresses(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)), mailboxes, cut, depth + 1);
    } else {
      const char* spec = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
      mailboxes.push_back({short_text(internet_address_get_name(address)), short_text(spec)});
    }
  }
}

/// Walks the tree of parts into a flat list.
class Walker {
public:
  Walker(Mail& mail, const LeafVisitor& visit) : x_mail(mail), x_visit(visit) {}

  void walk(GMimeObject* object, unsigned depth, unsigned embedded) {  // NOLINT(misc-no-recursion): kMaxDepth
    if (object == nullptr) {
      return;
    }
    if (depth > kMaxDepth || x_mail.parts.size() == kMaxParts) {
      x_mail.cut = true;
      return;
    }
    if (GMIME_IS_MULTIPART(object)) {
      walk_parts(GMIME_MULTIPART(object), depth, embedded);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
      add_embedded(GMIME_MESSAGE_PART(object), depth, embedded);
    } else if (GMIME_IS_PART(object)) {
      add_leaf(GMIME_PART(object), depth, embedded);
    }
  }

private:
  [[nodiscard]] static Part describe(GMimeObject* object, unsigned depth, unsigned embedded) {
    Part part;
    GMimeContentType* type = g_mime_object_get_content_type(object);
    part.type = to_lower(short_text(g_mime_content_type_get_media_type(type)) + "/" + short_text(g_mime_content_type_get_media_subtype(type)));
    part.charset = to_lower(short_text(g_mime_object_get_content_type_parameter(object, "charset")));
    part.depth = depth;
    part.embedded = embedded;
    return part;
  }

  void walk_parts(GMimeMultipart* multipart, unsigned depth, unsigned embedded) {  // NOLINT(misc-no-recursion): see walk
    const int count = g_mime_multipart_get_count(multipart);
    for (int i = 0; i < count && x_mail.parts.size() < kMaxParts; ++i) {
      walk(g_mime_multipart_get_part(multipart, i), depth + 1, embedded);
    }
    x_mail.cut = x_mail.cut || (count > 0 && x_mail.parts.size() == kMaxParts);
  }

  void add_embedded(GMimeMessagePart* object, unsigned depth, unsigned embedded) {  // NOLINT(misc-no-recursion): see walk
    Part part = describe(GMIME_OBJECT(object), depth, embedded);
    GMimeMessage* inner = g_mime_message_part_get_message(object);
    if (inner != nullptr) {
      part.headers = read_headers(GMIME_OBJECT(inner), x_mail.cut);
    }
    x_mail.parts.push_back(std::move(part));
    if (inner != nullptr) {
      walk(g_mime_message_get_mime_part(inner), depth + 1, embedded + 1);
    }
  }

  void add_leaf(GMimePart* object, unsigned depth, unsigned embedded) {
    Part part = describe(GMIME_OBJECT(object), depth, embedded);
    part.filename = short_text(g_mime_part_get_filename(object));
    if (GMimeDataWrapper* content = g_mime_part_get_content(object)) {
      const GRef<GMimeStream> stream(g_mime_stream_mem_new());
      g_mime_data_wrapper_write_to_stream(content, stream.get());
      const GByteArray* array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
      const std::string_view bytes(reinterpret_cast<const char*>(array->data), array->len);
      part.size = bytes.size();
      part.sha256 = sha256_hex(bytes);
      if (is_readable(part.type)) {
        const std::size_t room = std::min(kMaxPartText, kMaxTotalText - x_text);
        part.text = to_utf8(bytes, part.charset, room);
        x_text += part.text.size();
        x_mail.cut = x_mail.cut || part.text.size() + 4 > room;
      }
      if (x_visit) {
        x_visit(part, bytes);
      }
    }
    x_mail.parts.push_back(std::move(part));
  }

  Mail& x_mail;
  const LeafVisitor& x_visit;
  std::size_t x_text = 0;
};

std::optional<WallTime> date_of(GMimeMessage* message) {
  GDateTime* date = g_mime_message_get_date(message);
  if (date == nullptr) {
    return std::nullopt;
  }
  return WallTime{std::chrono::seconds{g_date_time_to_unix(date)}};
}

void read_conveniences(GMimeMessage* message, Mail& mail) {
  add_addresses(g_mime_message_get_from(message), mail.from, mail.cut);
  add_addresses(g_mime_message_get_addresses(message, GMIME_ADDRESS_TYPE_TO), mail.to, mail.cut);
  add_addresses(g_mime_message_get_addresses(message, GMIME_ADDRESS_TYPE_CC), mail.to, mail.cut);
  mail.subject = header_value(mail, "Subject");
  mail.date = date_of(message);
  if (auto ids = parse_message_ids(header_value(mail, "Message-ID")); !ids.empty()) {
    mail.message_id = std::move(ids.front());
  }
  mail.references = parse_message_ids(header_value(mail, "References"));
  for (std::string& id : parse_message_ids(header_value(mail, "In-Reply-To"))) {
    if (std::find(mail.references.begin(), mail.references.end(), id) == mail.references.end()) {
      mail.references.push_back(std::move(id));
    }
  }
  if (const Header* path = find_header(mail.headers, "Return-Path")) {
    const std::string_view value = trim(path->value);
    const bool bracketed = value.size() >= 2 && value.front() == '<' && value.back() == '>';
    mail.return_path = std::string(bracketed ? trim(value.substr(1, value.size() - 2)) : value);
  }
  if (GMimeObject* body = g_mime_message_get_mime_part(message)) {
    GMimeContentType* type = g_mime_object_get_content_type(body);
    mail.content_type =
        to_lower(short_text(g_mime_content_type_get_media_type(type)) + "/" + short_text(g_mime_content_type_get_media_subtype(type)));
    mail.report_type = to_lower(short_text(g_mime_object_get_content_type_parameter(body, "report-type")));
  }
}

}  // namespace

void start_gmime() {
  static const bool started = [] {
    g_mime_init();
    return true;
  }();
  static_cast<void>(started);
}

void start_parser() {
  start_gmime();
  load_charsets();
  static_cast<void>(sha256_hex(""));  // libsodium looks for its random source when first used
  // One mail through everything, so that what is loaded lazily is loaded now.
  static_cast<void>(
      parse_mail("From: =?iso-8859-1?q?=E4?= <a@b.invalid>\nDate: Thu, 1 Jan 1970 00:00:00 +0000\n"
                 "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: base64\n\nYQ==\n"));
}

Expected<Mail, std::string> parse_mail(std::string_view raw, const LeafVisitor& visit) {
  if (auto ok = check_raw(raw); !ok) {
    return Unexpected(ok.error());
  }
  start_gmime();
  const GRef<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(raw.data(), raw.size()));
  const GRef<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  const GRef<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
  if (!message) {
    return Unexpected(std::string("not a mail: no headers"));
  }
  Mail mail;
  mail.headers = read_headers(GMIME_OBJECT(message.get()), mail.cut);
  read_conveniences(message.get(), mail);
  Walker(mail, visit).walk(g_mime_message_get_mime_part(message.get()), 0, 0);
  return mail;
}

}  // namespace pinfold::message
