package io.restripe.array.kernel;

import io.restripe.array.ArrayControl;
import io.restripe.array.ArrayControlContract;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.env.SystemEnv;
import io.restripe.metadata.MemberDisk;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * The kernel's array keeps the contract of an array's control surface. Runs in a guest of the laboratory, where /dev/ubda to /dev/ubde
 * are disks that nobody needs. An array that waits to be marked dirty for the sake of what is asked of it is answered, as by a monitor that
 * has nothing to record; one that waits because a member failed is not. Its name keeps it out of the builds of this module, a test of the laboratory runs it.
 */
public class KernelArrayControlInGuest extends ArrayControlContract {
    private static final long TEAR_DOWN_NANOS = 5_000_000_000L;

    private final Env env = new SystemEnv();
    private final Map<String, MemberDisk> disks = new LinkedHashMap<>();
    private final Signal changed = new Signal(env);
    private volatile boolean ends;
    private Env.Worker answering;
    private KernelArray array;

    @BeforeEach
    void make() throws Exception {
        for (int i = 0; i < 5; i++) {
            Path path = Path.of("/dev/ubd" + (char) ('a' + i));
            disks.put(
                    "d" + i,
                    new MemberDisk(path.toString(), "d" + i, FileDisk.open(path, FileDisk.Access.BESIDE_KERNEL)));
        }
        array = new KernelArray(env, "c/v", MdObjects.create(), () -> disks, true);
        array.subscribe(changed::raise);
        answering = env.start("monitor", this::answer);
    }

    private void answer() {
        while (!ends) {
            try {
                boolean failed = false;
                for (String member : array.members()) {
                    failed |= array.read(member, MemberAttribute.STATE).contains("faulty");
                }
                if (!failed && new Attributes(array).arrayState().equals("write-pending")) {
                    array.forMonitor().write(Attribute.ARRAY_STATE, "active");
                }
            } catch (AttributeException e) {
                // A member that left, or an array that went, between two looks.
            }
            changed.await(100_000_000L);
        }
    }

    @Override
    protected ArrayControl array() {
        return array;
    }

    @AfterEach
    void end() throws Exception {
        ends = true;
        changed.raise();
        answering.join();
        Attributes attributes = new Attributes(array);
        long deadline = env.nanoTime() + TEAR_DOWN_NANOS;
        while (!attributes.arrayState().equals("clear") && env.nanoTime() - deadline < 0) {
            if (attributes.arrayState().equals("write-pending")) {
                array.write(Attribute.ARRAY_STATE, "active");
            }
            stop();
            changed.await(20_000_000L);
        }
        array.close();
        disks.values().forEach(disk -> disk.disk().close());
    }

    private void stop() throws AttributeException {
        try {
            array.write(Attribute.ARRAY_STATE, "inactive");
            array.write(Attribute.ARRAY_STATE, "clear");
        } catch (AttributeException e) {
            if (e.errno() != Errno.EBUSY && e.errno() != Errno.ENODEV) {
                throw e;
            }
        }
    }
}
