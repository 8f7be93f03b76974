#include <algorithm>

#include "agent/audit/report.hpp"
#include "base/assert.hpp"

namespace pinfold::agent::audit {

const std::vector<FindingKind>& finding_kinds() {
  static const std::vector<FindingKind> kinds{
      {"malicious_script", "Malicious scripts", "Somebody put this here to use the server: to send mail, attack others, or come back later.",
       "Copy the file away as evidence, then remove it; then look for how it came in (its times, and uploads in the access log around them).",
       "remove"},
      {"vulnerable_application", "Applications with known holes",
       "The holes are public and are tried automatically on every server: this is the usual way in.",
       "Update the application to the release that is named, or take it off the net until that is done.", "update"},
      {"end_of_life_application", "Applications that nobody repairs any more",
       "New holes are found and are not closed; old releases are broken into first.",
       "Move to a release that is maintained, or remove the application.", "update"},
      {"outdated_application", "Applications behind their newest release", "Fixes are missing, and updates become harder the longer they wait.",
       "Update within the maintained branch.", "update"},
      {"end_of_life_system", "An operating system that nobody repairs any more", "Its packages get no security fixes, whatever their versions say.",
       "Plan the move to a maintained release of the system.", "update"},
      {"end_of_life_php", "A PHP that nobody repairs any more", "Holes in the language itself stay open for everything that runs on it.",
       "Switch the sites to a maintained PHP.", "update"},
      {"runs_from_tmp", "Programs that run out of world-writable places",
       "Anybody who can upload can put a program there; installed software does not live there.",
       "Keep a copy (/proc/PID/exe), note its parents and connections, then stop it and remove what starts it.", "remove"},
      {"runs_from_memory", "Programs that have no file",
       "A program that was never on disk, or was deleted at once, hides from whoever looks for files.",
       "Keep a copy from /proc/PID/exe before you stop it: it is the only one.", "remove"},
      {"runs_deleted", "Programs whose file was replaced or deleted",
       "After an update the old program still runs with its old holes, until it is started again.", "Restart the service.", "change"},
      {"false_name", "Processes under a false name", "A script that calls itself a system service does so to be overlooked.",
       "Look at /proc/PID/exe and its connections; treat it as hostile until somebody knows it.", "remove"},
      {"shell_of_web_server", "Shells and tools started by a web server",
       "A web application was made to start programs: often the moment of a break-in.",
       "See which request did it (access log at the process's start time), then stop it.", "remove"},
      {"odd_listener", "Listening programs that belong to nothing installed", "A back door waits for its owner like this.",
       "Find out who started it; if nobody knows, keep a copy and stop it.", "remove"},
      {"exposed_service", "Services open to the whole network",
       "They answer strangers without, or with weak, passwords, or can be abused to attack others.",
       "Let it listen on 127.0.0.1, or close the port in the firewall.", "change"},
      {"packet_socket", "Programs that read or forge raw packets", "Sniffers collect passwords and flooders forge senders with these.",
       "If the program is not one you installed to watch the network, stop it.", "remove"},
      {"suspicious_schedule", "Scheduled commands that bring things back", "What was removed is fetched again from here, often every minute.",
       "Remove the line, then look for what wrote it.", "remove"},
      {"suspicious_startup", "Startup files that run hidden things", "They run at every login or start, and bring a removed program back.",
       "Remove the line, then look for what wrote it.", "remove"},
      {"program_in_tmp", "Programs kept in world-writable places", "The next request or cron job can start them.",
       "If nobody knows it, keep a copy and remove it.", "remove"},
      {"hidden_in_tmp", "Hidden folders in world-writable places", "Names like '...' or '. ' are made to be overlooked.",
       "Look inside; remove what nobody knows.", "remove"},
      {"world_writable_web", "Web directories that everybody may write to",
       "Any account or script on the server can put code there, and the web server runs it.",
       "Take the right away: chmod o-w; give the web server's own user the folders that need it.", "change"},
      {"code_in_uploads", "Code in upload folders", "Upload folders hold pictures and documents; code there was usually uploaded by an attacker.",
       "Look at it; forbid the web server to run code in that folder.", "remove"},
      {"left_behind", "Files that give secrets away", "Copies of configurations, databases and repositories in a web root can be fetched by anybody.",
       "Move them out of the web root.", "remove"},
      {"php_setting", "PHP settings that invite trouble", "They make it easier to run uploaded or foreign code, or tell strangers about the server.",
       "Change the setting and reload PHP.", "change"},
      {"php_runs_foreign_code", "PHP settings that load code from odd places", "auto_prepend_file runs before every page: a favourite hiding place.",
       "Look at the file that is loaded; remove the setting if nobody knows it.", "remove"},
      {"mount_option", "Temporary folders that may hold programs",
       "noexec, nosuid and nodev on /tmp, /var/tmp and /dev/shm stop the simplest attacks.",
       "Mount them with noexec,nosuid,nodev where nothing you use needs otherwise (package builds do).", "change"},
      {"preloaded_library", "A library loaded into every program", "/etc/ld.so.preload is how rootkits hide their files and processes.",
       "If you did not put it there, treat the server as taken over: save data, reinstall.", "remove"},
  };
  return kinds;
}

const FindingKind& finding_kind(std::string_view name) {
  const auto& kinds = finding_kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const FindingKind& kind) { return kind.name == name; });
  PINFOLD_ASSERT(found != kinds.end() && "a finding of a kind that has no words");
  return *found;
}

}  // namespace pinfold::agent::audit
