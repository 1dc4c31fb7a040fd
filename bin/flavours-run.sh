# Sourced by bin/matrix, after flavours.sh: how the applications of a cell are started, and what must be true of them. Where a function
# does not name a flavour, it is as the quick start says.

# jvm_options FLAVOUR
jvm_options() {
    case $1 in
    aot) echo -Dspring.aot.enabled=true ;;
    reactor) echo -XX:+AllowRedefinitionToAddDeleteMethods ;;
    esac
}

# options NAME FLAVOUR: leaves in $options what an application is started with; it may listen for HTTP at a port of that name
options() {
    options=()
    case $2 in
    web | reactor | threads)
        take_port "$1-http"
        options+=(--server.port="${ports[$1-http]}")
        ;;
    esac
    case $2 in
    web) options+=(--management.endpoints.web.exposure.include='*' --management.endpoint.health.show-details=always) ;;
    threads) options+=(--spring.threads.virtual.enabled=true) ;;
    controlplane)
        take_port "$1-xds"
        options+=(--grpc.lb.xds.enabled=true --grpc.lb.xds.port="${ports[$1-xds]}")
        ;;
    devtools)
        mkdir -p "$logs/$1-watched"
        options+=(--spring.devtools.restart.additional-paths="$logs/$1-watched")
        if [[ $1 == *-client ]]; then options+=(--pause=100); fi
        ;;
    esac
}

# over_http NAME PATH: what an application answers; fails where that is no success
over_http() {
    local socket status line
    { exec {socket}<>"/dev/tcp/127.0.0.1/${ports[$1-http]}"; } 2>/dev/null || return
    printf 'GET /%s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$2" >&"$socket"
    read -r _ status _ <&"$socket"
    while read -r line <&"$socket" && [[ $line != $'\r' ]]; do :; done
    cat <&"$socket"
    exec {socket}<&-
    [[ $status == 2* ]]
}

# starts NAME: how often an application has been started
starts() { grep -c ' : Started ' "$logs/$1.out"; }

# started NAME TIMES
started() { (($(starts "$1") == $2)); }

# has_greeted CLIENT LEAST
has_greeted() { (($(greeted "$1") >= $2)); }

# restart NAME: as an IDE does that has compiled a class. Of a trigger file devtools would not restart alone, without another change.
restart() {
    local before
    before=$(starts "$1")
    date >"$logs/$1-watched/compiled"
    in_time "$1" started "$1" $((before + 1)) || broke=${broke:-"$1 was not restarted"}
}

# in_time NAME COMMAND…: waits until COMMAND succeeds, as long as the application runs
in_time() {
    local deadline=$((SECONDS + PATIENCE))
    until "${@:2}"; do
        alive "$1" && ((SECONDS < deadline)) || return
        sleep 0.1
    done
}

# alone NAME FLAVOUR: looks at an application that has called itself; leaves what is wrong in $broke
alone() {
    case $2 in
    web)
        grep -q '"registration":"REGISTERED"' <<<"$(over_http "$1" actuator/health)" ||
            broke="health does not show the registration"
        grep -q 'grpc.lb.calls.started' <<<"$(over_http "$1" actuator/metrics)" || broke="metrics do not show the calls"
        grep -q '"greeter"' <<<"$(over_http "$1" actuator/grpclb)" || broke="the endpoint does not show the client"
        ;;
    devtools)
        restart "$1"
        greeted_in_time "$1" $((2 * CALLS)) ||
            broke=${broke:-"called itself, and again after a restart: $(greeted "$1") answers to $((2 * CALLS)) calls"}
        ;;
    controlplane)
        run "$1-asks" "$XDS_CLIENT_JAR" --xds="127.0.0.1:${ports[$1-xds]}" --target=xds:///greeter --json
        wait "${pids[$1-asks]}" || broke="an xDS client: $(tail -n 1 "$logs/$1-asks.out" | cut -c -300)"
        unset "pids[$1-asks]"
        ;;
    esac
}

# together NAME FLAVOUR: has the client NAME-client make its calls of the servers NAME-1 and NAME-2; leaves what is wrong in $broke
together() {
    local client=$1-client virtual call
    case $2 in
    reactor | threads)
        in_time "$client" listens "${ports[$client-http]}"
        for ((call = 1; call <= CALLS; call++)); do over_http "$client" greet >>"$logs/$client.out"; done
        ;;
    devtools)
        in_time "$client" has_greeted "$client" $((CALLS / 10)) # and it goes on while a server is restarted
        restart "$1-1"
        ;;
    esac
    greeted_in_time "$client" || broke=${broke:-"called the servers: $(greeted "$client") answers to $CALLS calls"}
    case $2 in
    reactor) ! over_http "$client" blocking >>"$logs/$client.log" || broke="nobody watches for what blocks" ;;
    threads)
        virtual=$(grep -c ' to VirtualThread' "$logs/$client.out")
        ((virtual == ($(feature) < 21 ? 0 : CALLS))) || broke="$virtual of $CALLS calls came from virtual threads"
        ;;
    esac
}

# feature: of the JDK in use, 17 for one
feature() { "${java[0]}" -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.specification.version = //p'; }

# grpc_of NAME: the version of grpc-java in the applications of that name
grpc_of() {
    cat "$logs/app-$1/"{target/newcomer.jar,class-path} 2>/dev/null | grep -aoE 'grpc-api-[0-9.]+[0-9]' | sed 's/grpc-api-//;q'
}
