/** What of the actuator has another type in Spring Boot 3. On Spring Boot 4 nothing here takes effect. */
@NullMarked
package io.github.grpclb.boot3;

import org.jspecify.annotations.NullMarked;
