#include "pinfold/manual.hpp"

#include <fmt/format.h>

#include <functional>
#include <vector>

namespace pinfold::app {
namespace {

/// A leading dot or apostrophe would be a command to the formatter, a backslash an escape, a bare hyphen a typographic one.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += "\\&";
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) { return app.get_subcommands(std::function<bool(const CLI::App*)>{}); }
std::vector<const CLI::Option*> options_of(const CLI::App& app) { return app.get_options(std::function<bool(const CLI::Option*)>{}); }

/// Calls `each` for every command that does something, with its words ("case list").
void walk(const CLI::App& app, const std::string& words, const std::function<void(const CLI::App&, const std::string&)>& each) {
  for (const CLI::App* command : commands_of(app)) {
    const std::string path = words.empty() ? command->get_name() : words + " " + command->get_name();
    if (commands_of(*command).empty()) {
      each(*command, path);
    } else {
      walk(*command, path, each);
    }
  }
}

void add_options(std::string& page, const CLI::App& app) {
  for (const CLI::Option* option : options_of(app)) {
    if (option == app.get_help_ptr()) {
      continue;  // every command has it
    }
    const std::string value = option->get_type_size() == 0 || option->get_positional() ? "" : " " + option->get_type_name();
    page += fmt::format(".TP\n.B {}{}\n{}\n", roff(option->get_name(option->get_positional(), !option->get_positional())), roff(value),
                        roff(option->get_description().empty() ? "no more to say" : option->get_description()));
  }
}

std::string usage_of(const CLI::App& command) {
  std::string usage;
  for (const CLI::Option* option : options_of(command)) {
    if (option->get_positional()) {
      usage += option->get_required() ? fmt::format(" \\fI{}\\fR", roff(option->get_name(true, false)))
                                      : fmt::format(" [\\fI{}\\fR]", roff(option->get_name(true, false)));
    }
  }
  return usage;
}

constexpr std::string_view kEnd = R"(.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
the answer is no: a check failed, or what was asked for is not allowed
.TP
.B 2
wrong use: of the command line or in a file that it names
.TP
.B 3
the environment failed: a disk, a network, a switch
.SH OUTPUT
Tables on a terminal; JSON, one object a line, when the output goes anywhere else or with
.BR \-\-json .
.SH FILES
.TP
.I /etc/pinfold/pinfold.toml
where things are
.TP
.I /etc/pinfold/policy.toml
how the desk decides
.TP
.I /var/lib/pinfold
database, evidence, traffic history
)";

/// Every command's words, its own options, and its help: what all three shells are told.
struct Word {
  std::string parent;  ///< "" or "case"
  std::string name;
  std::string help;
};
std::vector<Word> words_of(const CLI::App& app, const std::string& parent) {
  std::vector<Word> words;
  for (const CLI::App* command : commands_of(app)) {
    words.push_back({parent, command->get_name(), command->get_description()});
    const auto below = words_of(*command, parent.empty() ? command->get_name() : parent + " " + command->get_name());
    words.insert(words.end(), below.begin(), below.end());
  }
  return words;
}

std::string options_text(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& name : option->get_lnames()) {
      text += " --" + name;
    }
  }
  return text.empty() ? text : text.substr(1);
}

std::string names_text(const CLI::App& app) {
  std::string text;
  for (const CLI::App* command : commands_of(app)) {
    text += " " + command->get_name();
  }
  return text.empty() ? text : text.substr(1);
}

/// One line of a shell's `case` a command: its words, and what may follow.
void add_bash_rows(std::string& script, const CLI::App& app, const std::string& words) {
  script += fmt::format("    \"{}\") follow=\"{}\" options=\"{}\" ;;\n", words, names_text(app), options_text(app));
  for (const CLI::App* command : commands_of(app)) {
    add_bash_rows(script, *command, words.empty() ? command->get_name() : words + " " + command->get_name());
  }
}

std::string bash(const CLI::App& app) {
  std::string script =
      "# Completion of pinfold for bash; written by `pinfold completion bash`.\n"
      "_pinfold() {\n"
      "  local now=${COMP_WORDS[COMP_CWORD]} words= follow= options= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in -*) ;; *) words=\"$words${words:+ }${COMP_WORDS[i]}\" ;; esac\n"
      "  done\n"
      "  case $words in\n";
  add_bash_rows(script, app, "");
  script +=
      "    *) COMPREPLY=($(compgen -f -- \"$now\")); return ;;\n"
      "  esac\n"
      "  case $now in\n"
      "    -*) COMPREPLY=($(compgen -W \"$options --config --json --help\" -- \"$now\")) ;;\n"
      "    *) COMPREPLY=($(compgen -W \"$follow\" -- \"$now\")); [ -n \"$follow\" ] || COMPREPLY=($(compgen -f -- \"$now\")) ;;\n"
      "  esac\n"
      "}\n"
      "complete -o filenames -F _pinfold pinfold\n";
  return script;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

std::string fish(const CLI::App& app) {
  std::string script = "# Completion of pinfold for fish; written by `pinfold completion fish`.\n";
  for (const Word& word : words_of(app, "")) {
    const std::string when =
        word.parent.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + word.parent.substr(word.parent.rfind(' ') + 1);
    script += fmt::format("complete -c pinfold -n {} -a {} -d {}\n", quoted(when), quoted(word.name), quoted(word.help));
  }
  return script;
}

}  // namespace

std::string manual_page(const CLI::App& app, const std::string& version) {
  std::string page = fmt::format(
      ".\\\" Written by `pinfold manual`.\n.TH PINFOLD 1 \"\" \"pinfold {}\" \"Pinfold\"\n.SH NAME\npinfold \\- an abuse desk for hosting networks\n"
      ".SH SYNOPSIS\n.B pinfold\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n.SH OPTIONS\n",
      roff(version));
  add_options(page, app);
  page += ".SH COMMANDS\n";
  walk(app, "", [&page](const CLI::App& command, const std::string& words) {
    page += fmt::format(".SS \"pinfold {}\"\n.B pinfold {}\\fR{}\n.PP\n{}\n", roff(words), roff(words), usage_of(command),
                        roff(command.get_description()));
    add_options(page, command);
  });
  page += kEnd;
  return page;
}

std::string completion(const CLI::App& app, Shell shell) {
  switch (shell) {
    case Shell::Bash: return bash(app);
    case Shell::Zsh: return "#compdef pinfold\n# zsh reads bash's completions.\nautoload -U +X bashcompinit && bashcompinit\n" + bash(app);
    case Shell::Fish: return fish(app);
  }
  return {};
}

}  // namespace pinfold::app
