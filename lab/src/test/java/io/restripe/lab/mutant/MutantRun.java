package io.restripe.lab.mutant;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** One mutant, from its sources to what caught it. */
final class MutantRun {
    private static final long PROBE_SECONDS = 180;
    private final Path sourceRoot;
    private final Path folder;
    private final String classPath;

    /**
     * @param sourceRoot the top of the source tree
     * @param folder for compiled mutants
     * @param classPath the unchanged classes, these here included
     */
    MutantRun(Path sourceRoot, Path folder, String classPath) {
        this.sourceRoot = sourceRoot;
        this.folder = folder;
        this.classPath = classPath;
    }

    /**
     * What became of it.
     *
     * @param probe what caught it, null when nothing did
     * @param how in its words
     */
    record Outcome(Mutant mutant, String probe, String how) {
        boolean isCaught() {
            return probe != null;
        }

        @Override
        public String toString() {
            String first = how == null ? "" : how.lines().findFirst().orElse("");
            return String.format(
                    "%-9s %-44s %-34s %s",
                    isCaught() ? "caught" : "SURVIVED",
                    mutant.name(),
                    isCaught() ? probe : String.join(", ", mutant.probes()),
                    first.substring(0, Math.min(first.length(), 110)));
        }
    }

    Outcome run(Mutant mutant, long seed) {
        Path classes = compile(mutant);
        for (String probe : mutant.probes()) {
            String caught = probe(List.of(classes), probe, seed);
            if (caught != null) {
                return new Outcome(mutant, probe, caught);
            }
        }
        return new Outcome(mutant, null, null);
    }

    /** The probe on the unchanged product: it must find nothing, or it catches no mutant either. */
    String unchanged(String probe, long seed) {
        return probe(List.of(), probe, seed);
    }

    private Path compile(Mutant mutant) {
        try {
            deleteAll(folder.resolve(mutant.name())); // classes of an older source tree would be taken for the mutant's
            Path sources = Files.createDirectories(folder.resolve(mutant.name()).resolve("sources"));
            Path classes = Files.createDirectories(folder.resolve(mutant.name()).resolve("classes"));
            List<Path> files = new ArrayList<>();
            for (Mutant.Change change : mutant.changes()) {
                Path name = Path.of(change.file().substring(change.file().indexOf("/java/") + "/java/".length()));
                Path changed = sources.resolve(name);
                Path from = files.contains(changed) ? changed : sourceRoot.resolve(change.file());
                String text = change.applyTo(Files.readString(from));
                Files.createDirectories(changed.getParent());
                Files.writeString(changed, text);
                if (!files.contains(changed)) {
                    files.add(changed);
                }
            }
            compile(mutant, files, classes);
            return classes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void deleteAll(Path top) throws IOException {
        if (Files.exists(top)) {
            try (Stream<Path> all = Files.walk(top)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private void compile(Mutant mutant, List<Path> files, Path classes) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        List<String> options = List.of(
                "-d",
                classes.toString(),
                "-cp",
                classPath,
                "--add-modules",
                "jdk.incubator.vector",
                "-proc:none",
                "-nowarn");
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            boolean done = compiler.getTask(
                            messages, manager, null, options, null, manager.getJavaFileObjectsFromPaths(files))
                    .call();
            if (!done) {
                throw new IllegalStateException("mutant " + mutant.name() + " does not compile: " + messages);
            }
        }
    }

    private String probe(List<Path> before, String probe, long seed) {
        List<URL> urls = new ArrayList<>();
        try {
            for (Path path : before) {
                urls.add(path.toUri().toURL());
            }
            for (String path : classPath.split(":")) {
                urls.add(Path.of(path).toUri().toURL());
            }
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e);
        }
        // Everything of ours is loaded anew: a mutant shares its package with classes that are not changed.
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            return inTime(loader, probe, seed);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String inTime(ClassLoader loader, String probe, long seed) {
        FutureTask<String> task = new FutureTask<>(() -> invoke(loader, probe, seed));
        Thread.ofPlatform().daemon().name("probe " + probe).start(task);
        try {
            return task.get(PROBE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return "no end after " + PROBE_SECONDS + " seconds";
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LinkageError broken) {
                throw new IllegalStateException("build everything anew: " + broken, broken);
            }
            return "the probe broke down: " + e.getCause();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static String invoke(ClassLoader loader, String probe, long seed) throws Exception {
        try {
            Thread.currentThread().setContextClassLoader(loader);
            return (String) Class.forName(Probe.class.getName(), true, loader)
                    .getMethod("run", String.class, long.class)
                    .invoke(null, probe, seed);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof LinkageError broken) {
                throw broken;
            }
            return "it broke down: " + e.getCause();
        }
    }
}
