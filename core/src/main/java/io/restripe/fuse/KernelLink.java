package io.restripe.fuse;

import io.restripe.os.Descriptor;
import io.restripe.os.Errno;
import io.restripe.os.SystemCallException;
import java.lang.foreign.MemorySegment;

/** The kernel, over a descriptor of a mounted {@code /dev/fuse}. */
record KernelLink(Descriptor device) implements FuseLink {
    @Override
    public int receive(MemorySegment into) throws SystemCallException {
        try {
            return (int) device.read(into);
        } catch (SystemCallException e) {
            return switch (e.errno()) {
                case ENODEV, ECONNABORTED -> ENDED; // unmounted, or aborted
                case ENOENT, EAGAIN -> 0; // whoever asked was interrupted before we could read it
                default -> throw e;
            };
        }
    }

    @Override
    public void send(MemorySegment answer) throws SystemCallException {
        try {
            device.write(answer); // one whole answer or an error: the kernel takes no parts
        } catch (SystemCallException e) {
            if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENODEV && e.errno() != Errno.ECONNABORTED) {
                throw e;
            }
        }
    }
}
