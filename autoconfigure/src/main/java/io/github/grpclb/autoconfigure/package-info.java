/** Properties and wiring: the auto-configurations, one per concern, whoever makes channels and servers. */
@NullMarked
package io.github.grpclb.autoconfigure;

import org.jspecify.annotations.NullMarked;
