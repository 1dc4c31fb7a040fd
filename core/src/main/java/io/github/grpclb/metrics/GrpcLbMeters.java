package io.github.grpclb.metrics;

/**
 * The names of all meters and of their tags.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>meter</th><th>type</th><th>tags</th><th>says</th></tr>
 * <tr><td>{@value #CALLS_STARTED}</td><td>counter</td><td>service, policy</td>
 *     <td>calls sent to a server; each attempt of a call that is retried counts</td></tr>
 * <tr><td>{@value #CALLS_FINISHED}</td><td>timer</td><td>service, policy, status</td>
 *     <td>calls that ended, and the time from being sent to their end</td></tr>
 * <tr><td>{@value #CALLS_IN_FLIGHT}</td><td>gauge</td><td>service</td><td>calls under way</td></tr>
 * <tr><td>{@value #PICKS_FAILED}</td><td>counter</td><td>service, policy, reason</td>
 *     <td>picks that found no server; a waiting call is picked for again with each change</td></tr>
 * <tr><td>{@value #PICKS_DELAYED}</td><td>counter</td><td>service, policy, reason</td>
 *     <td>picks that let their call wait; a waiting call is picked for again with each change</td></tr>
 * <tr><td>{@value #FIRST_LIST}</td><td>timer</td><td>service</td>
 *     <td>time from when a channel is first used, or is again after an idle time, to its list of endpoints: its first calls wait as
 *     long; none where they fail meanwhile</td></tr>
 * <tr><td>{@value #ENDPOINTS}</td><td>gauge</td><td>service, state</td><td>known endpoints in each state</td></tr>
 * <tr><td>{@value #ENDPOINTS_SUSPECTED}</td><td>counter</td><td>service</td>
 *     <td>endpoints that vanished from the registry with most others, and stayed in use; counted by each channel</td></tr>
 * <tr><td>{@value #EJECTIONS}</td><td>counter</td><td>service</td>
 *     <td>endpoints that were ejected as outliers; counted by each channel</td></tr>
 * <tr><td>{@value #PANIC}</td><td>gauge</td><td>service</td>
 *     <td>pools of endpoints, over all channels, that use ejected ones since too few others are usable</td></tr>
 * <tr><td>{@value #OVERRIDES}</td><td>gauge</td><td>service, kind</td>
 *     <td>overrides that act on this process: {@code weight}, {@code disabled}, {@code policy} or {@code split}</td></tr>
 * <tr><td>{@value #ETCD_ANSWER_AGE}</td><td>gauge, seconds</td><td></td>
 *     <td>time since etcd last answered; NaN before the first answer</td></tr>
 * <tr><td>{@value #WATCH_RESTARTS}</td><td>counter</td><td>service, reason</td>
 *     <td>lists read again, {@code periodic} being routine</td></tr>
 * <tr><td>{@value #REGISTERED}</td><td>gauge</td><td>service</td>
 *     <td>1 while this process is announced, 0 while its announcement is lost; there is none before the first</td></tr>
 * <tr><td>{@value #REGISTRATIONS}</td><td>counter</td><td>service</td>
 *     <td>times that this process was announced, the first time and each time it was put back</td></tr>
 * <tr><td>{@value #REGISTRATION_CONFLICTS}</td><td>counter</td><td>service</td>
 *     <td>other live processes that held the key under which this one is to be announced</td></tr>
 * <tr><td>{@value #REGISTRATION_LAG}</td><td>timer</td><td>service</td>
 *     <td>time from writing the own record until it was read back</td></tr>
 * <tr><td>{@value #REGISTRATIONS_LOST}</td><td>counter</td><td>service, reason</td>
 *     <td>times that the announcement was lost and had to be put back</td></tr>
 * <tr><td>{@value #RECORDS_SKIPPED}</td><td>counter</td><td>service</td><td>records that could not be read</td></tr>
 * <tr><td>{@value #MASS_CHANGES}</td><td>counter</td><td>service</td>
 *     <td>updates that replaced more than half of a service's addresses</td></tr>
 * <tr><td>{@value #ENDPOINT_CALLS}</td><td>counter</td><td>service, endpoint, outcome</td>
 *     <td>calls to an endpoint that ended; none for the tag {@value #OTHER} *</td></tr>
 * <tr><td>{@value #ENDPOINT_IN_FLIGHT}</td><td>gauge</td><td>service, endpoint</td><td>calls to an endpoint under way *</td></tr>
 * <tr><td>{@value #ENDPOINT_WEIGHT}</td><td>gauge</td><td>service, endpoint</td><td>weight in effect, before slow start; 0 while an endpoint takes no calls *</td></tr>
 * <tr><td>{@value #ENDPOINT_SLOW_START}</td><td>gauge</td><td>service, endpoint</td>
 *     <td>part of its weight that an endpoint has by slow start while it is new, 1 otherwise; none for the tag {@value #OTHER} *</td></tr>
 * </table>
 *
 * <p>* Only where meters per endpoint are asked for, and for at most {@value #MAX_ENDPOINTS} endpoints at a time: all further
 * ones share the tag {@value #OTHER}. The meters of an endpoint that is gone are removed.
 */
public final class GrpcLbMeters {

    public static final String CALLS_STARTED = "grpc.lb.calls.started";
    public static final String CALLS_FINISHED = "grpc.lb.calls.finished";
    public static final String CALLS_IN_FLIGHT = "grpc.lb.calls.in.flight";
    public static final String PICKS_FAILED = "grpc.lb.picks.failed";
    public static final String PICKS_DELAYED = "grpc.lb.picks.delayed";
    public static final String FIRST_LIST = "grpc.lb.first.list";
    public static final String ENDPOINTS = "grpc.lb.endpoints";
    public static final String ENDPOINTS_SUSPECTED = "grpc.lb.endpoints.suspected";
    public static final String EJECTIONS = "grpc.lb.ejections";
    public static final String PANIC = "grpc.lb.panic";
    public static final String OVERRIDES = "grpc.lb.overrides";
    public static final String ETCD_ANSWER_AGE = "grpc.lb.etcd.answer.age";
    public static final String WATCH_RESTARTS = "grpc.lb.etcd.watch.restarts";
    public static final String REGISTERED = "grpc.lb.registered";
    public static final String REGISTRATIONS = "grpc.lb.registrations";
    public static final String REGISTRATIONS_LOST = "grpc.lb.registrations.lost";
    public static final String REGISTRATION_CONFLICTS = "grpc.lb.registration.conflicts";
    public static final String REGISTRATION_LAG = "grpc.lb.registration.lag";
    public static final String RECORDS_SKIPPED = "grpc.lb.records.skipped";
    public static final String MASS_CHANGES = "grpc.lb.mass.changes";
    public static final String ENDPOINT_CALLS = "grpc.lb.endpoint.calls";
    public static final String ENDPOINT_IN_FLIGHT = "grpc.lb.endpoint.in.flight";
    public static final String ENDPOINT_WEIGHT = "grpc.lb.endpoint.weight";
    public static final String ENDPOINT_SLOW_START = "grpc.lb.endpoint.slow.start";

    /** Tag: the service's name. */
    public static final String SERVICE = "service";

    /** Tag: the name of the policy. */
    public static final String POLICY = "policy";

    /** Tag: the gRPC status code, such as {@code OK}. */
    public static final String STATUS = "status";

    /** Tag: why, in lower case with underscores. */
    public static final String REASON = "reason";

    /** Tag: what an override changes. */
    public static final String KIND = "kind";

    /** Tag: what a call's end says about the server: {@code success}, {@code failure} or {@code cancelled}. */
    public static final String OUTCOME = "outcome";

    /** Tag: an endpoint's state, in lower case. */
    public static final String STATE = "state";

    /** Tag: an endpoint's address, or {@value #OTHER}. */
    public static final String ENDPOINT = "endpoint";

    /** Stands for all endpoints beyond the bound. */
    public static final String OTHER = "other";

    /** How many endpoints have meters of their own at most. */
    public static final int MAX_ENDPOINTS = 200;

    private GrpcLbMeters() {}
}
