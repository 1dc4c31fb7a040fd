package io.github.grpclb.autoconfigure;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.stereotype.Component;

/** Any server of a zone, or of all zones where too few of it are ready. */
@Component
class NearestFactory implements PolicyFactory {

    @Override
    public String name() {
        return "nearest";
    }

    @Override
    public Policy create(ConfigFields options) {
        return new Nearest(options.requiredText("zone", "a zone"), options.whole("minReady", 1, 1, 100));
    }

    private record Nearest(String zone, int minReady) implements Policy {

        @Override
        public String name() {
            return "nearest";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            List<Candidate> near = ready.stream()
                    .filter(candidate -> zone.equals(candidate.endpoint().zone()))
                    .toList();
            List<Candidate> chosen = near.size() < minReady ? ready : near;
            return call -> chosen.get(ThreadLocalRandom.current().nextInt(chosen.size()));
        }
    }
}
