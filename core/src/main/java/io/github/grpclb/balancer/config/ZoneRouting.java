package io.github.grpclb.balancer.config;

import io.github.grpclb.policy.ConfigFields;

/**
 * That calls stay in the client's own zone while it has room for them.
 *
 * <pre>{@code
 * "zone": {"own": "eu-1a", "overprovisioningFactor": 1.4}
 * }</pre>
 *
 * @param own the zone of this client
 * @param overprovisioningFactor how many times its fair load a server can take, 1 to 100. With 1.4, as in Envoy, calls begin to
 *     leave the zone when less than 71 % of it is usable
 */
public record ZoneRouting(String own, double overprovisioningFactor) {

    static ZoneRouting parse(ConfigFields fields) {
        return new ZoneRouting(
                fields.requiredText("own", "the client's zone"), fields.number("overprovisioningFactor", 1.4, 1, 100));
    }
}
