package dev.credfs.cli;

import dev.credfs.vault.SealedVault;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A vault and what opens it, as a configuration names them for a daemon. */
record VaultSource(Path file, IdentitySource identity) {
    private static final String DEFAULT_FILE = "credfs.vault";
    private static final List<String> SOURCES = List.of("file", "credential", "fd");

    /**
     * Reads the keys {@code vault} and {@code identity}.
     *
     * @param top has the first
     * @param daemon has the second: each daemon has an identity of its own
     * @param configuration relative paths begin at its directory
     */
    static VaultSource read(Yaml.Mapping top, Yaml.Mapping daemon, Path configuration) throws ConfigurationException {
        Optional<Yaml> vault = top.get("vault");
        Path file = resolve(
                configuration,
                vault.isPresent()
                        ? ConfigurationReader.scalar(vault.get(), "vault")
                        : new Yaml.Scalar(DEFAULT_FILE, top.at()));
        Optional<Yaml> identity = daemon.get("identity");
        if (identity.isEmpty()) {
            return new VaultSource(file, new IdentitySource.InKeyring());
        }
        Yaml.Mapping keys = ConfigurationReader.mapping(identity.get(), "identity");
        ConfigurationReader.onlyKeys(keys, SOURCES);
        if (keys.entries().size() != 1) {
            throw new ConfigurationException(keys.at(), "an identity is one of " + String.join(", ", SOURCES));
        }
        Yaml.Entry only = keys.entries().get(0);
        Yaml.Scalar value = ConfigurationReader.scalar(only.value(), only.key());
        return new VaultSource(
                file,
                switch (only.key()) {
                    case "file" -> new IdentitySource.InFile(resolve(configuration, value));
                    case "credential" -> new IdentitySource.Systemd(value.text());
                    default -> new IdentitySource.Inherited(descriptor(value));
                });
    }

    private static int descriptor(Yaml.Scalar number) throws ConfigurationException {
        if (!number.text().matches("0|[1-9][0-9]{0,4}")) {
            throw new ConfigurationException(number.at(), "expected the number of an inherited descriptor");
        }
        return Integer.parseInt(number.text());
    }

    private static Path resolve(Path configuration, Yaml.Scalar text) throws ConfigurationException {
        if (text.text().isEmpty() || text.text().indexOf('\0') >= 0) {
            throw new ConfigurationException(text.at(), "expected a path");
        }
        return configuration.resolveSibling(text.text()).toAbsolutePath().normalize();
    }

    /** The vault, as far as the identity opens it. */
    Vault open(Identities identities) throws VaultException {
        SealedVault sealed = SealedVault.read(file);
        try {
            return identities.open(sealed, identity);
        } catch (VaultException e) {
            throw new VaultException("vault " + file + ": " + e.getMessage());
        }
    }
}
