/** Etcd in containers that Spring Boot knows of: those of Testcontainers and of Docker Compose. */
@NullMarked
package io.github.grpclb.autoconfigure.connection;

import org.jspecify.annotations.NullMarked;
