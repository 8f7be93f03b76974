#include "mail/reply_text.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pinfold::mail {
namespace {

/// "On Monday … wrote:" in the languages that mail programs use most; and in any: a date and a mailbox, and a colon at the end.
bool introduces_quote(std::string_view line) {
  static constexpr auto kForms = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"On ", "wrote:"},  {"Am ", "schrieb"}, {"Le ", "crit"},    {"El ", "escribi"},   {"Il ", "scritto"},  {"Em ", "escreveu"},
       {"Op ", "schreef"}, {"Den ", "skrev"},  {"Dne ", "napsal"}, {"W dniu ", "pisze"}, {"", "wrote:"},      {"", "schrieb:"},
       {"", "a écrit :"},  {"", "napisał"},    {"", "kirjoitti:"}, {"", "írta:"},        {"", "şunu yazdı:"}, {"", "пишет:"},
       {"", "написал"},    {"", "έγραψε:"},    {"", "写道："},     {"", "写道:"},        {"", "のメール:"}});
  constexpr std::size_t kLongest = 300;
  constexpr std::string_view kWideColon = "：";
  const bool ends =
      !line.empty() && (line.back() == ':' || (line.size() > kWideColon.size() && line.substr(line.size() - kWideColon.size()) == kWideColon));
  if (!ends || line.size() > kLongest) {
    return false;
  }
  const bool dated_mailbox = line.find('<') != std::string_view::npos && line.find('@') != std::string_view::npos &&
                             std::count_if(line.begin(), line.end(), [](char c) { return c >= '0' && c <= '9'; }) >= 4;
  return dated_mailbox ||
         std::any_of(kForms.begin(), kForms.end(), [&](const auto& form) { return istarts_with(line, form.first) && icontains(line, form.second); });
}

/// A rule that everything below is another mail.
bool begins_original(std::string_view line) {
  static constexpr auto kWords = std::to_array<std::string_view>({"original message",
                                                                  "ursprüngliche nachricht",
                                                                  "message d'origine",
                                                                  "mensaje original",
                                                                  "messaggio originale",
                                                                  "oorspronkelijk bericht",
                                                                  "weitergeleitete nachricht",
                                                                  "forwarded message",
                                                                  "original-nachricht",
                                                                  "originalmeddelande",
                                                                  "mensagem original",
                                                                  "message transféré",
                                                                  "message original",
                                                                  "oprindelig meddelelse",
                                                                  "opprinnelig melding",
                                                                  "původní zpráva",
                                                                  "pôvodná správa",
                                                                  "wiadomość oryginalna",
                                                                  "oryginalna wiadomość",
                                                                  "eredeti üzenet",
                                                                  "alkuperäinen viesti",
                                                                  "исходное сообщение",
                                                                  "пересылаемое сообщение",
                                                                  "原始邮件",
                                                                  "邮件原件",
                                                                  "元のメッセージ"});
  if (line.size() >= 20 && line.find_first_not_of('_') == std::string_view::npos) {
    return true;  // Outlook's line of underscores
  }
  return line.substr(0, 2) == "--" && std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return icontains(line, word); });
}

/// What a telephone adds by itself.
bool is_device_signature(std::string_view line) {
  static constexpr auto kBeginnings = std::to_array<std::string_view>(
      {"Sent from my ", "Sent from Outlook", "Sent from Mail for", "Get Outlook for", "Von meinem ", "Gesendet mit der ", "Envoyé de mon ",
       "Enviado desde mi ", "Enviado do meu ", "Inviato da ", "Verstuurd vanaf ", "Wysłane z ", "Odesláno z ", "Skickat från min ", "Отправлено с "});
  constexpr std::size_t kLongest = 60;
  return line.size() <= kLongest && std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](std::string_view b) { return istarts_with(line, b); });
}

/// Outlook quotes with a block of headers: a From line and, within the next three, a Sent or Date line.
bool begins_header_block(const std::vector<std::string_view>& lines, std::size_t at) {
  static constexpr auto kFrom = std::to_array<std::string_view>({"From:", "Von:", "De :", "De:", "Da:", "Van:", "Från:", "Fra:", "Od:", "Lähettäjä:",
                                                                 "Feladó:", "Kimden:", "От:", "发件人", "寄件者", "差出人:"});
  static constexpr auto kSent = std::to_array<std::string_view>(
      {"Sent:",    "Gesendet:", "Envoyé",    "Enviado",    "Inviato:", "Verzonden:",  "Date:",       "Datum:", "Skickat:", "Sendt:",   "Fecha:",
       "Wysłano:", "Odesláno:", "Odoslané:", "Lähetetty:", "Küldve:",  "Gönderildi:", "Отправлено:", "Дата:",  "发送时间", "寄件日期", "送信日時:"});
  const auto starts_with_any = [](std::string_view line, const auto& words) {
    std::string_view plain = trim(line);
    plain.remove_prefix(std::min(plain.find_first_not_of('*'), plain.size()));  // "*From:*" where bold was lost
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return istarts_with(plain, word); });
  };
  if (!starts_with_any(lines[at], kFrom)) {
    return false;
  }
  for (std::size_t i = at + 1; i < lines.size() && i <= at + 3; ++i) {
    if (starts_with_any(lines[i], kSent)) {
      return true;
    }
  }
  return false;
}

void append_entity(std::string_view name, std::string& out) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kEntities = {{{"amp", "&"},
                                                                                               {"lt", "<"},
                                                                                               {"gt", ">"},
                                                                                               {"quot", "\""},
                                                                                               {"#39", "'"},
                                                                                               {"nbsp", " "},
                                                                                               {"auml", "ä"},
                                                                                               {"ouml", "ö"},
                                                                                               {"uuml", "ü"},
                                                                                               {"szlig", "ß"},
                                                                                               {"eacute", "é"},
                                                                                               {"egrave", "è"}}};
  for (const auto& [entity, text] : kEntities) {
    if (name == entity) {
      out += text;
      return;
    }
  }
  out += ' ';
}

/// Tag by tag, without building a tree.
class HtmlText {
public:
  [[nodiscard]] std::string read(std::string_view html) {
    while (!html.empty()) {
      const char c = html.front();
      const auto end = c == '<' ? html.find('>') : c == '&' ? html.substr(0, 12).find(';') : std::string_view::npos;
      if (end == std::string_view::npos) {
        put(html.substr(0, 1));
        html.remove_prefix(1);
        continue;
      }
      if (c == '<') {
        tag(html.substr(1, end - 1));
      } else {
        std::string text;
        append_entity(html.substr(1, end - 1), text);
        put(text);
      }
      html.remove_prefix(end + 1);
    }
    return std::move(x_text);
  }

private:
  void put(std::string_view text) {
    if (x_hidden == 0 && x_quoted == 0) {
      x_text += text == "\n" || text == "\t" ? " " : text;
    }
  }
  void line_break() {
    if (!x_text.empty() && x_text.back() != '\n') {
      x_text += '\n';
    }
  }
  void tag(std::string_view tag) {
    const bool closing = !tag.empty() && tag.front() == '/';
    const std::string_view body = closing ? tag.substr(1) : tag;
    const std::string name = to_lower(body.substr(0, body.find_first_of(" \t\r\n/>")));
    const auto nest = [&](unsigned& depth) { depth = closing ? (depth > 0 ? depth - 1 : 0) : depth + 1; };
    if (name == "style" || name == "script" || name == "head") {
      nest(x_hidden);
    } else if (name == "blockquote") {
      nest(x_quoted);
    } else if (name == "br" || name == "p" || name == "div" || name == "tr" || name == "li" || name == "h1" || name == "h2" || name == "pre") {
      line_break();
    }
  }

  std::string x_text;
  unsigned x_hidden = 0;
  unsigned x_quoted = 0;
};

}  // namespace

std::string html_to_text(std::string_view html) { return std::string(trim(HtmlText{}.read(html))); }

std::string own_text(const message::Mail& mail) {
  for (const std::string_view type : {"text/plain", "text/html"}) {
    for (const message::Part& part : mail.parts) {
      if (part.embedded == 0 && part.type == type && !trim(part.text).empty()) {
        return type == "text/html" ? html_to_text(part.text) : part.text;
      }
    }
  }
  return {};
}

std::string strip_quotes(std::string_view text) {
  const auto lines = split(text, '\n');
  std::string kept;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = trim(lines[i]);
    if (begins_original(line) || begins_header_block(lines, i) || lines[i] == "-- " || line == "--") {
      break;
    }
    // The introduction may be folded over two lines.
    const bool folded = i + 1 < lines.size() && introduces_quote(std::string(line) + " " + std::string(trim(lines[i + 1])));
    if (line.substr(0, 1) == ">" || introduces_quote(line) || is_device_signature(line)) {
      continue;
    }
    if (folded && (istarts_with(line, "On ") || istarts_with(line, "Am ") || istarts_with(line, "Le "))) {
      ++i;
      continue;
    }
    kept += line;
    kept += '\n';
  }
  return std::string(trim(kept));
}

}  // namespace pinfold::mail
