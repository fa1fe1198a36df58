package dev.credfs.cli;

import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.mint.Directory;
import dev.credfs.mint.Master;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A configuration with its masters read.
 *
 * @param masters by name; one that could not be read says why
 * @param tree what the mount holds: files of a bad master are there and refuse
 * @param problems one line for each bad master
 */
record Loaded(Configuration configuration, SortedMap<String, Master> masters, Directory tree, List<String> problems) {
    private static final long MAX_BYTES = 1024 * 1024;

    /**
     * Reads a configuration and everything it names.
     *
     * @param now a master that expired before is a problem
     * @throws CommandException if the configuration itself is wrong: {@code file:line:column: problem}
     */
    static Loaded from(Path file, Instant now) throws CommandException {
        Path absolute = file.toAbsolutePath().normalize();
        String text = text(absolute);
        try {
            Configuration configuration = ConfigurationReader.read(text, absolute, Loaded::program);
            SortedMap<String, Master> masters = new TreeMap<>();
            List<String> problems = new ArrayList<>();
            for (Map.Entry<String, Configuration.MasterSource> source :
                    configuration.masters().entrySet()) {
                Master master = master(source.getKey(), source.getValue().file());
                masters.put(source.getKey(), master);
                if (master instanceof Master.Unavailable unavailable) {
                    problems.add(unavailable.why());
                } else if (master instanceof Master.Available available
                        && available.macaroon().expiry().isBefore(now)) {
                    problems.add("master '" + source.getKey() + "' expired at "
                            + available.macaroon().expiry() + ": issue a new one");
                }
            }
            return new Loaded(configuration, masters, configuration.tree(masters), List.copyOf(problems));
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
    }

    private static Executable program(String path) throws IOException {
        Path file = Path.of(path).toRealPath();
        return new Executable(file.toString(), (long) Files.getAttribute(file, "unix:dev"), (long)
                Files.getAttribute(file, "unix:ino"));
    }

    private static Master master(String name, Path file) {
        byte[] content = {};
        try {
            content = SecretFile.read(file, "master '" + name + "'");
            return new Master.Available(MasterMacaroon.parse(content));
        } catch (MalformedMacaroonException e) {
            return new Master.Unavailable("master '" + name + "' " + file + ": " + e.getMessage());
        } catch (CommandException e) {
            return new Master.Unavailable(String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    static String text(Path file) throws CommandException {
        try {
            PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw invalid(file, "not a regular file");
            }
            if (attributes.size() > MAX_BYTES) {
                throw invalid(file, "larger than 1 MiB");
            }
            if (attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE)
                    || attributes.permissions().contains(PosixFilePermission.GROUP_WRITE)) {
                throw invalid(
                        file, "others can write to it, and so decide who gets tokens: run 'chmod go-w " + file + "'");
            }
            byte[] bytes = Files.readAllBytes(file);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (NoSuchFileException e) {
            throw invalid(file, "no such file: 'credfs init DIR' makes one");
        } catch (CharacterCodingException e) {
            throw invalid(file, "not UTF-8");
        } catch (IOException e) {
            throw invalid(file, SecretFile.reason(e));
        }
    }

    private static CommandException invalid(Path file, String why) {
        return new CommandException(Failure.CONFIGURATION_INVALID, file + ": " + why);
    }
}
