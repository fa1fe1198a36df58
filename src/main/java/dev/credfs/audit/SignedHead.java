package dev.credfs.audit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A signed statement of where a log stood: one line of JSON.
 *
 * <pre>{"schema":"credfs/audit-head/v1","seq":7,"hash":"&lt;64 hex&gt;","at":"…","signature":"&lt;base64&gt;"}</pre>
 *
 * The signature is Ed25519 over all that stands before {@code ,"signature"}.
 */
record SignedHead(Position position, Instant at) {
    private static final int LONGEST_BYTES = 1024;
    private static final Pattern FORM = Pattern.compile("(\\{\"schema\":\"credfs/audit-head/v1\",\"seq\":([0-9]{1,18}),"
            + "\"hash\":\"([0-9a-f]{64})\",\"at\":\"([^\"]{1,40})\"),\"signature\":\"([A-Za-z0-9+/=]{88})\"}\n");

    static byte[] sign(Position position, Instant at, PrivateKey key) throws IOException {
        String statement = "{\"schema\":\"credfs/audit-head/v1\",\"seq\":" + position.seq() + ",\"hash\":\""
                + position.hash() + "\",\"at\":\"" + at + "\"";
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(key);
            signature.update(statement.getBytes(StandardCharsets.US_ASCII));
            String signed = Base64.getEncoder().encodeToString(signature.sign());
            return (statement + ",\"signature\":\"" + signed + "\"}\n").getBytes(StandardCharsets.US_ASCII);
        } catch (GeneralSecurityException e) {
            throw new IOException("the key does not sign: " + e.getMessage(), e);
        }
    }

    /** @throws IOException if the file cannot be read, has another form, or is signed by another key */
    static SignedHead read(Path file, PublicKey key) throws IOException {
        if (Files.size(file) > LONGEST_BYTES) {
            throw new IOException(file + " is too long for a signed head");
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IOException(file + " is not a signed head");
        }
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initVerify(key);
            signature.update(form.group(1).getBytes(StandardCharsets.ISO_8859_1));
            if (!signature.verify(Base64.getDecoder().decode(form.group(5)))) {
                throw new IOException("the signature of " + file + " is not by its key");
            }
            byte[] hash = form.group(3).getBytes(StandardCharsets.US_ASCII);
            return new SignedHead(
                    new Position(Long.parseLong(form.group(2)), LineHash.at(hash, 0)), Instant.parse(form.group(4)));
        } catch (GeneralSecurityException | DateTimeException | IllegalArgumentException e) {
            throw new IOException(file + " is not a signed head: " + e.getMessage(), e);
        }
    }
}
