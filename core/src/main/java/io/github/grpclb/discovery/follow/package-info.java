/** How services are followed, whatever the registry: one feed shared by many, linger, coalescing, mass changes, a start without it. */
@NullMarked
package io.github.grpclb.discovery.follow;

import org.jspecify.annotations.NullMarked;
