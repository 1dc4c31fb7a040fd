package io.github.grpclb.actuate;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.server.ServerLifecycle;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/** The actuator's endpoint {@code grpclb}: the servers that this process calls, and how it is announced itself. Read-only. */
@Endpoint(id = "grpclb")
public final class GrpcLbEndpoint {

    private static final String SECTIONS = "sections";

    private final @Nullable LiveEndpoints live;
    private final @Nullable ServerLifecycle server;
    private final ControlPlaneStatus.@Nullable Source controlPlane;
    private final List<Section> sections;

    /**
     * Creates the endpoint.
     *
     * @param live what this process calls, or null if it calls nobody
     * @param server this process's registration, or null if it is none of this process's tasks
     * @param controlPlane this process's control plane, or null if it is none
     * @param sections what else it tells
     */
    public GrpcLbEndpoint(
            @Nullable LiveEndpoints live,
            @Nullable ServerLifecycle server,
            ControlPlaneStatus.@Nullable Source controlPlane,
            List<Section> sections) {
        this.live = live;
        this.server = server;
        this.controlPlane = controlPlane;
        this.sections = List.copyOf(sections);
    }

    /** Returns what is known now. Channels that found no server are there with the reason; those that are idle are not there. */
    @ReadOperation
    public Description describe() {
        List<Client> clients = live == null
                ? List.of()
                : live.channels().stream()
                        .map(Client::of)
                        .sorted(Comparator.comparing(Client::service)
                                .thenComparing(Client::client, Comparator.nullsLast(Comparator.naturalOrder())))
                        .toList();
        List<Announced> announced = server == null
                ? List.of()
                : server.registrations().stream().map(Announced::of).toList();
        return new Description(
                clients,
                announced.isEmpty() ? null : announced.get(0),
                announced,
                controlPlane == null ? null : controlPlane.status());
    }

    /**
     * Returns what a section tells; null where there is none of that name. The section {@value #SECTIONS} lists their names.
     *
     * @see SectionQuery
     */
    @ReadOperation
    @SuppressWarnings("deprecation") // Spring Boot 3.5 knows an optional parameter by its own annotation alone
    public @Nullable Object section(
            @Selector String section,
            @org.springframework.lang.Nullable String service,
            @org.springframework.lang.Nullable String client,
            @org.springframework.lang.Nullable String search,
            @org.springframework.lang.Nullable String sort,
            @org.springframework.lang.Nullable Integer offset,
            @org.springframework.lang.Nullable Integer limit,
            @org.springframework.lang.Nullable Long since,
            @org.springframework.lang.Nullable String call,
            @org.springframework.lang.Nullable String change) {
        try {
            SectionQuery query = new SectionQuery(
                    service,
                    client,
                    search,
                    sort,
                    offset == null ? 0 : offset,
                    limit == null ? SectionQuery.SOME : limit,
                    since == null ? 0 : since,
                    call,
                    change);
            if (section.equals(SECTIONS)) {
                return sections.stream().map(Section::name).sorted().toList();
            }
            for (Section each : sections) {
                if (each.name().equals(section)) {
                    return each.read(query);
                }
            }
            return null;
        } catch (IllegalArgumentException e) {
            return Unanswered.refused(e);
        }
    }

    /**
     * What is known.
     *
     * @param clients channels with their servers
     * @param registration how this process is announced, under the first of its services' names; null while it is not
     * @param registrations the same for each of its services' names
     * @param controlPlane the control plane for xDS clients in this process; null where there is none
     */
    public record Description(
            List<Client> clients,
            @Nullable Announced registration,
            List<Announced> registrations,
            @Nullable ControlPlaneStatus controlPlane) {}

    /**
     * A channel.
     *
     * @param client what the application calls it, or null
     * @param service the service that it calls
     * @param policy the policy that picks, or null where it has never known a server
     * @param endpoints the servers that it knows
     * @param reason what calls fail with while it knows none, or null
     */
    public record Client(
            @Nullable String client,
            String service,
            @Nullable String policy,
            List<Server> endpoints,
            @Nullable String reason) {

        static Client of(LiveEndpoints.Channel channel) {
            return new Client(
                    channel.client(),
                    channel.service(),
                    channel.policy(),
                    channel.endpoints().stream().map(Server::of).toList(),
                    channel.reason());
        }
    }

    /**
     * A server that a channel knows.
     *
     * @param address {@code host:port}
     * @param id its own id, or null
     * @param state what it can do for the channel
     * @param weight its share of calls as announced
     * @param effectiveWeight its share of calls as used; 0 while it takes none
     * @param inFlight calls under way
     */
    public record Server(
            String address,
            @Nullable String id,
            EndpointState state,
            int weight,
            double effectiveWeight,
            int inFlight) {

        static Server of(LiveEndpoints.Live endpoint) {
            return new Server(
                    endpoint.endpoint().address(),
                    endpoint.endpoint().id(),
                    endpoint.state(),
                    endpoint.endpoint().registeredWeight(),
                    endpoint.weight(),
                    endpoint.load().inFlight());
        }
    }

    /**
     * How this process is announced.
     *
     * @param service the service's name
     * @param address {@code host:port}
     * @param id its own id, or null
     * @param weight its share of calls
     * @param draining whether clients are told to turn away
     * @param state where the registration stands
     * @param stateMillis how long it has stood there
     * @param reason why it is not registered, or null
     * @param visible whether it was read back from the registry as it was written
     * @param visibleAfterMillis how long the last write took to be read back, or null
     */
    public record Announced(
            String service,
            String address,
            @Nullable String id,
            int weight,
            boolean draining,
            Registration.State state,
            long stateMillis,
            @Nullable String reason,
            boolean visible,
            @Nullable Long visibleAfterMillis) {

        static Announced of(Registration registration) {
            var endpoint = registration.endpoint();
            Registration.Status status = registration.status();
            Duration lag = status.lag();
            return new Announced(
                    endpoint.service(),
                    endpoint.address(),
                    endpoint.id(),
                    endpoint.weight(),
                    endpoint.state() == io.github.grpclb.discovery.Endpoint.State.DRAINING,
                    status.state(),
                    status.forTime().toMillis(),
                    status.reason(),
                    status.visible(),
                    lag == null ? null : lag.toMillis());
        }
    }
}
