package io.restripe.lab.kill;

import io.restripe.disk.Disk;
import io.restripe.node.rpc.HostClient;
import io.restripe.rule.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;

/** Where a user's blocks go. One thread's own, or safe for several. */
interface Target {
    void write(int firstBlock, MemorySegment from) throws IOException;

    void read(int firstBlock, MemorySegment into) throws IOException;

    /** On return what was written before is durable. */
    void flush() throws IOException;

    /** A volume in this process. */
    record OnDisk(Disk disk) implements Target {
        @Override
        public void write(int firstBlock, MemorySegment from) throws IOException {
            disk.write((long) firstBlock * Ledger.BLOCK_SECTORS, from);
        }

        @Override
        public void read(int firstBlock, MemorySegment into) throws IOException {
            disk.read((long) firstBlock * Ledger.BLOCK_SECTORS, into);
        }

        @Override
        public void flush() throws IOException {
            disk.flush();
        }
    }

    /** A volume of a host process, over its socket. */
    record OnHost(HostClient client, String volume) implements Target {
        @Override
        public void write(int firstBlock, MemorySegment from) throws IOException {
            byte[] bytes = from.toArray(ValueLayout.JAVA_BYTE);
            try {
                client.write(
                        volume,
                        (long) firstBlock * Ledger.BLOCK_BYTES,
                        bytes.length,
                        Channels.newChannel(new ByteArrayInputStream(bytes)));
            } catch (ProblemException e) {
                throw new IOException(e.problem().text(), e);
            }
        }

        @Override
        public void read(int firstBlock, MemorySegment into) throws IOException {
            ByteArrayOutputStream found = new ByteArrayOutputStream();
            try {
                client.read(
                        volume, (long) firstBlock * Ledger.BLOCK_BYTES, into.byteSize(), Channels.newChannel(found));
            } catch (ProblemException e) {
                throw new IOException(e.problem().text(), e);
            }
            if (found.size() != into.byteSize()) {
                throw new IOException("the host sent " + found.size() + " bytes of " + into.byteSize());
            }
            into.copyFrom(MemorySegment.ofArray(found.toByteArray()));
        }

        @Override
        public void flush() {} // the host flushes at the end of each write
    }
}
