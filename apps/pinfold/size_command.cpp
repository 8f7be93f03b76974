// pinfold size --servers N
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/flows/sizing.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

void show(Context& context, const engine::SizingQuestion& question) {
  const engine::Sizing s = engine::size_for(question);
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  context.output().line({{"servers", question.servers},
                         {"sampling", question.sampling},
                         {"samples_per_second", rounded(s.samples_per_second)},
                         {"export_mbit", rounded(s.export_mbit)},
                         {"fits_one_machine", s.fits_one_machine},
                         {"collector_cores", rounded(s.collector_cores)},
                         {"collectors", s.collectors},
                         {"collector_mb", rounded(s.collector_mb)},
                         {"summaries_per_second", rounded(s.summaries_per_second)},
                         {"stream_mb_per_second", rounded(s.stream_mb_per_second)},
                         {"shards", s.shards},
                         {"buffer_mb", rounded(s.buffer_mb)},
                         {"detector_cores", rounded(s.detector_cores)},
                         {"detectors", s.detectors},
                         {"detector_mb", rounded(s.detector_mb)}});
  std::string text = fmt::format("{} servers at {} Mbit/s, one packet in {}: {:.0f} samples a second, {:.1f} Mbit/s of exports\n", question.servers,
                                 question.mbit, question.sampling, s.samples_per_second, s.export_mbit);
  if (s.fits_one_machine) {
    text += fmt::format("one machine is enough: pinfold serve with SQLite ({:.2f} cores busy, {:.0f} MB)\nas many machines, should you want them:\n",
                        s.collector_cores + s.detector_cores, s.collector_mb);
  }
  text += fmt::format("  collectors  {}: {:.2f} cores busy in all, {:.0f} MB each, stream.buffer_mb = {:.0f}\n", s.collectors, s.collector_cores,
                      s.collector_mb, std::ceil(s.buffer_mb));
  text +=
      fmt::format("  NATS        3: {:.2f} MB/s stored three times, {:.1f} GB kept\n", s.stream_mb_per_second, s.stream_mb_per_second * 900 / 1000);
  text += fmt::format("  detectors   {}: {:.2f} cores busy in all, {:.0f} MB each, stream.shards = {}\n", s.detectors, s.detector_cores,
                      s.detector_mb, s.shards);
  text += "  PostgreSQL  2: a primary and a synchronous standby\n  desks       2: behind any balancer";
  context.output().say(text);
}

}  // namespace

void add_size_command(CLI::App& app, Context& context) {
  const auto question = std::make_shared<engine::SizingQuestion>();
  CLI::App* command = add_command(app, "size", "how many machines a network takes", [&context, question] { show(context, *question); });
  command->add_option("--servers", question->servers, "customers' servers")->required()->check(CLI::Range(1, 2'000'000));
  command->add_option("--sampling", question->sampling, "one packet in so many is exported")->check(CLI::Range(1, 1'000'000));
  command->add_option("--mbit", question->mbit, "a server's average traffic, both ways together")->check(CLI::Range(0.001, 100'000.0));
  command->add_option("--packet", question->packet_bytes, "average bytes of a packet")->check(CLI::Range(40.0, 9000.0));
}

}  // namespace pinfold::app
