package io.github.grpclb.discovery;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the name that somebody may have meant. Capitals and signs count nothing. */
public final class Similar {

    private Similar() {}

    /** Returns the nearest of the names, where at most a third of its characters would have to change, one at least and three at most. */
    public static Optional<String> to(String written, Collection<String> names) {
        String bare = bare(written);
        return names.stream()
                .min(Comparator.<String>comparingInt(name -> distance(bare, bare(name)))
                        .thenComparing(Comparator.naturalOrder()))
                .filter(name -> distance(bare, bare(name)) <= Math.max(1, Math.min(3, bare.length() / 3)));
    }

    /** Returns the letters and digits of a name, in lower case. */
    public static String bare(String name) {
        return name.replaceAll("[^\\p{L}\\p{N}]", "").toLowerCase(Locale.ROOT);
    }

    /** Levenshtein's distance: how many characters have to be inserted, deleted or replaced. */
    public static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
