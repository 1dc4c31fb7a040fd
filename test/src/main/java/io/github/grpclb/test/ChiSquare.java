package io.github.grpclb.test;

/** The χ² distribution. */
final class ChiSquare {

    private static final double PRECISION = 1e-15;
    private static final int MOST_TERMS = 100_000;

    private ChiSquare() {}

    /**
     * Returns the probability that chance gives a χ² of at least so much: the upper regularized incomplete gamma function Q(k/2, χ²/2),
     * by its series below the mean and by its continued fraction above (Abramowitz and Stegun 6.5.29 and 6.5.31).
     *
     * @param chiSquare 0 or more
     * @param degreesOfFreedom k, 1 or more
     */
    static double probabilityOfAtLeast(double chiSquare, int degreesOfFreedom) {
        double a = degreesOfFreedom / 2.0;
        double x = chiSquare / 2;
        if (x == 0) {
            return 1;
        }
        double factor = Math.exp(a * Math.log(x) - x - logGammaOfHalf(degreesOfFreedom));
        return x < a + 1 ? 1 - factor * series(a, x) : factor * continuedFraction(a, x);
    }

    private static double series(double a, double x) {
        double term = 1 / a;
        double sum = term;
        for (int n = 1; n < MOST_TERMS && term > sum * PRECISION; n++) {
            term *= x / (a + n);
            sum += term;
        }
        return sum;
    }

    /** By Lentz's method. */
    private static double continuedFraction(double a, double x) {
        double b = x + 1 - a;
        double c = Double.MAX_VALUE;
        double d = 1 / b;
        double value = d;
        for (int n = 1; n < MOST_TERMS; n++) {
            double numerator = n * (a - n);
            b += 2;
            d = 1 / (numerator * d + b);
            c = b + numerator / c;
            value *= c * d;
            if (Math.abs(c * d - 1) < PRECISION) {
                break;
            }
        }
        return value;
    }

    /** Returns ln Γ(k/2), from Γ(1/2) = √π or Γ(1) = 1 upwards. */
    private static double logGammaOfHalf(int k) {
        double log = k % 2 == 0 ? 0 : Math.log(Math.PI) / 2;
        for (double a = k % 2 == 0 ? 1 : 0.5; a < k / 2.0; a++) {
            log += Math.log(a);
        }
        return log;
    }
}
