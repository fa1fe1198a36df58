package dev.credfs.gateway;

import dev.credfs.audit.Problems;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.math.ec.ECPoint;

/** The file of a certificate authority's key: P-256, PKCS #8 in PEM, for its owner alone. Made once, and never replaced. */
final class AuthorityKey {
    private static final String CURVE = "secp256r1";
    private static final int P256_BITS = 256;
    private static final int MAX_BYTES = 16 * 1024;
    /** From {@code stat(2)}. */
    private static final int FOR_GROUP_OR_OTHERS = 077;

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN PRIVATE KEY-----\\s+([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----\\s*");

    private AuthorityKey() {}

    /**
     * The key in {@code file}; where nothing is there, a new one, which is then there.
     *
     * @throws RefusedException if what is there is no such key, or not for its owner alone; the message quotes nothing of it
     */
    static KeyPair at(Path file) throws RefusedException {
        try {
            return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? read(file) : create(file);
        } catch (IOException e) {
            throw unusable(file, Problems.of(e));
        }
    }

    static KeyPair generate() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(CURVE));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform since 7 has P-256", e);
        }
    }

    private static KeyPair create(Path file) throws IOException {
        KeyPair keys = generate();
        byte[] der = keys.getPrivate().getEncoded();
        byte[] base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encode(der);
        byte[] begin = "-----BEGIN PRIVATE KEY-----\n".getBytes(StandardCharsets.US_ASCII);
        byte[] end = "\n-----END PRIVATE KEY-----\n".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer pem = ByteBuffer.allocate(begin.length + base64.length + end.length);
        pem.put(begin).put(base64).put(end).flip();
        Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
                while (pem.hasRemaining()) {
                    channel.write(pem);
                }
                channel.force(true);
            }
            // A link fails where another gateway was faster; a rename would replace the key that it already uses.
            Files.createLink(file, temporary);
        } finally {
            Files.deleteIfExists(temporary);
            Arrays.fill(der, (byte) 0);
            Arrays.fill(base64, (byte) 0);
            Arrays.fill(pem.array(), (byte) 0);
        }
        return keys;
    }

    private static KeyPair read(Path file) throws IOException, RefusedException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw unusable(file, "not a regular file");
        }
        byte[] content;
        try (SeekableByteChannel channel =
                Files.newByteChannel(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            int ourUid = OwnDirectory.ourUid();
            int owner = (Integer) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            int mode = (Integer) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if (owner != ourUid && owner != 0) {
                throw unusable(file, "it belongs to uid " + owner + ", who knows what was signed with it");
            }
            if ((mode & FOR_GROUP_OR_OTHERS) != 0) {
                throw unusable(file, "its mode lets others in: run 'chmod 600 " + file + "'");
            }
            if (channel.size() > MAX_BYTES) {
                throw unusable(file, "larger than " + MAX_BYTES + " bytes");
            }
            ByteBuffer buffer = ByteBuffer.allocate((int) channel.size());
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
                // To the end.
            }
            content = buffer.array();
        }
        try {
            return parse(content);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // Of what is there nothing is said: it may be another secret.
            throw unusable(file, "not a P-256 key in PKCS #8 and PEM: put it back, or remove it for a new one");
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    private static KeyPair parse(byte[] content) throws GeneralSecurityException {
        Matcher pem = PEM.matcher(new String(content, StandardCharsets.ISO_8859_1));
        if (!pem.matches()) {
            throw new IllegalArgumentException("not PEM");
        }
        byte[] der = Base64.getMimeDecoder().decode(pem.group(1));
        KeyFactory factory = KeyFactory.getInstance("EC");
        ECPrivateKey key = (ECPrivateKey) factory.generatePrivate(new PKCS8EncodedKeySpec(der));
        Arrays.fill(der, (byte) 0);
        ECPublicKey model = (ECPublicKey) generate().getPublic();
        if (key.getParams().getCurve().getField().getFieldSize() != P256_BITS
                || !key.getParams().getGenerator().equals(model.getParams().getGenerator())) {
            throw new IllegalArgumentException("another curve");
        }
        return new KeyPair(
                factory.generatePublic(new ECPublicKeySpec(publicPoint(key.getS()), model.getParams())), key);
    }

    /** The JDK has no arithmetic on curves. */
    private static java.security.spec.ECPoint publicPoint(BigInteger secret) {
        X9ECParameters p256 = CustomNamedCurves.getByName(CURVE);
        if (secret.signum() <= 0 || secret.compareTo(p256.getN()) >= 0) {
            throw new IllegalArgumentException("out of range");
        }
        ECPoint point = p256.getG().multiply(secret).normalize();
        return new java.security.spec.ECPoint(
                point.getAffineXCoord().toBigInteger(), point.getAffineYCoord().toBigInteger());
    }

    private static RefusedException unusable(Path file, String why) {
        return new RefusedException(
                Failure.CONFIGURATION_INVALID, "the key of the certificate authority, " + file + ": " + why);
    }
}
