package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Records that no server can be called by: whoever looks for that server finds why. */
class UnusableRecordsIT {

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow({44, 45, 46, 47})
    void areTold() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        scene.servers(1);
        SampleServer byHand = scene.server("2", "--grpc.lb.registration.enabled=false");
        operator.put(Scene.PREFIX + "by-hand", byHand.address());
        operator.put(Scene.PREFIX + "before", "no record");
        LoadClient client = scene.load(100);
        client.awaitAnswersOf(List.of("1", "2"));
        client.awaitReason("44.malformed", "before");

        operator.put(Scene.PREFIX + "malformed", "{\"Addr\":7}");
        operator.put(Scene.PREFIX + "huge", "{\"Addr\":\"10.0.0.1:1\",\"x\":\"" + "y".repeat(1_000_000) + "\"}");
        operator.put(Scene.PREFIX + "hostile", "169.254.169.254:80");
        operator.put(Scene.PREFIX + "forged", "10.0.0.1:80\r\n2026-01-01 ERROR forged line");
        operator.put(Scene.PREFIX + "port", "10.0.0.1:0");
        operator.put(Scene.PREFIX + "deeper/x", "10.0.0.1:1");
        operator.put("/grpclb/chaos2/x", "10.0.0.1:1");
        operator.put(Scene.PREFIX + "by-hand", "no record any more");
        client.awaitReason("44.last-good", "by-hand");
        client.awaitReason("44.malformed", "malformed");
        client.awaitReason("45.huge", "huge");
        client.awaitReason("46.hostile", "hostile");
        client.awaitReason("46.hostile", "forged");
        client.awaitReason("46.port", "port");
        client.awaitReason("47.deeper", "deeper/x");
        client.awaitReason("47.other-service", "x");

        CallLog calls = client.stop();
        calls.allSucceeded(50);
        assertThat(calls.byServer()).containsOnlyKeys("1", "2");
    }

    /** No server at all: the calls themselves say that there is a record, and what is wrong with it. */
    @Test
    @FaultRow(44)
    void areTheReasonWhereNobodyElseIsThere() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        operator.put(Scene.PREFIX + "malformed", "no record");
        LoadClient client = scene.client();
        CallLog.Call call = client.call();
        assertThat(call.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(call.text())
                .startsWith("etcd:///chaos: no endpoint is registered that can be used: 1 not used, such as "
                        + "/grpclb/chaos/malformed: value: 'no record' (expected: ");
        client.awaitReason("44.malformed", "malformed");
        operator.delete(Scene.PREFIX + "malformed");
        Moment.now()
                .within(
                        Scene.RECOVERY,
                        "no longer",
                        () -> client.call().text().startsWith("etcd:///chaos: no endpoint is registered")
                                && !client.call().text().contains("malformed"));
    }
}
