package io.restripe.lab.sim;

/** The calls at which a simulated thread may hand over, with the number by which they enter the trace hash. */
enum Op {
    BLOCK(1),
    LOCK(2),
    UNLOCK(3),
    AWAIT(4),
    SIGNAL(5),
    SLEEP(6),
    START(7),
    JOIN(8),
    KILL(9),
    READ(10),
    WRITE(11),
    WRITTEN(12),
    FLUSH(13),
    FLUSHED(14),
    YIELD(15);

    private final int code;

    Op(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
