# Runs what comes in at the second serial port. A line in: number, script in hexadecimal. A line
# out: number, exit status, uptime before and after, both outputs in hexadecimal, a full stop.
stty -F /dev/ttyS1 115200 raw -echo
exec 3<>/dev/ttyS1
cd /root
while read -r number script <&3; do
    printf '%s' "$script" | xxd -r -p >/tmp/.script
    before=$(cut -d ' ' -f 1 /proc/uptime)
    sh /tmp/.script </dev/null >/tmp/.out 2>/tmp/.err 3>&-
    status=$?
    after=$(cut -d ' ' -f 1 /proc/uptime)
    out=$(xxd -p /tmp/.out | tr -d '\n')
    err=$(xxd -p /tmp/.err | tr -d '\n')
    echo "$number $status $before $after x$out x$err ." >&3
done
