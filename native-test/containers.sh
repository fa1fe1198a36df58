# shellcheck shell=bash
# Real runc containers for the scripts of native-test/properties, after lib.sh: they have the programs of this machine, the
# directory above the mount at /creds, and $WORK/shared at /shared; or the least that there can be (start_bare_container).

require runc runc
RUNC=(runc --root "$WORK/runc")

# container_id NAME: ids are of the whole machine
container_id() {
    echo "credfs-$1-$$"
}

# start_container NAME [MOUNT [NAMESPACE]]: starts a container that waits; JSON of one more mount, of one more namespace.
# Runc would put it at /<id>, where everything else is as well: /runc/<id> says what it is.
start_container() {
    local name=$1 bundle=$WORK/bundle-$1 id mappings=
    id=$(container_id "$name")
    mkdir -p "$bundle"/rootfs/{usr,proc,dev,creds,shared,etc} "$WORK/shared"
    ln -s usr/bin usr/lib usr/lib64 "$bundle/rootfs"
    chmod 1777 "$WORK/shared"
    if [[ ${3:-} == *'"user"'* ]]; then
        mappings='[{ "containerID": 0, "hostID": 100000, "size": 65536 }],'
        chown -R 100000:100000 "$bundle/rootfs"
        mappings="\"uidMappings\": $mappings \"gidMappings\": $mappings"
    fi
    cat >"$bundle/config.json" <<EOF
{
  "ociVersion": "1.0.2",
  "process": {
    "user": { "uid": 0, "gid": 0 }, "cwd": "/", "args": ["sleep", "infinity"], "env": ["PATH=/usr/bin"]
  },
  "root": { "path": "rootfs" },
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/usr", "type": "none", "source": "/usr", "options": ["rbind", "ro"] },
    { "destination": "/shared", "type": "none", "source": "$WORK/shared", "options": ["rbind"] },
    { "destination": "/creds", "type": "none", "source": "${M%/*}", "options": ["rbind", "rslave", "nosuid", "nodev"] }
    ${2:+, $2}
  ],
  "linux": {
    "cgroupsPath": "/runc/$id",
    $mappings
    "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" } ${3:+, $3} ]
  }
}
EOF
    run_container "$id" "$bundle"
}

# start_bare_container NAME ARGUMENT...: a container that has /bin/busybox, /bin/credfs-relay, /creds, the directory of the
# gateway's socket at /gate and nothing else, not even a network; as the user and group BARE_USER (1000), without any
# capability. It runs the arguments.
start_bare_container() {
    local name=$1 bundle=$WORK/bundle-$1 id arguments
    id=$(container_id "$name")
    shift
    arguments=$(printf ', "%s"' "$@")
    mkdir -p "$bundle"/rootfs/{bin,proc,creds,gate,etc}
    cp -p "$(command -v busybox)" "$bundle/rootfs/bin"
    touch "$bundle/rootfs/bin/credfs-relay"
    cat >"$bundle/config.json" <<EOF
{
  "ociVersion": "1.0.2",
  "process": {
    "user": { "uid": ${BARE_USER:-1000}, "gid": ${BARE_USER:-1000} }, "cwd": "/", "noNewPrivileges": true,
    "args": [${arguments#, }], "env": ["PATH=/bin"]
  },
  "root": { "path": "rootfs", "readonly": true },
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/bin/credfs-relay", "type": "none", "source": "$RELAY", "options": ["bind", "ro"] },
    { "destination": "/gate", "type": "none", "source": "$WORK/gate", "options": ["rbind", "ro"] },
    { "destination": "/creds", "type": "none", "source": "${M%/*}", "options": ["rbind", "rslave", "nosuid", "nodev"] }
  ],
  "linux": {
    "cgroupsPath": "/runc/$id",
    "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" }, { "type": "network" } ]
  }
}
EOF
    run_container "$id" "$bundle"
}

# run_container ID BUNDLE: until the script ends
run_container() {
    later "${RUNC[@]}" delete -f "$1"
    # its standard streams stay open as long as it runs: not those of the script
    "${RUNC[@]}" run --detach --bundle "$2" "$1" </dev/null >"$2/out" 2>&1 || fail "runc: $(<"$2/out")"
}

# within NAME COMMAND...: runs it in the container
within() {
    local id
    id=$(container_id "$1")
    shift
    "${RUNC[@]}" exec "$id" "$@"
}

# remove_cgroup PATH: and those below it, in every hierarchy
remove_cgroup() {
    find /sys/fs/cgroup/*"$1" /sys/fs/cgroup"$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

# last_minted: the container on the latest record of a token
last_minted() {
    grep '"event":"minted"' "$AUDIT" | tail -1 | sed 's/.*"container":"\([^"]*\)".*/\1/'
}

# a_hierarchy: the directory of a cgroup hierarchy in which runc puts its containers
a_hierarchy() {
    if [[ -d /sys/fs/cgroup/pids ]]; then
        echo /sys/fs/cgroup/pids
    else
        echo /sys/fs/cgroup
    fi
}
