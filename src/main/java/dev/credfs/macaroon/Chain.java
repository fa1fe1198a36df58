package dev.credfs.macaroon;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.Expiry;
import dev.credfs.caveat.LegacyExpiry;
import dev.credfs.caveat.Unrecognized;
import dev.credfs.crypto.Fingerprint;
import dev.credfs.crypto.StrictBase64;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One macaroon as bytes: its identifier, its first-party caveats and the HMAC chained over them.
 *
 * <p>The V2 binary format ({@code libmacaroons/doc/format.txt}), of which this is the part that has no third party:
 *
 * <pre>02  [01 n location]  02 n identifier  00  { 02 n predicate  00 }  00  06 20 signature</pre>
 *
 * where n is a length in the fewest bytes of seven bits each, and the signature stands at the end. So a caveat is put in before
 * the trailer of {@value #TRAILER_BYTES} bytes, and the signature alone is made anew.
 *
 * <p>References: the chain is of Birgisson et al., section V; the limits are ours (design §5).
 */
final class Chain {
    static final int MAX_TEXT_BYTES = 8 * 1024;
    static final int MAX_CAVEATS = 32;

    private static final byte VERSION = 2;
    private static final byte END_OF_SECTION = 0;
    private static final byte LOCATION = 1;
    private static final byte IDENTIFIER = 2;
    private static final byte VERIFIER_ID = 4;
    private static final byte SIGNATURE = 6;

    private static final int SIGNATURE_BYTES = HmacChain.BYTES;
    private static final int TRAILER_BYTES = 3 + SIGNATURE_BYTES;
    /** Of a number below 2^14, which no length in {@link #MAX_TEXT_BYTES} exceeds. */
    private static final int MAX_LENGTH_BYTES = 2;

    private final KeyId id;
    private final String location;
    private final List<byte[]> predicates;
    private final byte[] binary;

    private Chain(KeyId id, String location, List<byte[]> predicates, byte[] binary) {
        this.id = id;
        this.location = location;
        this.predicates = predicates;
        this.binary = binary;
    }

    /** This macaroon, with {@code caveats} after its own. */
    Chain add(List<? extends Caveat> caveats) {
        if (predicates.size() + caveats.size() > MAX_CAVEATS) {
            throw new IllegalArgumentException("a macaroon has at most " + MAX_CAVEATS + " caveats");
        }
        List<byte[]> longer = new ArrayList<>(predicates.size() + caveats.size());
        longer.addAll(predicates);
        int bytes = binary.length;
        for (Caveat caveat : caveats) {
            // What was read from other bytes than ASCII has no spelling of its own to be written in.
            if (caveat instanceof Unrecognized) {
                throw new IllegalArgumentException("only a caveat of the language can be added: " + caveat.printable());
            }
            byte[] predicate = caveat.predicate().getBytes(StandardCharsets.US_ASCII);
            longer.add(predicate);
            bytes += 1 + lengthBytes(predicate.length) + predicate.length + 1;
        }
        if (StrictBase64.encodedLength(bytes) > MAX_TEXT_BYTES) {
            throw new IllegalArgumentException("a macaroon has at most " + MAX_TEXT_BYTES + " bytes");
        }
        byte[] result = new byte[bytes];
        int at = binary.length - TRAILER_BYTES;
        System.arraycopy(binary, 0, result, 0, at);
        HmacChain signature = new HmacChain(binary, binary.length - SIGNATURE_BYTES);
        for (byte[] predicate : longer.subList(predicates.size(), longer.size())) {
            signature.add(predicate);
            result[at++] = IDENTIFIER;
            at = putLength(predicate.length, result, at);
            System.arraycopy(predicate, 0, result, at, predicate.length);
            at += predicate.length;
            result[at++] = END_OF_SECTION;
        }
        result[at++] = END_OF_SECTION;
        result[at++] = SIGNATURE;
        result[at++] = SIGNATURE_BYTES;
        signature.copyTo(result, at);
        return new Chain(id, location, longer, result);
    }

    private static int lengthBytes(int length) {
        return length < 0x80 ? 1 : MAX_LENGTH_BYTES;
    }

    private static int putLength(int length, byte[] to, int at) {
        if (length < 0x80) {
            to[at] = (byte) length;
            return at + 1;
        }
        to[at] = (byte) (length | 0x80);
        to[at + 1] = (byte) (length >> 7);
        return at + MAX_LENGTH_BYTES;
    }

    /** Base64url of the V2 binary form, as ASCII. */
    byte[] text() {
        return StrictBase64.encode(binary);
    }

    /** @param text exactly the macaroon, nothing around it */
    static Chain parse(byte[] text) throws MalformedMacaroonException {
        if (text.length == 0) {
            throw new MalformedMacaroonException("empty");
        }
        if (text.length > MAX_TEXT_BYTES) {
            throw new MalformedMacaroonException("longer than " + MAX_TEXT_BYTES + " bytes");
        }
        byte[] binary;
        try {
            binary = StrictBase64.decode(text);
        } catch (IllegalArgumentException e) {
            throw new MalformedMacaroonException(String.valueOf(e.getMessage()));
        }
        return new Reader(binary).read();
    }

    /** @param line a macaroon, after which one newline may follow */
    static Chain parseLine(byte[] line) throws MalformedMacaroonException {
        boolean ended = line.length > 0 && line[line.length - 1] == '\n';
        return parse(ended ? Arrays.copyOf(line, line.length - 1) : line);
    }

    /** The fields in their one order and with nothing between or after them: what is read has no second spelling. */
    private static final class Reader {
        private final byte[] binary;
        private int at;

        Reader(byte[] binary) {
            this.binary = binary;
        }

        Chain read() throws MalformedMacaroonException {
            if (binary.length == 0 || binary[at++] != VERSION) {
                throw new MalformedMacaroonException("not a macaroon of format version 2");
            }
            String location = startsWith(LOCATION) ? utf8(field(LOCATION)) : "";
            KeyId id;
            try {
                id = new KeyId(utf8(field(IDENTIFIER)));
            } catch (IllegalArgumentException e) {
                throw new MalformedMacaroonException(String.valueOf(e.getMessage()));
            }
            expect(END_OF_SECTION);
            List<byte[]> predicates = new ArrayList<>();
            while (!startsWith(END_OF_SECTION)) {
                predicates.add(predicate());
            }
            expect(END_OF_SECTION);
            byte[] signature = field(SIGNATURE);
            if (signature.length != SIGNATURE_BYTES) {
                throw malformed();
            }
            if (at != binary.length) {
                throw notCanonical();
            }
            if (predicates.size() > MAX_CAVEATS) {
                throw new MalformedMacaroonException("more than " + MAX_CAVEATS + " caveats");
            }
            return new Chain(id, location, predicates, binary);
        }

        private byte[] predicate() throws MalformedMacaroonException {
            if (startsWith(LOCATION)) {
                throw thirdParty();
            }
            byte[] predicate = field(IDENTIFIER);
            if (startsWith(VERIFIER_ID)) {
                throw thirdParty();
            }
            expect(END_OF_SECTION);
            if (predicate.length > Caveat.MAX_BYTES) {
                throw new MalformedMacaroonException("a caveat of more than " + Caveat.MAX_BYTES + " bytes");
            }
            return predicate;
        }

        private static MalformedMacaroonException thirdParty() {
            return new MalformedMacaroonException("third-party caveats and caveat locations are not supported");
        }

        /** The message quotes nothing: neither the reader of a log nor its terminal is steered by a token. */
        private static MalformedMacaroonException malformed() {
            return new MalformedMacaroonException("not a macaroon: its fields are cut off, out of order or too long");
        }

        /** There would be a second spelling of what is a macaroon otherwise. */
        private static MalformedMacaroonException notCanonical() {
            return new MalformedMacaroonException("not the canonical form of a macaroon");
        }

        private boolean startsWith(byte type) throws MalformedMacaroonException {
            if (at >= binary.length) {
                throw malformed();
            }
            return binary[at] == type;
        }

        private void expect(byte type) throws MalformedMacaroonException {
            if (!startsWith(type)) {
                throw malformed();
            }
            at++;
        }

        private byte[] field(byte type) throws MalformedMacaroonException {
            expect(type);
            int length = length();
            if (length > binary.length - at) {
                throw malformed();
            }
            at += length;
            return Arrays.copyOfRange(binary, at - length, at);
        }

        private int length() throws MalformedMacaroonException {
            int length = 0;
            for (int shift = 0; at < binary.length; shift += 7) {
                int part = binary[at++];
                int bits = part & 0x7f;
                if (shift < 7 * MAX_LENGTH_BYTES) {
                    length |= bits << shift;
                } else if (bits != 0) {
                    throw malformed();
                }
                if (part >= 0) {
                    if (part == 0 && shift > 0) {
                        throw notCanonical();
                    }
                    return length;
                }
            }
            throw malformed();
        }

        private static String utf8(byte[] bytes) throws MalformedMacaroonException {
            // What is not UTF-8 becomes U+FFFD, and three bytes of it.
            String text = new String(bytes, StandardCharsets.UTF_8);
            if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes)) {
                throw notCanonical();
            }
            return text;
        }
    }

    boolean startsFrom(byte[] rootKey) {
        HmacChain signature = HmacChain.start(rootKey, id.text().getBytes(StandardCharsets.US_ASCII));
        for (byte[] predicate : predicates) {
            signature.add(predicate);
        }
        return signature.standsAt(binary, binary.length - SIGNATURE_BYTES);
    }

    KeyId id() {
        return id;
    }

    String location() {
        return location;
    }

    List<Caveat> caveats() {
        List<Caveat> caveats = new ArrayList<>(predicates.size());
        for (byte[] predicate : predicates) {
            caveats.add(Caveat.read(predicate));
        }
        return List.copyOf(caveats);
    }

    /** The earliest expiry among {@code caveats}, or {@link Instant#MAX}. */
    static Instant expiry(List<Caveat> caveats) {
        Instant earliest = Instant.MAX;
        for (Caveat caveat : caveats) {
            Instant end = Instant.MAX;
            if (caveat instanceof Expiry expiry) {
                end = expiry.end();
            } else if (caveat instanceof LegacyExpiry legacy) {
                end = legacy.end();
            }
            if (end.isBefore(earliest)) {
                earliest = end;
            }
        }
        return earliest;
    }

    /** Of the whole text: two tokens of one master differ in it. */
    Fingerprint fingerprint() {
        return Fingerprint.of(text());
    }
}
