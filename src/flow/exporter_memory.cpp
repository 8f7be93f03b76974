#include "flow/exporter_memory.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "base/enum_names.hpp"

namespace pinfold::flow {
namespace {

constexpr std::uint32_t kMagic = 0x5046'584D;  // "PFXM"
constexpr std::uint8_t kVersion = 1;
constexpr std::uint16_t kFirstDataSet = 256;
constexpr std::uint64_t kUnknownInit = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLatestMicros = 253'402'300'799'999'999;  // year 9999: later ones cannot be printed

constexpr EnumNames<MemoryFault, 9> kFaultTexts{{{{MemoryFault::NotMemory, "not what Pinfold keeps of an exporter"},
                                                  {MemoryFault::OtherVersion, "written by another edition of Pinfold"},
                                                  {MemoryFault::Truncated, "ends too early"},
                                                  {MemoryFault::TrailingBytes, "goes on behind its end"},
                                                  {MemoryFault::OutOfOrder, "a list that repeats itself or is not sorted"},
                                                  {MemoryFault::BadValue, "a number that no exporter could have said"},
                                                  {MemoryFault::BadTemplate, "a template that no record can be read with"},
                                                  {MemoryFault::TooMuch, "more than the limits allow"},
                                                  {MemoryFault::NotWanted, "the exporter was heard already, or there is no room for another"}}}};

class Writer {
public:
  void u8(std::uint8_t value) { integer(value, 1); }
  void u16(std::size_t value) { integer(value, 2); }
  void u32(std::uint32_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }
  [[nodiscard]] std::vector<std::uint8_t> take() && { return std::move(x_bytes); }

private:
  void integer(std::uint64_t value, unsigned length) {
    for (unsigned i = length; i-- > 0;) {
      x_bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  std::vector<std::uint8_t> x_bytes;
};

template <typename Table>
std::vector<typename Table::key_type> sorted_keys(const Table& table) {
  std::vector<typename Table::key_type> keys;
  keys.reserve(table.size());
  for (const auto& [key, value] : table) {
    keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

bool is_worth_keeping(const Domain& domain) { return !domain.templates.empty() || !domain.sampling.empty() || domain.system_init; }

void write_rules(const SamplingRules::Table& rules, Writer& out) {
  out.u16(rules.size());
  for (const std::uint64_t key : sorted_keys(rules)) {
    out.u64(key);
    out.u32(rules.at(key));
  }
}

void write_domain(const DomainKey& key, const Domain& domain, Writer& out) {
  out.u8(key.version == ExportVersion::NetFlow9 ? 1 : 2);
  out.u32(key.id);
  out.u64(domain.system_init ? static_cast<std::uint64_t>(domain.system_init->count()) : kUnknownInit);
  out.u32(domain.sampling.default_rate());
  write_rules(domain.sampling.samplers(), out);
  write_rules(domain.sampling.interfaces(), out);
  out.u16(domain.templates.size());
  for (const std::uint16_t id : sorted_keys(domain.templates)) {
    const KnownTemplate& known = domain.templates.at(id);
    out.u16(id);
    out.u8(known.layout.is_options() ? 1 : 0);
    out.u16(known.fields.size());
    for (const FieldSpec& field : known.fields) {
      out.u32(field.enterprise);
      out.u16(field.id);
      out.u16(field.length);
      out.u8(field.scope ? 1 : 0);
    }
  }
}

/// Reads until the first fault, which it keeps; what it gives after that is zero.
class Reader {
public:
  explicit Reader(ByteSpan bytes) : x_in(bytes) {}
  std::uint8_t u8() { return take(x_in.u8()); }
  std::uint16_t u16() { return take(x_in.u16()); }
  std::uint32_t u32() { return take(x_in.u32()); }
  std::uint64_t u64() { return take(x_in.u64()); }
  bool yes_or_no() {
    const std::uint8_t value = u8();
    expect(value <= 1, MemoryFault::BadValue);
    return value == 1;
  }
  void expect(bool holds, MemoryFault otherwise) {
    if (!holds && !x_error) {
      x_error = MemoryError{otherwise, x_in.position()};
    }
  }
  [[nodiscard]] bool good() const { return !x_error; }
  [[nodiscard]] bool at_end() const { return x_in.empty(); }
  [[nodiscard]] std::optional<MemoryError> error() const { return x_error; }

private:
  template <typename T>
  T take(std::optional<T> value) {
    expect(value.has_value(), MemoryFault::Truncated);
    return good() ? *value : T{0};
  }
  ByteReader x_in;
  std::optional<MemoryError> x_error;
};

template <typename Put>
void read_rules(Reader& in, std::size_t limit, Put put) {
  const std::uint16_t count = in.u16();
  in.expect(count <= limit, MemoryFault::TooMuch);
  std::optional<std::uint64_t> last;
  for (std::uint16_t i = 0; i < count && in.good(); ++i) {
    const std::uint64_t key = in.u64();
    const std::uint32_t one_in = in.u32();
    in.expect(!last || *last < key, MemoryFault::OutOfOrder);
    in.expect(one_in != 0, MemoryFault::BadValue);
    last = key;
    put(key, one_in);
  }
}

void read_template(Reader& in, ExportVersion version, const Limits& limits, WallTime now, Domain& domain, std::optional<std::uint16_t>& last) {
  const std::uint16_t id = in.u16();
  const bool is_options = in.yes_or_no();
  const std::uint16_t count = in.u16();
  in.expect(id >= kFirstDataSet && count != 0, MemoryFault::BadValue);
  in.expect(!last || *last < id, MemoryFault::OutOfOrder);
  in.expect(count <= limits.fields_per_template, MemoryFault::TooMuch);
  std::vector<FieldSpec> fields;
  for (std::uint16_t i = 0; i < count && in.good(); ++i) {
    FieldSpec& field = fields.emplace_back();
    field.enterprise = in.u32();
    field.id = in.u16();
    field.length = in.u16();
    field.scope = in.yes_or_no();
  }
  if (!in.good()) {
    return;
  }
  last = id;
  auto layout = Template::compile(fields, is_options, version == ExportVersion::Ipfix);
  in.expect(layout.has_value(), MemoryFault::BadTemplate);
  if (layout) {
    domain.templates.emplace(id, KnownTemplate{*std::move(layout), std::move(fields), now});
  }
}

DomainKey read_domain(Reader& in, const Limits& limits, WallTime now, Domain& domain) {
  const std::uint8_t protocol = in.u8();
  in.expect(protocol == 1 || protocol == 2, MemoryFault::BadValue);
  const DomainKey key{protocol == 1 ? ExportVersion::NetFlow9 : ExportVersion::Ipfix, in.u32(), {}};
  const std::uint64_t init = in.u64();
  in.expect(init == kUnknownInit || init <= kLatestMicros, MemoryFault::BadValue);
  if (init != kUnknownInit) {
    domain.system_init = Micros{static_cast<std::int64_t>(init)};
  }
  domain.sampling.set_default(in.u32());
  const std::size_t rules = limits.sampling_rules_per_domain;
  read_rules(in, rules, [&](std::uint64_t sampler, std::uint32_t one_in) { domain.sampling.set_sampler(sampler, one_in, rules); });
  read_rules(in, rules, [&](std::uint64_t interface, std::uint32_t one_in) { domain.sampling.set_interface(interface, one_in, rules); });
  const std::uint16_t templates = in.u16();
  in.expect(templates <= limits.templates_per_exporter, MemoryFault::TooMuch);
  std::optional<std::uint16_t> last;
  for (std::uint16_t i = 0; i < templates && in.good(); ++i) {
    read_template(in, key.version, limits, now, domain, last);
  }
  in.expect(is_worth_keeping(domain), MemoryFault::BadValue);
  return key;
}

/// The limits that hold over all domains.
bool within(const Domains& domains, const Limits& limits) {
  std::size_t templates = 0;
  std::size_t fields = 0;
  for (const auto& [key, domain] : domains) {
    templates += domain.templates.size();
    for (const auto& [id, known] : domain.templates) {
      fields += known.fields.size();
    }
  }
  return templates <= limits.templates_per_exporter && fields <= limits.template_fields_per_exporter;
}

}  // namespace

std::string to_string(const MemoryError& error) { return "byte " + std::to_string(error.offset) + ": " + std::string(kFaultTexts.name(error.fault)); }

std::vector<std::uint8_t> write_memory(const Domains& domains) {
  const auto kept = std::count_if(domains.begin(), domains.end(), [](const auto& entry) { return is_worth_keeping(entry.second); });
  if (kept == 0) {
    return {};
  }
  Writer out;
  out.u32(kMagic);
  out.u8(kVersion);
  out.u16(static_cast<std::size_t>(kept));
  for (const auto& [key, domain] : domains) {
    if (is_worth_keeping(domain)) {
      write_domain(key, domain, out);
    }
  }
  return std::move(out).take();
}

Expected<Domains, MemoryError> read_memory(ByteSpan bytes, const Limits& limits, WallTime now) {
  Reader in{bytes};
  in.expect(bytes.size() <= kMaxMemoryBytes, MemoryFault::TooMuch);
  in.expect(in.u32() == kMagic, MemoryFault::NotMemory);
  in.expect(in.u8() == kVersion, MemoryFault::OtherVersion);
  const std::uint16_t count = in.u16();
  in.expect(count <= limits.domains_per_exporter, MemoryFault::TooMuch);
  Domains domains;
  for (std::uint16_t i = 0; i < count && in.good(); ++i) {
    Domain domain;
    const DomainKey key = read_domain(in, limits, now, domain);
    in.expect(domains.empty() || domains.rbegin()->first < key, MemoryFault::OutOfOrder);
    domains.emplace_hint(domains.end(), key, std::move(domain));
    in.expect(within(domains, limits), MemoryFault::TooMuch);
  }
  in.expect(in.at_end(), MemoryFault::TrailingBytes);
  if (const auto error = in.error()) {
    return Unexpected{*error};
  }
  return domains;
}

}  // namespace pinfold::flow
