/** Applications of Spring gRPC, as Spring Boot 4.1 has it built in, with the starter. */
@NullMarked
package io.github.grpclb.springgrpc;

import org.jspecify.annotations.NullMarked;
