package io.restripe.parity;

import static io.restripe.parity.Memory.BLOCK_BYTES;

import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.List;
import java.util.Optional;

/**
 * XOR, P and Q, and recovery, over whole buffers (docs/layouts.md, section 5). Any thread may call; no call keeps anything.
 *
 * <p>All segments of a call are native, of equal size, which is a multiple of 512 bytes; what is written overlaps nothing else of
 * the call. Anything else is an IllegalArgumentException before a byte has changed. The caller keeps the memory alive until the call
 * returns: an arena closed by another thread meanwhile is a crash, not an exception.
 *
 * <p>Best at 4 KiB to 64 KiB a call with buffers that are <b>not</b> equal modulo 4096: strips 1536 bytes apart avoid that they fight
 * for the same lines of the cache.
 */
public final class Parity {
    private static final System.Logger LOG = System.getLogger("io.restripe.parity");

    /** How long a warm-up waits for a compiler that others keep busy. */
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    /** Set when the class is loaded and by {@link #warmUp}; every back end gives the same bytes, so a call may use either. */
    private static volatile BackEnd active = BackEnds.initial(System.getProperty(BackEnds.PROPERTY));

    private Parity() {}

    /**
     * Compiles and checks the vector back end, about a second of an idle processor, and puts it to use; until then, and where it does
     * not run, is wrong or is slower, parity is scalar. Waits up to a minute for a busy compiler, so a daemon calls this once, on a
     * thread of its own. Never call it in a simulation: it measures real time. The system property {@code restripe.parity}, "scalar" or "vector", forces the choice.
     *
     * @throws IllegalStateException when the property asks for what is not there, or for a back end that computes wrong
     */
    public static void warmUp() {
        String forced = System.getProperty(BackEnds.PROPERTY);
        Optional<BackEnd> candidate = BackEnds.wanted(forced);
        if (candidate.isPresent()) {
            active = choose(candidate.get(), BackEnds.isForced(forced), new SystemEnv());
        }
        LOG.log(System.Logger.Level.INFO, "parity back end: {0}", backEndName());
    }

    /** The candidate, when it proves right and, unless forced, faster than scalar; scalar otherwise. */
    static BackEnd choose(BackEnd candidate, boolean forced, Env env) {
        try (WarmUp warmUp = new WarmUp(candidate)) {
            // before and after: the compiler may be what is wrong, and heat needs every class loaded
            Optional<String> wrong = warmUp.verify();
            Optional<String> slow = wrong.isPresent() ? wrong : warmUp.heat(env, PATIENCE_NANOS);
            wrong = wrong.isPresent() ? wrong : warmUp.verify();
            if (wrong.isPresent()) {
                return refuse(candidate, wrong.get(), forced);
            }
            double speed = warmUp.speed(env);
            LOG.log(
                    System.Logger.Level.INFO,
                    "parity back end {0}: P and Q {1,number,0.0} times as fast as scalar; {2}",
                    candidate.name(),
                    speed,
                    slow.map(name -> "slow: " + name).orElse("nothing slow"));
            return forced || (slow.isEmpty() && speed > 1) ? candidate : new ScalarBackEnd();
        }
    }

    private static BackEnd refuse(BackEnd candidate, String wrong, boolean forced) {
        String message = "parity back end " + candidate.name() + " computes wrong: " + wrong;
        if (forced) {
            throw new IllegalStateException(message + ". Set -D" + BackEnds.PROPERTY + "=scalar");
        }
        LOG.log(System.Logger.Level.ERROR, message + ". Parity stays scalar");
        return new ScalarBackEnd();
    }

    /** The back end in use: "scalar", or "vector" with its width in bits. */
    public static String backEndName() {
        return active.name();
    }

    /** The back ends that run here, the reference first. */
    public static List<String> backEndNames() {
        return BackEnds.all().stream().map(BackEnd::name).toList();
    }

    /**
     * Switches every caller of the process to a back end, warm or not: for benchmarks.
     *
     * @param name one of {@link #backEndNames}
     */
    public static void use(String name) {
        active = BackEnds.all().stream()
                .filter(backEnd -> backEnd.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no parity back end " + name + " here"));
    }

    /** {@code target} = XOR of 1 to 255 sources. */
    public static void xor(MemorySegment target, MemorySegment[] sources) {
        try {
            xor(active, target, sources);
        } finally {
            Reference.reachabilityFence(target);
            Reference.reachabilityFence(sources);
        }
    }

    static void xor(BackEnd backEnd, MemorySegment target, MemorySegment[] sources) {
        long bytes = Operands.lengthOf(target);
        long to = target.address();
        long[] from = Operands.sources(sources, to, bytes);
        for (long done = 0; done < bytes; done += BLOCK_BYTES) {
            backEnd.xor(to + done, from, blockAt(done, bytes));
            Memory.advance(from);
        }
    }

    /** {@code target} ^= {@code source}. */
    public static void xorInto(MemorySegment target, MemorySegment source) {
        try {
            xorInto(active, target, source);
        } finally {
            Reference.reachabilityFence(target);
            Reference.reachabilityFence(source);
        }
    }

    static void xorInto(BackEnd backEnd, MemorySegment target, MemorySegment source) {
        long bytes = Operands.lengthOf(target);
        long to = target.address();
        long from = Operands.source(source, bytes);
        Operands.requireApart(to, from, bytes);
        for (long done = 0; done < bytes; done += BLOCK_BYTES) {
            backEnd.xorInto(to + done, from + done, blockAt(done, bytes));
        }
    }

    /**
     * P = XOR of the data, Q = sum of g^powers[i] * data[i].
     *
     * @param powers one for each data segment, all different, 0 to 254; {@code Geometry.qPower} tells them
     */
    public static void pq(MemorySegment p, MemorySegment q, MemorySegment[] data, int[] powers) {
        try {
            pq(active, p, q, data, powers);
        } finally {
            Reference.reachabilityFence(p);
            Reference.reachabilityFence(q);
            Reference.reachabilityFence(data);
        }
    }

    static void pq(BackEnd backEnd, MemorySegment p, MemorySegment q, MemorySegment[] data, int[] powers) {
        long bytes = Operands.lengthOf(p);
        long toP = p.address();
        long toQ = Operands.target(q, bytes);
        Operands.requireApart(toP, toQ, bytes);
        long[] from = Operands.sources(data, toP, bytes);
        for (long address : from) {
            Operands.requireApart(toQ, address, bytes);
        }
        long[] byPower = Operands.byPower(from, powers);
        for (long done = 0; done < bytes; done += BLOCK_BYTES) {
            backEnd.pq(toP + done, toQ + done, byPower, blockAt(done, bytes));
            Memory.advance(byPower);
        }
    }

    /**
     * What a change of one data chunk does to its row's parity: P ^= delta, Q ^= g^power * delta.
     *
     * @param p null when it is lost or there is none
     * @param q null when it is lost or there is none
     * @param delta old content XOR new content
     * @param power of the data chunk, 0 to 254; any when {@code q} is null
     */
    public static void addDelta(MemorySegment p, MemorySegment q, MemorySegment delta, int power) {
        try {
            addDelta(active, p, q, delta, power);
        } finally {
            Reference.reachabilityFence(p);
            Reference.reachabilityFence(q);
            Reference.reachabilityFence(delta);
        }
    }

    static void addDelta(BackEnd backEnd, MemorySegment p, MemorySegment q, MemorySegment delta, int power) {
        if (q != null) {
            Operands.requirePower(power);
            long bytes = Operands.lengthOf(q);
            long to = q.address();
            long from = Operands.source(delta, bytes);
            Operands.requireApart(to, from, bytes);
            if (p != null) {
                Operands.requireApart(Operands.target(p, bytes), to, bytes);
                Operands.requireApart(p.address(), from, bytes);
            }
            for (long done = 0; done < bytes; done += BLOCK_BYTES) {
                backEnd.addDelta(to + done, from + done, power, blockAt(done, bytes));
            }
        }
        if (p != null) {
            xorInto(backEnd, p, delta);
        }
    }

    /**
     * Fills the lost data segments in place from the others and the parity that is left. Touches neither P nor Q: when they are
     * wanted too, compute them afterwards.
     *
     * @param data all data segments of the row; the content of lost ones does not matter
     * @param lost which of them are lost
     * @param p null when it is lost or there is none
     * @param q null when it is lost or there is none
     * @param powers as for {@link #pq}; null when {@code q} is
     * @throws IllegalArgumentException when more data are lost than there is parity left
     */
    public static void recover(MemorySegment[] data, boolean[] lost, MemorySegment p, MemorySegment q, int[] powers) {
        try {
            Recovery.recover(active, data, lost, p, q, powers);
        } finally {
            Reference.reachabilityFence(data);
            Reference.reachabilityFence(p);
            Reference.reachabilityFence(q);
        }
    }

    /** Whether every byte is 0. */
    public static boolean isZero(MemorySegment segment) {
        try {
            return isZero(active, segment);
        } finally {
            Reference.reachabilityFence(segment);
        }
    }

    static boolean isZero(BackEnd backEnd, MemorySegment segment) {
        long bytes = segment.byteSize();
        long from = Operands.source(segment, bytes);
        boolean zero = true;
        for (long done = 0; zero && done < bytes; done += BLOCK_BYTES) {
            zero = backEnd.isZero(from + done, blockAt(done, bytes));
        }
        return zero;
    }

    /** Bytes of the block that starts behind {@code done} of {@code bytes}. */
    static int blockAt(long done, long bytes) {
        return Math.toIntExact(Math.min(BLOCK_BYTES, bytes - done));
    }
}
