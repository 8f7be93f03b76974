#include "flow/record_json.hpp"

#include <nlohmann/json.hpp>

#include "base/enum_names.hpp"

namespace pinfold::flow {
namespace {

constexpr EnumNames<ExportVersion, 5> kVersionNames{{{{ExportVersion::NetFlow5, "netflow5"},
                                                      {ExportVersion::NetFlow9, "netflow9"},
                                                      {ExportVersion::Ipfix, "ipfix"},
                                                      {ExportVersion::Sflow5, "sflow5"},
                                                      {ExportVersion::Packet, "packet"}}}};

}  // namespace

std::string_view to_string(ExportVersion version) { return kVersionNames.name(version); }

nlohmann::json to_json(const FlowRecord& r, const std::optional<net::IpAddress>& exporter) {
  nlohmann::json json{{"version", to_string(r.version)}, {"sampling_rate", r.sampling_rate.one_in()}};
  const auto put = [&json](const char* name, bool present, auto&& value) {
    if (present) {
      json[name] = value();
    }
  };
  put("exporter", exporter.has_value(), [&] { return net::to_string(*exporter); });
  put("first", r.first.has_value(), [&] { return pinfold::to_string(r.first->claimed()); });
  put("last", r.last.has_value(), [&] { return pinfold::to_string(r.last->claimed()); });
  put("src", r.exported.has(Field::Src), [&] { return net::to_string(r.src); });
  put("dst", r.exported.has(Field::Dst), [&] { return net::to_string(r.dst); });
  put("src_port", r.exported.has(Field::SrcPort), [&] { return r.src_port; });
  put("dst_port", r.exported.has(Field::DstPort), [&] { return r.dst_port; });
  put("protocol", r.exported.has(Field::Protocol), [&] { return r.protocol; });
  put("tcp_flags", r.tcp_flags.has_value(), [&] { return *r.tcp_flags; });
  put("packets", r.exported.has(Field::Packets), [&] { return r.packets.value; });
  put("bytes", r.exported.has(Field::Bytes), [&] { return r.bytes.value; });
  put("in_if", r.in_if.has_value(), [&] { return r.in_if->value; });
  put("out_if", r.out_if.has_value(), [&] { return r.out_if->value; });
  put("src_mac", r.src_mac.has_value(), [&] { return net::to_string(*r.src_mac); });
  put("dst_mac", r.dst_mac.has_value(), [&] { return net::to_string(*r.dst_mac); });
  put("vlan", r.vlan.has_value(), [&] { return *r.vlan; });
  return json;
}

}  // namespace pinfold::flow
