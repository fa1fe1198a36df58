package dev.credfs.macaroon;

import com.github.nitram509.jmacaroons.CaveatPacket;
import com.github.nitram509.jmacaroons.Macaroon;
import com.github.nitram509.jmacaroons.MacaroonsBuilder;
import com.github.nitram509.jmacaroons.MacaroonsSerializer;
import com.github.nitram509.jmacaroons.MacaroonsVerifier;
import com.github.nitram509.jmacaroons.NotDeSerializableException;
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
 * One macaroon as bytes in a chain: the only class that knows jmacaroons.
 *
 * <p>References: the V2 format is {@code libmacaroons/doc/format.txt}; the limits are ours (design §5).
 */
final class Chain {
    static final int MAX_TEXT_BYTES = 8 * 1024;
    static final int MAX_CAVEATS = 32;
    /** A hint of no use to us: an empty location is the shortest that every library of the family reads. */
    private static final String NO_LOCATION = "";

    private final Macaroon macaroon;

    private Chain(Macaroon macaroon) {
        this.macaroon = macaroon;
    }

    static Chain start(byte[] rootKey, KeyId id) {
        return new Chain(Macaroon.create(NO_LOCATION, rootKey, id.text()));
    }

    Chain add(List<? extends Caveat> caveats) {
        if (macaroon.caveatPackets.length + caveats.size() > MAX_CAVEATS) {
            throw new IllegalArgumentException("a macaroon has at most " + MAX_CAVEATS + " caveats");
        }
        MacaroonsBuilder builder = Macaroon.builder(macaroon);
        for (Caveat caveat : caveats) {
            // jmacaroons would write UTF-8: a predicate that was read from other bytes would come out as another one.
            if (caveat instanceof Unrecognized) {
                throw new IllegalArgumentException("only a caveat of the language can be added: " + caveat.printable());
            }
            builder.addCaveat(caveat.predicate());
        }
        Chain longer = new Chain(builder.build());
        if (longer.text().length > MAX_TEXT_BYTES) {
            throw new IllegalArgumentException("a macaroon has at most " + MAX_TEXT_BYTES + " bytes");
        }
        return longer;
    }

    /** Base64url of the V2 binary form, as ASCII. */
    byte[] text() {
        return macaroon.serialize(MacaroonsSerializer.V2).getBytes(StandardCharsets.US_ASCII);
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
        if (binary.length == 0 || binary[0] != 2) {
            throw new MalformedMacaroonException("not a macaroon of format version 2");
        }
        Macaroon macaroon;
        try {
            macaroon = MacaroonsSerializer.V2.deserialize(new String(text, StandardCharsets.US_ASCII));
        } catch (NotDeSerializableException e) {
            // Its message is the library's own; nothing of the token is in it, and nothing a user could act on either.
            throw new MalformedMacaroonException("not a macaroon: its fields are cut off, out of order or too long");
        }
        Chain chain = new Chain(macaroon);
        // Each macaroon is one byte string; see the package documentation.
        if (!Arrays.equals(chain.text(), text)) {
            throw new MalformedMacaroonException("not the canonical form of a macaroon");
        }
        chain.check();
        return chain;
    }

    /** @param line a macaroon, after which one newline may follow */
    static Chain parseLine(byte[] line) throws MalformedMacaroonException {
        boolean ended = line.length > 0 && line[line.length - 1] == '\n';
        return parse(ended ? Arrays.copyOf(line, line.length - 1) : line);
    }

    private void check() throws MalformedMacaroonException {
        try {
            id();
        } catch (IllegalArgumentException e) {
            throw new MalformedMacaroonException(String.valueOf(e.getMessage()));
        }
        for (CaveatPacket packet : macaroon.caveatPackets) {
            if (packet.type != CaveatPacket.Type.cid) {
                throw new MalformedMacaroonException("third-party caveats and caveat locations are not supported");
            }
            if (packet.rawValue.length > Caveat.MAX_BYTES) {
                throw new MalformedMacaroonException("a caveat of more than " + Caveat.MAX_BYTES + " bytes");
            }
        }
        if (macaroon.caveatPackets.length > MAX_CAVEATS) {
            throw new MalformedMacaroonException("more than " + MAX_CAVEATS + " caveats");
        }
    }

    boolean startsFrom(byte[] rootKey) {
        // One verifier that agrees to everything: the result is then the chain check alone.
        return new MacaroonsVerifier(macaroon).satisfyGeneral(predicate -> true).isValid(rootKey);
    }

    KeyId id() {
        return new KeyId(macaroon.identifier);
    }

    String location() {
        return macaroon.location == null ? NO_LOCATION : macaroon.location;
    }

    List<Caveat> caveats() {
        List<Caveat> caveats = new ArrayList<>();
        for (CaveatPacket packet : macaroon.caveatPackets) {
            caveats.add(Caveat.read(packet.rawValue));
        }
        return List.copyOf(caveats);
    }

    /** The earliest expiry among the caveats, or {@link Instant#MAX}. */
    Instant expiry() {
        Instant earliest = Instant.MAX;
        for (Caveat caveat : caveats()) {
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
