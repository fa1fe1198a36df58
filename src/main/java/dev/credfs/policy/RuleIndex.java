package dev.credfs.policy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which rules a caller could match, without asking all of them: a hundred thousand rules cost milliseconds to walk, most of
 * it waiting for memory, and a read waits for the decision.
 *
 * <p>Rules that ask for the same uid, gid and program, or leave the same of them open, share a shelf; a caller has at most
 * eight shelves. On a shelf, rules are kept by the container's id where it is given in full, by the text before the first star
 * where it is not, and in one list where no container is asked for. What is found is a candidate only: {@link Rule#matches} is
 * still asked, so that a mistake here can lose a match and never make one.
 */
final class RuleIndex {
    static final int NONE = Integer.MAX_VALUE;
    private static final long ANY_ID = -1;
    private static final String ANY_PROGRAM = "";

    private record Key(long uid, long gid, String program) {}

    /** All lists hold positions of rules, ascending. */
    private static final class Shelf {
        private final List<Integer> anywhere = new ArrayList<>();
        private final Map<String, List<Integer>> byId = new HashMap<>();
        /** By the length of the text before the star, then by that text. */
        private final Map<Integer, Map<String, List<Integer>>> byPrefix = new TreeMap<>();

        void add(Rule rule, int position) {
            for (Condition condition : rule.conditions()) {
                if (condition instanceof Condition.InContainer inContainer) {
                    ContainerGlob glob = inContainer.glob();
                    String prefix = glob.literalPrefix();
                    Map<String, List<Integer>> by = glob.isLiteral()
                            ? byId
                            : byPrefix.computeIfAbsent(prefix.length(), length -> new HashMap<>());
                    by.computeIfAbsent(prefix, text -> new ArrayList<>()).add(position);
                    return;
                }
            }
            anywhere.add(position);
        }
    }

    private final List<Rule> rules;
    private final Map<Key, Shelf> shelves = new HashMap<>();

    RuleIndex(List<Rule> rules) {
        this.rules = rules;
        for (int i = 0; i < rules.size(); i++) {
            shelves.computeIfAbsent(key(rules.get(i)), key -> new Shelf()).add(rules.get(i), i);
        }
    }

    private static Key key(Rule rule) {
        long uid = ANY_ID;
        long gid = ANY_ID;
        String program = ANY_PROGRAM;
        for (Condition condition : rule.conditions()) {
            if (condition instanceof Condition.HasUid hasUid) {
                uid = hasUid.uid().number();
            } else if (condition instanceof Condition.HasGid hasGid) {
                gid = hasGid.gid().number();
            } else if (condition instanceof Condition.RunsPath runsPath) {
                program = runsPath.path();
            } else if (condition instanceof Condition.RunsFile runsFile) {
                program = runsFile.file().path();
            }
        }
        return new Key(uid, gid, program);
    }

    /** Position of the first rule that matches, or {@link #NONE}. */
    int firstMatch(Caller caller) {
        int first = NONE;
        for (long uid : new long[] {caller.uid().number(), ANY_ID}) {
            for (long gid : new long[] {caller.gid().number(), ANY_ID}) {
                for (String program : new String[] {caller.executable().path(), ANY_PROGRAM}) {
                    Shelf shelf = shelves.get(new Key(uid, gid, program));
                    if (shelf != null) {
                        first = firstMatch(shelf, caller, first);
                    }
                }
            }
        }
        return first;
    }

    private int firstMatch(Shelf shelf, Caller caller, int before) {
        int first = firstMatch(shelf.anywhere, caller, before);
        String id = caller.container().id();
        first = firstMatch(shelf.byId.getOrDefault(id, List.of()), caller, first);
        for (Map.Entry<Integer, Map<String, List<Integer>>> prefixes : shelf.byPrefix.entrySet()) {
            if (prefixes.getKey() > id.length()) {
                break;
            }
            String prefix = id.substring(0, prefixes.getKey());
            first = firstMatch(prefixes.getValue().getOrDefault(prefix, List.of()), caller, first);
        }
        return first;
    }

    private int firstMatch(List<Integer> candidates, Caller caller, int before) {
        for (int position : candidates) {
            if (position >= before) {
                return before;
            }
            if (rules.get(position).matches(caller)) {
                return position;
            }
        }
        return before;
    }
}
