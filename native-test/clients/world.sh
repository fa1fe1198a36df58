# shellcheck shell=bash
# Unmodified clients in containers, and the world that they believe in, after lib.sh and containers.sh:
#
#   start_world     real names in a network namespace of their own, where they are addresses of loopback
#   IN_WORLD        the beginning of a command that runs there: servers, and the gateway
#   start_services  clients/services for some of the names
#   start_client    a container without network that has the mount, the gateway's socket, the relay and the trust files
#   client          runs a command in it, with the relay as its proxy
#   redirect        has nft lead the names of the world to the relay in it
#   direct          runs a command in it without a proxy
#
# Every name has its one credential in $WORK/world/NAME.secret; $WORK/world/requests are the requests to services.

# shellcheck source=packages.sh
. "$TOP/native-test/clients/packages.sh"
PATH=$PATH:/usr/sbin:/sbin
require busybox busybox-static
require ip iproute2
require nft nftables
require unshare util-linux
require nsenter util-linux
require openssl openssl
require jq jq
require_file /usr/bin/python3 python3

WORLD=$WORK/world

# start_world NAME...: each has an address of its own, a secret and a certificate by $WORLD/ca.pem; NAME=OTHER has those of OTHER
start_world() {
    local name other number=0 names=
    mkdir -p "$WORLD/go-on"
    chmod 711 "$WORLD"
    touch "$WORLD/requests"
    printf '127.0.0.1 localhost\n' >"$WORLD/hosts"
    for name; do
        other=${name#*=}
        name=${name%=*}
        names+=${names:+,}DNS:$name
        if [[ $other != "$name" ]]; then
            printf '%s %s\n' "$(address "$other")" "$name" >>"$WORLD/hosts"
            cp -p "$WORLD/$other.secret" "$WORLD/$name.secret"
            continue
        fi
        number=$((number + 1))
        printf '127.0.1.%d %s\n' "$number" "$name" >>"$WORLD/hosts"
        (umask 077 && { printf 'real-' && od -An -v -tx1 -N20 /dev/urandom | tr -d ' \n' && echo; } >"$WORLD/$name.secret")
    done
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=the real world' \
        -keyout "$WORLD/ca.key" -out "$WORLD/ca.pem" 2>"$WORLD/openssl.err"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=server' \
        -keyout "$WORLD/server.key" -out "$WORLD/server.csr" 2>"$WORLD/openssl.err"
    openssl x509 -req -in "$WORLD/server.csr" -CA "$WORLD/ca.pem" -CAkey "$WORLD/ca.key" -CAcreateserial -days 2 \
        -extfile <(printf 'subjectAltName=%s\n' "$names") -out "$WORLD/server.pem" 2>"$WORLD/openssl.err"
    # a mount of another script must not live on in here when it ends outside
    # shellcheck disable=SC2016 # for the shell in there
    unshare --net --mount --propagation slave sh -c 'umount -a -l -t fuse.credfs
        busybox ip link set lo up && mount --bind "$1" /etc/hosts && touch "$1.there" && exec sleep infinity' - "$WORLD/hosts" &
    later stop_process $!
    IN_WORLD=(nsenter --target $! --net --mount --)
    eventually 10 test -e "$WORLD/hosts.there"
}

# address NAME
address() {
    awk -v name="$1" '$2 == name { print $1 }' "$WORLD/hosts"
}

# start_services NAME,KIND,PLACE...
start_services() {
    local service name rest services=()
    for service; do
        name=${service%%,*}
        rest=${service#*,}
        services+=("$name,$(address "$name"),$rest")
    done
    "${IN_WORLD[@]}" "$TOP/native-test/clients/services" "$WORLD" "$WORLD/server.pem" "$WORLD/server.key" "${services[@]}" \
        >"$WORLD/services.out" 2>&1 </dev/null &
    later stop_process $!
    eventually 20 test -e "$WORLD/ready"
}

# start_verdaccio NAME: an npm registry at the address of NAME, where robot with the secret of NAME may do everything, and nobody
# else anything
start_verdaccio() {
    mkdir "$WORLD/verdaccio"
    printf 'robot:{SHA}%s\n' "$(tr -d '\n' <"$WORLD/$1.secret" | openssl sha1 -binary | base64)" >"$WORLD/verdaccio/htpasswd"
    cat >"$WORLD/verdaccio/config.yaml" <<EOT
storage: $WORLD/verdaccio/storage
listen: https://$(address "$1"):443/
https: { key: $WORLD/server.key, cert: $WORLD/server.pem }
auth: { htpasswd: { file: $WORLD/verdaccio/htpasswd, max_users: -1 } }
packages:
  '**': { access: \$authenticated, publish: \$authenticated, unpublish: \$authenticated }
web: { enable: false }
log: { type: stdout, format: json, level: http }
EOT
    "${IN_WORLD[@]}" node "$CLIENT_MODULES/node_modules/verdaccio/bin/verdaccio" --config "$WORLD/verdaccio/config.yaml" \
        >"$WORLD/verdaccio/log" 2>&1 </dev/null &
    later stop_process $!
    eventually 60 answers_at "$1" /-/ping
}

# answers_at NAME PATH: whatever it answers
answers_at() {
    "${IN_WORLD[@]}" curl -s -o /dev/null --cacert "$WORLD/ca.pem" "https://$1$2"
}

# start_registry NAME: Debian's docker-registry at the address of NAME, for robot with the secret of NAME
start_registry() {
    require docker-registry docker-registry
    mkdir "$WORLD/registry"
    # of the libcrypt that Python has; the registry takes bcrypt alone
    /usr/bin/python3 -W ignore -c 'import crypt, sys; print("robot:" + crypt.crypt(sys.stdin.read().strip(),
        crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' <"$WORLD/$1.secret" >"$WORLD/registry/htpasswd"
    cat >"$WORLD/registry/config.yml" <<EOT
version: 0.1
log: { accesslog: { disabled: false }, formatter: json }
storage: { filesystem: { rootdirectory: $WORLD/registry/storage }, delete: { enabled: true } }
auth: { htpasswd: { realm: registry, path: $WORLD/registry/htpasswd } }
http:
  addr: $(address "$1"):443
  host: https://$1
  secret: of-one-process
  tls: { certificate: $WORLD/server.pem, key: $WORLD/server.key }
EOT
    "${IN_WORLD[@]}" docker-registry serve "$WORLD/registry/config.yml" >"$WORLD/registry/log" 2>&1 </dev/null &
    later stop_process $!
    eventually 20 answers_at "$1" /v2/
}

# start_client NAME: a container with no network but loopback: the mount at /creds, the gateway's socket in /gate, the relay, the
# npm packages at /modules and native-test/clients at /clients; HOME is /root
start_client() {
    local bundle=$WORK/bundle-$1 mounts file
    mkdir -p "$bundle"/rootfs/{etc/ssl/certs,root,tmp,var/tmp}
    # the certificates that came with it: of the world, and not of credfs
    cp "$WORLD/ca.pem" "$bundle/rootfs/etc/ssl/certs/ca-certificates.crt"
    ln -s usr/sbin "$bundle/rootfs/sbin"
    printf 'root:x:0:0:root:/root:/bin/sh\n' >"$bundle/rootfs/etc/passwd"
    printf '127.0.0.1 localhost\n' >"$bundle/rootfs/etc/hosts"
    mounts="{ \"destination\": \"/gate\", \"type\": \"none\", \"source\": \"$WORK/gate\", \"options\": [\"rbind\", \"ro\"] },
        { \"destination\": \"/clients\", \"type\": \"none\", \"source\": \"$TOP/native-test/clients\", \"options\": [\"rbind\", \"ro\"] },
        { \"destination\": \"/modules\", \"type\": \"none\", \"source\": \"$CLIENT_MODULES\", \"options\": [\"rbind\", \"ro\"] },
        { \"destination\": \"/relay\", \"type\": \"none\", \"source\": \"$RELAY\", \"options\": [\"bind\", \"ro\"] }"
    # where programs of Debian are, and what Java is configured by
    for file in /etc/alternatives /etc/java-*; do
        [[ ! -d $file ]] ||
            mounts+=", { \"destination\": \"$file\", \"type\": \"none\", \"source\": \"$file\", \"options\": [\"rbind\", \"ro\"] }"
    done
    start_container "$1" "$mounts" '{ "type": "network" }'
}

# client NAME COMMAND...: in the container, with the environment of the trust files and the relay as its proxy
client() {
    in_client "$1" /relay --socket /gate/gateway.sock -- sh -c '. /creds/m/trust/env.sh && exec "$@"' - "${@:2}"
}

# direct NAME COMMAND...: the same without a proxy: after redirect
direct() {
    in_client "$1" sh -c '. /creds/m/trust/env.sh && exec env -u HTTPS_PROXY -u https_proxy "$@"' - "${@:2}"
}

# redirect NAME: every name of the world leads to an address of its own there, and nft from that to the relay
redirect() {
    local in_net=(nsenter --net="/proc/$("${RUNC[@]}" state "$(container_id "$1")" | jq .pid)/ns/net" --)
    sed '/^127.0.0.1/!s/^[^ ]*/192.0.2.1/' "$WORLD/hosts" >"$WORK/bundle-$1/rootfs/etc/hosts"
    "${in_net[@]}" ip address add 192.0.2.1/32 dev lo
    "${in_net[@]}" nft -f - <<EOT
table ip credfs {
  chain output {
    type nat hook output priority -100
    ip daddr 192.0.2.1 tcp dport { 80, 443 } redirect to :3129
  }
}
EOT
    "${RUNC[@]}" exec --detach "$(container_id "$1")" /relay --socket /gate/gateway.sock --listen 127.0.0.1:3129 \
        </dev/null >"$WORK/bundle-$1/relay" 2>&1
    eventually 10 grep -q 'listening on 127.0.0.1:3129' "$WORK/bundle-$1/relay"
}

# in_client NAME COMMAND...: with what a user of it has in the environment, and CLIENT_ENVIRONMENT
in_client() {
    within "$1" env HOME=/root CLIENT_MODULES=/modules "${CLIENT_ENVIRONMENT[@]}" "${@:2}"
}
CLIENT_ENVIRONMENT=()

# is_refused STATUS COMMAND...: the command fails with this status, and no service hears of it
is_refused() {
    local expected=$1 before status=0
    shift
    before=$(served)
    "$@" >"$WORK/refused" 2>&1 || status=$?
    [[ $status -eq $expected ]] || fail "exit status $status instead of $expected: $*: $(<"$WORK/refused")"
    [[ $(served) -eq $before ]] || fail "the server has heard of: $*: $(tail -n $(($(served) - before)) "$WORLD/requests")"
}

# served: how many requests the servers have heard of
served() {
    # those that are there
    { cat "$WORLD/requests" "$WORLD"/{verdaccio,registry}/log 2>/dev/null || true; } |
        { grep -c -e '^{"name"' -e '"sub":"in","req"' -e '"http.request.method".*response completed' || true; }
}

# heard NAME METHOD PATH: the service has answered that to its credential
heard() {
    jq -e -n --arg name "$1" --arg method "$2" --arg path "$3" \
        'first(inputs | select(.name == $name and .method == $method and .path == $path and .status < 400))' \
        "$WORLD/requests" >"$WORK/heard" || fail "$1 has not answered $2 $3: $(<"$WORLD/requests")"
}

# never_had NAME: no credential of the world is in what the container can read, nor in a log; each that was asked had the right one
never_had() {
    cat "$WORLD"/*.secret >"$WORK/secrets"
    ! grep -rqFf "$WORK/secrets" "$WORK/bundle-$1/rootfs"/{etc,root,tmp,var} "$WORK/shared" "$AUDIT" "$WORK"/*.err \
        "$WORK/gateway-audit.jsonl" || fail "a credential is in the container or a log"
    ! grep -q '"status": 401' "$WORLD/requests" || fail "a request without the credential: $(grep 401 "$WORLD/requests")"
}

# spent_by NAME ROUTE...: the record has requests of the container on each of the routes, with a token or with the rule that took
# the container for one, and an answer to each
spent_by() {
    local id route
    id=$(container_id "$1")
    shift
    for route; do
        jq -e -n --arg id "$id" --arg route "$route" '[inputs | select(.route == $route)]
            | (map(select(.event == "spent")) | any(.jti + (.rule // "") != "") and all((.peer | endswith(" in " + $id))
                and (.jti == "" or (.rule // "") == "")))
              and ([.[] | select(.event == "spent").request] - [.[] | select(.event == "answered").request] == [])' \
            "$WORK/gateway-audit.jsonl" >"$WORK/spent" || fail "the record of route $route is not whole"
    done
}
