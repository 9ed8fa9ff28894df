package io.restripe.lab.tidy;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.ObjIntConsumer;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The source tree as text: where it is, what is code in it, how long its methods are. */
final class Sources {
    private static final Set<String> NOT_OURS = Set.of("target", ".git", ".idea", ".m2");

    private Sources() {}

    /** The top of the source tree, from wherever the test runs in it. */
    static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("core")) || !Files.isDirectory(at.resolve("lab"))) {
            at = at.getParent();
        }
        return at;
    }

    static List<Path> files(Path under, String ending) {
        try (Stream<Path> all = Files.walk(under)) {
            return all.filter(Files::isRegularFile)
                    .filter(p -> p.toString().endsWith(ending))
                    .filter(p -> Stream.iterate(p, q -> q != null && !q.equals(under), Path::getParent)
                            .noneMatch(q -> NOT_OURS.contains(q.getFileName().toString())))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The text with comments and the insides of string literals blanked out; lines stay where they are. */
    static String codeOnly(String text) {
        StringBuilder code = new StringBuilder(text);
        int at = 0;
        while (at < code.length()) {
            int end = endOfNoCode(code, at);
            for (int i = at; i < end; i++) {
                if (code.charAt(i) != '\n') {
                    code.setCharAt(i, ' ');
                }
            }
            at = Math.max(end, at + 1);
        }
        return code.toString();
    }

    /** End of the comment or literal that begins here, or {@code at} when none does. */
    private static int endOfNoCode(StringBuilder code, int at) {
        if (starts(code, at, "//")) {
            return endAt(code, code.indexOf("\n", at), 0);
        }
        if (starts(code, at, "/*")) {
            return endAt(code, code.indexOf("*/", at + 2), 2);
        }
        if (starts(code, at, "\"\"\"")) {
            return endAt(code, code.indexOf("\"\"\"", at + 3), 3);
        }
        char quote = code.charAt(at);
        if (quote != '"' && quote != '\'') {
            return at;
        }
        int end = at + 1;
        while (end < code.length() && code.charAt(end) != quote) {
            end += code.charAt(end) == '\\' ? 2 : 1;
        }
        return Math.min(end + 1, code.length());
    }

    private static int endAt(StringBuilder code, int found, int behind) {
        return found < 0 ? code.length() : found + behind;
    }

    private static boolean starts(StringBuilder code, int at, String with) {
        return code.length() - at >= with.length()
                && code.substring(at, at + with.length()).equals(with);
    }

    /** Reports each method's name ("file, method name") and length in lines, of all files. */
    static void forEachMethod(List<Path> files, ObjIntConsumer<String> visitor) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (var manager = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, manager, null, List.of("-proc:none"), null, manager.getJavaFileObjectsFromPaths(files));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                LineMap lines = unit.getLineMap();
                String file =
                        Path.of(unit.getSourceFile().toUri()).getFileName().toString();
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitMethod(MethodTree method, Void nothing) {
                        long start = positions.getStartPosition(unit, method);
                        long end = positions.getEndPosition(unit, method);
                        if (start >= 0 && end >= 0) {
                            int length = (int) (lines.getLineNumber(end) - lines.getLineNumber(start) + 1);
                            visitor.accept(file + ", method " + method.getName(), length);
                        }
                        return super.visitMethod(method, null);
                    }
                }.scan(unit, null);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
