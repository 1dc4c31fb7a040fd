/** The last good lists on disk, whatever the registry. */
@NullMarked
package io.github.grpclb.discovery.snapshot;

import org.jspecify.annotations.NullMarked;
