/** Ties net.devh's gRPC starter to grpc-lb: its channels, its stubs, its servers and their events. */
@NullMarked
package io.github.grpclb.autoconfigure.devh;

import org.jspecify.annotations.NullMarked;
