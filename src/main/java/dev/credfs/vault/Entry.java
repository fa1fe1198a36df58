package dev.credfs.vault;

import dev.credfs.crypto.Fingerprint;
import dev.credfs.crypto.SecretBytes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A named secret with its history: versions that are good, and what is left of those that are not.
 *
 * @param name 1 to 64 characters of {@code A-Za-z0-9._-}
 * @param note what its owner wants to remember about it; no secret
 * @param versions in the order of their numbers, which begin at 1 and are never used again
 */
public record Entry(String name, String note, List<Version> versions) {
    private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9._-]{1,64}");
    private static final int MAX_NOTE_CHARACTERS = 256;

    /** One of the values that the entry has had. */
    public sealed interface Version {
        int number();

        /** When it was put in. */
        Instant since();

        Fingerprint fingerprint();
    }

    /** A value that is good. */
    public record Live(int number, Instant since, SecretBytes value) implements Version {
        @Override
        public Fingerprint fingerprint() {
            return value.fingerprint();
        }
    }

    /** A value that is no longer good, and no longer here. */
    public record Retired(int number, Instant since, Instant until, Fingerprint fingerprint) implements Version {}

    public Entry {
        versions = List.copyOf(versions);
        requireName(name);
        if (note.length() > MAX_NOTE_CHARACTERS || note.chars().anyMatch(c -> c < ' ' || (c >= 0x7f && c < 0xa0))) {
            throw new IllegalArgumentException(
                    "a note has at most " + MAX_NOTE_CHARACTERS + " characters, none of them a control character");
        }
        int last = 0;
        for (Version version : versions) {
            if (version.number() <= last) {
                throw new IllegalArgumentException("versions are not in the order of their numbers");
            }
            last = version.number();
        }
    }

    /**
     * The text, which can be a name.
     *
     * @throws IllegalArgumentException if it cannot
     */
    public static String requireName(String text) {
        if (!NAME.matcher(text).matches()) {
            throw new IllegalArgumentException("a name has 1 to 64 characters of A-Z a-z 0-9 . _ -");
        }
        return text;
    }

    /** An entry with its first value. */
    public static Entry of(String name, String note, SecretBytes value, Instant now) {
        return new Entry(name, note, List.of(new Live(1, now, value)));
    }

    /** What is good, oldest first. */
    public List<Live> live() {
        List<Live> live = new ArrayList<>();
        for (Version version : versions) {
            if (version instanceof Live good) {
                live.add(good);
            }
        }
        return live;
    }

    /** The newest good value, or empty if all are retired. */
    public Optional<Live> newest() {
        List<Live> live = live();
        return live.isEmpty() ? Optional.empty() : Optional.of(live.get(live.size() - 1));
    }

    public Entry withNote(String other) {
        return new Entry(name, other, versions);
    }

    /** With a further good value beside those that are. */
    public Entry beside(SecretBytes value, Instant now) {
        List<Version> more = new ArrayList<>(versions);
        int last = versions.isEmpty() ? 0 : versions.get(versions.size() - 1).number();
        more.add(new Live(last + 1, now, value));
        return new Entry(name, note, more);
    }

    /** With a further value in the place of all that were good. */
    public Entry instead(SecretBytes value, Instant now) {
        return retireAll(now).beside(value, now);
    }

    /** Without a good value. */
    public Entry retireAll(Instant now) {
        Entry entry = this;
        for (Live good : live()) {
            entry = entry.retire(good.number(), now);
        }
        return entry;
    }

    /**
     * With one good value less.
     *
     * @throws IllegalArgumentException if the version is not there or was retired before
     */
    public Entry retire(int number, Instant now) {
        List<Version> fewer = new ArrayList<>();
        boolean found = false;
        for (Version version : versions) {
            if (version.number() == number && version instanceof Live good) {
                found = true;
                fewer.add(new Retired(number, good.since(), now, good.fingerprint()));
            } else {
                fewer.add(version);
            }
        }
        if (!found) {
            throw new IllegalArgumentException("no version " + number + " that is still good");
        }
        return new Entry(name, note, fewer);
    }
}
