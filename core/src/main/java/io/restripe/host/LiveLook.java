package io.restripe.host;

import io.restripe.assembly.Assembly;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;

/**
 * What is recorded of a container that somebody else runs. A monitor that is writing at that moment makes a member unreadable for an
 * instant, so it is looked at again; a disk that has died has nothing to say, and whether the arrays can do without it is for others to
 * see.
 */
final class LiveLook {
    private static final System.Logger LOG = System.getLogger("io.restripe.host");
    private static final int LOOKS = 50;
    private static final long LOOK_AGAIN_NANOS = 5_000_000L;

    private final Env env;
    private final MetadataFormat format;
    private final List<MemberDisk> members;

    /** @param members the container's disks, spares included, opened without the lock that the array's process holds */
    LiveLook(Env env, MetadataFormat format, List<MemberDisk> members) {
        this.env = env;
        this.format = format;
        this.members = List.copyOf(members);
    }

    List<MemberDisk> members() {
        return members;
    }

    Assembly look() throws ProblemException {
        ProblemException last = null;
        for (int i = 0; i < LOOKS; i++) {
            try {
                return Assembly.look(format, readable());
            } catch (ProblemException e) {
                last = e;
                env.sleepNanos(LOOK_AGAIN_NANOS);
            }
        }
        throw last;
    }

    private List<MemberDisk> readable() {
        List<MemberDisk> readable = new ArrayList<>();
        for (MemberDisk member : members) {
            try {
                format.taste(member);
                readable.add(member);
            } catch (DiskException e) {
                LOG.log(System.Logger.Level.DEBUG, "without {0}: {1}", member.name(), e.getMessage());
            } catch (MetadataException e) {
                readable.add(member); // being written, or damaged: for the look to judge
            }
        }
        return readable;
    }
}
