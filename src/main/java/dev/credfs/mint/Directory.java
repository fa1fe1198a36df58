package dev.credfs.mint;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A directory of the tree.
 *
 * @param children by name; every name is a {@linkplain #isName legal one}
 */
public record Directory(SortedMap<String, Node> children) implements Node {
    private static final int MAX_NAME_CHARACTERS = 64;

    public Directory {
        children = Collections.unmodifiableSortedMap(new TreeMap<>(children));
        for (String name : children.keySet()) {
            if (!isName(name)) {
                throw new IllegalArgumentException("not a name: " + name);
            }
        }
    }

    public static Directory of(Map<String, Node> children) {
        return new Directory(new TreeMap<>(children));
    }

    /** Whether a node can have this name: 1 to 64 characters of {@code [A-Za-z0-9._-]}, and neither dot nor dot-dot. */
    public static boolean isName(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME_CHARACTERS || name.equals(".") || name.equals("..")) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!letter && c != '.' && c != '_' && c != '-') {
                return false;
            }
        }
        return true;
    }
}
