// pinfold flows decode FILE..., pinfold detect FILE... --servers PREFIX[,PREFIX] [--sampling N] [--policy FILE]
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"
#include "base/text.hpp"
#include "detect/offline.hpp"
#include "flow/capture.hpp"
#include "flow/export_files.hpp"
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

/// What could not be read, at the end, on standard error: never silently.
void report(const flow::ExportFiles::Summary& summary) {
  if (summary.refused > 0) {
    fmt::print(stderr, "pinfold: {} of {} datagrams refused, the first: {}\n", summary.refused, summary.datagrams, summary.first_refused);
  }
  if (summary.sets_without_template > 0) {
    fmt::print(stderr, "pinfold: {} data sets not read: their templates are in none of the files\n", summary.sets_without_template);
  }
  if (summary.fragments > 0) {
    fmt::print(stderr, "pinfold: {} fragments of datagrams left out: they are not put together\n", summary.fragments);
  }
}

void decode(const Arguments& arguments) {
  flow::ExportFiles files;
  bool unreadable = false;
  for (const std::string& file : arguments.files) {
    const auto read = files.read(file, [](const flow::FlowRecord& record, const auto& exporter) { print_line(flow::to_json(record, exporter)); });
    if (!read) {
      fmt::print(stderr, "pinfold: {}\n", read.error().message);
      unreadable = true;
    }
  }
  const auto summary = files.summary();
  report(summary);
  if (unreadable || summary.refused > 0) {
    throw Stop(unreadable ? Exit::Environment : Exit::No, "");
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
  flow::ExportFiles exports;
  for (const std::string& file : arguments.files) {
    const auto kind = flow::file_kind(file);
    if (!kind) {
      throw Stop(Exit::Environment, kind.error().message);
    }
    const auto keep = [&](const flow::FlowRecord& record, const auto&...) { records.push_back(record); };
    std::optional<flow::FileError> error;
    if (*kind == flow::FileKind::Packets) {
      const auto read = flow::read_packets(file, keep);
      error = read ? std::nullopt : std::optional{read.error()};
    } else {
      const auto read = exports.read(file, keep);
      error = read ? std::nullopt : std::optional{read.error()};
    }
    if (error) {
      throw Stop(Exit::Environment, error->message);
    }
  }
  report(exports.summary());
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
