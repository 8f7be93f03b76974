// pinfold flows decode FILE..., pinfold detect FILE... --servers PREFIX[,PREFIX] [--sampling N] [--policy FILE]
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"
#include "base/text.hpp"
#include "detect/offline.hpp"
#include "flow/capture.hpp"
#include "flow/decoder.hpp"
#include "flow/record_json.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

struct Arguments {
  std::vector<std::string> files;
  std::vector<std::string> servers;
  std::uint32_t sampling = 1;
  std::string policy;
};

struct Decoded {
  std::uint64_t refused = 0;
  std::string first_fault;
};

/// Every flow of a file of exports, in order; a datagram that is refused costs itself alone.
Decoded decode_file(const std::string& file, const std::function<void(const flow::FlowRecord&, const std::optional<net::IpAddress>&)>& sink) {
  flow::Decoder decoder;
  Decoded decoded;
  std::vector<flow::FlowRecord> records;
  const auto read = flow::read_datagrams(file, [&](const flow::Datagram& datagram) {
    records.clear();
    const flow::ExporterKey exporter{datagram.source.value_or(net::IpAddress{})};
    const auto result = decoder.decode(exporter, datagram.payload, records, datagram.received.value_or(WallTime{}));
    if (!result) {
      ++decoded.refused;
      decoded.first_fault = decoded.first_fault.empty() ? flow::to_string(result.error()) : decoded.first_fault;
    }
    for (const flow::FlowRecord& record : records) {
      sink(record, datagram.source);
    }
  });
  if (!read) {
    throw Stop(Exit::Environment, read.error().message);
  }
  return decoded;
}

void decode(const Arguments& arguments) {
  bool refused = false;
  for (const std::string& file : arguments.files) {
    const Decoded decoded =
        decode_file(file, [](const flow::FlowRecord& record, const auto& exporter) { print_line(flow::to_json(record, exporter)); });
    if (decoded.refused > 0) {
      fmt::print(stderr, "pinfold: {}: {} datagrams refused, the first because: {}\n", file, decoded.refused, decoded.first_fault);
      refused = true;
    }
  }
  if (refused) {
    throw Stop(Exit::No, "");
  }
}

std::vector<net::Prefix> parse_prefixes(const std::vector<std::string>& texts) {
  std::vector<net::Prefix> prefixes;
  for (const std::string& text : texts) {
    const auto prefix = net::Prefix::parse(text);
    if (!prefix) {
      throw Stop(Exit::WrongUse, fmt::format("--servers: '{}' is neither an address nor a prefix without host bits", printable(text, 60)));
    }
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

void detect_in(const Arguments& arguments) {
  detect::OfflineOptions options;
  options.servers = parse_prefixes(arguments.servers);
  options.sampling = SamplingRate{arguments.sampling};
  if (!arguments.policy.empty()) {
    const auto policy = config::load_policy(arguments.policy);
    if (!policy) {
      throw Stop(Exit::WrongUse, config::to_string(policy.error()));
    }
    options.thresholds = policy->thresholds;
  }
  std::vector<flow::FlowRecord> records;
  for (const std::string& file : arguments.files) {
    const auto kind = flow::file_kind(file);
    if (!kind) {
      throw Stop(Exit::Environment, kind.error().message);
    }
    if (*kind == flow::FileKind::Packets) {
      const auto read = flow::read_packets(file, [&](const flow::FlowRecord& record) { records.push_back(record); });
      if (!read) {
        throw Stop(Exit::Environment, read.error().message);
      }
    } else {
      decode_file(file, [&](const flow::FlowRecord& record, const auto&) { records.push_back(record); });
    }
  }
  for (const abuse::Finding& finding : detect::detect_offline(records, options)) {
    print_line(abuse::to_json(finding));
  }
}

}  // namespace

void add_flow_commands(CLI::App& app, Context& context) {
  static_cast<void>(context);
  const auto a = std::make_shared<Arguments>();
  CLI::App* flows = app.add_subcommand("flows", "flow exports")->require_subcommand(1);
  add_command(*flows, "decode", "captures of exports or raw datagrams, one JSON object a flow", [a] { decode(*a); })
      ->add_option("file", a->files, "pcap, pcapng, or a raw datagram")
      ->required();
  CLI::App* detect = add_command(app, "detect", "captures of packets or of exports, one JSON object a finding", [a] { detect_in(*a); });
  detect->add_option("file", a->files, "pcap or pcapng")->required();
  detect->add_option("--servers", a->servers, "our own addresses and prefixes")->required()->delimiter(',');
  detect->add_option("--sampling", a->sampling, "look at one packet in so many")->check(CLI::PositiveNumber);
  detect->add_option("--policy", a->policy, "thresholds from this policy file");
}

}  // namespace pinfold::app
