# shellcheck shell=bash
# What the scripts of native-test/properties share. Each begins with:
#
#   set -euo pipefail
#   # shellcheck source=../lib.sh
#   . "$(dirname "$(readlink -f "$0")")/../lib.sh"
#
# and then has
#
#   WORK          a directory of its own, which other users can pass through; removed at exit
#   CREDFS        the program
#   RELAY         the relay
#   PROBES        where the C probes of native-test/probes are
#   M             the mountpoint that new_config chose
#   CONFIG        the configuration that new_config wrote
#   DAEMON        the process that start_mount started
#   AUDIT         its audit log
#   GATEWAY       the process that start_gateway started
#
# and new_config, start_mount, stop_mount, new_gateway_config, gateway_token, start_gateway, stop_gateway, start_api, minted,
# start_recorder, use_interop, are_tokens, fail, expect_status, eventually, require, require_file, later.
# A script ends at the first command that fails; whatever it mounted and started through these functions is then gone.

TOP=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
CREDFS=$TOP/scripts/credfs
# shellcheck disable=SC2034 # for the scripts
RELAY=$TOP/target/credfs-relay
# shellcheck disable=SC2034 # for the scripts
PROBES=$TOP/target/native-test
# the mark by which native-test/run knows what a script left behind
export CREDFS_TEST_DIR=${CREDFS_TEST_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/credfs-native.XXXXXX")}
WORK=$(mktemp -d "$CREDFS_TEST_DIR/XXXXXXXX")
chmod 711 "$CREDFS_TEST_DIR" "$WORK"
CONFIG=$WORK/credfs.yaml
AUDIT=$WORK/audit.jsonl
M=
DAEMON=
GATEWAY=
GATEWAY_ARGUMENTS=()
ended=()

# fail MESSAGE...: ends the script
fail() {
    echo "not so: $*" >&2
    local program
    for program in daemon gateway; do
        if [[ -s $WORK/$program.err ]]; then
            echo "the $program said:" >&2
            tail -20 "$WORK/$program.err" >&2
        fi
    done
    exit 1
}

# later COMMAND...: runs it when the script ends, the last one first
later() {
    ended=("$(printf '%q ' "$@")" "${ended[@]}")
}

cleanup() {
    local status=$? command mounted process
    trap - EXIT ERR
    set +e
    for command in "${ended[@]}"; do
        eval "$command"
    done
    for process in $DAEMON $GATEWAY; do
        kill -KILL "$process" 2>/dev/null
        wait "$process" 2>/dev/null
    done
    # the daemon makes the parent a mount of its own, for containers to bind, and leaves it for the next daemon
    for mounted in "$M" "${M%/*}"; do
        while [[ -n $mounted ]] && is_mounted "$mounted" && umount -l "$mounted" 2>/dev/null; do :; done
    done
    rm -rf --one-file-system "$WORK"
    # native-test/run looks into it before it removes it
    rmdir "$CREDFS_TEST_DIR" 2>/dev/null
    exit "$status"
}
trap cleanup EXIT
trap 'echo "line $LINENO: exit status $? of: ${BASH_COMMAND%%$'\''\n'\''*}" >&2' ERR
trap 'exit 143' TERM
trap 'exit 130' INT
set -E

# is_mounted DIRECTORY
is_mounted() {
    awk -v at="$1" '$5 == at { found = 1 } END { exit !found }' /proc/self/mountinfo
}

# eventually SECONDS COMMAND...: tries the command until it succeeds; fails after so many seconds
eventually() {
    local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000)) seconds=$1
    shift
    until "$@" 2>/dev/null; do
        if [[ ${EPOCHREALTIME/./} -ge $deadline ]]; then
            fail "after $seconds s still not: $*"
        fi
        sleep 0.02
    done
}

# expect_status N COMMAND...
expect_status() {
    local expected=$1 status=0
    shift
    "$@" || status=$?
    [[ $status -eq $expected ]] || fail "exit status $status instead of $expected: $*"
}

# require PROGRAM PACKAGE: there is no skipping
require() {
    command -v "$1" >/dev/null || fail "no $1: install the Debian package $2 (scripts/setup --test does)"
}

# require_file FILE PACKAGE
require_file() {
    [[ -e $1 ]] || fail "no $1: install the Debian package $2 (scripts/setup --test does)"
}

# new_config [LINE...] [<<TREE]: keys, a master named github (audience gateway.local, all else open) and a configuration that has
# the lines, such as 'allow-other: true', and the tree on stdin; without one it is github/token for every caller
new_config() {
    local tree line
    tree=$([[ -t 0 || $(readlink /proc/self/fd/0) == /dev/null ]] || cat)
    "$CREDFS" init "$WORK" >"$WORK/init.out"
    "$CREDFS" issue --key "$WORK/root.key" --id github --caveat 'aud = gateway.local' \
        --caveat "time < $(date -u -d '+90 days' +%FT%TZ)" >"$WORK/github.macaroon"
    M=$WORK/run/m
    {
        printf 'mount: %s\naudience: gateway.local\naudit: %s\n' "$M" "$AUDIT"
        for line; do printf '%s\n' "$line"; done
        printf 'masters:\n  github: { file: github.macaroon }\ntree:\n'
        if [[ -n $tree ]]; then
            printf '%s\n' "$tree" | sed 's/^/  /'
        else
            printf '  github:\n    allow: [ { any: true } ]\n    token: { master: github, host: api.github.com }\n'
        fi
    } >"$CONFIG"
}

is_serving() {
    grep -q '^credfs: serving ' "$WORK/daemon.err"
}

is_serving_or_ended() {
    is_serving || ! kill -0 "$DAEMON"
}

# start_mount [ARGUMENT...]: returns when the daemon serves, which it says after it has read through its own mount
start_mount() {
    # what the last one said is not what this one says
    : >"$WORK/daemon.err"
    "$CREDFS" mount --config "$CONFIG" "$@" >"$WORK/daemon.out" 2>"$WORK/daemon.err" </dev/null &
    DAEMON=$!
    eventually 30 is_serving_or_ended
    is_serving || fail "the daemon ended before it served"
}

# stop_mount: SIGTERM, exit status 0, nothing mounted
stop_mount() {
    local status=0 pid=$DAEMON
    kill -TERM "$pid"
    wait "$pid" || status=$?
    DAEMON=
    [[ $status -eq 0 ]] || fail "the daemon ended with status $status after SIGTERM"
    ! is_mounted "$M" || fail "$M is still mounted"
}

is_listening_or_ended() {
    grep -q '^credfs: listening on ' "$WORK/gateway.err" || ! kill -0 "$GATEWAY"
}

# start_gateway [COMMAND...]: the gateway of CONFIG with the arguments GATEWAY_ARGUMENTS, run by the command; returns when it
# listens
start_gateway() {
    : >"$WORK/gateway.err"
    "$@" "$CREDFS" gateway --config "$CONFIG" "${GATEWAY_ARGUMENTS[@]}" >"$WORK/gateway.out" 2>"$WORK/gateway.err" </dev/null &
    GATEWAY=$!
    eventually 30 is_listening_or_ended
    grep -q '^credfs: listening on ' "$WORK/gateway.err" || fail "the gateway ended before it listened"
}

# stop_gateway: SIGTERM, exit status 0
stop_gateway() {
    local status=0 pid=$GATEWAY
    kill -TERM "$pid"
    wait "$pid" || status=$?
    GATEWAY=
    [[ $status -eq 0 ]] || fail "the gateway ended with status $status after SIGTERM"
}

# start_api [CERTIFICATE KEY]: tools/api, with TLS where these are given, for the secret that it writes to $WORK/github.credential; sets API, its address, and API_PID.
# $WORK/api/answered is how often it has answered to that secret
start_api() {
    require_file /usr/bin/python3 python3
    (umask 077 && { printf 'ghp_' && od -An -v -tx1 -N20 /dev/urandom | tr -d ' \n'; } >"$WORK/github.credential")
    mkdir "$WORK/api"
    "$TOP/native-test/tools/api" "$WORK/github.credential" "$WORK/api" "$@" >"$WORK/api/output" 2>&1 </dev/null &
    # shellcheck disable=SC2034 # for the scripts
    API_PID=$!
    later stop_process $!
    eventually 20 test -e "$WORK/api/port"
    # shellcheck disable=SC2034 # for the scripts
    API=127.0.0.1:$(<"$WORK/api/port")
}

# use_interop: installs what native-test/interop asks of npm, and sets INTEROP_MODULES, under which its node_modules are
use_interop() {
    local interop=$TOP/native-test/interop
    require node nodejs
    require npm npm
    export INTEROP_MODULES=$TOP/target/interop
    mkdir -p "$TOP/target"
    (
        # properties run beside each other
        flock 9
        cmp -s "$interop/package-lock.json" "$INTEROP_MODULES/package-lock.json" && exit
        rm -rf "$INTEROP_MODULES"
        mkdir -p "$INTEROP_MODULES"
        cp "$interop/package.json" "$INTEROP_MODULES"
        cp "$interop/package-lock.json" "$INTEROP_MODULES/package-lock.json"
        if ! npm ci --prefix "$INTEROP_MODULES" --ignore-scripts --no-audit --no-fund >"$WORK/npm.out" 2>&1; then
            cat "$WORK/npm.out" >&2
            rm -rf "$INTEROP_MODULES"
            exit 1
        fi
    ) 9>"$TOP/target/interop.lock" || fail "npm ci did not install what native-test/interop asks for"
}

# start_upstream: probes/upstream; sets UPSTREAM, its address, and UPSTREAM_PID
start_upstream() {
    "$PROBES/upstream" >"$WORK/upstream.port" </dev/null &
    # shellcheck disable=SC2034 # for the scripts
    UPSTREAM_PID=$!
    later stop_process $!
    eventually 20 test -s "$WORK/upstream.port"
    UPSTREAM=127.0.0.1:$(<"$WORK/upstream.port")
}

# new_gateway_config [LINE...]: start_upstream, and a CONFIG of a gateway without a mount: socket $WORK/gate/gateway.sock,
# listen $LISTEN, route api to the upstream; the lines are of the gateway
new_gateway_config() {
    start_upstream
    "$CREDFS" init "$WORK" >"$WORK/init.out"
    LISTEN=127.0.0.1:$(shuf -n 1 -i 20000-29999)
    (umask 077 && { printf 'sk-' && od -An -v -tx1 -N20 /dev/urandom | tr -d ' \n'; } >"$WORK/api.credential")
    {
        printf 'audience: gateway.local\ngateway:\n  socket: gate/gateway.sock\n  listen: %s\n' "$LISTEN"
        printf '  keys: { github: root.key }\n'
        for line; do printf '  %s\n' "$line"; done
        printf '  routes:\n    api: { upstream: "http://%s", private: true, token-header: Cookie,' "$UPSTREAM"
        printf ' credential: { bearer: { file: api.credential } } }\n'
    } >"$CONFIG"
}

# gateway_token [CAVEAT...]: a token for the route api that lives an hour
gateway_token() {
    local more=() caveat
    for caveat; do more+=(--caveat "$caveat"); done
    "$CREDFS" issue --key "$WORK/root.key" --id github --caveat 'aud = gateway.local' --caveat "host = $UPSTREAM" |
        "$CREDFS" attenuate --caveat "jti = $(printf '0%025d' "${EPOCHREALTIME/./}")" "${more[@]}" \
            --caveat "time < $(date -u -d '+1 hour' +%FT%TZ)"
}

has_ended() {
    ! kill -0 "$DAEMON"
}

# expect_end SECONDS STATUS: the daemon ends within so many seconds and with this exit status
expect_end() {
    local status=0 pid=$DAEMON
    eventually "$1" has_ended
    DAEMON=
    wait "$pid" || status=$?
    [[ $status -eq $2 ]] || fail "the daemon ended with status $status instead of $2"
}

# said TEXT: the daemon has it in a line on stderr
said() {
    grep -qF -- "$1" "$WORK/daemon.err" || fail "the daemon did not say: $1"
}

# refused STATUS TEXT [COMMAND...]: a mount of CONFIG, run by the command, ends with this status and one line that has TEXT
refused() {
    local status=$1 text=$2
    shift 2
    expect_status "$status" "$@" "$CREDFS" mount --config "$CONFIG" >"$WORK/refused.out" 2>"$WORK/refused.err" </dev/null
    [[ $(wc -l <"$WORK/refused.err") -eq 1 ]] || fail "not one line: $(<"$WORK/refused.err")"
    [[ $(<"$WORK/refused.err") == "credfs: "*"$text"* ]] || fail "it said '$(<"$WORK/refused.err")', not '$text'"
    [[ ! -s $WORK/refused.out ]] || fail "a message on stdout"
}

# minted: how many tokens are on the record
minted() {
    grep -c '"minted"' "$AUDIT" || true
}

# stop_process PID: of a child
stop_process() {
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# start_recorder NAME [ARGUMENT...]: tools/recorder in $WORK/NAME; sets PORT. The requests are lines of $WORK/NAME/requests
start_recorder() {
    local name=$1
    shift
    require_file /usr/bin/python3 python3
    mkdir "$WORK/$name"
    "$TOP/native-test/tools/recorder" "$WORK/$name" "$@" >"$WORK/$name/output" 2>&1 </dev/null &
    later stop_process $!
    eventually 20 test -e "$WORK/$name/port"
    # shellcheck disable=SC2034 # for the scripts
    PORT=$(<"$WORK/$name/port")
    touch "$WORK/$name/requests"
}

# are_tokens FILE...: each holds one whole token of $WORK/root.key and nothing else, no two the same, each on the record
are_tokens() {
    local jti fingerprint name
    "$TOP/native-test/tools/tokens" "$WORK/root.key" "$@" >"$WORK/tokens" || fail "that is no token"
    while read -r jti fingerprint name; do
        grep -F "\"$jti\"" "$AUDIT" | grep -qF "$fingerprint" || fail "the token in $name is not on the record"
    done <"$WORK/tokens"
    [[ -z $(cut -d ' ' -f 1 "$WORK/tokens" | sort | uniq -d) ]] || fail "two readers got one token"
}

# new_vault: an empty vault VAULT=$WORK/v/credfs.vault and an identity for each role beside it; OPERATOR is that of the operator
new_vault() {
    "$CREDFS" vault init "$WORK/v" >/dev/null 2>"$WORK/vault.err" || fail "vault init: $(<"$WORK/vault.err")"
    VAULT=$WORK/v/credfs.vault
    OPERATOR=$WORK/v/operator.identity
}

# vault COMMAND [ARGUMENT...]: as its operator
vault() {
    local command=$1
    shift
    "$CREDFS" vault "$command" --vault "$VAULT" --identity "$OPERATOR" "$@" 2>"$WORK/vault.err" ||
        fail "vault $command: $(<"$WORK/vault.err")"
}

# section WORD: the age file of a section, as the documentation says to cut it out
section() {
    sed -n "/^section $1\$/,/^-----END/{/^section/d;p}" "$VAULT"
}
