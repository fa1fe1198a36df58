# shellcheck shell=bash
# The npm packages that the scripts of native-test run as clients, after lib.sh: pinned by package-lock.json, installed once.

require node nodejs
require npm npm
export CLIENT_MODULES=$TOP/target/clients

# install_packages: into CLIENT_MODULES, unless they are there; scripts that run at once wait for each other
install_packages() {
    local lock=$TOP/native-test/clients/package-lock.json
    mkdir -p "$TOP/target"
    (
        flock 9
        ! cmp -s "$lock" "$CLIENT_MODULES/package-lock.json" || exit 0
        rm -rf "$CLIENT_MODULES" "$CLIENT_MODULES.new"
        mkdir -p "$CLIENT_MODULES.new"
        cp "$TOP"/native-test/clients/package{,-lock}.json "$CLIENT_MODULES.new"
        npm ci --prefix "$CLIENT_MODULES.new" --ignore-scripts --no-audit --no-fund >"$WORK/npm.out" 2>&1 ||
            fail "npm ci: $(tail -n 20 "$WORK/npm.out")"
        mv "$CLIENT_MODULES.new" "$CLIENT_MODULES"
    ) 9>"$TOP/target/clients.lock"
}
