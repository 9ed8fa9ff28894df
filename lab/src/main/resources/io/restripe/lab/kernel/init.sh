#!/bin/bash
# First process of a guest. The host's root is the guest's, read-only; BOX (a kernel argument, so an environment variable)
# is the one host folder that the guest may write. Commands arrive as numbers on the serial line: run BOX/<n>.sh, leave its
# output in BOX/<n>.out, answer "@done <n> <exit>". When the line closes, power off.
say() { echo "restripe: $*" >/dev/console; }
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
[ -b /dev/ubda ] || mount -t devtmpfs devtmpfs /dev
mkdir -p /tmp/box /tmp/root/lib /tmp/mdadm /run/lock
mount -t hostfs none /tmp/box -o "$BOX" || say "cannot mount $BOX"

# The machine's own configuration of mdadm must not name arrays for us.
: >/tmp/mdadm/mdadm.conf
[ -d /etc/mdadm ] && mount --bind /tmp/mdadm /etc/mdadm

# Debian keeps the modules of User Mode Linux away from the host's.
for modules in /usr/lib/uml/modules /lib/modules; do
    [ -d "$modules/$(uname -r)" ] && ln -s "$modules" /tmp/root/lib/modules && break
done
modprobe -d /tmp/root -a md_mod raid0 raid1 raid10 raid456 || say "cannot load the md modules"
echo 1 >/sys/module/md_mod/parameters/start_ro

export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/tmp BOX=/tmp/box
export IMSM_NO_PLATFORM=1 IMSM_DEVNAME_AS_SERIAL=1
stty -F /dev/ttyS0 raw -echo
exec </dev/ttyS0 >/dev/ttyS0 2>/dev/console
echo "@ready"
while read -r n; do
    # To a file, never to a pipe: mdmon inherits it and lives on.
    bash "$BOX/$n.sh" </dev/null >"/tmp/$n.out" 2>&1
    exit=$?
    cp "/tmp/$n.out" "$BOX/$n.out"
    echo "@done $n $exit"
done
sync
echo o >/proc/sysrq-trigger
sleep 10
