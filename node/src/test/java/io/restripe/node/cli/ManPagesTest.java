package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ManPagesTest {
    @Test
    void the_pages_in_the_tree_are_those_of_the_present_verbs() throws Exception {
        Path folder = Path.of("..", "docs", "man");
        for (var page : ManPages.all().entrySet()) {
            Path file = folder.resolve(page.getKey());
            assertThat(file).as("renew it: ./restripe manual docs/man").hasContent(page.getValue());
        }
        try (var files = Files.list(folder)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(ManPages.all().keySet());
        }
    }

    @Test
    void every_option_of_every_verb_is_explained() {
        for (Verb verb : Verbs.shown()) {
            assertThat(verb.spec().options())
                    .as(verb.name())
                    .allSatisfy(option -> assertThat(option.description()).isNotEmpty());
        }
    }
}
