/** What a control plane does, as Micrometer's meters. */
@NullMarked
package io.github.grpclb.xds.metrics;

import org.jspecify.annotations.NullMarked;
