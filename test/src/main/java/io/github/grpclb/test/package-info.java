/**
 * What users test with: an etcd inside the JVM, a registry that the test drives, checks of how calls were shared and of calls that must not
 * fail, and what the test of a policy needs. Of JUnit only {@link io.github.grpclb.test.WithEmbeddedEtcd} knows.
 */
@NullMarked
package io.github.grpclb.test;

import org.jspecify.annotations.NullMarked;
