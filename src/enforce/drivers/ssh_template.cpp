#include "enforce/drivers/ssh_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <iterator>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "base/toml_parser.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& ssh_templates_files();
}

namespace pinfold::enforce::drivers {

namespace {

constexpr std::array<std::string_view, 8> kLooks{"missing", "name", "alias", "admin_up", "admin_down", "oper_up", "oper_down", "host"};
constexpr std::string_view kPort = "{port}";

/// Collects the first fault.
class Reader {
public:
  [[nodiscard]] std::optional<std::string> fault() const { return x_fault; }
  void fail(std::string_view key, std::string_view why) {
    if (!x_fault) {
      x_fault = fmt::format("{}: {}", key, why);
    }
  }

  [[nodiscard]] SshTemplate::Commands commands(const toml::table& table, std::string_view key) {
    SshTemplate::Commands all;
    const auto* list = table.get_as<toml::array>(key);
    if (list == nullptr) {
      return all;
    }
    for (const toml::node& one : *list) {
      const auto text = one.value<std::string>();
      if (!text || text->empty() || text->find_first_of("\r\n") != std::string::npos || all.size() == kMaxCommands) {
        fail(key, "is not a short list of commands");
        break;
      }
      all.push_back(*text);
    }
    return all;
  }

  [[nodiscard]] std::optional<std::regex> expression(const toml::table& table, std::string_view key) {
    const auto text = table[key].value<std::string>();
    return text ? compiled(key, *text) : std::nullopt;
  }

  [[nodiscard]] std::optional<std::regex> compiled(std::string_view key, const std::string& text) {
    try {
      return std::regex(text, std::regex::ECMAScript | std::regex::icase | std::regex::optimize);
    } catch (const std::regex_error& error) {
      fail(key, error.what());
      return std::nullopt;
    }
  }

private:
  std::optional<std::string> x_fault;
};

[[nodiscard]] const toml::table& section(const toml::table& document, std::string_view name) {
  static const toml::table kNone;
  const auto* found = document.get_as<toml::table>(name);
  return found == nullptr ? kNone : *found;
}

void read(const toml::table& document, SshTemplate& out, Reader& reader) {
  out.vendor = document["vendor"].value_or(std::string{});
  out.is_tried = document["tried"].value_or(false);
  const std::string mode = document["mode"].value_or(std::string{});
  out.is_exec = mode == "exec";
  if (mode != "exec" && mode != "shell") {
    reader.fail("mode", "must be \"exec\" or \"shell\"");
  }
  out.prologue = reader.commands(document, "prologue");
  out.epilogue = reader.commands(document, "epilogue");
  for (const std::string& text : reader.commands(document, "failed")) {
    if (auto expression = reader.compiled("failed", text)) {
      out.failed.push_back(*std::move(expression));
    }
  }
  const toml::table& state = section(document, "state");
  out.state = reader.commands(state, "commands");
  for (const std::string_view key : kLooks) {
    if (auto expression = reader.expression(state, key)) {
      out.looks.emplace(key, *std::move(expression));
    }
  }
  const toml::table& macs = section(document, "macs");
  out.macs = reader.commands(macs, "commands");
  out.mac_entry = reader.expression(macs, "entry");
  out.down = reader.commands(section(document, "down"), "commands");
  out.up = reader.commands(section(document, "up"), "commands");
  out.save = reader.commands(section(document, "save"), "commands");
  out.saved = reader.expression(section(document, "save"), "done");
}

void check(const SshTemplate& out, Reader& reader) {
  const auto names_port = [](const SshTemplate::Commands& commands) {
    return std::any_of(commands.begin(), commands.end(), [](const std::string& one) { return one.find(kPort) != std::string::npos; });
  };
  if (!names_port(out.down) || !names_port(out.up) || !names_port(out.state)) {
    reader.fail("commands", "[down], [up] and [state] must name {port}");
  }
  for (const char* key : {"name", "admin_down", "admin_up", "oper_up"}) {
    if (out.looks.count(key) == 0) {
      reader.fail(key, "is missing from [state]");
    }
  }
  if (!out.macs.empty() && (!out.mac_entry || out.mac_entry->mark_count() != 2)) {
    reader.fail("entry", "must have two groups: the MAC address and the port");
  }
  if (!out.save.empty() && !out.saved) {
    reader.fail("done", "[save] must say what shows that it is saved");
  }
}

}  // namespace

Expected<SshTemplate, std::string> parse_ssh_template(std::string_view text) {
  if (text.size() > kMaxTemplate) {
    return Unexpected(fmt::format("longer than {} bytes", kMaxTemplate));
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Unexpected(fmt::format("line {}: {}", parsed.error().source().begin.line, parsed.error().description()));
  }
  SshTemplate out;
  Reader reader;
  read(parsed.table(), out, reader);
  check(out, reader);
  if (reader.fault()) {
    return Unexpected(*reader.fault());
  }
  return out;
}

Expected<SshTemplate, std::string> load_ssh_template(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    std::ifstream in(name, std::ios::binary);
    std::string text(kMaxTemplate + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.empty()) {
      return Unexpected(name + ": cannot be read");
    }
    auto parsed = parse_ssh_template(text);
    return parsed ? std::move(parsed) : Unexpected(name + ": " + parsed.error());
  }
  for (const EmbeddedFile& file : ssh_templates_files()) {
    if (file.name == name + ".toml") {
      return parse_ssh_template(file.text);
    }
  }
  std::string known;
  for (const std::string& vendor : ssh_vendors()) {
    known += (known.empty() ? "" : ", ") + vendor;
  }
  return Unexpected(fmt::format("no template is named {}; there are {}", printable(name), known));
}

std::vector<std::string> ssh_vendors() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : ssh_templates_files()) {
    names.emplace_back(file.name.substr(0, file.name.find('.')));
  }
  return names;
}

std::string fill_in(const std::string& command, std::string_view port) {
  std::string text = command;
  for (std::size_t at = text.find(kPort); at != std::string::npos; at = text.find(kPort, at + port.size())) {
    text.replace(at, kPort.size(), port);
  }
  return text;
}

void each_line_like(const std::regex& what, std::string_view output, const std::function<void(const std::smatch&)>& found) {
  for (const std::string_view part : split(output, '\n')) {
    const std::string line(trim(part.substr(0, kMaxLine)));
    std::smatch match;
    if (std::regex_search(line, match, what)) {
      found(match);
    }
  }
}

std::optional<std::string> look_for(const std::regex& what, std::string_view output) {
  std::optional<std::string> value;
  each_line_like(what, output, [&](const std::smatch& match) {
    if (!value) {
      value = match.size() > 1 ? match[1].str() : std::string{};
    }
  });
  return value;
}

}  // namespace pinfold::enforce::drivers
