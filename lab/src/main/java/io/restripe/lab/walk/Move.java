package io.restripe.lab.walk;

/**
 * What may happen next.
 *
 * @param fault it need not happen: something died, was lost, came late or twice, or failed
 */
record Move(String name, boolean fault, World next) {
    static Move of(String name, World next) {
        return new Move(name, false, next);
    }

    static Move fault(String name, World next) {
        return new Move(name, true, next);
    }
}
