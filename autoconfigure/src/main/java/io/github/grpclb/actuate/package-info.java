/** The actuator's view: health and what this process knows of its services. */
@NullMarked
package io.github.grpclb.actuate;

import org.jspecify.annotations.NullMarked;
