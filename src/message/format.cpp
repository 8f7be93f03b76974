#include "message/format.hpp"

#include <algorithm>

#include "message/charset.hpp"
#include "message/gobject.hpp"

namespace pinfold::message {
namespace {

constexpr std::size_t kMaxLine = 900;  // RFC 5322 section 2.1.1 allows 998
constexpr std::size_t kMaxBody = std::size_t{256} * 1024;

/// One line: whatever could end it becomes a space.
std::string one_line(const std::string& text) {
  std::string line = clean_utf8(text, kMaxLine);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

/// What may stand inside angle brackets: no blanks and no brackets either.
std::string one_word(const std::string& text) {
  std::string word = one_line(text);
  word.erase(std::remove_if(word.begin(), word.end(), [](char c) { return c == ' ' || c == '<' || c == '>'; }), word.end());
  return word;
}

GRef<InternetAddress> mailbox(const Mailbox& m) {
  const std::string name = one_line(m.name);
  return GRef<InternetAddress>(internet_address_mailbox_new(name.empty() ? nullptr : name.c_str(), one_word(m.address).c_str()));
}

void add_address(GMimeMessage* message, GMimeAddressType type, const Mailbox& m) {
  const GRef<InternetAddress> address = mailbox(m);
  internet_address_list_add(g_mime_message_get_addresses(message, type), address.get());
}

void set_header(GMimeMessage* message, const std::string& name, const std::string& value) {
  g_mime_object_set_header(GMIME_OBJECT(message), name.c_str(), value.c_str(), "UTF-8");
}

GRef<GMimeObject> text_part(const char* subtype, const std::string& text) {
  GMimeTextPart* part = g_mime_text_part_new_with_subtype(subtype);
  g_mime_text_part_set_charset(part, "utf-8");
  g_mime_text_part_set_text(part, clean_utf8(text, kMaxBody).c_str());
  g_mime_part_set_content_encoding(GMIME_PART(part), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  return GRef<GMimeObject>(GMIME_OBJECT(part));
}

void set_threading(GMimeMessage* message, const std::vector<std::string>& references) {
  if (references.empty()) {
    return;
  }
  std::string all;
  for (const std::string& id : references) {
    all += (all.empty() ? "<" : " <") + one_word(id) + ">";
  }
  set_header(message, "In-Reply-To", "<" + one_word(references.back()) + ">");
  set_header(message, "References", all);
}

std::string write(GMimeMessage* message) {
  GMimeFormatOptions* options = g_mime_format_options_new();
  g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
  const GRef<GMimeStream> stream(g_mime_stream_mem_new());
  g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream.get());
  g_mime_format_options_free(options);
  const GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  return {reinterpret_cast<const char*>(bytes->data), bytes->len};
}

}  // namespace

std::string format_mail(const Outgoing& mail) {
  start_gmime();
  const GRef<GMimeMessage> message(g_mime_message_new(TRUE));
  add_address(message.get(), GMIME_ADDRESS_TYPE_FROM, mail.from);
  add_address(message.get(), GMIME_ADDRESS_TYPE_REPLY_TO, mail.reply_to);
  for (const Mailbox& to : mail.to) {
    add_address(message.get(), GMIME_ADDRESS_TYPE_TO, to);
  }
  g_mime_message_set_subject(message.get(), one_line(mail.subject).c_str(), "UTF-8");
  GDateTime* date = g_date_time_new_from_unix_utc(std::chrono::duration_cast<std::chrono::seconds>(mail.date.since_epoch).count());
  g_mime_message_set_date(message.get(), date);
  g_date_time_unref(date);
  g_mime_message_set_message_id(message.get(), one_word(mail.message_id).c_str());
  set_threading(message.get(), mail.references);
  for (const Header& header : mail.extra) {
    set_header(message.get(), one_word(header.name), one_line(header.value));
  }
  const GRef<GMimeObject> text = text_part("plain", mail.text);
  if (mail.html.empty()) {
    g_mime_message_set_mime_part(message.get(), text.get());
  } else {
    const GRef<GMimeObject> html = text_part("html", mail.html);
    const GRef<GMimeMultipart> both(g_mime_multipart_new_with_subtype("alternative"));
    // Told rather than left to GMime, which would draw random numbers: a notice that is sent again is the same bytes.
    g_mime_multipart_set_boundary(both.get(), ("=_" + one_word(mail.message_id).substr(0, 40)).c_str());
    g_mime_multipart_add(both.get(), text.get());
    g_mime_multipart_add(both.get(), html.get());
    g_mime_message_set_mime_part(message.get(), GMIME_OBJECT(both.get()));
  }
  return write(message.get());
}

}  // namespace pinfold::message
