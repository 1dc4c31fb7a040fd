/** A control plane for xDS clients in a Spring application. */
@NullMarked
package io.github.grpclb.autoconfigure.xds;

import org.jspecify.annotations.NullMarked;
