#include "report/csv.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/class_words.hpp"
#include "report/formats.hpp"
#include "report/shadowserver.hpp"
#include "report/text_table.hpp"

namespace pinfold::report {
namespace {

using Names = std::vector<std::string>;

/// Columns in which the accused address stands, by the reporter's name for it; the surer first.
constexpr auto kSources = std::to_array<std::string_view>({"src_ip",      "source.ip",    "source_ip",    "source_address", "source_ip_address",
                                                           "sourceip",    "srcip",        "src_addr",     "srcaddr",        "http_referer_ip",
                                                           "attacker_ip", "offending_ip", "offender",     "abuser_ip",      "ip",
                                                           "ip_address",  "ipaddress",    "ip-address",   "ip_addr",        "ip-adresse",
                                                           "ip-adres",    "adresse_ip",   "dirección_ip", "indirizzo_ip",   "endereço_ip",
                                                           "adres_ip",    "ip_adresa",    "ip_origen",    "ip_origem",      "ip_source",
                                                           "ip_sorgente", "bron-ip",      "bron_ip",      "quell-ip",       "quell_ip",
                                                           "zdrojová_ip", "ipv4",         "ipv6",         "attacker",       "address",
                                                           "src",         "source",       "host_ip",      "remote_ip",      "client_ip",
                                                           "remote_addr", "indicator",    "host"});
constexpr auto kTimes = std::to_array<std::string_view>(
    {"timestamp",     "time_detected", "time.source",   "time_observed",   "detected_at", "event_time",    "first_seen",
     "first_attempt", "first_attack",  "last_seen",     "last_attempt",    "datetime",    "date/time",     "date_time",
     "date_and_time", "date",          "time",          "event_timestamp", "seen",        "zeitstempel",   "zeitpunkt",
     "datum/uhrzeit", "datum/zeit",    "datum",         "detected",        "observed",    "start_time",    "source_time",
     "start",         "first",         "fecha_y_hora",  "fecha/hora",      "fecha",       "data/hora",     "data_e_hora",
     "data/ora",      "data",          "date_et_heure", "date/heure",      "horodatage",  "datum_en_tijd", "datum/tijd",
     "tijdstip",      "tijd",          "datum_a_čas",   "data_i_czas",     "čas",         "zeit",          "uhrzeit",
     "when"});
/// A day and a time of day in columns of their own.
constexpr auto kDays = std::to_array<std::string_view>({"event_date", "date", "datum", "fecha", "data", "day"});
constexpr auto kClocks =
    std::to_array<std::string_view>({"timestamp", "time", "zeit", "uhrzeit", "hora", "heure", "ora", "tijd", "čas", "czas", "event_time"});

std::string_view find_column(const Names& names, const auto& known) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); });
  return found == known.end() ? std::string_view{} : *found;
}

class ListReader {
public:
  ListReader(const ListHints& hints, Report& report)
      : x_hints(hints), x_report(report), x_word(type_word(hints.name)), x_type(shadowserver_type(x_word)) {}

  [[nodiscard]] bool header(const Names& names) {
    x_source = x_type && x_type->reports_destination ? "dst_ip" : find_column(names, kSources);
    x_time = find_column(names, kTimes);
    const std::string_view day = find_column(names, kDays);
    const std::string_view clock = day.empty() ? std::string_view{} : find_column(names, kClocks);
    const bool apart = !clock.empty() && (day == "event_date" || find_column(names, kTimes) == day);
    x_date = apart ? day : std::string_view{};
    x_time = apart ? clock : x_time;
    return x_found = !x_source.empty();
  }
  [[nodiscard]] bool found() const { return x_found; }

  void row(const CsvRow& row) {
    Statement statement;
    statement.address = parse_address(row.cell(x_source));
    if (!statement.address) {
      ++x_report.dropped;
      return;
    }
    const std::string_view day = x_date.empty() ? std::string_view{} : row.cell(x_date);
    const std::string when = day.empty() ? std::string(row.cell(x_time)) : std::string(day) + " " + std::string(row.cell(x_time));
    statement.first = parse_time(when, x_hints.times);
    statement.last = statement.first;
    classify(row, statement);
    for (const std::string_view name : {"port", "src_port", "protocol", "dst_ip", "dst_port", "infection", "tag", "url", "cc", "version", "detail"}) {
      add_fact(statement, name, row.cell(name));
    }
    add_statement(x_report, std::move(statement));
  }

private:
  void classify(const CsvRow& row, Statement& statement) const {
    const std::string_view words = row.cell({"infection", "malware.name", "infection_type"});
    static constexpr std::array<std::string_view, 14> kTypeColumns = {
        "classification.type", "report_type",   "feed_name",   "feed.name",      "type",   "category", "event_type",
        "abuse_type",          "incident_type", "threat_type", "classification", "attack", "reason",   "tag"};
    std::string_view type;
    std::optional<abuse::AbuseClass> known;
    for (const std::string_view column : kTypeColumns) {
      const std::string_view cell = row.cell(column);
      type = type.empty() ? cell : type;
      known = known || cell.empty() ? known : class_of_word(cell);
    }
    if (x_hints.abuse_class) {
      statement.abuse_class = *x_hints.abuse_class;
    } else if (x_type) {
      statement.abuse_class = x_type->abuse_class;
    } else if (known) {
      statement.abuse_class = *known;
    } else {
      statement.abuse_class = !words.empty() ? abuse::AbuseClass::Compromised : x_hints.otherwise.value_or(abuse::AbuseClass::Other);
    }
    statement.kind = kind_word(x_type ? std::string_view(x_word) : type.empty() ? words : type);
  }

  const ListHints& x_hints;
  Report& x_report;
  std::string x_word;
  std::optional<ReportType> x_type;
  std::string_view x_source;
  std::string_view x_time;
  std::string_view x_date;
  bool x_found = false;
};

}  // namespace

bool has_list_columns(std::string_view line) {
  bool has = false;
  static_cast<void>(read_rows(
      line,
      [&](const Names& names) {
        has = names.size() >= 2 && !find_column(names, kSources).empty() && !find_column(names, kTimes).empty();
        return false;
      },
      [](const CsvRow&) {}));
  return has;
}

bool read_list(std::string_view text, const ListHints& hints, Report& report) {
  ListReader reader(hints, report);
  report.dropped += read_rows(
      text, [&](const Names& names) { return reader.header(names); }, [&](const CsvRow& row) { reader.row(row); });
  return reader.found();
}

bool read_csv(const Input& input, Report& report) {
  bool any = false;
  const auto read = [&](const std::string& name, std::string_view text, bool pasted) {
    ListHints hints;
    hints.name = type_word(name).empty() ? input.subject : name;
    hints.times.now = input.times.now;
    const std::string_view head = text.substr(0, text.find('\n'));
    const bool is_feed = !pasted || !type_word(hints.name).empty() || icontains(head, "asn") || icontains(head, "timestamp");
    if (!is_feed) {
      hints.times = input.times;  // who types a list into his words writes his own time; feeds are in UTC
    }
    static_cast<void>(read_zone_note(input.text, hints.times) || read_zone_note(head, hints.times));
    hints.otherwise = class_of_text(input.subject, input.text);
    any = read_list(text, hints, report) || any;
  };
  for (const Document& document : input.documents) {
    if (document.type == "text/csv" || icontains(document.type, "csv")) {
      read(document.name, document.text, false);
    }
  }
  if (const std::string pasted = any ? std::string{} : list_in_text(input.text); !pasted.empty()) {
    read(input.subject, pasted, true);
    any = any && !report.statements.empty();
  }
  if (any) {
    report.format = "csv";
    report.why = "a list of addresses (CSV)";
    const std::string_view sender = input.senders.empty() ? std::string_view{} : std::string_view(input.senders.front());
    report.reporter = printable(sender.substr(sender.rfind('@') + 1), 200);
  }
  return any;
}

}  // namespace pinfold::report
