package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.check.ContainerCheck;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A fixture into which an inconsistency is planted that the strict checker must find. */
abstract class PlantedFixture {
    static final String IDLE = "02-r5-3d-idle";
    static final String HALF_WAY = "30-grow-r5-3to4-copy";
    static final Blocks BLOCKS = new Blocks(512);

    Fixture fixture;
    List<MemberDisk> members;

    void load(String name) {
        fixture = Fixture.load(name);
        members = new ArrayList<>(fixture.members.values());
    }

    Mpb mpb(String device) throws Exception {
        return ImsmFormat.claim(fixture.members.get(device)).orElseThrow().mpb();
    }

    void write(String device, Mpb mpb) throws DiskException {
        Placement.writeMpb(fixture.members.get(device).disk(), MpbCodec.encode(mpb, BLOCKS));
    }

    void replace(String device, UnaryOperator<Disk> layer) {
        MemberDisk old = fixture.members.get(device);
        int index = members.indexOf(old);
        members.set(index, new MemberDisk(old.name(), old.serial(), layer.apply(old.disk())));
    }

    List<Finding> findings() {
        return new ContainerCheck(Fixture.format()).findings(members);
    }

    void assertFound(Severity severity, Kind kind) {
        List<Finding> found = findings();
        assertThat(found).as("findings").anyMatch(f -> f.severity() == severity && f.kind() == kind);
    }
}
