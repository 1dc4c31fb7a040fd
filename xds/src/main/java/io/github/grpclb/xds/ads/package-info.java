/** The streams of the aggregated discovery service: who asked for what, what was sent, and what was said to it. */
@NullMarked
package io.github.grpclb.xds.ads;

import org.jspecify.annotations.NullMarked;
