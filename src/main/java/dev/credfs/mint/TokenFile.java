package dev.credfs.mint;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.caveat.Expiry;
import dev.credfs.caveat.Pad;
import dev.credfs.caveat.TokenId;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.macaroon.Token;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A file of the tree: whose master, what its tokens are narrowed to, who may read it and in which words.
 */
public final class TokenFile implements Node {
    /** The shortest ttl: a refresh window is half of it, in whole seconds. */
    public static final Duration SHORTEST_TTL = Duration.ofSeconds(2);

    /** A sample id: all widths are fixed, so any value shows the length of every other. */
    private static final TokenId SAMPLE_ID = new TokenId("00000000000000000000000000");

    /** A sample time that has gone by: what expires then is of no use to anybody. */
    static final Instant SAMPLE_TIME = Instant.parse("2026-01-02T03:04:05Z");

    private final String path;
    private final Master master;
    private final Duration ttl;
    private final List<Caveat> caveats;
    private final Policy policy;
    private final Template template;
    private final Pace pace;
    /** For each rule; rules that narrow alike have the same. */
    private final List<Common> commons;

    private final Duration refreshWindow;
    private final int lengthBytes;

    /** Defines a file that is read at any pace. */
    public TokenFile(String path, Master master, Duration ttl, List<Caveat> caveats, Policy policy, Template template) {
        this(path, master, ttl, caveats, policy, template, Pace.FREE);
    }

    /**
     * Defines a file.
     *
     * @param path from the root of the tree, such as {@code /github/token}
     * @param ttl whole seconds, at least {@link #SHORTEST_TTL}
     * @param caveats audience, host, method and path, in this order; same for every caller
     * @throws IllegalArgumentException if tokens of this definition would be too long for a macaroon
     */
    public TokenFile(
            String path,
            Master master,
            Duration ttl,
            List<Caveat> caveats,
            Policy policy,
            Template template,
            Pace pace) {
        if (ttl.compareTo(SHORTEST_TTL) < 0 || ttl.toNanosPart() != 0) {
            throw new IllegalArgumentException("a ttl has whole seconds, and at least " + SHORTEST_TTL.toSeconds());
        }
        this.path = path;
        this.master = master;
        this.ttl = ttl;
        this.caveats = List.copyOf(caveats);
        this.policy = policy;
        this.template = template;
        this.pace = pace;
        this.refreshWindow = refreshWindow(ttl, policy);
        if (refreshWindow.isZero()) {
            throw new IllegalArgumentException("a rule narrows the ttl below " + SHORTEST_TTL.toSeconds() + " seconds");
        }
        if (master instanceof Master.Available available) {
            this.commons = commons(available.macaroon());
            this.lengthBytes = sampleLength(available.macaroon());
        } else {
            this.commons = List.of();
            this.lengthBytes = 0;
        }
    }

    /**
     * What the tokens of a rule have in common. Nothing in it is of a caller, so it is chained once and stands before what is: a
     * mint adds the token's id, the caller's container and the expiry alone.
     *
     * @param macaroon the master with {@code caveats}
     * @param caveats those of the file and of the rule, and the padding
     */
    private record Common(MasterMacaroon macaroon, List<Caveat> caveats) {}

    private List<Common> commons(MasterMacaroon macaroon) {
        List<Narrowing> narrowings =
                policy.rules().stream().map(Rule::narrowing).distinct().toList();
        List<List<Caveat>> padding = padding(macaroon, narrowings);
        Map<Narrowing, Common> found = new HashMap<>();
        for (int i = 0; i < narrowings.size(); i++) {
            List<Caveat> shared = shared(narrowings.get(i), padding.get(i));
            found.put(narrowings.get(i), new Common(macaroon.narrowed(shared), shared));
        }
        return policy.rules().stream().map(rule -> found.get(rule.narrowing())).toList();
    }

    private List<Caveat> shared(Narrowing narrowing, List<Caveat> pad) {
        List<Caveat> shared = new ArrayList<>(caveats);
        shared.addAll(narrowing.caveats());
        shared.addAll(pad);
        return List.copyOf(shared);
    }

    /** From the root of the tree, such as {@code /github/token}. */
    public String path() {
        return path;
    }

    /** Who may read it. */
    public Policy policy() {
        return policy;
    }

    /** How often its tokens are given, and how often the same one. */
    public Pace pace() {
        return pace;
    }

    /** The length of every content, in bytes; 0 while its master is not available, when every open is refused. */
    public int lengthBytes() {
        return lengthBytes;
    }

    /**
     * How long the refresh windows of a file are: half its ttl in whole seconds, or half the shortest to which one of its
     * rules narrows it. The kernel keeps one time of modification for all callers, so it has to suit the one whose token
     * dies first.
     *
     * @param ttl of the file, where no rule narrows it
     */
    public static Duration refreshWindow(Duration ttl, Policy policy) {
        return Duration.ofSeconds(policy.shortestTtl(ttl).toSeconds() / 2);
    }

    /** Start of the refresh window that {@code now} lies in. */
    public Instant windowStart(Instant now) {
        long window = refreshWindow.toSeconds();
        return Instant.ofEpochSecond(Math.floorDiv(now.getEpochSecond(), window) * window);
    }

    /**
     * What a mint makes: the token, and what goes on the record of it.
     *
     * @param at when it was minted
     * @param content the file's content for this caller: the token in its template
     */
    record Minted(
            Instant at,
            byte[] content,
            TokenId id,
            String fingerprint,
            List<Caveat> caveats,
            Instant expiry,
            Verdict.Grant grant) {}

    /**
     * A token that is decided on and not made.
     *
     * @param grant by which rule
     * @param id its id
     * @param inherited the caveats of the master, as it says
     * @param added the caveats that a mint adds to them
     * @param expiry when it would die
     */
    public record Prospect(
            Verdict.Grant grant, TokenId id, List<Caveat> inherited, List<Caveat> added, Instant expiry) {
        public Prospect {
            inherited = List.copyOf(inherited);
            added = List.copyOf(added);
        }

        /** The same caveats, which {@code minted} already has in a token. */
        Prospect again(Minted minted) {
            return new Prospect(grant, minted.id(), inherited, minted.caveats(), minted.expiry());
        }

        /** All caveats of the token, in the order of its chain. */
        public List<Caveat> caveats() {
            List<Caveat> all = new ArrayList<>(inherited);
            all.addAll(added);
            return List.copyOf(all);
        }
    }

    /**
     * Decides about the caller, and of what token it would get.
     *
     * @throws RefusedException as an open by this caller is refused: the policy, or the master
     */
    public Prospect prospect(Caller caller, Instant now, RandomGenerator random) throws RefusedException {
        Verdict.Grant grant = policy.decide(caller).orThrow();
        MasterMacaroon macaroon = master.orThrow();
        Narrowing narrowing = grant.rule().narrowing();
        Instant expiry = expiry(macaroon, narrowing, now);
        TokenId id = TokenId.fresh(now, random);
        List<Caveat> added = new ArrayList<>(commons.get(grant.ruleIndex()).caveats());
        added.addAll(own(id, narrowing, caller.container(), expiry));
        return new Prospect(grant, id, macaroon.caveats(), added, expiry);
    }

    /** Makes the token of a {@link #prospect}; what it returns is not yet on the record. */
    Minted mint(Prospect prospect, Instant now) {
        Common common = commons.get(prospect.grant().ruleIndex());
        List<Caveat> added = prospect.added();
        Token token = common.macaroon().attenuate(added.subList(common.caveats().size(), added.size()));
        byte[] content = template.render(token.revealText(), prospect.id(), prospect.expiry());
        if (content.length != lengthBytes) {
            // A reader that trusts st_size would cut the token off or wait for more.
            throw new IllegalStateException(path + " has " + content.length + " bytes instead of " + lengthBytes);
        }
        return new Minted(
                now,
                content,
                prospect.id(),
                token.fingerprint(),
                prospect.added(),
                prospect.expiry(),
                prospect.grant());
    }

    /**
     * Whether the process that got this token may get it again: soon, while it is good for half its ttl, and in the same
     * refresh window, since who reads again in the next one relies on a token minted there.
     */
    boolean mayGiveAgain(Minted minted, Instant now) {
        Duration ttlLeft = Duration.between(now, minted.expiry());
        return !now.isBefore(minted.at())
                && now.isBefore(minted.at().plus(pace.coalesce()))
                && windowStart(now).equals(windowStart(minted.at()))
                && ttlLeft.multipliedBy(2).compareTo(ttl(minted.grant().rule().narrowing())) >= 0;
    }

    private Duration ttl(Narrowing narrowing) {
        return ttl.compareTo(narrowing.ttlAtMost()) < 0 ? ttl : narrowing.ttlAtMost();
    }

    private Instant expiry(MasterMacaroon macaroon, Narrowing narrowing, Instant now) throws RefusedException {
        Instant wanted = now.truncatedTo(ChronoUnit.SECONDS).plus(ttl(narrowing));
        Instant masterExpiry = macaroon.expiry();
        Instant expiry = masterExpiry.isBefore(wanted) ? masterExpiry.truncatedTo(ChronoUnit.SECONDS) : wanted;
        if (!now.isBefore(expiry)) {
            throw new RefusedException(
                    Failure.MASTER_UNAVAILABLE, "master '" + macaroon.id() + "' expired at " + masterExpiry);
        }
        return expiry;
    }

    private static List<Caveat> own(TokenId id, Narrowing narrowing, Container container, Instant expiry) {
        return narrowing.bindContainer()
                ? List.of(id, new ContainerCaveat(container.idSha256()), new Expiry(expiry))
                : List.of(id, new Expiry(expiry));
    }

    /**
     * Finds the padding of each narrowing: the smallest common length that every one reaches with no {@code pad} caveat or with
     * one. A caveat costs its predicate and a header whose length field grows at 128 bytes, so some lengths cannot be reached
     * exactly; then a slightly longer common length is tried.
     */
    private List<List<Caveat>> padding(MasterMacaroon macaroon, List<Narrowing> narrowings) {
        List<Integer> lengths = new ArrayList<>();
        int target = 0;
        for (Narrowing narrowing : narrowings) {
            int length = binaryLength(macaroon, narrowing, List.of());
            lengths.add(length);
            target = Math.max(target, length);
        }
        for (int attempt = target; attempt <= target + Caveat.MAX_BYTES; attempt++) {
            List<List<Caveat>> found = new ArrayList<>();
            for (int i = 0; i < lengths.size(); i++) {
                int missing = attempt - lengths.get(i);
                if (missing == 0) {
                    found.add(List.of());
                    continue;
                }
                int shortest = binaryLength(macaroon, narrowings.get(i), List.of(new Pad(1))) - lengths.get(i);
                int characters = missing - shortest + 1;
                // Two tries, because the length field may have taken one of the bytes that were missing.
                for (int n = characters; n >= characters - 1 && found.size() == i; n--) {
                    if (n >= 1) {
                        List<Caveat> pad = List.of(new Pad(n));
                        if (binaryLength(macaroon, narrowings.get(i), pad) == attempt) {
                            found.add(pad);
                        }
                    }
                }
                if (found.size() == i) {
                    break;
                }
            }
            if (found.size() == lengths.size()) {
                return List.copyOf(found);
            }
        }
        throw new IllegalArgumentException(
                "the rules of " + path + " narrow too differently to give tokens of one length");
    }

    private int binaryLength(MasterMacaroon macaroon, Narrowing narrowing, List<Caveat> pad) {
        // Base64 without padding writes 3 bytes as 4 characters, 2 as 3 and 1 as 2.
        return sample(macaroon.narrowed(shared(narrowing, pad)), narrowing).revealText().length * 3 / 4;
    }

    private int sampleLength(MasterMacaroon macaroon) {
        boolean anybody = !policy.rules().isEmpty();
        Narrowing narrowing = anybody ? policy.rules().get(0).narrowing() : Narrowing.NONE;
        Token sample =
                anybody ? sample(commons.get(0).macaroon(), narrowing) : sample(macaroon.narrowed(caveats), narrowing);
        return template.render(sample.revealText(), SAMPLE_ID, SAMPLE_TIME).length;
    }

    /** The same file, for whoever asks. */
    TokenFile forEverybody() {
        Policy everybody = new Policy(List.of(new Rule(List.of(new Condition.Any()), Narrowing.NONE)));
        return new TokenFile(path, master, ttl, caveats, everybody, template);
    }

    private static Token sample(MasterMacaroon narrowed, Narrowing narrowing) {
        return narrowed.attenuate(own(SAMPLE_ID, narrowing, Container.HOST, SAMPLE_TIME));
    }
}
