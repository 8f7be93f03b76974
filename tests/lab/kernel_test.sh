#!/bin/bash
# kernel_test.sh BIN: the rtnetlink driver's tests on a kernel that filters VLANs on bridges and has bonding, which not every machine's does.
# Debian's cloud kernel is booted in a virtual machine of its own (qemu, emulated: that works wherever the tests do), with nothing in it but the
# test program, iproute2 and ping. Every test must run: one that is skipped there is a failure here.
# Exit status: 0 all passed, 1 not, 77 the kernel or qemu is not unpacked (tools/setup lab).
set -u
bin=$1
lab_root=${PINFOLD_LAB_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)/build/lab/root}
readonly filter=${2:-'Bridge.*-*Within5Milliseconds'}  # an emulated machine's time says nothing
readonly seconds=240
here=$(cd "$(dirname "$0")" && pwd)

kernel=$(compgen -G "$lab_root/boot/vmlinuz-*" | sort -V | tail -n 1)
qemu=$lab_root/usr/bin/qemu-system-x86_64
if [ -z "$kernel" ] || [ ! -x "$qemu" ]; then
  echo "skipped: no kernel or no qemu below $lab_root (tools/setup lab)"
  exit 77
fi
version=${kernel##*/vmlinuz-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

files=()
loads=
for module in net/llc/llc net/802/stp net/bridge/bridge net/802/garp net/802/mrp net/8021q/8021q drivers/net/veth net/ipv6/ipv6 net/tls/tls drivers/net/bonding/bonding; do
  file=$lab_root/usr/lib/modules/$version/kernel/$module.ko
  [ -e "$file" ] || continue  # built in
  files+=("lib/modules/${module##*/}.ko=$file")
  loads+="insmod /lib/modules/${module##*/}.ko || echo 'no ${module##*/}'"$'\n'
done
for program in sh ip bridge ping nsenter mount; do
  path=$(command -v "$program") && files+=("bin/$program=$(readlink -f "$path")")
done
files+=("bin/insmod=$lab_root/usr/bin/kmod")  # which acts by the name that it is called by
strip -o "$work/enforce_test" "$bin/enforce_test" || exit 1
files+=("bin/enforce_test=$work/enforce_test")
init="text:#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
$loads
echo 0 > /proc/sys/kernel/printk
ip link set lo up
enforce_test --gtest_color=no --gtest_filter='$filter'
echo \"ENDED WITH \$?\"
echo o > /proc/sysrq-trigger
while :; do :; done
"
LD_LIBRARY_PATH=$lab_root/usr/lib/x86_64-linux-gnu python3 "$here/make_initramfs.py" "$work/initramfs" "${files[@]}" "init=$init" || exit 1

echo "kernel $version, emulated"
LD_LIBRARY_PATH=$lab_root/usr/lib/x86_64-linux-gnu timeout "$seconds" "$qemu" -accel tcg -cpu max -m 512 -nodefaults -no-user-config -display none \
  -no-reboot -L "$lab_root/usr/share/qemu" -L "$lab_root/usr/share/seabios" -kernel "$kernel" -initrd "$work/initramfs" \
  -append 'console=ttyS0 quiet panic=-1 rdinit=/init' -serial stdio </dev/null | tr -d '\r' | tee "$work/log"
if ! grep -q '^ENDED WITH 0' "$work/log"; then
  echo "the tests did not end well there"
  exit 1
fi
if grep -q '\[  SKIPPED \]' "$work/log"; then
  echo "a test was skipped on a kernel that was taken for having everything"
  exit 1
fi
ran=$(sed -n -E 's/^\[  PASSED  \] ([0-9]+) tests?\.$/\1/p' "$work/log")
echo "${ran:-0} tests ran on kernel $version, none was skipped"
[ "${ran:-0}" -gt 0 ]
