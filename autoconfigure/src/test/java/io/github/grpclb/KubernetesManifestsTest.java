package io.github.grpclb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The manifests of docs/kubernetes: what an API server would refuse, and what it would take and would not work. */
class KubernetesManifestsTest {

    private static final String NAME = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

    /** A variable that Spring Boot reads as a property. */
    private static final Pattern PROPERTY = Pattern.compile("(GRPC_LB|MANAGEMENT)_.*");

    private static final Map<String, String> VERSIONS = Map.of(
            "Deployment", "apps/v1",
            "Service", "v1",
            "ServiceAccount", "v1",
            "Role", "rbac.authorization.k8s.io/v1",
            "RoleBinding", "rbac.authorization.k8s.io/v1",
            "PodDisruptionBudget", "policy/v1");

    /** The members that objects may have, by their path; a list's elements have the path of the list. Below others anything goes. */
    private static final Map<String, Set<String>> MEMBERS = Map.ofEntries(
            Map.entry("Deployment", Set.of("apiVersion", "kind", "metadata", "spec")),
            Map.entry("Deployment.metadata", Set.of("name", "namespace", "labels")),
            Map.entry("Deployment.spec", Set.of("replicas", "selector", "strategy", "template", "minReadySeconds")),
            Map.entry("Deployment.spec.selector", Set.of("matchLabels")),
            Map.entry("Deployment.spec.strategy", Set.of("type", "rollingUpdate")),
            Map.entry("Deployment.spec.strategy.rollingUpdate", Set.of("maxSurge", "maxUnavailable")),
            Map.entry("Deployment.spec.template", Set.of("metadata", "spec")),
            Map.entry("Deployment.spec.template.metadata", Set.of("labels", "annotations")),
            Map.entry(
                    "Deployment.spec.template.spec",
                    Set.of(
                            "serviceAccountName",
                            "automountServiceAccountToken",
                            "terminationGracePeriodSeconds",
                            "topologySpreadConstraints",
                            "securityContext",
                            "containers",
                            "volumes")),
            Map.entry(
                    "Deployment.spec.template.spec.topologySpreadConstraints",
                    Set.of("maxSkew", "topologyKey", "whenUnsatisfiable", "labelSelector")),
            Map.entry(
                    "Deployment.spec.template.spec.securityContext",
                    Set.of("runAsNonRoot", "runAsUser", "seccompProfile")),
            Map.entry(
                    "Deployment.spec.template.spec.containers",
                    Set.of(
                            "name",
                            "image",
                            "env",
                            "ports",
                            "startupProbe",
                            "readinessProbe",
                            "livenessProbe",
                            "lifecycle",
                            "resources",
                            "securityContext",
                            "volumeMounts")),
            Map.entry("Deployment.spec.template.spec.containers.env", Set.of("name", "value", "valueFrom")),
            Map.entry("Deployment.spec.template.spec.containers.env.valueFrom", Set.of("fieldRef", "secretKeyRef")),
            Map.entry("Deployment.spec.template.spec.containers.env.valueFrom.fieldRef", Set.of("fieldPath")),
            Map.entry("Deployment.spec.template.spec.containers.volumeMounts", Set.of("name", "mountPath", "readOnly")),
            Map.entry("Deployment.spec.template.spec.volumes", Set.of("name", "downwardAPI", "emptyDir")),
            Map.entry("Deployment.spec.template.spec.volumes.downwardAPI", Set.of("items")),
            Map.entry("Deployment.spec.template.spec.volumes.downwardAPI.items", Set.of("path", "fieldRef")),
            Map.entry("Deployment.spec.template.spec.volumes.downwardAPI.items.fieldRef", Set.of("fieldPath")),
            Map.entry("Deployment.spec.template.spec.containers.ports", Set.of("name", "containerPort", "protocol")),
            Map.entry("Deployment.spec.template.spec.containers.startupProbe", Probe.MEMBERS),
            Map.entry("Deployment.spec.template.spec.containers.readinessProbe", Probe.MEMBERS),
            Map.entry("Deployment.spec.template.spec.containers.livenessProbe", Probe.MEMBERS),
            Map.entry("Deployment.spec.template.spec.containers.startupProbe.grpc", Set.of("port", "service")),
            Map.entry("Deployment.spec.template.spec.containers.startupProbe.httpGet", Set.of("path", "port")),
            Map.entry("Deployment.spec.template.spec.containers.readinessProbe.grpc", Set.of("port", "service")),
            Map.entry("Deployment.spec.template.spec.containers.readinessProbe.httpGet", Set.of("path", "port")),
            Map.entry("Deployment.spec.template.spec.containers.livenessProbe.grpc", Set.of("port", "service")),
            Map.entry("Deployment.spec.template.spec.containers.livenessProbe.httpGet", Set.of("path", "port")),
            Map.entry("Deployment.spec.template.spec.containers.lifecycle", Set.of("preStop", "postStart")),
            Map.entry("Deployment.spec.template.spec.containers.lifecycle.preStop", Set.of("exec", "httpGet", "sleep")),
            Map.entry("Deployment.spec.template.spec.containers.lifecycle.preStop.exec", Set.of("command")),
            Map.entry("Deployment.spec.template.spec.containers.lifecycle.preStop.httpGet", Set.of("path", "port")),
            Map.entry("Deployment.spec.template.spec.containers.resources", Set.of("requests", "limits")),
            Map.entry("Deployment.spec.template.spec.containers.resources.requests", Set.of("cpu", "memory")),
            Map.entry("Deployment.spec.template.spec.containers.resources.limits", Set.of("cpu", "memory")),
            Map.entry(
                    "Deployment.spec.template.spec.containers.securityContext",
                    Set.of("allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem")),
            Map.entry("Service", Set.of("apiVersion", "kind", "metadata", "spec")),
            Map.entry("Service.metadata", Set.of("name", "namespace", "labels")),
            Map.entry("Service.spec", Set.of("selector", "ports", "clusterIP", "publishNotReadyAddresses")),
            Map.entry("Service.spec.ports", Set.of("name", "port", "targetPort", "protocol", "appProtocol")),
            Map.entry("PodDisruptionBudget", Set.of("apiVersion", "kind", "metadata", "spec")),
            Map.entry("PodDisruptionBudget.metadata", Set.of("name", "namespace", "labels")),
            Map.entry("PodDisruptionBudget.spec", Set.of("maxUnavailable", "minAvailable", "selector")),
            Map.entry("PodDisruptionBudget.spec.selector", Set.of("matchLabels")),
            Map.entry("ServiceAccount", Set.of("apiVersion", "kind", "metadata")),
            Map.entry("ServiceAccount.metadata", Set.of("name", "namespace", "labels")),
            Map.entry("Role", Set.of("apiVersion", "kind", "metadata", "rules")),
            Map.entry("Role.metadata", Set.of("name", "namespace", "labels")),
            Map.entry("Role.rules", Set.of("apiGroups", "resources", "verbs", "resourceNames")),
            Map.entry("RoleBinding", Set.of("apiVersion", "kind", "metadata", "subjects", "roleRef")),
            Map.entry("RoleBinding.metadata", Set.of("name", "namespace", "labels")),
            Map.entry("RoleBinding.subjects", Set.of("kind", "name", "namespace")),
            Map.entry("RoleBinding.roleRef", Set.of("apiGroup", "kind", "name")));

    private static final class Probe {
        static final Set<String> MEMBERS =
                Set.of("grpc", "httpGet", "periodSeconds", "failureThreshold", "timeoutSeconds");
    }

    /** An object of a manifest. */
    record Manifest(String file, Map<String, Object> object) {

        String kind() {
            return String.valueOf(object.get("kind"));
        }

        String name() {
            return String.valueOf(at("metadata", "name"));
        }

        String namespace() {
            return String.valueOf(at("metadata", "namespace"));
        }

        /** Returns what stands at a path of members, of lists the first element; null where there is nothing. */
        Object at(String... path) {
            Object found = object;
            for (String name : path) {
                if (found instanceof List<?> list) {
                    found = list.get(0);
                }
                found = found instanceof Map<?, ?> map ? map.get(name) : null;
            }
            return found;
        }

        @Override
        public String toString() {
            return file + ": " + kind() + " " + name();
        }
    }

    private static final List<Manifest> ALL = manifests();

    private static List<Manifest> manifests() {
        try (Stream<Path> files = Files.list(Repository.file("docs/kubernetes"))) {
            List<Manifest> found = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                found.addAll(parse(file.getFileName().toString(), Files.readString(file)));
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static List<Manifest> parse(String file, String text) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        List<Manifest> found = new ArrayList<>();
        new Yaml(new SafeConstructor(options))
                .loadAll(text)
                .forEach(object -> found.add(new Manifest(file, (Map<String, Object>) object)));
        return found;
    }

    static List<Manifest> all() {
        return ALL;
    }

    private static List<Manifest> of(String kind) {
        return ALL.stream().filter(manifest -> manifest.kind().equals(kind)).toList();
    }

    static List<Manifest> deployments() {
        return of("Deployment");
    }

    private static Manifest find(String kind, Object namespace, Object name) {
        return of(kind).stream()
                .filter(manifest -> manifest.namespace().equals(namespace)
                        && manifest.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + kind + " " + namespace + "/" + name));
    }

    /** Returns the Deployment whose pods have such labels. */
    private static Manifest selectedBy(Manifest selecting, Object labels) {
        return deployments().stream()
                .filter(deployment -> deployment.namespace().equals(selecting.namespace()))
                .filter(deployment -> entries(deployment.at("spec", "template", "metadata", "labels"))
                        .containsAll(entries(labels)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(selecting + " selects nobody"));
    }

    private static Set<? extends Map.Entry<?, ?>> entries(Object labels) {
        assertThat(labels).isInstanceOf(Map.class);
        return ((Map<?, ?>) labels).entrySet();
    }

    @Test
    void aServerAClientAndARoleAreThere() {
        assertThat(ALL).extracting(Manifest::kind).containsAll(VERSIONS.keySet());
        assertThat(ALL).extracting(Manifest::toString).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("all")
    void isOfAKnownKindAndHasItsMembersAlone(Manifest manifest) {
        assertThat(manifest.at("apiVersion")).isEqualTo(VERSIONS.get(manifest.kind()));
        assertThat(manifest.name()).matches(NAME);
        assertThat(manifest.namespace()).matches(NAME);
        requireKnown(manifest.kind(), manifest.object());
    }

    private static void requireKnown(String path, Object object) {
        if (object instanceof List<?> list) {
            list.forEach(element -> requireKnown(path, element));
        } else if (object instanceof Map<?, ?> map) {
            Set<String> known = MEMBERS.get(path);
            map.forEach((name, value) -> {
                if (known != null) {
                    assertThat(known).as("members of %s", path).contains(String.valueOf(name));
                }
                requireKnown(path + "." + name, value);
            });
        }
    }

    @Test
    void findsAMemberThatIsMisspelt() {
        Manifest misspelt = parse("test", "kind: Role\nrules:\n  - apiGroups: []\n    ressources: []\n")
                .get(0);
        assertThat(catchThrowable(() -> requireKnown("Role", misspelt.object())))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("ressources");
    }

    @ParameterizedTest
    @MethodSource("deployments")
    void aDeploymentSelectsItsOwnPods(Manifest deployment) {
        assertThat(selectedBy(deployment, deployment.at("spec", "selector", "matchLabels")))
                .isEqualTo(deployment);
    }

    @ParameterizedTest
    @MethodSource("deployments")
    void aPodEndsBeforeItsTimeIsUp(Manifest deployment) {
        Object command =
                deployment.at("spec", "template", "spec", "containers", "lifecycle", "preStop", "exec", "command");
        if (command != null) {
            Object grace = deployment.at("spec", "template", "spec", "terminationGracePeriodSeconds");
            assertThat(command).asString().matches("\\[sleep, [0-9]+]");
            int sleeps = Integer.parseInt(String.valueOf(((List<?>) command).get(1)));
            // docs/operations.md: a server without long streams is down within half a minute
            assertThat((Integer) grace).isGreaterThanOrEqualTo(sleeps + 30);
        }
    }

    /** What it asks for is there only where two properties say so, and a stop takes the drain's time before SIGTERM. */
    @ParameterizedTest
    @MethodSource("deployments")
    void aPodThatDrainsBeforeItsEndIsLetTo(Manifest deployment) {
        Object path =
                deployment.at("spec", "template", "spec", "containers", "lifecycle", "preStop", "httpGet", "path");
        if (path != null) {
            assertThat(path).isEqualTo("/actuator/grpclb/pre-stop");
            Object port =
                    deployment.at("spec", "template", "spec", "containers", "lifecycle", "preStop", "httpGet", "port");
            Map<String, Object> variables = variables(deployment);
            assertThat(variables)
                    .containsEntry("GRPC_LB_OPERATIONS_ENABLED", "true")
                    .containsEntry("GRPC_LB_OPERATIONS_PRESTOP", "true")
                    .containsEntry("MANAGEMENT_SERVER_PORT", String.valueOf(containerPort(deployment, port)));
            assertThat(String.valueOf(variables.get("MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE")))
                    .contains("grpclb");
            Object grace = deployment.at("spec", "template", "spec", "terminationGracePeriodSeconds");
            assertThat((Integer) grace).isGreaterThanOrEqualTo(16 + 30);
        }
    }

    private static Map<String, Object> variables(Manifest deployment) {
        List<?> variables = (List<?>) deployment.at("spec", "template", "spec", "containers", "env");
        Map<String, Object> values = new HashMap<>();
        variables.forEach(
                each -> values.put(String.valueOf(((Map<?, ?>) each).get("name")), ((Map<?, ?>) each).get("value")));
        return values;
    }

    @ParameterizedTest
    @MethodSource("deployments")
    void aProbeAsksAPortOfTheContainer(Manifest deployment) {
        for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
            Object port = deployment.at("spec", "template", "spec", "containers", probe, "grpc", "port");
            if (port != null) {
                assertThat(port).isEqualTo(containerPort(deployment, "grpc"));
            }
            Object http = deployment.at("spec", "template", "spec", "containers", probe, "httpGet", "port");
            if (http != null) {
                assertThat(containerPort(deployment, http)).isNotNull();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("deployments")
    void aPodIsToldWhatIsTrueOfIt(Manifest deployment) {
        Map<String, String> fields = Map.of(
                "POD_NAME", "metadata.name",
                "POD_IP", "status.podIP",
                "TOPOLOGY_ZONE", "metadata.labels['topology.kubernetes.io/zone']");
        List<?> variables = (List<?>) deployment.at("spec", "template", "spec", "containers", "env");
        for (Object each : variables == null ? List.of() : variables) {
            Map<?, ?> variable = (Map<?, ?>) each;
            if (variable.get("name").equals("TERMINATION_GRACE_PERIOD_SECONDS")) {
                assertThat(variable.get("value"))
                        .isEqualTo(String.valueOf(
                                deployment.at("spec", "template", "spec", "terminationGracePeriodSeconds")));
            } else if (!PROPERTY.matcher(String.valueOf(variable.get("name"))).matches()) {
                assertThat(fields).containsKey(String.valueOf(variable.get("name")));
                assertThat(variable.get("valueFrom"))
                        .isEqualTo(Map.of("fieldRef", Map.of("fieldPath", fields.get(variable.get("name")))));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("deployments")
    void theLabelsAreWhereTheyAreLookedFor(Manifest deployment) {
        Object volume = deployment.at("spec", "template", "spec", "volumes", "downwardAPI");
        if (volume != null) {
            assertThat(deployment.at("spec", "template", "spec", "volumes", "downwardAPI", "items"))
                    .isEqualTo(List.of(Map.of("path", "labels", "fieldRef", Map.of("fieldPath", "metadata.labels"))));
            assertThat(deployment.at("spec", "template", "spec", "containers", "volumeMounts"))
                    .isEqualTo(List.of(Map.of(
                            "name",
                            deployment.at("spec", "template", "spec", "volumes", "name"),
                            "mountPath",
                            "/etc/podinfo",
                            "readOnly",
                            true)));
        }
    }

    private static Object containerPort(Manifest deployment, Object name) {
        List<?> ports = (List<?>) deployment.at("spec", "template", "spec", "containers", "ports");
        return ports.stream()
                .map(port -> (Map<?, ?>) port)
                .filter(port -> port.get("name").equals(name))
                .map(port -> port.get("containerPort"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(deployment + " has no port " + name));
    }

    @Test
    void aServiceLeadsToAPortOfItsPods() {
        for (Manifest service : of("Service")) {
            Manifest deployment = selectedBy(service, service.at("spec", "selector"));
            assertThat(containerPort(deployment, service.at("spec", "ports", "targetPort")))
                    .isNotNull();
            assertThat(deployment.at("spec", "template", "spec", "containers", "readinessProbe"))
                    .as("who is not ready gets no calls")
                    .isNotNull();
        }
    }

    @Test
    void aBudgetLeavesSomePodsAndMovesSome() {
        for (Manifest budget : of("PodDisruptionBudget")) {
            Manifest deployment = selectedBy(budget, budget.at("spec", "selector", "matchLabels"));
            assertThat((Integer) budget.at("spec", "maxUnavailable"))
                    .isBetween(1, (Integer) deployment.at("spec", "replicas") - 1);
        }
    }

    @Test
    void aRoleAllowsWhatTheSourceAsksForAndNothingElse() throws IOException {
        String asked = Files.readString(
                Repository.file("kubernetes/src/main/java/io/github/grpclb/kubernetes/FailureReport.java"));
        assertThat(asked).contains("the verbs get, list and watch on endpointslices of the API group");
        for (Manifest role : of("Role")) {
            assertThat(role.at("rules"))
                    .isEqualTo(List.of(Map.of(
                            "apiGroups", List.of("discovery.k8s.io"),
                            "resources", List.of("endpointslices"),
                            "verbs", List.of("get", "list", "watch"))));
        }
    }

    @Test
    void aBindingGivesTheRoleToTheClientsAccount() {
        for (Manifest binding : of("RoleBinding")) {
            find("Role", binding.namespace(), binding.at("roleRef", "name"));
            assertThat(binding.at("roleRef", "kind")).isEqualTo("Role");
            assertThat(binding.at("roleRef", "apiGroup")).isEqualTo("rbac.authorization.k8s.io");
            Manifest account =
                    find("ServiceAccount", binding.at("subjects", "namespace"), binding.at("subjects", "name"));
            Manifest client = deployments().stream()
                    .filter(deployment ->
                            account.name().equals(deployment.at("spec", "template", "spec", "serviceAccountName")))
                    .findFirst()
                    .orElseThrow();
            assertThat(client.namespace()).isEqualTo(account.namespace());
            assertThat(client.at("spec", "template", "spec", "automountServiceAccountToken"))
                    .isEqualTo(true);
        }
    }

    /** The page's own block is what stands in the file. */
    @Test
    void thePageHasTheRoleAndItsBinding() throws IOException {
        String page = Files.readString(Repository.file("docs/kubernetes.md"));
        String block = Pattern.compile("(?s)```yaml\n(.*?)```")
                .matcher(page)
                .results()
                .findFirst()
                .orElseThrow()
                .group(1);
        assertThat(parse("page", block))
                .extracting(Manifest::object)
                .isEqualTo(ALL.stream()
                        .filter(manifest -> manifest.kind().startsWith("Role"))
                        .map(Manifest::object)
                        .toList());
    }
}
