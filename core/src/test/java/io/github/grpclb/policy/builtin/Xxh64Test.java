package io.github.grpclb.policy.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.Allocation;
import org.junit.jupiter.api.Test;

class Xxh64Test {

    /** From xxHash's own sanity tests and the README of python-xxhash. */
    @Test
    void givesThePublishedNumbers() {
        assertThat(hash("", 0)).isEqualTo("ef46db3751d8e999");
        assertThat(hash("a", 0)).isEqualTo("d24ec4f1a98c6e5b");
        assertThat(hash("abc", 0)).isEqualTo("44bc2cf5ad770999");
        assertThat(hash("xxhash", 20141025)).isEqualTo("b559b98d844e0635");
        assertThat(hash("I want an unsigned 64-bit seed!", 0)).isEqualTo("d4cb0a70a2b8c7c1");
        assertThat(hash("I want an unsigned 64-bit seed!", 1)).isEqualTo("ce5087f12470d961");
        assertThat(hash("Nobody inspects the spammish repetition", 0)).isEqualTo("fbcea83c8a378bf1");
    }

    @Test
    void takesTheBytesOfUtf8() {
        // the same bytes, taken as Latin-1 characters, are another text
        assertThat(hash("grüße", 0)).isNotEqualTo(hash("grÃ¼Ã\u009fe", 0));
        assertThat(hash("\u0000é", 0)).isNotEqualTo(hash("\u0000e", 0));
    }

    @Test
    void allocatesNothingForAscii() {
        String key = "user-0123456789-0123456789-0123456789";
        long[] sum = new long[1];
        assertThat(Allocation.bytesPerRun(() -> sum[0] += Xxh64.hash(key, 0))).isLessThan(1);
    }

    private static String hash(String text, long seed) {
        return Long.toHexString(Xxh64.hash(text, seed));
    }
}
