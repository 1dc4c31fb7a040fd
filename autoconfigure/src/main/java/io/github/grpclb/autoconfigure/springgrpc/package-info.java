/**
 * Ties Spring gRPC to grpc-lb: its channels, its servers and their events. Spring Boot 4.1 has it built in; before, it is a project of
 * its own. Only what has been the same since Spring gRPC 0.11 is used.
 */
@NullMarked
package io.github.grpclb.autoconfigure.springgrpc;

import org.jspecify.annotations.NullMarked;
