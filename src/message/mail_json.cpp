#include "message/mail_json.hpp"

#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace pinfold::message {
namespace {

using nlohmann::json;

json to_json(const std::vector<Header>& headers) {
  json list = json::array();
  for (const Header& header : headers) {
    list.push_back({{"name", header.name}, {"value", header.value}});
  }
  return list;
}

json to_json(const std::vector<Mailbox>& mailboxes) {
  json list = json::array();
  for (const Mailbox& mailbox : mailboxes) {
    list.push_back({{"name", mailbox.name}, {"address", mailbox.address}});
  }
  return list;
}

json to_json(const Part& part) {
  return {{"type", part.type},     {"charset", part.charset}, {"filename", part.filename},
          {"depth", part.depth},   {"size", part.size},       {"embedded", part.embedded},
          {"sha256", part.sha256}, {"text", part.text},       {"headers", to_json(part.headers)}};
}

/// Each object of the array `field`, at most `max` of them.
template <typename Read>
void read_list(JsonReader& reader, std::string_view field, std::size_t max, Read&& read) {
  std::size_t count = 0;
  reader.each(field, [&](JsonReader& item) {
    if (++count > max) {
      item.fail("", "too many");
      return;
    }
    read(item);
  });
}

std::string read_text(JsonReader& reader, std::string_view field, std::size_t max) {
  std::string text = reader.text(field);
  if (text.size() > max) {
    reader.fail(field, "too long");
    text.clear();
  }
  return text;
}

std::vector<Header> read_headers(JsonReader& reader) {
  std::vector<Header> headers;
  read_list(reader, "headers", kMaxHeaders, [&](JsonReader& item) {
    std::string name = read_text(item, "name", kMaxHeaderValue);
    headers.push_back({std::move(name), read_text(item, "value", kMaxHeaderValue)});
  });
  return headers;
}

std::vector<Mailbox> read_mailboxes(JsonReader& reader, std::string_view field) {
  std::vector<Mailbox> mailboxes;
  read_list(reader, field, kMaxAddresses, [&](JsonReader& item) {
    std::string name = read_text(item, "name", kMaxHeaderValue);
    mailboxes.push_back({std::move(name), read_text(item, "address", kMaxHeaderValue)});
  });
  return mailboxes;
}

Part read_part(JsonReader& reader) {
  Part part;
  part.type = read_text(reader, "type", kMaxHeaderValue);
  part.charset = read_text(reader, "charset", kMaxHeaderValue);
  part.filename = read_text(reader, "filename", kMaxHeaderValue);
  part.depth = static_cast<unsigned>(reader.number("depth", kMaxDepth));
  part.embedded = static_cast<unsigned>(reader.number("embedded", kMaxDepth));
  part.size = reader.number("size");
  part.sha256 = read_text(reader, "sha256", 64);
  part.text = read_text(reader, "text", kMaxPartText);
  part.headers = read_headers(reader);
  return part;
}

}  // namespace

json to_json(const Mail& mail) {
  json object = {{"headers", to_json(mail.headers)}, {"cut", mail.cut},
                 {"from", to_json(mail.from)},       {"to", to_json(mail.to)},
                 {"subject", mail.subject},          {"message_id", mail.message_id},
                 {"report_type", mail.report_type},  {"content_type", mail.content_type}};
  object["references"] = json::array();
  for (const std::string& id : mail.references) {
    object["references"].push_back({{"id", id}});
  }
  if (mail.date) {
    object["date"] = to_string(*mail.date);
  }
  if (mail.return_path) {
    object["return_path"] = *mail.return_path;
  }
  object["parts"] = json::array();
  for (const Part& part : mail.parts) {
    object["parts"].push_back(to_json(part));
  }
  return object;
}

Expected<Mail, std::string> parse_mail_json(const json& object) {
  JsonReader reader(object);
  Mail mail;
  mail.headers = read_headers(reader);
  mail.cut = reader.boolean("cut");
  mail.from = read_mailboxes(reader, "from");
  mail.to = read_mailboxes(reader, "to");
  mail.subject = read_text(reader, "subject", kMaxHeaderValue);
  mail.message_id = read_text(reader, "message_id", kMaxHeaderValue);
  mail.report_type = read_text(reader, "report_type", kMaxHeaderValue);
  mail.content_type = read_text(reader, "content_type", kMaxHeaderValue);
  read_list(reader, "references", 2 * kMaxReferences, [&](JsonReader& item) { mail.references.push_back(read_text(item, "id", kMaxHeaderValue)); });
  if (reader.has("date")) {
    mail.date = reader.parsed("date", parse_wall_time);
  }
  if (reader.has("return_path")) {
    mail.return_path = read_text(reader, "return_path", kMaxHeaderValue);
  }
  read_list(reader, "parts", kMaxParts, [&](JsonReader& item) { mail.parts.push_back(read_part(item)); });
  if (reader.error()) {
    return Unexpected(*reader.error());
  }
  return mail;
}

}  // namespace pinfold::message
