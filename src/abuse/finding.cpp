#include "abuse/finding.hpp"

namespace pinfold::abuse {
namespace {

void cut(std::string& text) {
  if (text.size() > kMaxText) {
    text.resize(kMaxText);
  }
}

}  // namespace

Finding bounded(Finding finding) {
  for (std::string* text : {&finding.kind, &finding.summary, &finding.floor, &finding.observation_point, &finding.id.value}) {
    cut(*text);
  }
  auto& [facts, files] = finding.evidence;
  facts.resize(std::min(facts.size(), kMaxFacts));
  files.resize(std::min(files.size(), kMaxFiles));
  for (auto& [name, value] : facts) {
    cut(name);
    cut(value);
  }
  for (EvidenceFile& file : files) {
    cut(file.path);
  }
  return finding;
}

}  // namespace pinfold::abuse
