# shellcheck shell=bash
# The packages and the programs that the scripts of native-test run as clients, after lib.sh.

require node nodejs
require npm npm
require go golang-go
require mvn maven
export CLIENT_MODULES=$TOP/target/clients

# install_packages: into CLIENT_MODULES and PROBES, unless they are there
install_packages() {
    "$TOP/native-test/clients/install" >"$WORK/install.out" 2>&1 || fail "clients/install: $(tail -n 20 "$WORK/install.out")"
}
