# Sourced by bin/matrix, after applications.sh: what the applications of a cell have beside those of the quick start, and how they are
# built. Where a function does not name a flavour, it is as the quick start says.

readonly FLAVOURS=(bare web kotlin reactor aot devtools threads controlplane highest)

# before Spring Boot 4.1, Spring gRPC is a project of its own, with versions of its own
declare -rA SPRING_GRPC=([3.5.16]=0.12.0 [4.0.8]=1.0.3)

# 1.5.0 is made with Kotlin 2.2, whose classes the Kotlin 1.9 of Spring Boot 3.5 cannot read
declare -rA GRPC_KOTLIN=([3.5.16]=1.4.3 [4.0.8]=1.5.0 [4.1.0]=1.5.0)
readonly REACTOR_GRPC=1.2.4
readonly BLOCKHOUND=1.0.17.RELEASE
readonly DEPENDENCY_PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.8.1

# dependency GROUP ARTIFACT [VERSION [CLASSIFIER]]
dependency() {
    printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId>%s%s</dependency>\n' \
        "$1" "$2" "${3:+<version>$3</version>}" "${4:+<classifier>$4</classifier>}"
}

# generator GROUP ARTIFACT VERSION CLASSIFIER MAIN: a plugin of protoc that is a program in Java
generator() {
    printf '<jvmMavenPlugins><jvmMavenPlugin><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>' "$1" "$2" "$3"
    printf '%s<mainClass>%s</mainClass></jvmMavenPlugin></jvmMavenPlugins>\n' "${4:+<classifier>$4</classifier>}" "$5"
}

# dependencies BOOT FLAVOUR: of an application for $host
dependencies() {
    local boot=org.springframework.boot servlets=spring-boot-starter-webmvc
    if [[ $1 == 3.* ]]; then servlets=spring-boot-starter-web; fi
    if [[ $host == spring-grpc && ${SPRING_GRPC[$1]-} ]]; then
        dependency org.springframework.grpc spring-grpc-spring-boot-starter "${SPRING_GRPC[$1]}"
        dependency io.github.grpclb grpc-lb-spring-grpc-starter "$(own_version)"
    else
        block "${PAGE[$host]}" xml 1
    fi
    case $2 in
    web)
        dependency $boot spring-boot-starter-actuator
        dependency $boot $servlets
        ;;
    kotlin)
        dependency org.jetbrains.kotlin kotlin-stdlib
        dependency org.jetbrains.kotlin kotlin-reflect
        dependency org.jetbrains.kotlinx kotlinx-coroutines-core
        dependency io.grpc grpc-kotlin-stub "${GRPC_KOTLIN[$1]}"
        ;;
    reactor)
        dependency $boot spring-boot-starter-webflux
        dependency com.salesforce.servicelibs reactor-grpc-stub $REACTOR_GRPC
        dependency javax.annotation javax.annotation-api 1.3.2 # which the generated classes name
        dependency io.projectreactor.tools blockhound $BLOCKHOUND
        ;;
    devtools) dependency $boot spring-boot-devtools ;;
    threads) dependency $boot $servlets ;;
    controlplane) dependency io.github.grpclb grpc-lb-xds "$(own_version)" ;;
    esac
}

# build_with BOOT FLAVOUR: sets what its build has beside what the page shows
build_with() {
    managed='' executions='' plugins='' generators=''
    case $2 in
    kotlin)
        generators=$(generator io.grpc protoc-gen-grpc-kotlin "${GRPC_KOTLIN[$1]}" jdk8 io.grpc.kotlin.generator.GeneratorRunner)
        plugins=$(
            cat <<'XML'
<plugin>
  <groupId>org.jetbrains.kotlin</groupId>
  <artifactId>kotlin-maven-plugin</artifactId>
  <configuration>
    <sourceDirs>
      <sourceDir>src/main/kotlin</sourceDir>
      <sourceDir>target/generated-sources/protobuf</sourceDir>
    </sourceDirs>
    <compilerPlugins><plugin>spring</plugin></compilerPlugins>
  </configuration>
  <dependencies>
    <dependency>
      <groupId>org.jetbrains.kotlin</groupId>
      <artifactId>kotlin-maven-allopen</artifactId>
      <version>${kotlin.version}</version>
    </dependency>
  </dependencies>
</plugin>
XML
        )
        ;;
    reactor)
        generators=$(generator com.salesforce.servicelibs reactor-grpc $REACTOR_GRPC '' com.salesforce.reactorgrpc.ReactorGrpcGenerator)
        ;;
    aot) executions='<executions><execution><goals><goal>process-aot</goal></goals></execution></executions>' ;;
    esac
}

# kotlin_class PACKAGE NAME BODY
kotlin_class() {
    mkdir -p "$app/src/main/kotlin"
    cat >"$app/src/main/kotlin/$2.kt" <<KOTLIN
package newcomer.$1

import io.github.grpclb.sample.HelloReply
import io.github.grpclb.sample.HelloRequest
import io.github.grpclb.sample.HelloServiceGrpcKt
import kotlinx.coroutines.runBlocking
import ${CLIENT[$host]}
import ${SERVICE[$host]}
import org.springframework.beans.factory.annotation.Autowired
import org.springframework.beans.factory.annotation.Value
import org.springframework.boot.CommandLineRunner
import org.springframework.boot.SpringApplication
import org.springframework.boot.autoconfigure.SpringBootApplication
import org.springframework.stereotype.Component

$3
KOTLIN
}

# kotlin_main NAME
kotlin_main() {
    cat <<KOTLIN

    companion object {
        @JvmStatic fun main(args: Array<String>) { SpringApplication.run($1::class.java, *args) }
    }
KOTLIN
}

# kotlin_classes: the same with coroutines, stubs as fields and as a constructor's parameters
kotlin_classes() {
    local stub=HelloServiceGrpcKt.HelloServiceCoroutineStub import='' field parameter='' service calls
    case $host in
    devh) field='@GrpcClient("greeter") lateinit' parameter='@GrpcClient("greeter")' ;;
    spring-grpc)
        field='@Autowired private lateinit'
        import="@ImportGrpcClients(target = \"greeter\", types = [$stub::class],
        factory = org.springframework.grpc.client.CoroutineStubFactory::class)"
        ;;
    esac
    field="$field var greeter: $stub"
    service='
    @GrpcService
    class Hello(@param:Value("\${grpc.lb.registration.id:self}") private val id: String) :
            HelloServiceGrpcKt.HelloServiceCoroutineImplBase() {

        override suspend fun say(request: HelloRequest): HelloReply =
            HelloReply.newBuilder().setValue("hello from $id").build()
    }'
    calls="
    override fun run(vararg args: String) = runBlocking {
        repeat($CALLS) { println(greeter.say(HelloRequest.getDefaultInstance()).value) }
    }"
    kotlin_class server Server "@SpringBootApplication
class Server {
$service
$(kotlin_main Server)
}"
    kotlin_class both Both "@SpringBootApplication
$import
class Both : CommandLineRunner {

    $field
$calls
$service
$(kotlin_main Both)
}"
    kotlin_class constructor Constructor "@SpringBootApplication
$import
class Constructor {

    @Component
    class Caller($parameter private val greeter: $stub) : CommandLineRunner {
$calls
    }
$(kotlin_main Constructor)
}"
}

# controller RETURN-TYPE EXPRESSION [MORE]: a client that is asked over HTTP for each of its calls
controller() {
    class constructor Constructor "$import" "" "
    @org.springframework.web.bind.annotation.RestController
    static class Caller {

        private final $stub greeter;

        Caller(${parameter}$stub greeter) {
            this.greeter = greeter;
        }

        @org.springframework.web.bind.annotation.GetMapping(\"/greet\")
        $1 greet() {
            return $2;
        }
${3-}
    }"
}

# reactor_classes: the same with Reactor's stubs; whoever blocks one of its threads is told with an error
reactor_classes() {
    local hound service
    declare_stubs io.github.grpclb.sample.ReactorHelloServiceGrpc.ReactorHelloServiceStub
    hound='
    static {
        reactor.blockhound.BlockHound.install();
    }
'
    service='
    @GrpcService
    static class Hello extends io.github.grpclb.sample.ReactorHelloServiceGrpc.HelloServiceImplBase {

        @Value("${grpc.lb.registration.id:self}")
        private String id;

        @Override
        public reactor.core.publisher.Mono<HelloReply> say(reactor.core.publisher.Mono<HelloRequest> request) {
            return request.map(it -> HelloReply.newBuilder().setValue("hello from " + id).build());
        }
    }'
    class server Server "" "" "$hound$service"
    class both Both "$import" "implements CommandLineRunner" "$hound$field
    @Override
    public void run(String... args) {
        for (int i = 0; i < $CALLS; i++) {
            System.out.println(greeter.say(HelloRequest.getDefaultInstance()).block().getValue());
        }
    }$service"
    controller 'reactor.core.publisher.Mono<String>' \
        'greeter.say(HelloRequest.getDefaultInstance()).map(reply -> reply.getValue() + "\n")' "$hound
        @org.springframework.web.bind.annotation.GetMapping(\"/blocking\")
        String blocking() throws InterruptedException {
            Thread.sleep(1);
            return \"nobody minds\";
        }"
}

# classes_of FLAVOUR
classes_of() {
    case $1 in
    kotlin) kotlin_classes ;;
    reactor) reactor_classes ;;
    threads)
        make_classes
        controller String 'greeter.say(HelloRequest.getDefaultInstance()).getValue() + " to " + Thread.currentThread() + "\n"'
        ;;
    *) make_classes ;;
    esac
}

# package NAME [MAIN]: runs Maven; leaves what went wrong in $broke
package() {
    rm -rf "$app/target"
    mvn -q -B -f "$app/pom.xml" ${2:+-Dnewcomer.main="$2"} package >"$logs/$1.build" 2>&1 ||
        broke="build: $(grep -m 1 ERROR "$logs/$1.build" | cut -c -300)"
}

# build_applications NAME BOOT FLAVOUR: leaves what went wrong in $broke
build_applications() {
    local main
    build_with "$2" "$3"
    make_project "$2" "$(dependencies "$2" "$3")"
    classes_of "$3"
    case $3 in
    aot) # what is generated is for one class alone
        for main in both.Both server.Server constructor.Constructor; do
            if [[ ! $broke ]]; then package "$1" $main; fi
            [[ $broke ]] || cp "$app/target/newcomer.jar" "$app/$main.jar"
        done
        ;;
    devtools) # no part of a jar, on purpose
        package "$1"
        mvn -q -B -f "$app/pom.xml" $DEPENDENCY_PLUGIN:build-classpath -Dmdep.outputFile="$app/class-path" >"$logs/$1.class-path" 2>&1 ||
            broke=${broke:-"build: no class path"}
        ;;
    highest)
        raise_versions "$1" "$2"
        if [[ ! $broke ]]; then package "$1"; fi
        ;;
    *) package "$1" ;;
    esac
}

# raise_versions NAME BOOT: has the project take, of each artifact, the highest version that anything in its tree asks for, or that is
# managed. So does Gradle with Spring Boot's BOM as a platform; Maven takes what is managed, be it lower. A higher version may ask for
# others, so that it takes rounds.
raise_versions() {
    local group artifact classifier versions chosen highest again=1
    local -A raised=()
    while ((again)); do
        again=0
        if ! mvn -q -B -f "$app/pom.xml" $DEPENDENCY_PLUGIN:tree -Dverbose -DoutputFile="$app/tree" >"$logs/$1.tree" 2>&1; then
            broke="build: no tree"
            return
        fi
        while read -r artifact chosen versions; do
            highest=$(tr ' ' '\n' <<<"$chosen $versions" | sort -uV | tail -n 1)
            [[ $highest == "$chosen" || $highest == "${raised[$artifact]-}" ]] && continue
            echo "  $artifact $chosen → $highest"
            raised[$artifact]=$highest again=1
        done < <(asked_versions "$app/tree")
        managed='<dependencyManagement><dependencies>'
        for artifact in "${!raised[@]}"; do
            IFS=: read -r group artifact classifier <<<"$artifact"
            managed+=$(dependency "$group" "$artifact" "${raised[$group:$artifact${classifier:+:$classifier}]}" "$classifier")
        done
        managed+='</dependencies></dependencyManagement>'
        make_project "$2" "$(dependencies "$2" highest)"
    done
}

# asked_versions TREE: for each artifact in Maven's verbose tree, with its classifier if it has one, the version that is taken, and those
# that were asked for
asked_versions() {
    sed -nE 's/^[-+|\\ ]*\(?([a-zA-Z0-9_.-]+:[a-zA-Z0-9_.-]+):jar(:[^ :]+)?:([^ :]+):(compile|runtime)(.*)$/\1\2 \3 \5/p' "$1" |
        awk '
            {
                artifact = $1; chosen = $2; $1 = $2 = ""
                if (match($0, /omitted for conflict with [^;) ]+/)) {
                    asked[artifact] = asked[artifact] " " chosen
                    chosen = substr($0, RSTART + 26, RLENGTH - 26)
                }
                if (match($0, /version managed from [^;) ]+/)) {
                    asked[artifact] = asked[artifact] " " substr($0, RSTART + 21, RLENGTH - 21)
                }
                taken[artifact] = chosen
            }
            END { for (artifact in taken) print artifact, taken[artifact] asked[artifact] }'
}
