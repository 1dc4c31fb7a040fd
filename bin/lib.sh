# Sourced by the scripts beside it: builds the samples, starts and stops them on free ports, with an etcd.
# Every process started here is ended, by its id, when the script ends, however it ends.

if ((BASH_VERSINFO[0] < 4)); then
    echo "bash 4 or newer is needed (this is $BASH_VERSION)" >&2
    exit 1
fi

# SAMPLE_HOST=spring-grpc: the samples with Spring's own gRPC, not net.devh's; devh: net.devh's, as without it
if [[ ${SAMPLE_HOST:-} == devh ]]; then SAMPLE_HOST=; fi
readonly SAMPLES=(sample-{server,client}${SAMPLE_HOST:+-$SAMPLE_HOST})
readonly SERVER_JAR=${SAMPLES[0]}/target/${SAMPLES[0]}.jar
readonly CLIENT_JAR=${SAMPLES[1]}/target/${SAMPLES[1]}.jar
readonly XDS_SERVER_JAR=xds-server/target/grpc-lb-xds-server.jar
readonly XDS_CLIENT_JAR=sample-client-xds/target/sample-client-xds.jar
readonly JAVA=("${JAVA_HOME:+$JAVA_HOME/bin/}java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -Xmx"${HEAP:-128m}")
readonly PATIENCE=${PATIENCE:-60} # seconds for anything to start
readonly FAREWELL=20 # seconds for anything to stop

declare -A pids=()  # name -> process
declare -A ports=() # name -> port
etcd=               # URL of the etcd in use
logs=$(mktemp -d)
next_port=$((20000 + RANDOM % 10000))
promises_broken=0

if [[ -t 1 ]]; then
    readonly BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
    readonly BOLD='' GREEN='' RED='' PLAIN=''
fi

title() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }

held() { printf '  %s✓%s %s\n' "$GREEN" "$PLAIN" "$*"; }

broken() { printf '  %s✗ %s%s\n' "$RED" "$*" "$PLAIN"; }

# promise TEXT COMMAND…: says whether it was kept
promise() {
    if "${@:2}"; then
        held "$1"
    else
        broken "$1"
        promises_broken=1
    fi
}

# Ends the script with a sentence and its exit code.
verdict() {
    if ((promises_broken)); then
        title "Not everything went as promised."
        exit 1
    fi
    title "Everything went as promised, in $((SECONDS - built_at)) s."
}

# Says why it cannot go on, and ends; clean_up shows the logs.
give_up() {
    broken "$*"
    exit 1
}

require_tools() {
    local version
    command -v mvn >/dev/null || give_up "Maven (mvn) is not on the PATH"
    version=$("${JAVA[0]}" -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.specification.version = //p')
    [[ $version =~ ^[0-9]+$ ]] && ((version >= 17)) || give_up "a JDK 17 or newer is needed (found: ${version:-none})"
}

# build [MODULE…]: the samples, and these modules, unless they are newer than everything they are made of. A stamp tells: the
# jars' own time is fixed, so that they are the same wherever they are built.
build() {
    local stamp module modules=$* missing=0
    modules=${modules// /,}
    stamp=target/samples-built${SAMPLE_HOST:+-$SAMPLE_HOST}${modules:+-${modules//,/-}}
    for module in "${SAMPLES[@]}" "$@"; do
        compgen -G "$module/target/*.jar" >/dev/null || missing=1
    done
    if ((!missing)) && [[ -f $stamp ]] &&
        [[ -z $(find pom.xml ./*/pom.xml ./*/src/main -newer "$stamp" -print -quit) ]]; then
        built_at=$SECONDS
        return
    fi
    echo "Building (the first time Maven fetches what it needs) …"
    mkdir -p target
    touch "$stamp.new"
    mvn -q -B -Dmaven.test.skip=true -pl "${SAMPLES[0]},${SAMPLES[1]}${modules:+,$modules}" -am package || give_up "the build failed"
    mv "$stamp.new" "$stamp"
    built_at=$SECONDS
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# is_etcd PORT
is_etcd() {
    local reply=
    listens "$1" || return
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf 'GET /version HTTP/1.0\r\n\r\n' >&3
    IFS= read -r -t 2 -d '' reply <&3
    exec 3>&-
    [[ $reply == *etcdserver* ]]
}

# Takes the etcd at the usual address, else starts the embedded one.
use_etcd() {
    if is_etcd 2379; then
        etcd=http://127.0.0.1:2379
        echo "etcd: the one at $etcd"
        return
    fi
    take_port etcd
    etcd=http://127.0.0.1:${ports[etcd]}
    echo "etcd: embedded, at $etcd"
    start_embedded_etcd
}

# Starts it, again if it was killed: on the same port, with nothing in it.
start_embedded_etcd() {
    run etcd "$SERVER_JAR" --port=-1 --etcd=embedded --grpc.lb.etcd.embedded.port="${ports[etcd]}"
    await etcd listening listens "${ports[etcd]}"
}

# Starts a real etcd of this script's own, for those who stop and kill it, with etcdctl set to it.
take_etcd_process() {
    command -v etcd >/dev/null && command -v etcdctl >/dev/null || give_up "etcd and etcdctl are not on the PATH"
    take_port etcd
    take_port peers
    etcd=http://127.0.0.1:${ports[etcd]}
    export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=$etcd ETCDCTL_COMMAND_TIMEOUT=1s
    start_etcd_process
}

# Starts it, again if it was killed: on the same port and over what is left of its data.
start_etcd_process() {
    etcd --data-dir "$logs/etcd-data" --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
        --listen-peer-urls "http://127.0.0.1:${ports[peers]}" >>"$logs/etcd.log" 2>&1 &
    pids[etcd]=$!
    await etcd listening is_etcd "${ports[etcd]}"
}

# kill_now NAME: gives it no time for anything
kill_now() {
    kill -9 "${pids[$1]}"
    wait "${pids[$1]}" 2>/dev/null # else bash reports it
    unset "pids[$1]"
}

# take_port NAME: gives NAME a port that nobody listens on
take_port() {
    while listens "$next_port"; do next_port=$((next_port + 1)); done
    ports[$1]=$next_port
    next_port=$((next_port + 1))
}

# run NAME JAR OPTIONS…: its output goes to NAME.out and NAME.log
run() {
    local name=$1
    shift
    : >"$logs/$name.out" # for those who look before the process has begun
    "${JAVA[@]}" -jar "$@" >"$logs/$name.out" 2>"$logs/$name.log" &
    pids[$name]=$!
}

# server NAME OPTIONS…: starts a sample server on a free port
server() {
    take_port "$1"
    run "$1" "$SERVER_JAR" --port="${ports[$1]}" --etcd="$etcd" "${@:2}"
}

# client NAME OPTIONS…: starts a sample client
client() { run "$1" "$CLIENT_JAR" --etcd="$etcd" --json "${@:2}"; }

# control_plane [OPTIONS…]: starts the control plane for xDS clients, again if it was killed: on the same port
control_plane() {
    [[ -n ${ports[control]:-} ]] || { take_port control; take_port control-http; }
    run control "$XDS_SERVER_JAR" --etcd="$etcd" --port="${ports[control]}" --http-port="${ports[control-http]}" "$@"
    await control listening listens "${ports[control]}"
}

# xds_client NAME OPTIONS…: starts the sample client that knows of the control plane alone
xds_client() { run "$1" "$XDS_CLIENT_JAR" --xds="127.0.0.1:${ports[control]}" --json "${@:2}"; }

# await NAME WHAT COMMAND…: until COMMAND succeeds
await() {
    local name=$1 what=$2 deadline=$((SECONDS + PATIENCE))
    shift 2
    until "$@"; do
        alive "$name" || give_up "$name ended before it was $what"
        ((SECONDS < deadline)) || give_up "$name was not $what within $PATIENCE s"
        sleep 0.1
    done
}

registered() { grep -q ": registered as " "$logs/$1.out"; }

await_servers() {
    local name
    for name; do await "$name" registered registered "$name"; done
}

alive() { [[ -n ${pids[$1]:-} ]] && kill -0 "${pids[$1]}" 2>/dev/null; }

# await_result CLIENT: leaves its line of JSON in $result
await_result() {
    wait "${pids[$1]}"
    unset "pids[$1]"
    result=$(tail -n 1 "$logs/$1.out")
    [[ $result == '{"ok":'* ]] || give_up "$1 ended without a result"
}

# number FIELD: that field of $result
number() { [[ $result =~ \"$1\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0; }

# calls SERVER: how many calls of $result it answered
calls() { number "127.0.0.1:${ports[$1]}"; }

# within VALUE LEAST MOST
within() { (($2 <= $1 && $1 <= $3)); }

none_failed() { (($(number failed) == 0 && $(number ok) > 0)); }

# received SERVER LEAST
received() { (($(grep -c receive: "$logs/$1.out") >= $2)); }

# stop NAME…: asks them to end, as an operator would, and waits until they have
stop() {
    local name deadline=$((SECONDS + FAREWELL))
    for name; do
        if alive "$name"; then kill "${pids[$name]}"; fi
    done
    for name; do
        while alive "$name"; do
            if ((SECONDS >= deadline)); then kill -9 "${pids[$name]}"; fi
            sleep 0.1
        done
        unset "pids[$name]"
    done
}

clean_up() {
    local status=$? log name others=()
    trap '' INT TERM
    for name in "${!pids[@]}"; do [[ $name == etcd ]] || others+=("$name"); done
    stop ${others[@]+"${others[@]}"}
    if alive etcd; then stop etcd; fi # last: the servers withdraw from it
    if ((status != 1)) || rmdir "$logs" 2>/dev/null; then # nothing went wrong, or nothing was logged
        rm -rf "$logs"
        exit "$status"
    fi
    for log in "$logs"/*; do
        if [[ -f $log && -s $log ]]; then
            title "${log##*/}, its end"
            grep -v receive: "$log" | tail -n 12 | cut -c -240
        fi
    done
    printf '\nAll logs are in %s\n' "$logs"
    exit "$status"
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
