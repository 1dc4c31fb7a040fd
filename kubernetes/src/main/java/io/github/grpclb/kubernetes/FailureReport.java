package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.follow.ColdStart;
import io.github.grpclb.discovery.follow.EndpointPublisher;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells all who are to know it that a Service cannot be followed just now. For the loop's thread. */
final class FailureReport {

    private static final Logger log = LoggerFactory.getLogger(FailureReport.class);

    private final String service;
    private final ServiceTarget target;
    private final Following following;
    private final EndpointPublisher publisher;
    private final ColdStart<List<Endpoint>> coldStart;

    FailureReport(String service, ServiceTarget target, Following following, EndpointPublisher publisher) {
        this.service = service;
        this.target = target;
        this.following = following;
        this.publisher = publisher;
        this.coldStart = new ColdStart<>(service, following.loop(), publisher, following.lists(), saved -> saved);
    }

    /**
     * Tells of a failure, after which the list is read again.
     *
     * @param otherwise what it is called unless a version was forgotten
     */
    void tell(ApiFailure plain, Restart otherwise) {
        ApiFailure failure = plain.kind() == ApiFailure.Kind.FORBIDDEN ? plain.with(rightToAdd()) : plain;
        Restart reason = failure.kind() == ApiFailure.Kind.EXPIRED ? Restart.COMPACTED : otherwise;
        following.status().failed(service, failure);
        following.loop().foreign(() -> following.observer().watchRestarted(service, reason));
        if (failure.needsAPerson()) {
            coldStart.refused(failure.message());
        } else if (reason == Restart.LIST_FAILED || failure.isSilence() || !publisher.hasPublished()) {
            coldStart.unreachable(failure.message(), failure.kind() == ApiFailure.Kind.TIMEOUT);
        }
        boolean saidElsewhere = failure.isSilence() || failure.kind() == ApiFailure.Kind.EXPIRED;
        if (saidElsewhere) {
            log.debug("{}: {} ({})", service, failure.message(), reason);
        } else if (following.loop().logLimit().isNew(service, failure.kind())) {
            log.warn("{}: Service {} cannot be followed: {}; retrying", LogText.of(service), target, failure.message());
        }
    }

    private String rightToAdd() {
        return "; the pod's service account needs the verbs get, list and watch on endpointslices of the API group"
                + " discovery.k8s.io in namespace '" + target.namespace() + "', by a Role and a RoleBinding there";
    }
}
