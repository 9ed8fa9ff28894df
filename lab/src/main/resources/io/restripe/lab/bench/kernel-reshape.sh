# One grow of a RAID5 from 3 to 4 disks in the guest, by mdadm or by us; sourced after md.sh. MIB of each member are used, the images are larger.
reshape_ended() { dmesg | grep -q "$V: reshape done"; }

# Kernel times of begin and end of the reshape, in seconds.
told() { echo "begin $(stamp 'reshape of RAID array')"; echo "end $(stamp 'reshape done')"; }
stamp() { dmesg | grep "$1" | tail -n 1 | sed 's/^\[ *\([0-9.]*\)\].*/\1/'; }

blank() {
    local disk
    for disk in $DISKS; do
        dd if=/dev/zero of="$disk" bs=64K seek=$((($(blockdev --getsize64 "$disk") >> 16) - 16)) count=16 conv=fsync status=none
    done
}

# These disks have no serials; mdadm takes their names for it here.
named() { local disk; for disk in "$@"; do echo "$disk@$disk"; done; }

restripe() { "$JAVA" $RESTRIPE_JAVA io.restripe.node.cli.Main "$@"; }

# begin_writer: a writer, which writes when this returns; its latencies will be in $BOX/latencies.
begin_writer() {
    local before
    rm -f /tmp/enough "$BOX/latencies"
    before=$(writes_done)
    "$JAVA" $WRITER_JAVA io.restripe.lab.bench.GuestWriter "/dev/$V" $((2 * MIB)) /tmp/enough "$BOX/latencies" >"/tmp/writer.log" 2>&1 &
    WRITER=$!
    until_true 60 eval '[ $(writes_done) -gt '"$((before + 100))"' ]' || { cat /tmp/writer.log; die "writer"; }
}

# Of the volume, by whomever; field 5 of a block device's stat.
writes_done() { local stat; read -r -a stat <"/sys/block/$V/stat"; echo "${stat[4]}"; }

end_writer() { : >/tmp/enough; wait "$WRITER" || { cat /tmp/writer.log; die "writer"; }; }

# grow_with WHO WRITER [OPTION]: WRITER is yes or no; OPTION is one more of restripe grow.
grow_with() {
    local disks=($DISKS)
    blank
    speed 2000000
    case $1 in
    mdadm)
        mdadm --create "$CONTAINER" --metadata=imsm --raid-devices=3 --run "${disks[@]:0:3}" || die "container"
        mdadm --create /dev/md/v0 --level=5 --raid-devices=3 --chunk=64 --size=$((MIB * 1024)) --assume-clean --run \
            "${disks[@]:0:3}" || die "volume"
        mdadm --add "$CONTAINER" "${disks[3]}" || die "add"
        select_volume 0
        ;;
    restripe)
        restripe create c0/v0 --backend=kernel --level=5 --raid-devices=3 --chunk=64 --size="${MIB}M" --assume-clean --force \
            $(named "${disks[@]:0:3}") || die "create"
        V=$(sed -n 's/^\(md[0-9]*\) : active raid5.*/\1/p' /proc/mdstat)
        ;;
    esac
    until_true 60 quiet || die "resync"
    dmesg -C
    [ "$2" = no ] || begin_writer
    case $1 in
    mdadm) mdadm --grow "$CONTAINER" --raid-devices=4 || die "grow" ;;
    restripe) restripe grow c0 --raid-devices=4 "--add=$(named "${disks[3]}")" ${3:+"$3"} || die "grow" ;;
    esac
    until_true 600 reshape_ended || die "reshape"
    [ "$2" = no ] || end_writer
    told
    case $1 in
    mdadm) stop ;;
    restripe) restripe wait c0 && restripe stop c0 || die "stop" ;;
    esac
}
