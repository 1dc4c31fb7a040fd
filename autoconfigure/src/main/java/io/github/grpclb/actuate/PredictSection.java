package io.github.grpclb.actuate;

import io.github.grpclb.balancer.dryrun.DryCall;
import io.github.grpclb.balancer.dryrun.DryRun;
import io.github.grpclb.balancer.dryrun.Prediction;
import io.github.grpclb.balancer.dryrun.WhatIf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where calls would go, now and if something were otherwise: {@code
 * grpclb/predict?service=greeter&call=header.x-version=v2&change=disable.s1}. No call is sent.
 */
public final class PredictSection implements Section {

    private final DryRun dryRun;

    /** Creates the section. */
    public PredictSection(DryRun dryRun) {
        this.dryRun = dryRun;
    }

    @Override
    public String name() {
        return "predict";
    }

    @Override
    public Answer read(SectionQuery query) {
        DryCall call = DryCall.parse(query.call());
        WhatIf change = WhatIf.parse(query.change());
        return Answer.of(dryRun.predict(query.service(), query.client(), call, change));
    }

    /**
     * What is predicted.
     *
     * @param version of this form
     * @param service the service called, or null where none was named and none found
     * @param client what the application calls the client, or null
     * @param policy the policy that picks now, or null where the channel has never known a server
     * @param picks how many calls were tried
     * @param steps what a call passes now, in order and in words
     * @param stepsAfter the same after the change, or null
     * @param before the share of each server, or null where it cannot be told
     * @param after the same after the change, or null
     * @param failed the part of the calls that fail
     * @param waiting the part of the calls that wait for a connection first
     * @param reason why something cannot be told, or else why calls fail; null where neither is so
     */
    public record Answer(
            int version,
            @Nullable String service,
            @Nullable String client,
            @Nullable String policy,
            int picks,
            List<String> steps,
            @Nullable List<String> stepsAfter,
            @Nullable List<Prediction.Share> before,
            @Nullable List<Prediction.Share> after,
            Prediction.Part failed,
            Prediction.Part waiting,
            @Nullable String reason) {

        static Answer of(Prediction prediction) {
            return new Answer(
                    1,
                    prediction.service(),
                    prediction.client(),
                    prediction.policy(),
                    Prediction.PICKS,
                    prediction.steps(),
                    prediction.stepsAfter(),
                    prediction.before(),
                    prediction.after(),
                    prediction.failed(),
                    prediction.waiting(),
                    prediction.reason());
        }
    }
}
