package dev.credfs.macaroon;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A macaroon from nothing but HMAC-SHA256: what jmacaroons is held to. */
final class ReferenceMacaroon {
    private ReferenceMacaroon() {}

    static byte[] signature(byte[] rootKey, String identifier, List<byte[]> caveats) {
        byte[] signature = hmac(hmac(ascii("macaroons-key-generator"), rootKey), ascii(identifier));
        for (byte[] caveat : caveats) {
            signature = hmac(signature, caveat);
        }
        return signature;
    }

    private static byte[] hmac(byte[] key, byte[] message) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(message);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** The V2 binary form, with an empty location. */
    static byte[] binary(String identifier, List<byte[]> caveats, byte[] signature) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(2);
        field(out, 1, new byte[0]);
        field(out, 2, ascii(identifier));
        out.write(0);
        for (byte[] caveat : caveats) {
            field(out, 2, caveat);
            out.write(0);
        }
        out.write(0);
        field(out, 6, signature);
        return out.toByteArray();
    }

    private static void field(ByteArrayOutputStream out, int type, byte[] data) {
        out.write(type);
        int length = data.length;
        while (length >= 128) {
            out.write((length & 127) | 128);
            length >>>= 7;
        }
        out.write(length);
        out.writeBytes(data);
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
