package io.restripe.lab.walk;

import io.restripe.lab.walk.World.Power;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Visits every state that can be reached, in the order of the number of steps to it, so that what is found wrong comes with a shortest
 * way there; then asks of each whether the end can be reached from it without another fault. One use, one thread.
 */
public final class Walk {
    static final String LIVENESS = "liveness";

    private final Bounds bounds;
    private final int most;
    private final ManagerModel manager;
    private final MonitorModel monitor;
    private final ArrayModel array;
    private final Faults faults;
    private final Invariants invariants;
    private final List<World> worlds = new ArrayList<>();
    private final Map<World, Integer> numbers = new HashMap<>();
    private final Ints cameFrom = new Ints();
    /** Fault-free successors, one after another, and where each state's begin. */
    private final Ints edges = new Ints();

    private final Ints edgesOf = new Ints();
    private long moves;

    /** Walks what the product means to do. */
    public Walk(Bounds bounds, int most) {
        this(bounds, Conduct.RIGHT, most);
    }

    /** @param most gives up after so many states */
    Walk(Bounds bounds, Conduct conduct, int most) {
        this.bounds = bounds;
        this.most = most;
        this.manager = new ManagerModel(bounds, conduct);
        this.monitor = new MonitorModel(bounds, conduct);
        this.array = new ArrayModel(bounds, conduct);
        this.faults = new Faults(bounds, conduct);
        this.invariants = new Invariants(bounds);
    }

    /**
     * What was seen.
     *
     * @param broken the rule that was broken, or "liveness"; null when nothing was
     * @param way the steps that lead to where it was
     */
    public record Result(String name, long states, long moves, long finished, String broken, List<String> way) {
        public Result {
            way = List.copyOf(way);
        }

        @Override
        public String toString() {
            String seen = name + ": " + states + " states, " + moves + " moves, " + finished + " states at the end";
            return broken == null ? seen : seen + "; BROKEN " + broken + "\n    " + String.join("\n    ", way);
        }
    }

    private static final class Ints {
        private int[] values = new int[1024];
        private int size;

        void add(int value) {
            if (size == values.length) {
                values = Arrays.copyOf(values, size * 2);
            }
            values[size++] = value;
        }

        int get(int at) {
            return values[at];
        }
    }

    /** Walks. */
    public Result run() {
        World first = World.first(bounds.volumes());
        number(first, -1);
        for (int at = 0; at < worlds.size(); at++) {
            edgesOf.add(edges.size);
            try {
                visit(at);
            } catch (Violation v) {
                return result(v.getMessage(), at);
            }
            if (worlds.size() > most) {
                throw new IllegalStateException(bounds.name() + " has more than " + most + " states");
            }
        }
        edgesOf.add(edges.size);
        int stranded = stranded();
        return stranded < 0 ? result(null, -1) : result(LIVENESS + ": nothing leads to the end any more", stranded);
    }

    private void visit(int at) {
        World world = worlds.get(at);
        invariants.check(world);
        for (Move move : movesFrom(world)) {
            moves++;
            int next = number(move.next(), at);
            if (!move.fault()) {
                edges.add(next);
            }
        }
    }

    private int number(World world, int from) {
        Integer known = numbers.putIfAbsent(world, worlds.size());
        if (known != null) {
            return known;
        }
        worlds.add(world);
        cameFrom.add(from);
        return worlds.size() - 1;
    }

    private List<Move> movesFrom(World world) {
        List<Move> all = new ArrayList<>();
        if (world.power() == Power.ON) {
            manager.moves(world, all);
            monitor.moves(world, all);
            array.moves(world, all);
            faults.moves(world, all);
        } else {
            faults.assemble(world, all);
        }
        return all;
    }

    private static boolean isEnd(World w) {
        return w.power() == Power.ON
                && w.turn() < 0
                && w.manager() == null
                && w.monitor() != null
                && w.monitor().tasks().isEmpty()
                && w.arrays().stream().allMatch(a -> a.sized() && a.holdsNothing() && !a.reshaping());
    }

    /** A state from which no run without faults reaches the end, -1 when there is none. */
    private int stranded() {
        int count = worlds.size();
        int[] degree = new int[count + 1];
        for (int e = 0; e < edges.size; e++) {
            degree[edges.get(e) + 1]++;
        }
        for (int s = 0; s < count; s++) {
            degree[s + 1] += degree[s];
        }
        int[] back = new int[edges.size];
        int[] filled = Arrays.copyOf(degree, count);
        for (int s = 0; s < count; s++) {
            for (int e = edgesOf.get(s); e < edgesOf.get(s + 1); e++) {
                back[filled[edges.get(e)]++] = s;
            }
        }
        boolean[] reaches = new boolean[count];
        ArrayDeque<Integer> open = new ArrayDeque<>();
        for (int s = 0; s < count; s++) {
            if (isEnd(worlds.get(s))) {
                reaches[s] = true;
                open.add(s);
            }
        }
        while (!open.isEmpty()) {
            int s = open.poll();
            for (int b = degree[s]; b < degree[s + 1]; b++) {
                if (!reaches[back[b]]) {
                    reaches[back[b]] = true;
                    open.add(back[b]);
                }
            }
        }
        for (int s = 0; s < count; s++) {
            if (!reaches[s]) {
                return s;
            }
        }
        return -1;
    }

    private Result result(String broken, int at) {
        long finished = worlds.stream().filter(Walk::isEnd).count();
        return new Result(bounds.name(), worlds.size(), moves, finished, broken, at < 0 ? List.of() : wayTo(at));
    }

    private List<String> wayTo(int at) {
        List<String> way = new ArrayList<>();
        way.add(worlds.get(at).toString());
        for (int to = at; cameFrom.get(to) >= 0; to = cameFrom.get(to)) {
            World target = worlds.get(to);
            String step = movesFrom(worlds.get(cameFrom.get(to))).stream()
                    .filter(move -> move.next().equals(target))
                    .findFirst()
                    .orElseThrow()
                    .name();
            way.addFirst(step);
        }
        return way;
    }
}
