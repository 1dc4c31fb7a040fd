/** What tests with Spring's test context framework, such as {@code @SpringBootTest}, use of it. */
@NullMarked
package io.github.grpclb.test.spring;

import org.jspecify.annotations.NullMarked;
