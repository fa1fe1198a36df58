package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * The texts by which an answer could give credentials away, as one automaton: each credential itself, percent-escaped, in
 * hex, in base64 of either alphabet at each of the three alignments, and with JSON's {@code \/}.
 *
 * <p>Aho and Corasick, "Efficient string matching" (CACM 18, 1975): every byte is looked at once whatever the number of
 * texts. A state is the longest beginning of a text that the bytes so far end with; its length is how many bytes must wait
 * for the next ones before they may go out, which for an answer that has nothing to hide is none or one.
 *
 * <p>References: alignments, {@code CREDENTIAL} at offset o of a base64 text begins with character ⌈8·o/6⌉ that depends on
 * it alone, and ends with ⌊8·(o+n)/6⌋.
 */
final class CredentialSearch {
    private static final int BYTES = 256;
    private static final int ALIGNMENTS = 3;

    /** Class 0 is every byte that occurs in no text. */
    private final byte[] classOf = new byte[BYTES];

    private final int classes;
    /** Next state at {@code [state * classes + class]}; bit 31 marks the end of a text. */
    private final int[] next;
    /** Length of the beginning that a state stands for. */
    private final int[] depths;
    /** Whether a byte is the first of a text; most are not, and then no state is to be looked up. */
    private final boolean[] begins = new boolean[BYTES];

    static CredentialSearch of(SecretBytes credential) {
        return of(List.of(credential));
    }

    /** A search for all of several credentials. */
    static CredentialSearch of(List<SecretBytes> credentials) {
        List<byte[]> texts = new ArrayList<>();
        try {
            for (SecretBytes credential : credentials) {
                texts.addAll(texts(credential.revealCopy()));
            }
            return new CredentialSearch(texts);
        } finally {
            texts.forEach(text -> Arrays.fill(text, (byte) 0));
        }
    }

    private static List<byte[]> texts(byte[] secret) {
        List<byte[]> texts = new ArrayList<>();
        texts.add(secret);
        texts.add(PercentEncoding.upperCase(secret));
        texts.add(PercentEncoding.lowerCase(secret));
        String hex = HexFormat.of().formatHex(secret);
        texts.add(hex.getBytes(StandardCharsets.US_ASCII));
        texts.add(hex.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII));
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        for (byte b : secret) {
            if (b == '/') {
                json.write('\\');
            }
            json.write(b);
        }
        texts.add(json.toByteArray());
        for (int offset = 0; offset < ALIGNMENTS; offset++) {
            byte[] shifted = new byte[offset + secret.length];
            System.arraycopy(secret, 0, shifted, offset, secret.length);
            int from = (8 * offset + 5) / 6;
            int to = 8 * shifted.length / 6;
            texts.add(Arrays.copyOfRange(Base64.getEncoder().encode(shifted), from, to));
            texts.add(Arrays.copyOfRange(Base64.getUrlEncoder().encode(shifted), from, to));
        }
        return texts;
    }

    private CredentialSearch(List<byte[]> texts) {
        int known = 1;
        int maxStates = 1;
        for (byte[] text : texts) {
            maxStates += text.length;
            for (byte b : text) {
                if (classOf[b & 0xff] == 0) {
                    classOf[b & 0xff] = (byte) known++;
                }
            }
        }
        classes = known;
        int[] table = new int[maxStates * classes];
        int[] depth = new int[maxStates];
        boolean[] ends = new boolean[maxStates];
        int states = 1;
        for (byte[] text : texts) {
            int state = 0;
            for (byte b : text) {
                int cell = state * classes + (classOf[b & 0xff] & 0xff);
                if (table[cell] == 0) {
                    depth[states] = depth[state] + 1;
                    table[cell] = states++;
                }
                state = table[cell];
            }
            ends[state] = true;
        }
        completed(table, ends, states);
        for (int cell = 0; cell < states * classes; cell++) {
            if (ends[table[cell]]) {
                table[cell] |= Integer.MIN_VALUE;
            }
        }
        next = Arrays.copyOf(table, states * classes);
        depths = Arrays.copyOf(depth, states);
        for (byte[] text : texts) {
            begins[text[0] & 0xff] = true;
        }
    }

    /** Turns the tree of texts into an automaton: where no text goes on, go on from the longest other beginning. */
    private void completed(int[] table, boolean[] ends, int states) {
        int[] fallback = new int[states];
        ArrayDeque<Integer> queue = new ArrayDeque<>();
        queue.add(0);
        while (!queue.isEmpty()) {
            int state = queue.remove();
            for (int c = 0; c < classes; c++) {
                int cell = state * classes + c;
                int beyond = state == 0 ? 0 : table[fallback[state] * classes + c];
                if (table[cell] == 0) {
                    table[cell] = beyond;
                } else {
                    int child = table[cell];
                    fallback[child] = beyond;
                    ends[child] |= ends[beyond];
                    queue.add(child);
                }
            }
        }
    }

    /** Whether {@code text} holds one of the texts. */
    boolean isIn(CharSequence text) {
        int state = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int to = next[state * classes + (c < BYTES ? classOf[c] & 0xff : 0)];
            if (to < 0) {
                return true;
            }
            state = to;
        }
        return false;
    }

    /** A search through one stream of bytes. */
    Stream stream() {
        return new Stream();
    }

    /** Where one search is. */
    final class Stream {
        private int state;

        /** Whether one of the texts ends in these bytes, which follow those of the last call. */
        boolean findsIn(ByteBuf bytes) {
            int length = bytes.readableBytes();
            if (bytes.hasArray()) {
                int from = bytes.arrayOffset() + bytes.readerIndex();
                return findsIn(bytes.array(), from, from + length);
            }
            byte[] copy = new byte[length];
            bytes.getBytes(bytes.readerIndex(), copy);
            return findsIn(copy, 0, length);
        }

        boolean findsIn(byte[] bytes, int from, int to) {
            int current = state;
            for (int i = from; i < to; i++) {
                int b = bytes[i] & 0xff;
                if (current == 0 && !begins[b]) {
                    continue;
                }
                current = next[current * classes + (classOf[b] & 0xff)];
                if (current < 0) {
                    return true;
                }
            }
            state = current;
            return false;
        }

        /** How many of the last bytes may be the beginning of one of the texts. */
        int undecidedBytes() {
            return depths[state];
        }
    }
}
