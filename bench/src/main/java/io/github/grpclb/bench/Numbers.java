package io.github.grpclb.bench;

import java.util.Locale;

/** Numbers as a person reads them. */
final class Numbers {

    private Numbers() {}

    /** Writes about three digits, in groups of three. */
    static String of(double value) {
        double size = Math.abs(value);
        if (size < 0.005) {
            return "0";
        }
        if (value == Math.rint(value) || size >= 100) {
            return String.format(Locale.ROOT, "%,d", Math.round(value)).replace(',', ' ');
        }
        return String.format(Locale.ROOT, size >= 10 ? "%.1f" : "%.2f", value);
    }

    /** Writes a number as it was given. */
    static String plain(double value) {
        return value == Math.rint(value) ? of(value) : String.valueOf(value);
    }

    static String percent(double part) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * part);
    }
}
