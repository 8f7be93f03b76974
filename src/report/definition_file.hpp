/// What a definition's file says, compiled. Used by definition.cpp (running) and definition_file.cpp (reading the TOML) only.
#pragma once

#include <re2/re2.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "abuse/abuse_class.hpp"
#include "base/expected.hpp"
#include "report/definition.hpp"

namespace pinfold::report {

using Pattern = std::unique_ptr<re2::RE2>;

class Definition {
public:
  struct Section {
    Pattern heading;
    std::optional<abuse::AbuseClass> abuse_class;  ///< none: nothing below this heading counts
    std::string kind;
  };
  struct ClassRule {
    std::string word;  ///< lower case; stands in the captured type (or the standard format's kind)
    abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
    std::string kind;
  };
  struct List {
    std::string file;  ///< stands in the attachment's name
    std::string zone;
  };

  std::string name;
  std::string title;
  std::vector<std::string> senders;  ///< domains; subdomains count
  Pattern subject;
  Pattern text;
  std::optional<abuse::AbuseClass> abuse_class;
  std::string kind;
  std::string reporter;
  std::vector<Pattern> fields;
  Pattern each;
  std::vector<Section> sections;
  std::vector<ClassRule> rules;
  std::optional<List> list;
  std::string time_format;
  std::string zone;
  std::vector<DefinitionSample> samples;
};

/// The error is "file: key: what is wrong".
[[nodiscard]] Expected<std::unique_ptr<Definition>, std::string> read_definition(const std::filesystem::path& file);

}  // namespace pinfold::report
