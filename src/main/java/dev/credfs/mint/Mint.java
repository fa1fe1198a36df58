package dev.credfs.mint;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * The one way from a path and a caller to a token. Safe for use by many threads; a slow caller holds up no other.
 */
public final class Mint {
    /** The file at the root in which each caller sees its own last refusals. */
    public static final String LAST_REFUSALS = LastRefusals.NAME;

    private static final Instant ROOT_TIME = Instant.EPOCH;

    /** A few megabytes; beyond it, callers of files with a rate are refused. */
    private static final int MOST_RATED_READERS = 16_384;
    /** Tokens are a kilobyte or so, and are kept for ten seconds at most. */
    private static final int MOST_RECENT_TOKENS = 1_024;

    private static final int MOST_WATCHED_PROCESSES = 1_024;
    /** At most a few kilobytes for each. */
    private static final int MOST_REFUSED_CALLERS = 1_024;
    /** Each is a record or five in a minute. */
    private static final int MOST_KINDS_OF_REFUSALS = 256;

    /** Files differ in their caveats and their words, and the code is the same. */
    private static final int REHEARSED_FILES = 4;

    private static final Caller NOBODY = new Caller(
            new Tid(1), new Pid(1), 0, new Uid(0), new Gid(0), new Executable("/", 0, 0), "", 0, Container.HOST);

    /** A node with what {@code stat} tells of it. */
    private record Place(Node node, long inode) {}

    /**
     * The tree of one configuration, ready to be served.
     *
     * @param generation from 1; it stands in each record of a mint
     */
    private record Served(Map<String, Place> places, long generation) {
        Node node(String path) throws RefusedException {
            return place(path).node();
        }

        Place place(String path) throws RefusedException {
            Place place = places.get(path);
            if (place == null) {
                throw new RefusedException(Failure.NO_SUCH_PATH, "no such path");
            }
            return place;
        }
    }

    private volatile Served served;
    private final AuditLog audit;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final int maxOpenFiles;
    private final RateLimit rateLimit = new RateLimit(MOST_RATED_READERS);
    private final RecentTokens recentTokens = new RecentTokens(MOST_RECENT_TOKENS);
    private final Bursts bursts = new Bursts(MOST_WATCHED_PROCESSES);
    private final Counts counts = new Counts();
    private final Refusals refusals;
    private final LastRefusals lastRefusals = new LastRefusals(MOST_REFUSED_CALLERS);
    private final OpenCount openPages = new OpenCount(LastRefusals.MOST_OPEN, LastRefusals.MOST_OPEN_PER_USER);
    private final OpenCount openPublicFiles = new OpenCount(PublicFile.MOST_OPEN, PublicFile.MOST_OPEN_PER_USER);
    private final Map<FileHandle, OpenFile> openFiles = new ConcurrentHashMap<>();
    private final AtomicInteger openFileCount = new AtomicInteger();
    private final AtomicLong lastHandle = new AtomicLong();

    /**
     * A mint over one tree.
     *
     * @param tree has no {@code .why} at its root: the mint puts its own there
     * @param random for token ids: unpredictable, {@link java.security.SecureRandom} outside of tests
     * @param maxOpenFiles open files at one time; beyond it opens are refused
     */
    public Mint(Directory tree, AuditLog audit, InstantSource clock, RandomGenerator random, int maxOpenFiles) {
        this.served = new Served(places(tree), 1);
        this.audit = audit;
        this.refusals = new Refusals(audit, MOST_KINDS_OF_REFUSALS);
        this.clock = clock;
        this.random = random;
        this.maxOpenFiles = maxOpenFiles;
    }

    /** A tree that is ready to be served, by a configuration of the next generation. */
    public final class Edition {
        private final Served next;

        private Edition(Served next) {
            this.next = next;
        }

        public long generation() {
            return next.generation();
        }

        /**
         * Serves it from the next request on. A file that is open goes on with what was minted for it; its next mint goes by
         * this tree.
         */
        public void serve() {
            served = next;
        }
    }

    /**
     * Makes a tree ready to be served; nothing that could fail is left for then.
     *
     * @throws IllegalArgumentException if its root has a {@code .why}
     */
    public Edition edition(Directory tree) {
        return new Edition(new Served(places(tree), served.generation() + 1));
    }

    /** The generation of the configuration that is served: 1 for the one that this mint began with. */
    public long generation() {
        return served.generation();
    }

    private Map<String, Place> places(Directory tree) {
        Map<String, Place> places = new HashMap<>();
        addPlaces("", tree, places);
        // No child of the root: the tree that a walk or a backup sees is the tree of the configuration.
        String why = "/" + LastRefusals.NAME;
        if (places.put(why, new Place(lastRefusals, places.size() + 1L)) != null) {
            throw new IllegalArgumentException("the tree has a " + why + " of its own");
        }
        return places;
    }

    private static void addPlaces(String path, Node node, Map<String, Place> places) {
        // The root of a FUSE file system is inode 1.
        places.put(path.isEmpty() ? "/" : path, new Place(node, places.size() + 1L));
        if (node instanceof Directory directory) {
            for (Map.Entry<String, Node> child : directory.children().entrySet()) {
                addPlaces(path + "/" + child.getKey(), child.getValue(), places);
            }
        }
    }

    /**
     * Runs what an open, a read and a release run, for nobody and on no record: the first reader shall not wait for classes to
     * load and code to compile.
     *
     * @param rehearsal a log that keeps nothing
     * @param rounds mints in all; a count and not a time, because a clock that is set back would not let it end
     */
    public void warmUp(AuditLog rehearsal, int rounds) {
        Map<String, Node> files = new HashMap<>();
        for (Place place : served.places().values()) {
            if (files.size() < REHEARSED_FILES && place.node() instanceof TokenFile file && file.lengthBytes() > 0) {
                files.put(Integer.toString(files.size()), file.forEverybody());
            }
        }
        // Tokens that have expired long ago are of no use to whoever finds them in this memory.
        InstantSource past = InstantSource.fixed(TokenFile.SAMPLE_TIME);
        Mint stage = new Mint(Directory.of(files), rehearsal, past, random, maxOpenFiles);
        try {
            for (int i = 0; i < rounds && !files.isEmpty(); i++) {
                FileHandle handle = stage.open("/" + i % files.size(), NOBODY);
                stage.read(handle, NOBODY, 0, Integer.MAX_VALUE);
                stage.release(handle);
            }
        } catch (RefusedException e) {
            // The first open of such a file is refused as well, and quickly.
            return;
        }
    }

    /** What {@code stat} tells; mints nothing. */
    public Attributes attributes(String path) throws RefusedException {
        Place place = served.place(path);
        if (place.node() instanceof TokenFile file) {
            return new Attributes(false, file.lengthBytes(), file.windowStart(clock.instant()), place.inode());
        }
        if (place.node() instanceof PublicFile file) {
            return new Attributes(false, file.lengthBytes(), file.modified(), place.inode());
        }
        if (place.node() instanceof LastRefusals) {
            return new Attributes(false, LastRefusals.LENGTH_BYTES, ROOT_TIME, place.inode());
        }
        return new Attributes(true, 0, ROOT_TIME, place.inode());
    }

    /** The names in a directory, sorted, without dot and dot-dot; mints nothing. */
    public List<String> list(String path) throws RefusedException {
        if (served.node(path) instanceof Directory directory) {
            return List.copyOf(directory.children().keySet());
        }
        throw new RefusedException(Failure.NO_SUCH_PATH, "not a directory");
    }

    /** Decides, mints, records and opens. */
    public FileHandle open(String path, Caller caller) throws RefusedException {
        try {
            return openOrRefuse(path, caller);
        } catch (RefusedException refusal) {
            counts.refused(refusal.failure());
            lastRefusals.add(path, caller, refusal, clock.instant());
            throw refusal;
        }
    }

    private FileHandle openOrRefuse(String path, Caller caller) throws RefusedException {
        Served now = served;
        if (now.node(path) instanceof Directory) {
            throw new RefusedException(Failure.NO_SUCH_PATH, "not a file");
        }
        if (now.node(path) instanceof LastRefusals page) {
            return openPage(path, page, caller, now.generation());
        }
        if (now.node(path) instanceof PublicFile file) {
            return openPublicFile(path, file, caller);
        }
        if (openFileCount.incrementAndGet() > maxOpenFiles) {
            openFileCount.decrementAndGet();
            throw refused(path, caller, now.generation(), tooManyOpen());
        }
        boolean opened = false;
        try {
            FileHandle handle =
                    opened(new OpenFile(path, OpenFile.Kind.TOKEN, caller, content(path, caller, clock.instant())));
            opened = true;
            return handle;
        } finally {
            if (!opened) {
                openFileCount.decrementAndGet();
            }
        }
    }

    /** Everybody may read it, so it has a bound of its own: whom no rule allows takes no place from a token. */
    private FileHandle openPage(String path, LastRefusals page, Caller caller, long generation)
            throws RefusedException {
        try {
            openPages.opened(caller.uid());
        } catch (RefusedException e) {
            throw refused(path, caller, generation, e);
        }
        Content content = Content.of(page.page(caller), clock.instant());
        return opened(new OpenFile(path, OpenFile.Kind.LAST_REFUSALS, caller, content));
    }

    /** Neither decided nor on the record: there is nothing in it that somebody might not have. */
    private FileHandle openPublicFile(String path, PublicFile file, Caller caller) throws RefusedException {
        Content content = Content.of(file.bytes(), clock.instant());
        openPublicFiles.opened(caller.uid());
        return opened(new OpenFile(path, OpenFile.Kind.PUBLIC, caller, content));
    }

    private FileHandle opened(OpenFile openFile) {
        FileHandle handle = new FileHandle(lastHandle.incrementAndGet());
        openFiles.put(handle, openFile);
        return handle;
    }

    private Content content(String path, Caller caller, Instant now) throws RefusedException {
        Served current = served;
        Node node = current.node(path);
        if (node instanceof TokenFile file) {
            return handOut(file, current.generation(), caller, now);
        }
        if (node instanceof LastRefusals refusals) {
            return Content.of(refusals.page(caller), now);
        }
        if (node instanceof PublicFile file) {
            return Content.of(file.bytes(), now);
        }
        throw new RefusedException(Failure.NO_SUCH_PATH, "not a file");
    }

    /** Decides, mints or finds what was just minted, and records. */
    private Content handOut(TokenFile file, long generation, Caller caller, Instant now) throws RefusedException {
        Optional<TokenFile.Minted> recent;
        TokenFile.Minted minted;
        try {
            TokenFile.Prospect prospect = file.prospect(caller, now, random);
            if (file.pace().isLimited()) {
                rateLimit.take(file.path(), caller, file.pace().readsPerMinute(), now);
            }
            recent = recentTokens.find(file, caller, prospect.grant(), now);
            minted = recent.isPresent() ? recent.get() : file.mint(prospect, now);
        } catch (RefusedException e) {
            throw refused(file.path(), caller, generation, e);
        }
        if (recent.isPresent()) {
            record(new AuditEvent.Coalesced(
                    now, generation, file.path(), caller, minted.id().ulid(), minted.at()));
            counts.coalesced();
        } else {
            recordMinted(file, generation, caller, minted);
            recentTokens.keep(file, caller, minted);
            counts.minted();
        }
        if (bursts.beginsWith(file.path(), caller, now)) {
            record(new AuditEvent.Bulk(now, caller, Bursts.MANY, Bursts.WITHIN));
        }
        return recent.isPresent()
                ? Content.endingAt(minted.at().plus(file.pace().coalesce()), minted.content(), now)
                : Content.of(minted.content(), now);
    }

    private void recordMinted(TokenFile file, long generation, Caller caller, TokenFile.Minted minted)
            throws RefusedException {
        record(new AuditEvent.Minted(
                minted.at(),
                generation,
                file.path(),
                caller,
                minted.grant().rule().text(),
                minted.grant().ruleIndex() + 1,
                minted.id().ulid(),
                minted.fingerprint(),
                minted.caveats(),
                minted.expiry()));
    }

    /**
     * What an open would give at this moment.
     *
     * @param token that would be handed out; its id and times are samples where it is not given again
     * @param readsLeft before the caller is over the rate of the file, this one counted; {@link Integer#MAX_VALUE} where it
     *     has none
     * @param again whether the process has this token already and would get it again
     */
    public record Outlook(TokenFile.Prospect token, int readsLeft, boolean again) {}

    /**
     * Says what an open of {@code file} would come to: nothing is minted, taken from the caller's rate or put on the record.
     *
     * @throws RefusedException as the open would be refused, were the record not in the way
     */
    public Outlook foresee(TokenFile file, Caller caller) throws RefusedException {
        if (openFileCount.get() >= maxOpenFiles) {
            throw tooManyOpen();
        }
        Instant now = clock.instant();
        TokenFile.Prospect prospect = file.prospect(caller, now, random);
        int readsLeft = file.pace().isLimited()
                ? rateLimit.look(file.path(), caller, file.pace().readsPerMinute(), now)
                : Integer.MAX_VALUE;
        Optional<TokenFile.Minted> recent = recentTokens.find(file, caller, prospect.grant(), now);
        return new Outlook(recent.map(prospect::again).orElse(prospect), readsLeft, recent.isPresent());
    }

    private RefusedException tooManyOpen() {
        return new RefusedException(Failure.TOO_MANY_OPEN, "more than " + maxOpenFiles + " files are open");
    }

    /**
     * The part of an open file from {@code offset} on.
     *
     * @param offset not negative
     * @param sizeBytes what the reader asked for, not negative
     * @return at most {@code sizeBytes}; nothing at and after the end
     */
    public Slice read(FileHandle handle, Caller reader, long offset, int sizeBytes) throws RefusedException {
        OpenFile openFile = openFiles.get(handle);
        if (openFile == null) {
            throw new RefusedException(Failure.BUG, "read of a file handle that is not open");
        }
        try {
            return readOrRefuse(openFile, reader, offset, sizeBytes);
        } catch (RefusedException refusal) {
            counts.refused(refusal.failure());
            lastRefusals.add(openFile.path(), reader, refusal, clock.instant());
            throw refusal;
        }
    }

    private Slice readOrRefuse(OpenFile openFile, Caller reader, long offset, int sizeBytes) throws RefusedException {
        if (!openFile.isFor(reader)) {
            String why = "opened by " + openFile.opener().describe() + ", read by " + reader.describe();
            recordRefusal(new AuditEvent.RefusedRead(clock.instant(), openFile.path(), openFile.opener(), reader, why));
            throw new RefusedException(
                    Failure.CALLER_REFUSED,
                    "the file was opened by another user or in another container: open it anew");
        }
        byte[] content = offset == 0 ? begin(openFile, reader) : openFile.goOn(reader.tid());
        int from = (int) Math.min(offset, content.length);
        return new Slice(content, from, Math.min(sizeBytes, content.length - from));
    }

    private byte[] begin(OpenFile openFile, Caller reader) throws RefusedException {
        Instant now = clock.instant();
        if (openFile.isStale(now)) {
            openFile.renew(content(openFile.path(), reader, now));
        }
        return openFile.begin(reader.tid());
    }

    /** Forgets an open file; a handle that is not open is no error. */
    public void release(FileHandle handle) {
        OpenFile released = openFiles.remove(handle);
        if (released == null) {
            return;
        }
        switch (released.kind()) {
            case TOKEN -> openFileCount.decrementAndGet();
            case LAST_REFUSALS -> openPages.closed(released.opener().uid());
            case PUBLIC -> openPublicFiles.closed(released.opener().uid());
        }
    }

    /** How many files are open. */
    public int openFileCount() {
        return openFileCount.get();
    }

    /** How many files can be open. */
    public int maxOpenFiles() {
        return maxOpenFiles;
    }

    /** What was given and refused since this mint began. */
    public Counts.Snapshot counts() {
        return counts.snapshot();
    }

    /** Puts a refusal on the record whose caller could not be told. */
    public void refusedUnclear(String path, int tid, Uid uid, RefusedException refusal) throws RefusedException {
        counts.refused(refusal.failure());
        recordRefusal(unclear(path, tid, uid, refusal));
    }

    /**
     * Counts a refusal that was decided before anybody asked who it was, and that must not wait for the disk: it is on the
     * record within a minute, with its count.
     */
    public void turnedAway(String path, int tid, Uid uid, RefusedException refusal) {
        counts.refused(refusal.failure());
        refusals.count(unclear(path, tid, uid, refusal));
    }

    private AuditEvent.RefusedUnclear unclear(String path, int tid, Uid uid, RefusedException refusal) {
        return new AuditEvent.RefusedUnclear(
                clock.instant(), path, tid, uid.number(), refusal.failure(), refusal.why());
    }

    /** Records refusals that were only counted and are due; to be called every second or so. What fails is tried again. */
    public void recordRepeats() {
        try {
            refusals.recordDue(clock.instant());
        } catch (AuditUnavailableException e) {
            // The counts are kept.
        }
    }

    /** Records all refusals that were only counted, before the end. */
    public void recordAllRepeats() throws AuditUnavailableException {
        refusals.recordAll(clock.instant());
    }

    /** Puts a bug on the record; never throws, because the answer to the kernel is decided already. */
    public void internalError(String operation, Throwable cause) {
        counts.refused(Failure.BUG);
        StackTraceElement[] trace = cause.getStackTrace();
        String where = trace.length == 0 ? "" : " at " + trace[0];
        try {
            audit.append(new AuditEvent.Fault(
                    clock.instant(), operation, cause.getClass().getName() + where));
        } catch (AuditUnavailableException e) {
            // The caller gets its error all the same; there is nothing left to refuse.
        }
    }

    private RefusedException refused(String path, Caller caller, long generation, RefusedException refusal)
            throws RefusedException {
        recordRefusal(
                new AuditEvent.Refused(clock.instant(), generation, path, caller, refusal.failure(), refusal.why()));
        return refusal;
    }

    private void recordRefusal(AuditEvent.Refusal refusal) throws RefusedException {
        try {
            refusals.record(refusal);
        } catch (AuditUnavailableException e) {
            throw new RefusedException(Failure.AUDIT_UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }

    private void record(AuditEvent event) throws RefusedException {
        try {
            audit.append(event);
        } catch (AuditUnavailableException e) {
            throw new RefusedException(Failure.AUDIT_UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }
}
