package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.restripe.array.ArrayBackend;
import io.restripe.array.ServedArray;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.ProblemException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The kernel flushes no member of an array whose metadata is external; the monitor does, before it records that more is done. */
@Timeout(60)
class UnflushedArrayTest {
    private final ContainerRig rig = new ContainerRig();

    /** Arrays that never flush a member themselves. */
    private final class Unflushed implements ArrayBackend {
        private final boolean flushesWhenTold;

        Unflushed(boolean flushesWhenTold) {
            this.flushesWhenTold = flushesWhenTold;
        }

        @Override
        public String containerName() {
            return "c0";
        }

        @Override
        public boolean isRunning(int volume) {
            return false;
        }

        @Override
        public void stopRunning() {}

        @Override
        public ServedArray array(String name, int volume, Supplier<Map<String, MemberDisk>> disks) {
            EmbeddedArray array = new EmbeddedArray(
                    rig.env, name, serial -> cached(disks.get().get(serial)));
            return (ServedArray) Proxy.newProxyInstance(
                    ServedArray.class.getClassLoader(),
                    new Class<?>[] {ServedArray.class},
                    (proxy, method, arguments) -> {
                        switch (method.getName()) {
                            case "forMonitor" -> {
                                return proxy;
                            }
                            case "reshapes" -> {
                                return arguments[0] == ConsistencyPolicy.RESYNC;
                            }
                            case "flushMembers" -> {
                                flush(disks.get());
                                return null;
                            }
                            default -> {
                                try {
                                    return method.invoke(array, arguments);
                                } catch (InvocationTargetException e) {
                                    throw e.getCause();
                                }
                            }
                        }
                    });
        }

        private void flush(Map<String, MemberDisk> disks) throws DiskException {
            if (flushesWhenTold) {
                for (MemberDisk disk : disks.values()) {
                    disk.disk().flush();
                }
            }
        }

        private Disk cached(MemberDisk member) {
            return member == null
                    ? null
                    : new DiskLayer(member.disk()) {
                        @Override
                        public void flush() {}
                    };
        }

        @Override
        public void join(MemberDisk disk) {}

        @Override
        public void leave(MemberDisk disk) {}

        @Override
        public void close() {}
    }

    private FlushOrder grow(boolean flushesWhenTold) throws Exception {
        rig.create(Geometry.ofMd(5, 0, 3, 128)).stop();
        RunningContainer running =
                rig.start(RunningContainer.Options.normal().withBackend(new Unflushed(flushesWhenTold)), rig.members());
        FlushOrder order = new FlushOrder();
        rig.watch(order);
        running.grow(ContainerRig.toDisks(4, rig.newDisk()));
        assertThat(running.awaitIdle(50_000_000_000L)).isTrue();
        rig.verify(running.volume("v0"));
        running.stop();
        return order;
    }

    @Test
    void what_it_has_relocated_is_flushed_before_it_is_recorded() throws Exception {
        FlushOrder order = grow(true);
        assertThat(order.claims()).isPositive();
        assertThat(order.unflushedClaims()).isEmpty();
    }

    @Test
    void a_reshape_with_a_policy_that_its_arrays_do_not_do_is_refused_before_it_is_recorded() throws Exception {
        rig.create(Geometry.ofMd(5, 0, 3, 128)).stop();
        RunningContainer running =
                rig.start(RunningContainer.Options.normal().withBackend(new Unflushed(true)), rig.members());
        List<String> serials = List.copyOf(running.disks().keySet());
        running.createVolume(
                new VolumeSpec("v1", Geometry.ofMd(5, 0, 3, 128), 0, serials, true, ConsistencyPolicy.PPL));
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> running.grow(ContainerRig.toDisks(4, rig.newDisk())))
                .satisfies(e -> assertThat(e.problem().text())
                        .contains("c0/v1", "--consistency-policy=ppl", "--backend=embedded"));
        assertThat(running.isManaging()).isFalse();
        assertThat(running.disks()).hasSize(3);
        assertThat(running.container().volumes())
                .allMatch(volume -> volume.activity() instanceof Activity.Idle
                        && volume.geometry().members() == 3);
        running.stop();
    }

    @Test
    void that_nobody_flushes_would_be_noticed() throws Exception {
        assertThat(grow(false).unflushedClaims()).isNotEmpty();
    }
}
