package dev.credfs.mint;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The hidden file {@code .why} at the root of the tree: to each caller its own last refusals, the newest first, with what to do about
 * them, and never a token.
 *
 * <p>A caller is here who could have opened the same descriptor: a uid, user namespace and cgroup. A refusal whose caller was
 * not clear is shown to nobody.
 *
 * <p>The kernel knows one length of a file, so every caller gets a page of {@link #ROWS} rows, each filled up with blanks to
 * {@link #COLUMNS}: {@code cat} shows it without scrolling on a terminal of 24 by 80, and tools for text take it.
 *
 * <p>It tells less than the record does. Where credfs itself is in trouble, the reason can name files of the host, which a
 * container has no business to know, and who else held a descriptor is not for its reader.
 */
final class LastRefusals implements Node {
    static final String NAME = ".why";
    static final int COLUMNS = 79;
    static final int ROWS = 22;
    static final int LENGTH_BYTES = ROWS * (COLUMNS + 1);

    /** More do not fit on the page. */
    private static final int MOST_PER_CALLER = 6;

    private static final int LONGEST_TEXT = 400;
    private static final String INDENT = "  ";

    /** Whoever could have opened the same descriptor. */
    private record Who(Uid uid, long userNamespace, String cgroup) {
        static Who of(Caller caller) {
            return new Who(caller.uid(), caller.userNamespace(), caller.cgroup());
        }
    }

    /**
     * @param at the last time
     * @param times in a row
     */
    private record Entry(String path, String reason, String remedy, Instant at, int times) {
        boolean isLike(Entry other) {
            return path.equals(other.path) && reason.equals(other.reason);
        }
    }

    /** Of a page that nobody needs to keep open. */
    static final int MOST_OPEN = 256;

    static final int MOST_OPEN_PER_USER = 16;

    private final int mostCallers;
    /** The newest refusal of each caller first; the caller refused longest ago first. */
    private final Map<Who, Deque<Entry>> entries = new LinkedHashMap<>();

    LastRefusals(int mostCallers) {
        this.mostCallers = mostCallers;
    }

    /** Remembers what {@code caller} was answered. */
    synchronized void add(String path, Caller caller, RefusedException refusal, Instant now) {
        Who who = Who.of(caller);
        Deque<Entry> own = entries.remove(who);
        own = own == null ? new ArrayDeque<>() : own;
        Entry entry = new Entry(shown(path), shown(reason(refusal)), remedy(refusal.failure()), now, 1);
        Entry newest = own.peekFirst();
        if (newest != null && newest.isLike(entry)) {
            own.removeFirst();
            entry = new Entry(entry.path(), entry.reason(), entry.remedy(), now, newest.times() + 1);
        }
        own.addFirst(entry);
        if (own.size() > MOST_PER_CALLER) {
            own.removeLast();
        }
        entries.put(who, own);
        if (entries.size() > mostCallers) {
            entries.remove(entries.keySet().iterator().next());
        }
    }

    private static String reason(RefusedException refusal) {
        return switch (refusal.failure()) {
            case CALLER_REFUSED, BUSY, TOO_MANY_OPEN, NO_SUCH_PATH -> refusal.why();
            case MASTER_UNAVAILABLE -> "the master of this file cannot be used";
            case PUBLIC_FILE_UNAVAILABLE -> "the gateway's certificate, from which this file is made, is not there yet";
            case AUDIT_UNAVAILABLE -> "the read could not be put on the record, and without that there is no token";
            default -> "credfs could not serve the read";
        };
    }

    private static String remedy(Failure failure) {
        return switch (failure) {
            case CALLER_REFUSED ->
                "ask the operator for a rule under 'allow'; 'credfs explain' shows them what is missing";
            case BUSY -> "wait some seconds and read again, or keep a token until it expires";
            case TOO_MANY_OPEN -> "close files that are not needed any more, and read again";
            case NO_SUCH_PATH -> "look at what the mount holds now";
            default -> "tell the operator: the log of credfs has the details";
        };
    }

    /** Printable ASCII of a bounded length: a caller chooses names, and a terminal shows this. */
    private static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length() && i < LONGEST_TEXT; i++) {
            char c = text.charAt(i);
            shown.append(c >= ' ' && c <= '~' ? c : '?');
        }
        return shown.toString();
    }

    /** The page for {@code caller}: {@link #LENGTH_BYTES} bytes of ASCII. */
    byte[] page(Caller caller) {
        List<String> rows = new ArrayList<>();
        for (Entry entry : ownOf(caller)) {
            List<String> more = new ArrayList<>();
            String times = entry.times() == 1 ? "" : ", " + entry.times() + " times in a row";
            wrap(entry.at().truncatedTo(ChronoUnit.SECONDS) + times + "  " + entry.path(), "", more);
            wrap(entry.reason(), INDENT, more);
            wrap("to do: " + entry.remedy(), INDENT, more);
            if (rows.size() + more.size() > ROWS && !rows.isEmpty()) {
                break;
            }
            rows.addAll(more);
        }
        if (rows.isEmpty()) {
            rows.add("credfs has refused you nothing lately");
        }
        StringBuilder page = new StringBuilder(LENGTH_BYTES);
        for (int i = 0; i < ROWS; i++) {
            String row = i < rows.size() ? rows.get(i) : "";
            page.append(row).append(" ".repeat(COLUMNS - row.length())).append('\n');
        }
        return page.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private synchronized List<Entry> ownOf(Caller caller) {
        Deque<Entry> own = entries.get(Who.of(caller));
        return own == null ? List.of() : List.copyOf(own);
    }

    private static void wrap(String text, String indent, List<String> rows) {
        int width = COLUMNS - indent.length();
        String rest = text;
        while (rest.length() > width) {
            int blank = rest.lastIndexOf(' ', width);
            int end = blank > 0 ? blank : width;
            rows.add(indent + rest.substring(0, end));
            rest = rest.substring(end).stripLeading();
        }
        rows.add(indent + rest);
    }

    /** How many callers have refusals remembered. */
    synchronized int size() {
        return entries.size();
    }
}
