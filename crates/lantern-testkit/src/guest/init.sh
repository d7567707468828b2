#!/bin/busybox sh
# The first process of a guest.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
hostname guest
ifconfig lo 127.0.0.1 up
modprobe button 2>/dev/null
modprobe evdev 2>/dev/null
acpid -l /dev/null 2>/dev/null
[ -e /etc/rc ] && sh /etc/rc
[ -e /dev/ttyS1 ] && setsid sh /sbin/agent >/dev/null 2>&1 &
while :; do
    getty -L 115200 ttyS0 vt100
    sleep 1
done
