package dev.credfs.gateway;

import dev.credfs.audit.Problems;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.DERGeneralizedTime;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERUTCTime;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The authority that clients in containers trust to speak for the intercepted hosts, and for no other host.
 *
 * <p>Its key is made once and stays. The certificate is made again when the hosts change or its end comes near, with the same
 * key and the same subject, so that a client that trusts an earlier one still trusts what is signed for the hosts it knew. The
 * names it may speak for are critical name constraints in it (RFC 5280 §4.2.1.10): whoever steals the key can lie to clients
 * that honour them about hosts whose credentials the gateway holds anyway.
 */
final class CertificateAuthority {
    static final Duration LEAF_LIFE = Duration.ofHours(24);
    /** A client's clock may be behind ours. */
    private static final Duration LEAF_BACKDATED = Duration.ofHours(1);

    private static final Duration BACKDATED = Duration.ofHours(24);
    private static final Duration LIFE = Duration.ofDays(365);
    private static final Duration RENEWED_BEFORE = Duration.ofDays(90);
    private static final String ALGORITHM = "SHA256withECDSA";
    /** Of every certificate that may be replaced: what does not begin so is somebody else's. */
    private static final String OWN = "credfs ";

    private static final int MAX_COMMON_NAME = 64;
    /** RFC 5280 §4.1.2.2: positive and at most 20 octets; 64 bits of it at random (CA/Browser Forum). */
    private static final int SERIAL_BITS = 127;

    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final int SECONDS_DIGITS = 14;

    private static final Set<PosixFilePermission> FOR_ALL = PosixFilePermissions.fromString("rw-r--r--");
    private static final byte[] ALL_V4 = new byte[8];
    private static final byte[] ALL_V6 = new byte[32];
    private static final byte[] ONE_HOST = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff};

    private final KeyPair keys;
    private final Path file;
    private final X500Name subject;
    private final Set<String> hosts;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private X509Certificate certificate;

    /** A certificate for one host, and the key to it. */
    record Leaf(PrivateKey key, X509Certificate certificate) {
        /** Not the key. */
        @Override
        public String toString() {
            return "Leaf[" + certificate.getSubjectX500Principal() + "]";
        }
    }

    /**
     * The authority of {@code keys}. Its certificate is what lies at {@code file}, or is put there.
     *
     * @param file where clients find the certificate
     * @param owner whose authority it is
     * @param hosts that it speaks for: DNS names and IPv4 addresses
     * @throws RefusedException if the certificate cannot be put there, or what is there is somebody else's
     */
    CertificateAuthority(KeyPair keys, Path file, String owner, Set<String> hosts, InstantSource clock)
            throws RefusedException {
        this.keys = keys;
        this.file = file;
        this.subject = name(OWN + owner);
        this.hosts = Set.copyOf(hosts);
        this.clock = clock;
        this.certificate = existingOrNew();
    }

    private static X500Name name(String common) {
        String cut = common.length() > MAX_COMMON_NAME ? common.substring(0, MAX_COMMON_NAME) : common;
        return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, cut).build();
    }

    /** For an address nothing that could be read as a DNS name, to which OpenSSL would apply the constraints for those. */
    private static X500Name subjectOf(String host) {
        return name(isAddress(host) ? "address " + host : host);
    }

    private X509Certificate existingOrNew() throws RefusedException {
        try {
            NameConstraints constraints = constraints();
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                X509Certificate existing = read(file);
                if (willDo(existing, constraints)) {
                    return existing;
                }
            }
            X509Certificate made = issue(constraints);
            write(file, made);
            return made;
        } catch (NoSuchFileException e) {
            throw refused("the certificate " + file + ": no directory " + file.getParent() + ": make it");
        } catch (IOException e) {
            throw refused("the certificate " + file + ": " + Problems.of(e));
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw refused("the certificate " + file + " cannot be made: "
                    + e.getClass().getSimpleName());
        }
    }

    /**
     * Reads a certificate that may be replaced.
     *
     * @throws RefusedException if it is no certificate that credfs has made
     */
    private static X509Certificate read(Path file) throws IOException, RefusedException {
        try (var content = Files.newInputStream(file)) {
            X509Certificate found =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(content);
            if (found.getSubjectX500Principal().getName().startsWith("CN=" + OWN)) {
                return found;
            }
        } catch (CertificateException e) {
            // Said below.
        }
        throw refused("the certificate " + file + ": what is there was not made by credfs: remove it, or choose another"
                + " place with 'certificate'");
    }

    private boolean willDo(X509Certificate existing, NameConstraints constraints)
            throws IOException, CertificateEncodingException {
        Instant now = clock.instant();
        byte[] there = existing.getExtensionValue(Extension.nameConstraints.getId());
        return existing.getPublicKey().equals(keys.getPublic())
                && Arrays.equals(existing.getSubjectX500Principal().getEncoded(), subject.getEncoded())
                && begin(existing).isBefore(now)
                && end(existing).isAfter(now.plus(RENEWED_BEFORE))
                && Arrays.equals(there, new DEROctetString(constraints).getEncoded());
    }

    /** Of each kind of name: those of the hosts alone, or none. */
    private NameConstraints constraints() {
        List<GeneralSubtree> permitted = new ArrayList<>();
        boolean names = false;
        boolean addresses = false;
        for (String host : new TreeSet<>(hosts)) {
            if (isAddress(host)) {
                addresses = true;
                byte[] block = Arrays.copyOf(octets(host), 8);
                System.arraycopy(ONE_HOST, 0, block, 4, 4);
                permitted.add(subtree(GeneralName.iPAddress, new DEROctetString(block)));
            } else {
                names = true;
                permitted.add(new GeneralSubtree(new GeneralName(GeneralName.dNSName, host)));
            }
        }
        List<GeneralSubtree> excluded = new ArrayList<>();
        if (!addresses) {
            excluded.add(subtree(GeneralName.iPAddress, new DEROctetString(ALL_V4)));
        }
        // An address of the other version is in no block of this one, and some clients let it through.
        excluded.add(subtree(GeneralName.iPAddress, new DEROctetString(ALL_V6)));
        if (!names) {
            excluded.add(new GeneralSubtree(new GeneralName(GeneralName.dNSName, "")));
        }
        return new NameConstraints(permitted.toArray(GeneralSubtree[]::new), excluded.toArray(GeneralSubtree[]::new));
    }

    private static GeneralSubtree subtree(int kind, ASN1Encodable value) {
        return new GeneralSubtree(new GeneralName(kind, value));
    }

    static boolean isAddress(String host) {
        char last = host.charAt(host.length() - 1);
        // No top-level domain ends in a digit that is not part of a number.
        return last >= '0' && last <= '9' && host.indexOf(':') < 0 && host.matches("[0-9.]+");
    }

    private static byte[] octets(String address) {
        String[] numbers = address.split("\\.", -1);
        byte[] octets = new byte[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            octets[i] = (byte) Integer.parseInt(numbers[i]);
        }
        return octets;
    }

    private X509Certificate issue(NameConstraints constraints)
            throws GeneralSecurityException, OperatorCreationException, CertIOException {
        Instant now = clock.instant();
        JcaX509v3CertificateBuilder builder = builder(now.minus(BACKDATED), now.plus(LIFE), subject, keys.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
        builder.addExtension(Extension.nameConstraints, true, constraints);
        return signed(builder);
    }

    private JcaX509v3CertificateBuilder builder(Instant from, Instant to, X500Name of, PublicKey key)
            throws GeneralSecurityException, CertIOException {
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                subject, new BigInteger(SERIAL_BITS, random).setBit(0), time(from), time(to), of, key);
        JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
        builder.addExtension(Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(key));
        builder.addExtension(
                Extension.authorityKeyIdentifier, false, identifiers.createAuthorityKeyIdentifier(keys.getPublic()));
        return builder;
    }

    /** RFC 5280 §4.1.2.5: the shorter form up to 2049. */
    private static Time time(Instant instant) {
        String digits = SECONDS.format(instant);
        return new Time(
                digits.compareTo("2050") < 0
                        ? new DERUTCTime(digits.substring(2) + "Z")
                        : new DERGeneralizedTime(digits + "Z"));
    }

    static Instant begin(X509Certificate of) throws CertificateEncodingException {
        return instant(Certificate.getInstance(of.getEncoded()).getStartDate());
    }

    static Instant end(X509Certificate of) throws CertificateEncodingException {
        return instant(Certificate.getInstance(of.getEncoded()).getEndDate());
    }

    private static Instant instant(Time time) {
        return SECONDS.parse(time.getTime().substring(0, SECONDS_DIGITS), Instant::from);
    }

    private X509Certificate signed(JcaX509v3CertificateBuilder builder)
            throws GeneralSecurityException, OperatorCreationException {
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder(ALGORITHM).build(keys.getPrivate())));
    }

    private static void write(Path file, X509Certificate certificate) throws IOException, CertificateException {
        String pem = "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded())
                + "\n-----END CERTIFICATE-----\n";
        Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        try {
            Files.createFile(temporary);
            Files.write(temporary, pem.getBytes(StandardCharsets.US_ASCII));
            // Also where the umask would hide it: whoever uses the gateway must be able to read it.
            Files.setPosixFilePermissions(temporary, FOR_ALL);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** What clients trust. */
    X509Certificate certificate() {
        return certificate;
    }

    /**
     * A new certificate for {@code host}; and where our own comes to its end, a new one of that first.
     *
     * @throws RefusedException if ours could not be renewed
     */
    synchronized Leaf leafFor(String host) throws RefusedException {
        certificate = existingOrNew();
        Instant now = clock.instant();
        KeyPair leaf = AuthorityKey.generate();
        try {
            JcaX509v3CertificateBuilder builder =
                    builder(now.minus(LEAF_BACKDATED), now.plus(LEAF_LIFE), subjectOf(host), leaf.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(
                            new GeneralName(isAddress(host) ? GeneralName.iPAddress : GeneralName.dNSName, host)));
            return new Leaf(leaf.getPrivate(), signed(builder));
        } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
            throw refused("no certificate for " + host + ": " + e.getClass().getSimpleName());
        }
    }

    private static RefusedException refused(String why) {
        return new RefusedException(Failure.CONFIGURATION_INVALID, why);
    }
}
