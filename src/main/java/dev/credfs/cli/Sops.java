package dev.credfs.cli;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.vault.VaultException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The values of a document that sops encrypted, https://github.com/getsops/sops, for one of its age recipients.
 *
 * <p>The keys of such a document are in the clear. A value is encrypted with the document's data key and bound to the keys that
 * lead to it; the data key is an age file for each recipient. A MAC over all values says that none was exchanged, removed or put
 * in. What is not understood here makes another MAC, and so does not pass.
 */
final class Sops {
    private static final String START = "ENC[AES256_GCM,";
    private static final Pattern VALUE =
            Pattern.compile("ENC\\[AES256_GCM,data:([^,]*),iv:([^,]+),tag:([^,]+),type:([a-z0-9]+)]");
    private static final Pattern FLAT_RECIPIENT = Pattern.compile("sops_age__list_[0-9]+__map_enc");
    private static final int TAG_BITS = 128;
    private static final Position NOWHERE = new Position(1, 1);

    private final SecretKeySpec key;
    private final MessageDigest values;
    private final boolean onlyEncrypted;

    private Sops(SecretKeySpec key, MessageDigest values, boolean onlyEncrypted) {
        this.key = key;
        this.values = values;
        this.onlyEncrypted = onlyEncrypted;
    }

    /** Opens an age file, or says why not. */
    interface Recipient {
        SecretBytes open(byte[] file) throws VaultException;
    }

    static boolean isEncrypted(String text) {
        return text.contains(START);
    }

    /** The form of a dotenv file, whose keys {@code sops_…} are the paths of what other formats have below {@code sops}. */
    static Yaml.Mapping dotenv(String text) {
        List<Yaml.Entry> entries = new ArrayList<>();
        List<Yaml.Entry> about = new ArrayList<>();
        List<Yaml> recipients = new ArrayList<>();
        for (String line : text.lines().toList()) {
            int equals = line.indexOf('=');
            if (equals > 0 && line.charAt(0) != '#') {
                String name = line.substring(0, equals);
                Yaml value = new Yaml.Scalar(line.substring(equals + 1).replace("\\n", "\n"), NOWHERE);
                if (FLAT_RECIPIENT.matcher(name).matches()) {
                    recipients.add(new Yaml.Mapping(List.of(new Yaml.Entry("enc", NOWHERE, value)), NOWHERE));
                } else if (name.startsWith("sops_")) {
                    about.add(new Yaml.Entry(name.substring("sops_".length()), NOWHERE, value));
                } else {
                    entries.add(new Yaml.Entry(name, NOWHERE, value));
                }
            }
        }
        about.add(new Yaml.Entry("age", NOWHERE, new Yaml.Sequence(recipients, NOWHERE)));
        entries.add(new Yaml.Entry("sops", NOWHERE, new Yaml.Mapping(about, NOWHERE)));
        return new Yaml.Mapping(entries, NOWHERE);
    }

    /**
     * The document with its values in the clear, without what sops says about it.
     *
     * @throws VaultException if the recipient does not open it, or it is not what sops wrote
     */
    static Yaml.Mapping open(Yaml document, Recipient recipient) throws VaultException {
        if (!(document instanceof Yaml.Mapping mapping)
                || !(mapping.get("sops").orElse(null) instanceof Yaml.Mapping about)) {
            throw new VaultException("it has values of sops, and nothing of sops about them");
        }
        boolean onlyEncrypted = text(about, "mac_only_encrypted").equals("true");
        byte[] dataKey = dataKey(about, recipient);
        try {
            MessageDigest values = MessageDigest.getInstance("SHA-512");
            if (onlyEncrypted) {
                values.update(MessageDigest.getInstance("SHA-256").digest("sops".getBytes(StandardCharsets.US_ASCII)));
            }
            Sops sops = new Sops(new SecretKeySpec(dataKey, "AES"), values, onlyEncrypted);
            List<Yaml.Entry> opened = new ArrayList<>();
            for (Yaml.Entry entry : mapping.entries()) {
                if (!entry.key().equals("sops")) {
                    opened.add(sops.open(entry, ""));
                }
            }
            Matcher mac = VALUE.matcher(text(about, "mac"));
            byte[] expected =
                    HexFormat.of().withUpperCase().formatHex(values.digest()).getBytes(StandardCharsets.US_ASCII);
            if (!mac.matches() || !MessageDigest.isEqual(expected, sops.decrypt(mac, text(about, "lastmodified")))) {
                throw changed("its MAC is not that of its values");
            }
            return new Yaml.Mapping(opened, mapping.at());
        } catch (GeneralSecurityException e) {
            throw changed("a value in it is not what sops encrypted");
        } finally {
            Arrays.fill(dataKey, (byte) 0);
        }
    }

    private static byte[] dataKey(Yaml.Mapping about, Recipient recipient) throws VaultException {
        VaultException refusal = new VaultException("sops encrypted it for no age recipient: run 'sops -d'");
        if (about.get("age").orElse(null) instanceof Yaml.Sequence recipients) {
            for (Yaml each : recipients.items()) {
                if (each instanceof Yaml.Mapping one) {
                    try (SecretBytes opened = recipient.open(text(one, "enc").getBytes(StandardCharsets.US_ASCII))) {
                        return opened.revealCopy();
                    } catch (VaultException e) {
                        refusal = e;
                    }
                }
            }
        }
        throw refusal;
    }

    private Yaml.Entry open(Yaml.Entry entry, String above) throws GeneralSecurityException {
        return new Yaml.Entry(entry.key(), entry.at(), open(entry.value(), above + entry.key() + ":"));
    }

    private Yaml open(Yaml yaml, String path) throws GeneralSecurityException {
        if (yaml instanceof Yaml.Mapping mapping) {
            List<Yaml.Entry> entries = new ArrayList<>();
            for (Yaml.Entry entry : mapping.entries()) {
                entries.add(open(entry, path));
            }
            return new Yaml.Mapping(entries, mapping.at());
        }
        if (yaml instanceof Yaml.Sequence sequence) {
            List<Yaml> items = new ArrayList<>();
            for (Yaml item : sequence.items()) {
                items.add(open(item, path));
            }
            return new Yaml.Sequence(items, sequence.at());
        }
        String text = ((Yaml.Scalar) yaml).text();
        Matcher encrypted = VALUE.matcher(text);
        if (!encrypted.matches()) {
            if (!onlyEncrypted) {
                values.update(text.getBytes(StandardCharsets.UTF_8));
            }
            return yaml;
        }
        byte[] plain = decrypt(encrypted, path);
        String opened = new String(plain, StandardCharsets.UTF_8);
        switch (encrypted.group(4)) {
            // of no meaning to the MAC
            case "comment" -> opened = "";
            case "bool" ->
                values.update((opened.equalsIgnoreCase("true") ? "True" : "False").getBytes(StandardCharsets.US_ASCII));
            default -> values.update(plain);
        }
        return new Yaml.Scalar(opened, yaml.at());
    }

    private byte[] decrypt(Matcher value, String boundTo) throws GeneralSecurityException {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            byte[] nonce = Base64.getDecoder().decode(value.group(2));
            cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(boundTo.getBytes(StandardCharsets.UTF_8));
            cipher.update(Base64.getDecoder().decode(value.group(1)));
            return cipher.doFinal(Base64.getDecoder().decode(value.group(3)));
        } catch (IllegalArgumentException e) {
            throw new GeneralSecurityException("not base64", e);
        }
    }

    private static VaultException changed(String why) {
        return new VaultException(why + ": somebody changed it, or 'sops -d' reads more than credfs does");
    }

    private static String text(Yaml.Mapping mapping, String key) {
        return mapping.get(key).orElse(null) instanceof Yaml.Scalar scalar ? scalar.text() : "";
    }
}
