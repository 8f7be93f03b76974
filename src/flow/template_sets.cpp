#include <utility>

#include "flow/set_decoder.hpp"

namespace pinfold::flow {
namespace {

constexpr std::uint16_t kEnterpriseBit = 0x8000;

}  // namespace

std::optional<SetDecoder::TemplateHead> SetDecoder::read_head(ByteReader& set, bool is_options) const {
  const auto id = set.u16();
  const auto first = set.u16();
  if (!id || !first) {
    return std::nullopt;
  }
  if (!is_options) {
    return TemplateHead{*id, *first, 0};
  }
  if (x_dialect.version == ExportVersion::Ipfix) {
    // A withdrawal is an id and a field count of zero alone (RFC 7011 section 8.1).
    const auto scopes = *first == 0 ? std::optional<std::uint16_t>{0} : set.u16();
    return scopes ? std::optional{TemplateHead{*id, *first, *scopes}} : std::nullopt;
  }
  // v9 counts bytes, of scopes and of options.
  const auto options = set.u16();
  return options ? std::optional{TemplateHead{*id, (*first + *options) / 4U, *first / 4U}} : std::nullopt;
}

std::optional<FieldSpec> SetDecoder::read_field(ByteReader& set, bool scope) const {
  const auto id = set.u16();
  const auto length = set.u16();
  if (!id || !length) {
    return std::nullopt;
  }
  FieldSpec field{0, *id, *length, scope};
  if (x_dialect.version == ExportVersion::Ipfix && (*id & kEnterpriseBit) != 0) {
    const auto enterprise = set.u32();
    if (!enterprise) {
      return std::nullopt;
    }
    field.enterprise = *enterprise;
    field.id = static_cast<std::uint16_t>(*id & ~kEnterpriseBit);
  }
  return field;
}

Decoded SetDecoder::decode_templates(ByteReader set, std::size_t offset, bool is_options) {
  // What is too short for a template's head, or zero, is padding.
  while (set.remaining() >= kSetHeaderLength && !all_zero(set.rest())) {
    const std::size_t at = offset + set.position();
    const auto head = read_head(set, is_options);
    if (!head) {
      return refuse(Fault::Truncated, at);
    }
    if (head->fields == 0 && x_dialect.version == ExportVersion::Ipfix) {
      withdraw(head->id, is_options);
      continue;
    }
    if (head->id < kFirstDataSet || head->fields == 0 || head->scopes > head->fields) {
      return refuse(Fault::BadTemplate, at);
    }
    if (head->fields > x_context.limits.fields_per_template) {
      return refuse(Fault::TooManyFields, at);
    }
    std::vector<FieldSpec> fields;
    fields.reserve(head->fields);
    for (std::size_t i = 0; i < head->fields; ++i) {
      const auto field = read_field(set, i < head->scopes);
      if (!field) {
        return refuse(Fault::Truncated, offset + set.position());
      }
      fields.push_back(*field);
    }
    if (const Decoded defined = define(head->id, std::move(fields), is_options, at); !defined) {
      return defined;
    }
  }
  return {};
}

Decoded SetDecoder::define(std::uint16_t id, std::vector<FieldSpec> fields, bool is_options, std::size_t offset) {
  ++x_context.stats.templates;
  x_defined.push_back(id);
  const auto found = x_domain.templates.find(id);
  if (found != x_domain.templates.end() && found->second.fields == fields && found->second.layout.is_options() == is_options) {
    found->second.refreshed = x_context.received;  // exporters repeat their templates all day
    return {};
  }
  auto layout = Template::compile(fields, is_options, x_dialect.version == ExportVersion::Ipfix);
  if (!layout) {
    return refuse(Fault::BadTemplate, offset);
  }
  Exporter& exporter = x_context.exporter;
  if (found != x_domain.templates.end()) {
    x_domain.templates.erase(found);
    exporter.changed = true;
  }
  if (!exporter.has_room_for(fields.size(), x_context.limits)) {
    exporter.expire_templates(x_context.received, x_context.limits);
    if (!exporter.has_room_for(fields.size(), x_context.limits)) {
      return refuse(Fault::TooManyTemplates, offset);
    }
  }
  x_domain.templates.emplace(id, KnownTemplate{*std::move(layout), std::move(fields), x_context.received});
  exporter.changed = true;
  return {};
}

void SetDecoder::withdraw(std::uint16_t id, bool is_options) {
  std::size_t gone = 0;
  if (id >= kFirstDataSet) {
    gone = x_domain.templates.erase(id);
  } else if (id == (is_options ? x_dialect.options_set : x_dialect.template_set)) {
    gone = std::erase_if(x_domain.templates, [is_options](const auto& entry) { return entry.second.layout.is_options() == is_options; });
  }
  x_context.exporter.changed = x_context.exporter.changed || gone > 0;
}

}  // namespace pinfold::flow
