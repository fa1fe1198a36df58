package dev.credfs.audit;

import dev.credfs.caveat.Caveat;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Pid;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The members of each event in a line, as {@code src/docs/audit-log.md} lists them. Everything is ASCII: a name that a caller
 * chose cannot move the cursor of the terminal that shows it, nor turn the direction of its text.
 */
final class EventJson {
    /** The longest text kept, in characters; a caller chooses the path of its program. */
    static final int LONGEST_TEXT = 4096;

    /** Apart, so that a daemon, which only writes, does not load Jackson in its first append. */
    private static final class Reading {
        static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        .build())
                .build();
    }

    private EventJson() {}

    /** The event's members, without the braces around them. */
    static byte[] write(AuditEvent event) {
        JsonLine json = new JsonLine();
        json.time("at", event.at());
        members(json, event);
        return json.toBytes();
    }

    private static void members(JsonLine json, AuditEvent event) {
        if (event instanceof AuditEvent.Minted e) {
            name(json, "minted");
            json.number("generation", e.generation());
            text(json, "path", e.path());
            caller(json, "caller", e.caller());
            text(json, "rule", e.rule());
            json.number("rule_number", e.ruleNumber());
            text(json, "jti", e.tokenId());
            text(json, "fingerprint", e.fingerprint());
            json.startArray("caveats");
            for (Caveat caveat : e.caveats()) {
                json.element(bounded(caveat.predicate()));
            }
            json.endArray();
            json.time("expiry", e.expiry());
        } else if (event instanceof AuditEvent.Coalesced e) {
            name(json, "coalesced");
            json.number("generation", e.generation());
            text(json, "path", e.path());
            caller(json, "caller", e.caller());
            text(json, "jti", e.tokenId());
            json.time("minted_at", e.mintedAt());
        } else if (event instanceof AuditEvent.Refusal e) {
            name(json, e instanceof AuditEvent.RefusedRead ? "refused-read" : "refused");
            refusal(json, e);
        } else if (event instanceof AuditEvent.RefusedAgain e) {
            name(json, "refused-again");
            json.number("times", e.times());
            json.time("since", e.since());
            json.time("until", e.last().at());
            refusal(json, e.last());
        } else if (event instanceof AuditEvent.Bulk e) {
            name(json, "bulk");
            caller(json, "caller", e.caller());
            json.number("files", e.files());
            text(json, "within", e.within().toString());
        } else if (event instanceof AuditEvent.Started e) {
            name(json, "started");
            json.number("pid", e.pid());
            text(json, "mount", e.mount());
        } else if (event instanceof AuditEvent.Stopped e) {
            name(json, "stopped");
            json.number("pid", e.pid());
            text(json, "why", e.why());
        } else if (event instanceof AuditEvent.Reloaded e) {
            name(json, "reloaded");
            json.number("generation", e.generation());
            text(json, "file", e.file());
        } else if (event instanceof AuditEvent.Recovered e) {
            name(json, "recovered");
            text(json, "what", e.what());
        } else if (event instanceof AuditEvent.Fault e) {
            name(json, "internal_error");
            text(json, "operation", e.operation());
            text(json, "error", e.error());
        } else if (event instanceof AuditEvent.Spent e) {
            name(json, "spent");
            json.number("request", e.request());
            text(json, "jti", e.tokenId());
            text(json, "route", e.route());
            text(json, "asked", e.asked());
            text(json, "peer", e.peer());
            if (!e.rule().isEmpty()) {
                text(json, "rule", e.rule());
            }
        } else if (event instanceof AuditEvent.TunnelOpened e) {
            name(json, "tunnel-opened");
            json.number("request", e.request());
            text(json, "to", e.to());
            text(json, "peer", e.peer());
        } else if (event instanceof AuditEvent.TunnelEnded e) {
            name(json, "tunnel-ended");
            json.number("request", e.request());
            text(json, "to", e.to());
            json.number("sent_bytes", e.sentBytes());
            json.number("received_bytes", e.receivedBytes());
            text(json, "took", e.took().toString());
            text(json, "why", e.why());
        } else if (event instanceof AuditEvent.Answered e) {
            name(json, "answered");
            json.number("request", e.request());
            text(json, "jti", e.tokenId());
            text(json, "route", e.route());
            json.number("status", e.status());
            json.number("request_bytes", e.requestBytes());
            json.number("response_bytes", e.responseBytes());
            text(json, "took", e.took().toString());
        } else if (event instanceof AuditEvent.RefusedRequest e) {
            name(json, "refused-request");
            text(json, "jti", e.tokenId());
            text(json, "route", e.route());
            text(json, "asked", e.asked());
            text(json, "failure", word(e.failure()));
            json.number("status", e.failure().httpStatus());
            text(json, "why", e.why());
            text(json, "peer", e.peer());
            json.bool("let_through", e.letThrough());
        } else if (event instanceof AuditEvent.Revoked e) {
            name(json, "revoked");
            text(json, "revocation", e.revocation());
        } else if (event instanceof LogEvent.Continued e) {
            name(json, "continued");
            text(json, "reason", word(e.reason()));
            text(json, "detail", e.detail());
        } else if (event instanceof LogEvent.TornTail e) {
            name(json, "recovered");
            text(json, "what", "torn tail");
            json.number("torn_bytes", e.tornBytes());
            text(json, "torn_hash", e.tornHash());
        } else if (event instanceof LogEvent.Withdrawn e) {
            name(json, "withdrawn");
            json.number("record", e.record());
        } else {
            throw new IllegalArgumentException("an event without a form in the log: " + event.getClass());
        }
    }

    private static void refusal(JsonLine json, AuditEvent.Refusal refusal) {
        if (refusal instanceof AuditEvent.Refused e) {
            json.number("generation", e.generation());
            text(json, "path", e.path());
            caller(json, "caller", e.caller());
            failure(json, e.failure());
        } else if (refusal instanceof AuditEvent.RefusedUnclear e) {
            text(json, "path", e.path());
            json.number("tid", e.tid());
            json.number("uid", e.uid());
            failure(json, e.failure());
        } else if (refusal instanceof AuditEvent.RefusedRead e) {
            text(json, "path", e.path());
            caller(json, "opener", e.opener());
            caller(json, "reader", e.reader());
        }
        text(json, "why", refusal.why());
    }

    private static void name(JsonLine json, String name) {
        json.text("event", name);
    }

    private static void failure(JsonLine json, Failure failure) {
        json.text("failure", word(failure));
        json.text("errno", failure.errno().name());
    }

    private static void caller(JsonLine json, String name, Caller caller) {
        json.startObject(name);
        json.number("pid", caller.pid().number());
        json.number("tid", caller.tid().number());
        json.number("start_ticks", caller.startTicks());
        json.number("uid", caller.uid().number());
        json.number("gid", caller.gid().number());
        text(json, "exe", caller.executable().path());
        json.number("exe_device", caller.executable().device());
        json.number("exe_inode", caller.executable().inode());
        json.number("user_namespace", caller.userNamespace());
        text(json, "container", caller.container().id());
        text(json, "cgroup", caller.cgroup());
        json.endObject();
    }

    private static void text(JsonLine json, String name, String text) {
        json.text(name, bounded(text));
    }

    /** At most {@link #LONGEST_TEXT} characters. */
    private static String bounded(String text) {
        return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT - 1) + "…";
    }

    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String word) {
        return Enum.valueOf(type, word.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** The line as a tree of JSON. */
    static JsonNode tree(byte[] json) {
        try {
            return Reading.MAPPER.readTree(json);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * The event that a line holds.
     *
     * @throws IllegalArgumentException if it is none that this version writes
     */
    static AuditEvent read(JsonNode line) {
        try {
            return event(line);
        } catch (JacksonException | DateTimeException e) {
            throw new IllegalArgumentException("not an event: " + e.getMessage(), e);
        }
    }

    private static AuditEvent event(JsonNode line) {
        Instant at = instant(line, "at");
        String name = string(line, "event");
        return switch (name) {
            case "minted" ->
                new AuditEvent.Minted(
                        at,
                        generation(line),
                        string(line, "path"),
                        caller(line, "caller"),
                        string(line, "rule"),
                        line.required("rule_number").asInt(),
                        string(line, "jti"),
                        string(line, "fingerprint"),
                        caveats(line),
                        instant(line, "expiry"));
            case "coalesced" ->
                new AuditEvent.Coalesced(
                        at,
                        generation(line),
                        string(line, "path"),
                        caller(line, "caller"),
                        string(line, "jti"),
                        instant(line, "minted_at"));
            case "refused", "refused-read" -> refusal(line, at);
            case "refused-again" ->
                new AuditEvent.RefusedAgain(
                        at,
                        line.required("times").asLong(),
                        instant(line, "since"),
                        refusal(line, instant(line, "until")));
            case "bulk" ->
                new AuditEvent.Bulk(
                        at,
                        caller(line, "caller"),
                        line.required("files").asInt(),
                        Duration.parse(string(line, "within")));
            case "started" -> new AuditEvent.Started(at, line.required("pid").asInt(), string(line, "mount"));
            case "stopped" -> new AuditEvent.Stopped(at, line.required("pid").asInt(), string(line, "why"));
            case "reloaded" ->
                new AuditEvent.Reloaded(at, line.required("generation").asLong(), string(line, "file"));
            case "recovered" ->
                line.has("torn_hash")
                        ? new LogEvent.TornTail(at, line.required("torn_bytes").asLong(), string(line, "torn_hash"))
                        : new AuditEvent.Recovered(at, string(line, "what"));
            case "internal_error" -> new AuditEvent.Fault(at, string(line, "operation"), string(line, "error"));
            case "spent" ->
                new AuditEvent.Spent(
                        at,
                        line.required("request").asLong(),
                        string(line, "jti"),
                        string(line, "route"),
                        string(line, "asked"),
                        string(line, "peer"),
                        line.path("rule").asString(""));
            case "tunnel-opened" ->
                new AuditEvent.TunnelOpened(
                        at, line.required("request").asLong(), string(line, "to"), string(line, "peer"));
            case "tunnel-ended" ->
                new AuditEvent.TunnelEnded(
                        at,
                        line.required("request").asLong(),
                        string(line, "to"),
                        line.required("sent_bytes").asLong(),
                        line.required("received_bytes").asLong(),
                        Duration.parse(string(line, "took")),
                        string(line, "why"));
            case "answered" ->
                new AuditEvent.Answered(
                        at,
                        line.required("request").asLong(),
                        string(line, "jti"),
                        string(line, "route"),
                        line.required("status").asInt(),
                        line.required("request_bytes").asLong(),
                        line.required("response_bytes").asLong(),
                        Duration.parse(string(line, "took")));
            case "refused-request" ->
                new AuditEvent.RefusedRequest(
                        at,
                        string(line, "jti"),
                        string(line, "route"),
                        string(line, "asked"),
                        failure(line),
                        string(line, "why"),
                        string(line, "peer"),
                        line.required("let_through").asBoolean());
            case "revoked" -> new AuditEvent.Revoked(at, string(line, "revocation"));
            case "continued" ->
                new LogEvent.Continued(
                        at, constant(LogEvent.Break.class, string(line, "reason")), string(line, "detail"));
            case "withdrawn" ->
                new LogEvent.Withdrawn(at, line.required("record").asLong());
            default -> throw new IllegalArgumentException("not an event of credfs/audit/v1: " + name);
        };
    }

    private static AuditEvent.Refusal refusal(JsonNode line, Instant at) {
        String path = string(line, "path");
        String why = string(line, "why");
        if (line.has("reader")) {
            return new AuditEvent.RefusedRead(at, path, caller(line, "opener"), caller(line, "reader"), why);
        }
        if (line.has("caller")) {
            return new AuditEvent.Refused(at, generation(line), path, caller(line, "caller"), failure(line), why);
        }
        return new AuditEvent.RefusedUnclear(
                at, path, line.required("tid").asInt(), line.required("uid").asLong(), failure(line), why);
    }

    private static long generation(JsonNode line) {
        return line.path("generation").asLong(0);
    }

    private static String string(JsonNode node, String name) {
        return node.required(name).stringValue();
    }

    private static Instant instant(JsonNode node, String name) {
        return Instant.parse(string(node, name));
    }

    private static Failure failure(JsonNode line) {
        return constant(Failure.class, string(line, "failure"));
    }

    private static List<Caveat> caveats(JsonNode line) {
        List<Caveat> caveats = new ArrayList<>();
        for (JsonNode predicate : line.required("caveats")) {
            caveats.add(Caveat.read(predicate.stringValue().getBytes(StandardCharsets.ISO_8859_1)));
        }
        return List.copyOf(caveats);
    }

    private static Caller caller(JsonNode line, String name) {
        JsonNode node = line.required(name);
        return new Caller(
                new Tid(node.required("tid").asInt()),
                new Pid(node.required("pid").asInt()),
                node.required("start_ticks").asLong(),
                new Uid(node.required("uid").asLong()),
                new Gid(node.required("gid").asLong()),
                new Executable(
                        string(node, "exe"),
                        node.required("exe_device").asLong(),
                        node.required("exe_inode").asLong()),
                string(node, "cgroup"),
                node.required("user_namespace").asLong(),
                new Container(string(node, "container")));
    }
}
