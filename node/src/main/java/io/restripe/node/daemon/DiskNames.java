package io.restripe.node.daemon;

import io.restripe.metadata.MemberDisk;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Metadata knows disks by their serials, people by their paths: a refusal about a disk at hand names both. Pure. */
final class DiskNames {
    private DiskNames() {}

    /** The same refusal, with the path behind each serial of these disks. */
    static ProblemException withPaths(ProblemException refusal, Collection<MemberDisk> disks) {
        Problem problem = refusal.problem();
        String where = problem.where();
        String why = problem.why();
        for (MemberDisk disk : disks) {
            where = withPath(where, disk);
            why = withPath(why, disk);
        }
        return new ProblemException(new Problem(problem.what(), where, why, problem.remedy()), refusal);
    }

    private static String withPath(String text, MemberDisk disk) {
        if (disk.serial().isEmpty() || text.contains(disk.name())) {
            return text;
        }
        String alone = "(?<![\\w/])" + Pattern.quote(disk.serial()) + "(?![\\w/])";
        return text.replaceAll(alone, Matcher.quoteReplacement(disk.serial() + " (" + disk.name() + ")"));
    }
}
