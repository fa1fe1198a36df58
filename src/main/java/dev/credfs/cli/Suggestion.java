package dev.credfs.cli;

import java.util.Collection;

/** Which known word a person may have meant. */
final class Suggestion {
    private static final int MAX_DISTANCE = 2;

    private Suggestion() {}

    /** {@code ; did you mean 'ttl'?}, or a list of what there is. */
    static String among(Collection<String> known, String word) {
        String near = near(known, word);
        return near.isEmpty() ? "; there are: " + String.join(" ", known) : near;
    }

    /** {@code ; did you mean 'ttl'?}, or nothing. */
    static String near(Collection<String> known, String word) {
        String best = "";
        int bestDistance = MAX_DISTANCE + 1;
        for (String candidate : known) {
            int distance = distance(word, candidate);
            if (distance < bestDistance && distance < candidate.length()) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best.isEmpty() ? "" : "; did you mean '" + best + "'?";
    }

    /** Edits that turn one word into the other (Levenshtein), with neighbours swapped as one (optimal string alignment). */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
