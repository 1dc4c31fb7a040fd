/** The properties below {@code grpc.lb}, how they are read, and what is said of those that are wrong or have no effect. */
@NullMarked
package io.github.grpclb.autoconfigure.properties;

import org.jspecify.annotations.NullMarked;
