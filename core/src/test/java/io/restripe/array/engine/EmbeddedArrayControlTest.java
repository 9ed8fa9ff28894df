package io.restripe.array.engine;

import io.restripe.array.ArrayControl;
import org.junit.jupiter.api.AfterEach;

/** The embedded array keeps the contract of an array's control surface. */
class EmbeddedArrayControlTest extends ArrayControlContract {
    private final ArrayFixture fixture = new ArrayFixture(4096, 5);

    @Override
    ArrayControl array() {
        return fixture.array;
    }

    @AfterEach
    void end() {
        fixture.close();
    }
}
