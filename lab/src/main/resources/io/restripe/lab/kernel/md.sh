# What the oracle's scripts share. Sourced by bash in the guest; BOX is the folder shared with the host.
# CONTAINER and DISKS say which container is meant and on which disks it lies.
CONTAINER=/dev/md/restripe
DISKS=$(ls /dev/ubd[a-z] 2>/dev/null)

die() { echo "FAILED: $*"; report; exit 1; }

report() {
    cat /proc/mdstat
    local f
    for f in /sys/block/md*/md/{metadata_version,array_state,sync_action,sync_completed,reshape_position,raid_disks}; do
        [ -r "$f" ] && echo "$f: $(cat "$f" 2>&1)"
    done
    dmesg | tail -n 15
}

# select_volume INDEX: V is that volume, VOLUMES are all of the container, as far as they run.
select_volume() {
    VOLUMES="$(volume 0) $(volume 1)"
    V=$(volume "$1")
}

# Kernel name of the running volume with that index in the container.
volume() {
    local f version container
    container=$(readlink -f "$CONTAINER")
    for f in /sys/block/md*/md/metadata_version; do
        read -r version <"$f"
        case $version in external:[/-]"${container#/dev/}/${1:-0}") f=${f#/sys/block/}; echo "${f%%/*}"; return ;; esac
    done
    return 1
}

# md NAME: attribute of volume 0 into IS, empty when it has none now. No process is started: in a guest that is slow.
md() { IS=; read -r IS 2>/dev/null <"/sys/block/$V/md/$1"; }

# nap SECONDS: sleeps without starting a process.
[ -p /tmp/never ] || mkfifo /tmp/never
exec 9<>/tmp/never
nap() { read -r -t "$1" -u 9 || return 0; }

# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1)); shift
    until "$@"; do [ $SECONDS -lt $end ] || return 1; nap 0.1; done
}

quiet() { md sync_action; [ "$IS" = idle ] || [ -z "$IS" ]; }

manager_gone() {
    local f name
    for f in /proc/[1-9]*/comm; do
        read -r name 2>/dev/null <"$f" && [ "$name" = mdadm ] && return 1
    done
    return 0
}

# No sync and no reshape of V under way or pending.
volume_settled() {
    quiet || return 1
    md metadata_version
    case $IS in external:-*) return 1 ;; esac
    md reshape_position
    case $IS in none | '') return 0 ;; *) return 1 ;; esac
}

# Every volume of the container is, and no mdadm is left in the background.
settled() {
    local V
    for V in $VOLUMES; do volume_settled || return 1; done
    manager_gone
}

# Where everything of the container stands, into IS.
standing() {
    local V all=
    for V in $VOLUMES; do
        md sync_action; all="$all $IS"
        md sync_completed; all="$all $IS"
        md reshape_position; all="$all $IS"
    done
    IS=$all
}

# finish SECONDS: waits until settled, or until nobody is left who could get it there.
finish() {
    local end=$((SECONDS + $1)) before= same=0
    until settled; do
        [ $SECONDS -lt $end ] || die "not settled"
        standing
        if manager_gone && [ "$IS" = "$before" ]; then same=$((same + 1)); else same=0; fi
        [ $same -lt 50 ] || die "mdadm has ended and left it unfinished"
        before=$IS
        [ ! -e "$BOX/hurry" ] || speed 1000000
        nap 0.1
    done
}

# Ends what mdadm has in the background, so that it does not spoil what comes next in this guest.
abandon() {
    local f name
    for f in /proc/[1-9]*/comm; do
        read -r name 2>/dev/null <"$f" && [ "$name" = mdadm ] && f=${f%/comm} && kill -KILL "${f#/proc/}"
    done
    return 0
}

writable() {
    local V
    for V in $VOLUMES; do
        md array_state
        case $IS in read-auto | readonly) mdadm --readwrite "/dev/$V" ;; esac
    done
}

# KiB/s per member. md lets through so much each second, then sleeps.
speed() {
    local least=$1
    [ "$least" -gt 100000 ] || least=$((least / 2))
    echo "$least" >/proc/sys/dev/raid/speed_limit_min
    echo "$1" >/proc/sys/dev/raid/speed_limit_max
}

# create LEVEL MEMBERS CHUNK_KIB MEMBER_KIB NAME [OPTION...]: a container of all disks, a volume on the first ones.
create() {
    local level=$1 members=$2 chunk=$3 size=$4 name=$5; shift 5
    local disks=($DISKS) with=()
    [ "$level" = 1 ] || with=("--chunk=$chunk")
    mdadm --create "$CONTAINER" --metadata=imsm --raid-devices=${#disks[@]} --run "${disks[@]}" || die "container"
    mdadm --create "/dev/md/$name" --level="$level" --raid-devices="$members" "${with[@]}" --size="$size" --run "$@" \
        "${disks[@]:0:$members}" || die "volume"
    select_volume 0 || die "no volume"
    until_true 60 quiet || die "resync does not end"
}

# create_more INDEX LEVEL MEMBERS CHUNK_KIB MEMBER_KIB NAME: a further volume on the same disks as the first.
create_more() {
    local disks=($DISKS)
    mdadm --create "/dev/md/$6" --level="$2" --raid-devices="$3" --chunk="$4" --size="$5" --run "${disks[@]:0:$3}" ||
        die "volume $1"
    select_volume "$1" || die "no volume $1"
    until_true 60 quiet || die "resync does not end"
}

# Assembles the container of all disks and starts its volumes; V is the first.
assemble() {
    mdadm --assemble "$CONTAINER" $DISKS || die "assemble container"
    mdadm --incremental "$CONTAINER" || die "start volumes"
    select_volume 0 || die "no volume started"
}

rebuilt() {
    quiet || return 1
    md degraded
    [ "$IS" = 0 ]
}

# replace DISK [back]: it fails, a spare takes its place, it is wiped and leaves, and perhaps comes back as a spare.
replace() {
    mdadm --fail "/dev/$V" "$1" || die "fail $1"
    until_true 60 rebuilt || die "not rebuilt"
    until_true 20 mdadm --remove "$CONTAINER" "$1" || die "remove $1"
    mdadm --zero-superblock "$1" || die "wipe $1"
    [ "$2" != back ] || mdadm --add "$CONTAINER" "$1" || die "add $1"
}

gone() { [ ! -e "/sys/block/$1/md/array_state" ]; }

stop() {
    until_true 60 settled || die "not settled before stop"
    local v
    for v in $(volume 1) $(volume 0); do
        # mdmon may be the one who takes the array away: mdadm then fails, and it is gone all the same.
        mdadm --stop "/dev/$v" || until_true 10 gone "$v" || die "stop $v"
    done
    mdadm --stop "$CONTAINER" || die "stop container"
}

# sha256 BYTES: of the first so many of the volume, past the caches; 0: of all.
sha256() {
    blockdev --flushbufs "/dev/$V"
    local bytes=$1
    [ "$bytes" = 0 ] && bytes=$(blockdev --getsize64 "/dev/$V")
    dd if="/dev/$V" iflag=direct,count_bytes bs=1M count="$bytes" status=none | sha256sum | cut -d' ' -f1
    [ "${PIPESTATUS[0]}" = 0 ] || die "read $V"
}

# Nothing of V is left to be resynced, as far as md knows.
compared() { md resync_start; [ "$IS" = none ] && quiet; }

# Waits until nothing of V is left that an unclean stop has to be made up for.
await_resync() {
    writable
    until_true 120 compared || die "resync does not end"
}

# Rows whose parity or copies do not agree, as md's check counts them.
mismatches() {
    writable
    echo check >"/sys/block/$V/md/sync_action" || die "check"
    until_true 60 quiet || die "check does not end"
    md mismatch_cnt
    echo "$IS"
}

# die_between LOW HIGH: stops the machine dead once md has reshaped at least LOW and less than HIGH sectors of each member.
die_between() {
    local end=$((SECONDS + 60)) done rest
    while [ $SECONDS -lt $end ]; do
        nap 0.02
        done=
        read -r done rest 2>/dev/null <"/sys/block/$V/md/sync_completed"
        case $done in '' | none | delayed) continue ;; esac
        if [ "$done" -ge "$1" ]; then
            [ "$done" -lt "$2" ] || die "overshot: $done is not below $2"
            echo c >/proc/sysrq-trigger
            sleep 60
        fi
    done
    die "never came to $1"
}
