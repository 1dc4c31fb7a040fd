package io.github.grpclb.etcd.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.testing.FaultRow;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;

/** Whatever a service or a prefix is called, and whatever keys there are: no key belongs to two services. */
@FaultRow(47)
@AddLifecycleHook(FuzzRun.class)
class KeyFuzzTest {

    private static final String PREFIX = "/grpclb/";

    @Provide
    Arbitrary<String> names() {
        return Hostile.inputs(KeyFuzzTest::name);
    }

    @Property
    void givesAKeyToOneServiceOnly(
            @ForAll("names") String service, @ForAll("names") String other, @ForAll("names") String tail) {
        givesAKeyToOneServiceOnly(PREFIX, service, other, tail);
        givesAKeyToOneServiceOnly("", service, other, tail);
    }

    private static void givesAKeyToOneServiceOnly(String prefix, String service, String other, String tail) {
        KeySpace keys = new KeySpace(prefix);
        String below = prefixOf(keys, service);
        String belowOther = prefixOf(keys, other);
        if (below == null) {
            return;
        }
        assertThat(below).startsWith(prefix).endsWith("/").doesNotContain("//").doesNotContain("/../");
        String key = below + tail;
        String found = keys.tail(service, key);
        if (found == null) {
            return;
        }
        assertThat(found).isEqualTo(tail).isNotEmpty().doesNotContain("/");
        if (belowOther != null && !other.equals(service)) {
            assertThat(keys.tail(other, key)).isNull();
        }
    }

    @Property
    void takesNoKeyFromElsewhere(@ForAll("names") String key) {
        KeySpace keys = new KeySpace(PREFIX);
        assertThat(keys.tail("greeter", key)).isNull();
        assertThat(keys.tail("greeter", PREFIX + "greeter" + key))
                .satisfiesAnyOf(tail -> assertThat(tail).isNull(), tail -> assertThat("/" + tail)
                        .isEqualTo(key));
    }

    @Test
    void takesTheFixedSeed() {
        Hostile.replay(KeyFuzzTest::name, 500, name -> {
            takesNoKeyFromElsewhere(name);
            givesAKeyToOneServiceOnly(name, name + "a", "a");
        });
    }

    @Provide
    Arbitrary<List<String>> urls() {
        return Hostile.inputs(hostile -> hostile.list(3, () -> url(hostile)));
    }

    /** {@link EtcdOptions} takes what it can dial and refuses all else by name, without what may be a password. */
    @Property
    void checksWhereEtcdIs(@ForAll("urls") List<String> urls, @ForAll("names") String prefix) {
        EtcdOptions options;
        try {
            options = new EtcdOptions(urls, prefix, null, null, null, EtcdOptions.DEFAULT_CALL_TIMEOUT);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).contains("(expected: ").doesNotContain("canary");
            assertThat(e.getMessage().chars()).noneMatch(Character::isISOControl);
            return;
        }
        assertThat(options.prefix())
                .isIn("", prefix.strip(), prefix.strip() + "/")
                .matches("|.*/");
        assertThat(options.keySpace().servicePrefix("svc")).isEqualTo(options.prefix() + "svc/");
        assertThat(options.endpoints()).isNotEmpty().allMatch(url -> url.startsWith("http://"));
        assertThat(options.toString()).doesNotContain("canary");
    }

    private static String name(Hostile hostile) {
        return hostile.oneIn(2)
                ? hostile.text()
                : String.join(
                        "/",
                        hostile.list(
                                hostile.oneIn(10) ? 150 : 4,
                                () -> hostile.of(
                                        "a", "b", "ab", "orders", ".", "..", "", "a ", "%2f", "\u200b", "\ud800")));
    }

    private static String url(Hostile hostile) {
        return hostile.oneIn(6)
                ? hostile.text()
                : hostile.of(
                                "http://",
                                "http://",
                                "https://",
                                "HTTP://",
                                "",
                                "ftp://",
                                "http:",
                                " http://",
                                "http://u:canary@")
                        + hostile.address()
                        + hostile.of("", "", "", "/", "/x", "?a", "#a", " ");
    }

    private static String prefixOf(KeySpace keys, String service) {
        try {
            return keys.servicePrefix(service);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).startsWith("service: '");
            return null;
        }
    }
}
