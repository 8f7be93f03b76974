// pinfold retention [--apply]
#include <fmt/format.h>

#include "engine/places.hpp"
#include "engine/retention.hpp"
#include "pinfold/context.hpp"
#include "store/evidence_files.hpp"

namespace pinfold::app {
namespace {

void retention(Context& context, bool apply) {
  const config::Retention& keep = context.config().retention;
  store::FileEvidenceStore evidence(engine::evidence_folder(context.config()));
  const auto how = apply ? engine::Forget::Really : engine::Forget::Trial;
  const engine::Forgotten gone = engine::forget(context.store(), evidence, keep, context.clock().wall(), how);
  context.output().line({{"applied", apply},
                         {"cases", gone.cases},
                         {"tickets", gone.tickets},
                         {"mails", gone.mails},
                         {"reports", gone.reports},
                         {"evidence", gone.evidence.pieces},
                         {"evidence_bytes", gone.evidence.bytes}});
  if (keep.keep_everything) {
    context.output().say("retention.keep_everything is set: nothing is ever erased");
    return;
  }
  context.output().say(fmt::format("{}: {}{}", apply ? "erased" : "would be erased now", to_string(gone),
                                   apply ? "" : "\nThe running desk does this every night after 03:00 UTC; --apply does it now."));
}

}  // namespace

void add_retention_commands(CLI::App& app, Context& context) {
  const auto apply = std::make_shared<bool>(false);
  add_command(app, "retention", "what is old enough to be erased by [retention]; --apply erases it", [&context, apply] {
    retention(context, *apply);
  })->add_flag("--apply", *apply, "erase it now");
}

}  // namespace pinfold::app
