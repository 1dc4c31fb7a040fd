# Sourced by the scripts beside it, after lib.sh: makes Spring Boot applications of the blocks of a page's quick start, as a newcomer would, and
# looks at what they print. The variables host, app and code say for which host, and where. What a build has beside what the page shows, as XML:
# managed (a dependencyManagement), executions (of Spring Boot's plugin), plugins (of Maven), generators (plugins of protoc). The array java:
# what they are run with.

# what differs from host to host: the page, the starter's folder, the property of the server's port, and how stubs and services are declared
declare -grA PAGE=([devh]=README.md [spring-grpc]=docs/spring-grpc.md)
declare -grA STARTER=([devh]=starter [spring-grpc]=starter-spring-grpc)
declare -grA PORT=([devh]=grpc.server.port [spring-grpc]=spring.grpc.server.port)
declare -grA SERVICE=([devh]=net.devh.boot.grpc.server.service.GrpcService [spring-grpc]=org.springframework.grpc.server.service.GrpcService)
declare -grA CLIENT=([devh]=net.devh.boot.grpc.client.inject.GrpcClient [spring-grpc]=org.springframework.grpc.client.ImportGrpcClients)

readonly HOSTS=(devh spring-grpc)
readonly CALLS=100

java=("${JAVA[@]}")
managed='' executions='' plugins='' generators=''

# version NAME: that of Spring Boot or grpc-java, as the parent's pom says
version() { sed -n "s/.*<$1.version>\(.*\)<\/$1.version>.*/\1/p" pom.xml; }

# own_version: that of grpc-lb
own_version() { sed -n 's/^  <version>\(.*\)<.*/\1/p' pom.xml; }

# block PAGE LANGUAGE NUMBER: that block of the page's quick start, as it is
block() {
    local text
    text=$(awk -v fence='```'"$2" -v wanted="$3" '
        /^## / { here = /^## Quick start/ }
        here && $0 == fence && ++seen == wanted { inside = 1; next }
        /^```$/ { inside = 0 }
        inside' "$1")
    [[ $text ]] || give_up "the quick start of $1 has no block $3 of $2"
    printf '%s\n' "$text"
}

# class PACKAGE NAME ANNOTATION INTERFACES BODY
class() {
    mkdir -p "$code/$1"
    cat >"$code/$1/$2.java" <<JAVA
package newcomer.$1;

import io.github.grpclb.sample.HelloReply;
import io.github.grpclb.sample.HelloRequest;
import io.github.grpclb.sample.HelloServiceGrpc;
import io.grpc.stub.StreamObserver;
import ${CLIENT[$host]};
import ${SERVICE[$host]};
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
$3
public class $2 $4 {

$5

    public static void main(String[] args) {
        SpringApplication.run($2.class, args);
    }
}
JAVA
}

# make_applications [BOOT-VERSION [DEPENDENCIES]]: in the folder $app, for $host; with the version of Spring Boot that the parent's pom names,
# unless another is given, and with DEPENDENCIES in place of the page's
make_applications() {
    make_project "$@"
    make_classes
}

# make_project [BOOT-VERSION [DEPENDENCIES]]: all but the classes. Build one of them with -Dnewcomer.main where it matters which.
make_project() {
    local dependency plugin protobuf=''
    # which Spring Boot's own parent has from 4.1 on
    if [[ ${1-4.1} < 4.1 ]]; then
        protobuf="<protobuf-java.version>4.34.2</protobuf-java.version><grpc-java.version>1.80.0</grpc-java.version>"
    fi
    mkdir -p "$app"/src/main/{proto,resources}
    cp sample-server/src/main/proto/hello.proto "$app/src/main/proto"
    dependency=${2-$(block "${PAGE[$host]}" xml 1)} && plugin=$(block README.md xml 2) || exit
    block "${PAGE[$host]}" yaml 1 >"$app/src/main/resources/application.yml" || exit

    cat >"$app/pom.xml" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-parent</artifactId>
    <version>${1-$(version spring-boot)}</version>
    <relativePath/>
  </parent>
  <groupId>newcomer</groupId>
  <artifactId>newcomer</artifactId>
  <version>1</version>
  <properties>
    <newcomer.main>client.Client</newcomer.main>$protobuf
  </properties>
$managed
  <dependencies>
$dependency
  </dependencies>
  <build>
    <finalName>newcomer</finalName>
    <plugins>
      <plugin>
        <groupId>org.springframework.boot</groupId>
        <artifactId>spring-boot-maven-plugin</artifactId>
        <configuration>
          <mainClass>newcomer.\${newcomer.main}</mainClass>
        </configuration>
$executions
      </plugin>
${plugin/<\/binaryMavenPlugins>/<\/binaryMavenPlugins>$generators}
$plugins
    </plugins>
  </build>
</project>
XML
}

# make_classes: the applications, in Java with blocking stubs
make_classes() {
    declare_stubs HelloServiceGrpc.HelloServiceBlockingStub
    local service calls
    service='
    @GrpcService
    static class Hello extends HelloServiceGrpc.HelloServiceImplBase {

        @Value("${grpc.lb.registration.id:self}")
        private String id;

        @Override
        public void say(HelloRequest request, StreamObserver<HelloReply> response) {
            response.onNext(HelloReply.newBuilder().setValue("hello from " + id).build());
            response.onCompleted();
        }
    }'
    calls="
    @Value(\"\${pause:0}\")
    private long pause;

    @Override
    public void run(String... args) throws InterruptedException {
        for (int i = 0; i < $CALLS; i++) {
            System.out.println(greeter.say(HelloRequest.getDefaultInstance()).getValue());
            Thread.sleep(pause);
        }
    }"
    class server Server "" "" "$service"
    class client Client "$import" "implements CommandLineRunner" "$field$calls"
    class both Both "$import" "implements CommandLineRunner" "$field$calls$service"
    class constructor Constructor "$import" "" "
    @org.springframework.stereotype.Component
    static class Caller implements CommandLineRunner {

        private final $stub greeter;

        Caller(${parameter}$stub greeter) {
            this.greeter = greeter;
        }
$calls
    }"
}

# declare_stubs TYPE: leaves in $stub, $import, $field and $parameter how $host has classes declare them, as its page does
declare_stubs() {
    local page=HelloServiceGrpc.HelloServiceBlockingStub
    stub=$1
    case $host in
    devh)
        import='' field=$(block README.md java 1) parameter='@GrpcClient("greeter") ' || exit
        ;;
    spring-grpc)
        import=$(block docs/spring-grpc.md java 1) parameter='' || exit
        field="
    @Autowired
    private $page greeter;"
        ;;
    esac
    import=${import//$page/$stub} field=${field//$page/$stub}
}

# application NAME MAIN OPTIONS…: starts one of them, below a prefix of this run's own; from a jar, its own if it has one, or from folders and
# jars where the file class-path lists these
application() {
    local jar=$app/target/newcomer.jar launch
    if [[ -f $app/$2.jar ]]; then jar=$app/$2.jar; fi
    launch=(-Dloader.main="newcomer.$2" -cp "$jar" org.springframework.boot.loader.launch.PropertiesLauncher)
    if [[ -f $app/class-path ]]; then launch=(-cp "$app/target/classes:$(<"$app/class-path")" "newcomer.$2"); fi
    : >"$logs/$1.out" # appended to, since others append to it, too
    "${java[@]}" "${launch[@]}" \
        --grpc.lb.etcd.endpoints="$etcd" --grpc.lb.etcd.prefix="/newcomer-$$/" "${@:3}" >>"$logs/$1.out" 2>"$logs/$1.log" &
    pids[$1]=$!
}

# greeted CLIENT [SERVER]: how many answers it got
greeted() { grep -c "^hello from ${2-}" "$logs/$1.out"; }

# greeted_by_all CLIENT [CALLS]
greeted_by_all() { (($(greeted "$1") == ${2-CALLS})); }

# greeted_in_time CLIENT [CALLS]: waits for all of them; it may end when it has them
greeted_in_time() {
    local deadline=$((SECONDS + PATIENCE))
    while alive "$1" && ! greeted_by_all "$@" && ((SECONDS < deadline)); do sleep 0.1; done
    greeted_by_all "$@"
}

# await_greetings CLIENT
await_greetings() {
    greeted_in_time "$1" || give_up "$1 got $(greeted "$1") answers to $CALLS calls"
}

# balanced CLIENT
balanced() {
    local id
    await_greetings "$1"
    echo "  server 1 answered $(greeted "$1" 1) of $CALLS calls, server 2 $(greeted "$1" 2)"
    for id in 1 2; do
        (($(greeted "$1" $id) >= CALLS / 10)) || give_up "server $id has no fair share"
    done
    held "It balances over both servers."
}
