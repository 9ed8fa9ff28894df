package io.restripe.lab.walk;

import io.restripe.lab.walk.World.Deed;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The manager's deeds in another order. */
final class Orders {
    private Orders() {}

    static List<Deed> without(List<Deed> deeds, Predicate<Deed> which) {
        return deeds.stream().filter(which.negate()).toList();
    }

    /** Those moved behind the last that {@code behind} names; as they were when there is none. */
    static List<Deed> later(List<Deed> deeds, Predicate<Deed> which, Predicate<Deed> behind) {
        if (deeds.stream().noneMatch(behind)) {
            return deeds;
        }
        List<Deed> order = new ArrayList<>(without(deeds, which));
        int at = order.size();
        while (!behind.test(order.get(at - 1))) {
            at--;
        }
        order.addAll(at, deeds.stream().filter(which).toList());
        return order;
    }
}
