package io.restripe.node.device;

import java.io.IOException;
import java.nio.file.Path;

/** A volume of this host process that is a block device. One thread at a time calls. */
public interface Attachment {
    /** Its driver: {@code fuse} or {@code nbd}. */
    String driver();

    /** The block device. */
    Path device();

    /** Makes the device as large as the volume has become. */
    void followSize() throws IOException;

    /**
     * Ends it when nobody uses the device; on return it is gone, and what was written to it is durable.
     *
     * @throws IOException when somebody uses it; then it goes on
     */
    void detach() throws IOException;

    /** Ends it at once. Whoever uses the device gets errors, and the device is free when they have gone. */
    void cutOff() throws IOException;

    /**
     * This process is about to end, and the device is to go on with the next one: what fails from now on is not told to its users, it waits.
     */
    void leave();
}
