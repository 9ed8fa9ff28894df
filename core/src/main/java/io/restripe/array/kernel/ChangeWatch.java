package io.restripe.array.kernel;

import io.restripe.env.Env;
import io.restripe.os.Poller;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import io.restripe.os.SystemFile.Option;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Tells of the changes of one array: a thread that polls for POLLPRI the attributes that md notifies (docs/md-control.md, section 1),
 * on descriptors of its own, since what is read elsewhere would take the event away. Attributes and members come and go; it looks for
 * new ones after every change and now and then (R10).
 */
final class ChangeWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.restripe.kernel");
    private static final List<String> NOTIFIED =
            List.of("array_state", "sync_action", "sync_completed", "degraded", "level");
    private static final List<String> NOTIFIED_OF_MEMBERS = List.of("state", "bad_blocks", "unacknowledged_bad_blocks");
    private static final long SAFETY_NET_NANOS = 500_000_000L;
    /** Between two looks at attributes that are being torn down. */
    private static final long TEAR_DOWN_NANOS = 20_000_000L;

    private final Env env;
    private final MdFolder folder;
    private final Poller poller;
    private final List<Runnable> subscribers = new CopyOnWriteArrayList<>();
    private final Map<String, SystemFile> watched = new LinkedHashMap<>();
    private final Env.Worker worker;
    private volatile boolean closed;

    ChangeWatch(Env env, String name, MdFolder folder) throws SystemCallException {
        this.env = env;
        this.folder = folder;
        this.poller = new Poller();
        this.worker = env.start(name + "-changes", this::run);
    }

    Runnable subscribe(Runnable wake) {
        subscribers.add(wake);
        poller.wake();
        return () -> subscribers.remove(wake);
    }

    /** Something has changed that md does not tell of. */
    void tell() {
        subscribers.forEach(Runnable::run);
    }

    /** Members or attributes may have come: look for them at once. */
    void lookAgain() {
        poller.wake();
    }

    private void run() {
        try {
            while (!closed) {
                lookForNew();
                List<SystemFile> changed = poller.await(new ArrayList<>(watched.values()), SAFETY_NET_NANOS);
                boolean lost = rearm(changed);
                if (!changed.isEmpty()) {
                    tell();
                }
                if (lost) {
                    env.sleepNanos(TEAR_DOWN_NANOS);
                }
            }
        } catch (SystemCallException e) {
            // Without a poll that works the safety nets of the actors are what is left.
            LOG.log(System.Logger.Level.ERROR, "changes of {0} are not told: {1}", folder.kernelName(), e.getMessage());
        } finally {
            watched.values().forEach(SystemFile::close);
            watched.clear();
        }
    }

    /** Reading an attribute is what makes its next change an event. True when one could not be read: it goes, or has gone. */
    private boolean rearm(List<SystemFile> changed) {
        boolean lost = false;
        Iterator<SystemFile> files = watched.values().iterator();
        while (files.hasNext()) {
            SystemFile file = files.next();
            if (changed.contains(file) && !isReadable(file)) {
                file.close();
                files.remove();
                lost = true;
            }
        }
        return lost;
    }

    private static boolean isReadable(SystemFile file) {
        try {
            AttributeFile.text(file);
            return true;
        } catch (SystemCallException e) {
            return false;
        }
    }

    private void lookForNew() {
        Set<String> wanted = new LinkedHashSet<>(NOTIFIED);
        try {
            for (String device : folder.devices()) {
                NOTIFIED_OF_MEMBERS.forEach(attribute -> wanted.add(MdFolder.member(device, attribute)));
            }
        } catch (SystemCallException e) {
            return; // the array has gone; whoever watches it will close this
        }
        for (String attribute : wanted) {
            if (!watched.containsKey(attribute)) {
                open(attribute);
            }
        }
    }

    private void open(String attribute) {
        try {
            SystemFile file = SystemFile.open(folder.path(attribute), EnumSet.noneOf(Option.class));
            watched.put(attribute, file); // not read yet, so the first poll says that it has changed: it may have
        } catch (SystemCallException e) {
            LOG.log(System.Logger.Level.TRACE, "{0}", e.getMessage()); // this level has none
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            poller.wake();
            worker.join();
            poller.close();
        }
    }
}
