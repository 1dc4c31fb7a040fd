package io.github.grpclb.xds.config;

/** Where a server's weight is written. */
public enum Weights {
    /**
     * Each server is a locality of its own, with its weight. gRPC's clients follow the weights of localities in every language, and those
     * of the endpoints within a locality in hardly any. Then a policy within a locality has one server to choose from: it must be
     * {@link BalancingPolicy.RoundRobin}.
     */
    LOCALITY,
    /** The servers of a zone are the endpoints of one locality. */
    ENDPOINT
}
