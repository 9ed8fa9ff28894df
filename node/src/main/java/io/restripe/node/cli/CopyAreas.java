package io.restripe.node.cli;

import io.restripe.assembly.CopyAreaUse;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The words by which somebody decides what a doubtful copy area holds. Pure. */
final class CopyAreas {
    private CopyAreas() {}

    /** Empty for a decision that nobody has made. */
    static Optional<String> word(CopyAreaUse use) {
        return switch (use) {
            case ASK -> Optional.empty();
            case BY_SLOT -> Optional.of("slot");
            case BY_INDEX -> Optional.of("index");
            case UNUSED -> Optional.of("unused");
        };
    }

    static List<String> words() {
        return Stream.of(CopyAreaUse.values())
                .flatMap(use -> word(use).stream())
                .toList();
    }

    static Optional<CopyAreaUse> parse(String word) {
        return Stream.of(CopyAreaUse.values())
                .filter(use -> word(use).equals(Optional.of(word)))
                .findFirst();
    }
}
