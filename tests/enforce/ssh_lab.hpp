// An sshd with FRR behind it (zebra and vtysh), both real, in the lab's switch. Started beside the SNMP agent; gone with it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "enforce/drivers/ssh_session.hpp"
#include "support/snmp_lab.hpp"

namespace pinfold::enforce::lab {

class SshLab {
public:
  [[nodiscard]] static std::optional<std::string> missing() {
    if (auto absent = Lab::missing()) {
      return absent;
    }
    for (const char* program : {"/usr/sbin/sshd", "/usr/lib/frr/zebra", "/usr/bin/vtysh"}) {
      if (!std::filesystem::exists(root() + program)) {
        return root() + program + " is absent: tools/setup lab";
      }
    }
    return std::nullopt;
  }

  explicit SshLab(const Lab& lab) : x_lab(lab), x_home(lab.home() / "ssh") {
    std::filesystem::create_directories(x_home / "bin");
    std::filesystem::create_directories(x_home / "frr");
    for (const char* key : {"host", "other_host", "login", "other_login"}) {
      finish(start({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", (x_home / key).string()}, x_home / "keygen.log"));
    }
    pin("known_hosts", "host");
    pin("wrong_hosts", "other_host");
    // sshd refuses to run without a user of its own and its folder below /run: both exist only in its mount namespace.
    write("passwd", "root:x:0:0::/root:/bin/sh\nsshd:x:65533:65534::/:/bin/false\n");
    write("group", "root:x:0:\nfrr:x:65532:\nfrrvty:x:65531:root\n");
    write("shadow", "root:*:1::::::\nsshd:*:1::::::\n");
    write("sshd_config", "Port 22\nListenAddress 10.99.0.2\nHostKey " + (x_home / "host").string() + "\nAuthorizedKeysFile " +
                             (x_home / "login.pub").string() + "\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n" +
                             "PidFile none\nSetEnv PATH=" + (x_home / "bin").string() + ":/usr/sbin:/usr/bin:/sbin:/bin\n");
    write("bin/vtysh", "#!/bin/sh\nexec env LD_LIBRARY_PATH=" + libraries() + " " + root() + "/usr/bin/vtysh --vty_socket " + frr() +
                           " --config_dir " + frr() + " \"$@\"\n");
    write("frr/zebra.conf", "hostname sw1\ninterface swp2\n description cust:srv-1002\n");
    write("frr/vtysh.conf", "no service integrated-vtysh-config\n");
    std::filesystem::permissions(x_home / "bin/vtysh", std::filesystem::perms::owner_all);
    std::filesystem::create_directories(x_home / "pam.d");
    write("pam.d/frr", "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n");  // vtysh asks PAM who may use it
    const std::string users = "mount --bind " + (x_home / "pam.d").string() + " /etc/pam.d && mount --bind " + (x_home / "group").string() +
                              " /etc/group && mount --bind " + (x_home / "passwd").string() + " /etc/passwd && mount --bind " +
                              (x_home / "shadow").string() + " /etc/shadow && exec ";
    write("zebra.sh", users + root() + "/usr/lib/frr/zebra -u root -g root -f " + frr() + "/zebra.conf -i " + frr() + "/zebra.pid -z " + frr() +
                          "/zserv.api --vty_socket " + frr() + " -A 127.0.0.1\n");
    write("run.sh", "mount -t tmpfs none /run && mkdir -m 755 /run/sshd && " + users + root() + "/usr/sbin/sshd -D -e -f " +
                        (x_home / "sshd_config").string() + "\n");
    x_sshd = in_switch("run.sh", "sshd.log");
    x_zebra = in_switch("zebra.sh", "zebra.log");
  }
  SshLab(const SshLab&) = delete;
  SshLab& operator=(const SshLab&) = delete;
  ~SshLab() {
    for (const pid_t one : {x_sshd, x_zebra}) {
      ::kill(one, SIGTERM);
      finish(one);
    }
  }

  [[nodiscard]] drivers::SshAccess access() const {
    drivers::SshAccess access;
    access.host = *net::IpAddress::parse("10.99.0.2");
    access.user = "root";
    access.key_file = x_home / "login";
    access.known_hosts = x_home / "known_hosts";
    return access;
  }
  [[nodiscard]] const std::filesystem::path& home() const { return x_home; }
  [[nodiscard]] std::string logs() const { return text_of(x_home / "sshd.log") + text_of(x_home / "zebra.log"); }

private:
  [[nodiscard]] static std::string root() { return std::getenv("PINFOLD_LAB_ROOT"); }
  [[nodiscard]] static std::string libraries() { return root() + "/usr/lib/x86_64-linux-gnu:" + root() + "/usr/lib/x86_64-linux-gnu/frr"; }
  [[nodiscard]] std::string frr() const { return x_home / "frr"; }
  void write(const std::string& file, const std::string& text) const { std::ofstream(x_home / file) << text; }
  [[nodiscard]] pid_t in_switch(const char* script, const char* log) const {
    return start(
        {"ip", "netns", "exec", x_lab.switch_name(), "env", "LD_LIBRARY_PATH=" + libraries(), "unshare", "-m", "sh", (x_home / script).string()},
        x_home / log);
  }
  void pin(const std::string& file, const std::string& key) const { write(file, "10.99.0.2 " + text_of(x_home / (key + ".pub"))); }

  const Lab& x_lab;
  std::filesystem::path x_home;
  pid_t x_sshd = 0;
  pid_t x_zebra = 0;
};

}  // namespace pinfold::enforce::lab
