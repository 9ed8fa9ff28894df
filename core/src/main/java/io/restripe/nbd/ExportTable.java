package io.restripe.nbd;

import io.restripe.env.Env;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Lock;

/** The exports of a server by name. Any thread may call. */
final class ExportTable {
    private final Lock lock;
    private final Map<String, ServedExport> byName = new LinkedHashMap<>();

    ExportTable(Env env) {
        this.lock = env.newLock();
    }

    /** Takes one in, unless its name is taken. */
    boolean add(ServedExport export) {
        lock.lock();
        try {
            return byName.putIfAbsent(export.export().name(), export) == null;
        } finally {
            lock.unlock();
        }
    }

    /** Takes one out; null when there is none of that name. */
    ServedExport remove(String name) {
        lock.lock();
        try {
            return byName.remove(name);
        } finally {
            lock.unlock();
        }
    }

    /** The export of that name; for the empty name also the only one that there is; else null. */
    ServedExport find(String name) {
        lock.lock();
        try {
            ServedExport found = byName.get(name);
            boolean theOnlyOne = found == null && name.isEmpty() && byName.size() == 1;
            return theOnlyOne ? byName.values().iterator().next() : found;
        } finally {
            lock.unlock();
        }
    }

    /** In the order in which they came. */
    List<Export> all() {
        lock.lock();
        try {
            return byName.values().stream().map(ServedExport::export).toList();
        } finally {
            lock.unlock();
        }
    }
}
