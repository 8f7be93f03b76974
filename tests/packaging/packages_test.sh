#!/bin/bash
# The Debian packages, installed, upgraded, removed and purged by dpkg in a root of their own (an overlay over the machine's, in a mount
# namespace; nothing of it is left). usage: packages_test.sh BUILD-FOLDER
# Exit status: 0 all of it held, 77 not root or no overlay here (skipped), 1 it did not.
set -u
build=$(cd "$1" && pwd)
[ "$(id -u)" = 0 ] || { echo "skipped: dpkg needs root"; exit 77; }
if [ "${2:-}" != inside ]; then
  exec unshare --mount --propagation private "$0" "$build" inside
fi

work=$build/packages-test
mkdir -p "$work"
mount -t tmpfs tmpfs "$work" || { echo "skipped: this kernel mounts no tmpfs here"; exit 77; }
mkdir -p "$work"/{upper,overlay,root,debs}
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/overlay" "$work/root" || { echo "skipped: no overlay mounts here"; exit 77; }
mount -t tmpfs tmpfs "$work/root/run"
mount -t proc proc "$work/root/proc"

failed=0
in_root() { chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }
holds() {
  local claim=$1
  shift
  if "$@" >"$work/said" 2>&1; then echo "✓ $claim"; else failed=1; echo "✗ $claim: $*"; cat "$work/said"; fi
}
package() { ls "$work/debs/$1"/"$2"_*.deb; }

# Two versions of the same programs.
for version in 0.0.9 9.9.9; do
  holds "packages of version $version are made" cpack --config "$build/CPackConfig.cmake" -D "CPACK_PACKAGE_VERSION=$version" -D CPACK_STRIP_FILES=OFF \
    -B "$work/root/debs/$version"
done
in_deb() { in_root sh -c "dpkg -i /debs/$1/${2}_*.deb"; }
# What is not on this machine and what the package does not bring: adduser, on a root made small.
in_root sh -c 'command -v adduser' >/dev/null || in_root apt-get install -y -q --no-install-recommends adduser >/dev/null 2>&1

holds "the desk installs" in_deb 0.0.9 pinfold
holds "the agent installs" in_deb 0.0.9 pinfold-agent
holds "its programs start" in_root sh -c 'pinfold --version && pinfold-agent --help'
holds "its user has no shell and no password" in_root sh -c 'getent passwd pinfold | grep -qE ":/var/lib/pinfold:/usr/sbin/nologin$"'
holds "its state is closed to others" in_root sh -c '[ "$(stat -c "%a %U" /var/lib/pinfold)" = "700 pinfold" ]'
holds "its configuration is closed to others" in_root sh -c '[ "$(stat -c "%a %U:%G" /etc/pinfold)" = "750 root:pinfold" ]'
holds "the example configuration is good" in_root sh -c 'cd /usr/share/doc/pinfold/examples && pinfold check-config pinfold.toml'
holds "mail templates are found where they were installed" in_root test -s /usr/share/pinfold/templates/en/warning.txt.mustache -o -d /usr/share/pinfold/templates/en
holds "the manual page can be read" in_root sh -c 'zcat -f /usr/share/man/man1/pinfold.1* | grep -q "pinfold case"'
holds "the completion is good bash and knows a command" in_root bash -c '. /usr/share/bash-completion/completions/pinfold; COMP_WORDS=(pinfold case wh) COMP_CWORD=2; _pinfold; [ "${COMPREPLY[*]}" = why ]'

printf 'state_dir = "/var/lib/pinfold"\n[mail]\nsubmission = "127.0.0.1:25"\ndomain = "a.example"\nfrom_name = "A"\nfrom_local = "abuse"\nbounce_domain = "b.a.example"\n' >"$work/root/etc/pinfold/pinfold.toml"
holds "the record is begun" in_root sh -c 'pinfold audit-log verify && chown -R pinfold /var/lib/pinfold'
holds "an upgrade installs" in_deb 9.9.9 pinfold
holds "it is the new version" in_root sh -c 'dpkg-query -W -f "\${Version}" pinfold | grep -qx 9.9.9'
holds "configuration and record stand as they were" in_root sh -c 'grep -q a.example /etc/pinfold/pinfold.toml && pinfold audit-log verify'
holds "the desk is removed, configuration and record stay" in_root sh -c 'dpkg -r pinfold && [ ! -e /usr/bin/pinfold ] && [ -e /etc/pinfold/pinfold.toml ] && [ -e /var/lib/pinfold/pinfold.sqlite ]'
holds "purging takes the configuration, keeps the record and says so" in_root sh -c 'dpkg -P pinfold | grep -q "are kept" && [ ! -e /etc/pinfold ] && [ -e /var/lib/pinfold/pinfold.sqlite ]'
holds "it installs again" in_deb 9.9.9 pinfold
in_root sh -c 'rm -rf /var/lib/pinfold'
holds "purged without a record, nothing stays" in_root sh -c 'dpkg -P pinfold pinfold-agent && [ ! -e /var/lib/pinfold ] && [ ! -e /usr/share/pinfold ] && ! getent passwd pinfold'
exit $failed
