package io.github.grpclb.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChiSquareTest {

    /** From the tables of textbooks; those of two degrees of freedom are e^(-x/2). */
    @ParameterizedTest
    @CsvSource({
        "3.8415, 1, 0.05",
        "10.8276, 1, 0.001",
        "23.9281, 1, 1e-6",
        "5.9915, 2, 0.05",
        "13.8155, 2, 0.001",
        "27.6310, 2, 1e-6",
        "7.8147, 3, 0.05",
        "16.2662, 3, 0.001",
        "30.6648, 3, 1e-6",
        "0.0039321, 1, 0.95",
        "0.35185, 3, 0.95",
        "0.711, 4, 0.95",
        "18.307, 10, 0.05",
        "29.588, 10, 0.001",
        "124.342, 100, 0.05",
        "149.449, 100, 0.001",
        "77.929, 100, 0.95"
    })
    void isWhatTablesSay(double chiSquare, int degreesOfFreedom, double probability) {
        assertThat(ChiSquare.probabilityOfAtLeast(chiSquare, degreesOfFreedom))
                .isCloseTo(probability, within(probability * 0.001));
    }

    @Test
    void fallsFromOneToNothing() {
        for (int k : new int[] {1, 2, 7, 50, 999}) {
            double before = 1;
            assertThat(ChiSquare.probabilityOfAtLeast(0, k)).isEqualTo(1);
            for (double x = 0.1; x < 5 * k + 100; x *= 1.1) {
                double now = ChiSquare.probabilityOfAtLeast(x, k);
                assertThat(now).isBetween(0.0, before + 1e-12);
                before = now;
            }
            assertThat(before).isLessThan(1e-10);
        }
    }
}
