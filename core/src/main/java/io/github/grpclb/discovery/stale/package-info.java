/** Endpoints that the registry no longer lists, and yet may be there. */
@NullMarked
package io.github.grpclb.discovery.stale;

import org.jspecify.annotations.NullMarked;
