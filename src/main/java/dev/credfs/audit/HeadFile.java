package dev.credfs.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;

/**
 * The signed head of a log and the key it is signed with: {@code <log>.head}, {@code <log>.key} (0600) and {@code <log>.pub}.
 */
final class HeadFile {
    private static final int PEM_LINE = 64;
    private static final int LONGEST_PEM_BYTES = 4096;
    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final Path file;
    private final PrivateKey key;
    private final PublicKey publicKey;
    private Position last = Position.START;

    private HeadFile(Path file, PrivateKey key, PublicKey publicKey) {
        this.file = file;
        this.key = key;
        this.publicKey = publicKey;
    }

    static Path of(Path log, String suffix) {
        return log.resolveSibling(log.getFileName() + suffix);
    }

    /** Reads the key beside {@code log}, or makes one. */
    static HeadFile beside(Path log) throws IOException {
        Path key = of(log, ".key");
        Path publicKey = of(log, ".pub");
        try {
            if (!Files.exists(key, LinkOption.NOFOLLOW_LINKS)) {
                KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
                replace(publicKey, pem("PUBLIC KEY", pair.getPublic().getEncoded()));
                replace(key, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
            }
            PosixFileAttributes attributes =
                    Files.readAttributes(key, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile() || !OWNER_ONLY.containsAll(attributes.permissions())) {
                throw new IOException("its key " + key + " must be a file that only its owner may read: chmod 600");
            }
            PrivateKey secret = KeyFactory.getInstance("Ed25519")
                    .generatePrivate(new PKCS8EncodedKeySpec(unpem("PRIVATE KEY", key)));
            return new HeadFile(of(log, ".head"), secret, readPublicKey(publicKey));
        } catch (GeneralSecurityException e) {
            throw new IOException("its key " + key + " is not an Ed25519 key: move it and " + publicKey + " away", e);
        }
    }

    static PublicKey readPublicKey(Path file) throws IOException {
        try {
            return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(unpem("PUBLIC KEY", file)));
        } catch (GeneralSecurityException e) {
            throw new IOException(file + " is not an Ed25519 public key", e);
        }
    }

    /** Where the log stood when the head was last signed; the start where there is no head. */
    Position read() throws IOException {
        try {
            last = SignedHead.read(file, publicKey).position();
        } catch (NoSuchFileException e) {
            last = Position.START;
        }
        return last;
    }

    /** Signs {@code position} unless that is what stands in the file. */
    void write(Position position, Instant at) throws IOException {
        if (position.equals(last) && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        replace(file, SignedHead.sign(position, at, key));
        last = position;
    }

    /** Puts {@code content} in place of {@code file} so that it holds the old or the new after a crash. */
    private static void replace(Path file, byte[] content) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(next);
        try (FileChannel channel = FileChannel.open(
                next,
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static byte[] pem(String label, byte[] der) {
        String body = Base64.getMimeEncoder(PEM_LINE, new byte[] {'\n'}).encodeToString(der);
        return ("-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] unpem(String label, Path file) throws IOException {
        if (Files.size(file) > LONGEST_PEM_BYTES) {
            throw new IOException(file + " is too long for a key");
        }
        String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
        String begin = "-----BEGIN " + label + "-----";
        String end = "-----END " + label + "-----";
        if (!text.startsWith(begin) || !text.endsWith(end)) {
            throw new IOException(file + " is not in PEM form with a " + label);
        }
        try {
            return Base64.getMimeDecoder().decode(text.substring(begin.length(), text.length() - end.length()));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is not in PEM form: " + e.getMessage(), e);
        }
    }
}
