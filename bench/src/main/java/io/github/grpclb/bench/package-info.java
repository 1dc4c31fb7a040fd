/** Measures the balancer, and whole applications with it, against others on the same machine in the same run. */
@NullMarked
package io.github.grpclb.bench;

import org.jspecify.annotations.NullMarked;
