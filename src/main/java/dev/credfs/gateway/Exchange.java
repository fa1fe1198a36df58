package dev.credfs.gateway;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.Prohibition;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer, between a client and an upstream of the same event loop. It knows no version of HTTP: each side
 * has its own.
 *
 * <p>Its order is the gateway's promise: decided, recorded, and only then connected and sent. What flows afterwards flows
 * both ways at once; whoever is slow stops the reading of the other side.
 */
final class Exchange {
    private static final Set<String> SAFE_TO_REPEAT = Set.of("GET", "HEAD", "OPTIONS");
    private static final int MAX_REPEATS = 2;

    private enum Stage {
        DECIDING,
        FORWARDING,
        /** A WebSocket is open, and what passes is bytes. */
        OPEN,
        DONE
    }

    private final ClientSide client;
    private final Desk desk;
    private final RequestHead head;
    private final Peer peer;
    private final Instant began;
    private final long number;

    private Stage stage = Stage.DECIDING;
    private Decision.@Nullable Admitted admitted;
    private @Nullable UpstreamSide upstream;
    private @Nullable Authorization authorization;
    private @Nullable Departure departure;
    private @Nullable BodySearch search;
    /** The head of the answer while it waits for the first bytes: an answer that is blocked in time is a whole 502. */
    private @Nullable ResponseHead waitingHead;

    private boolean requestComplete;
    private boolean anythingCame;
    private boolean headPassed;
    private int repeats;
    private boolean spent;
    private int status;
    private @Nullable Failure failed;
    private long requestBytes;
    private long responseBytes;

    Exchange(ClientSide client, Desk desk, RequestHead head, Peer peer) {
        this.client = client;
        this.desk = desk;
        this.head = head;
        this.peer = peer;
        this.began = desk.clock().instant();
        this.number = desk.nextRequest();
        this.requestComplete = !head.hasBody();
    }

    /** Records that something came which is no request; then gives {@code answer} what to say. */
    static void refuseUnread(Desk desk, Peer peer, Executor loop, RefusedException refused, Consumer<Problem> answer) {
        AuditEvent event = new AuditEvent.RefusedRequest(
                desk.clock().instant(), "", "", "", refused.failure(), refused.why(), peer.describe(), false);
        desk.recorder()
                .record(
                        event,
                        loop,
                        () -> answerUnread(desk, refused, answer),
                        unrecorded -> answerUnread(desk, unrecorded, answer));
    }

    private static void answerUnread(Desk desk, RefusedException refused, Consumer<Problem> answer) {
        Problem problem = Problem.of(refused.failure(), refused.why());
        desk.metrics().refused(problem);
        answer.accept(problem);
    }

    boolean requestComplete() {
        return requestComplete;
    }

    RequestHead head() {
        return head;
    }

    void begin() {
        Decision decision = desk.gate().decide(head, peer, client.approach(), client.lastToken());
        if (decision instanceof Decision.Admitted pass) {
            admit(pass);
        } else if (decision instanceof Decision.Denied denied) {
            deny(denied.problem());
        }
    }

    private void admit(Decision.Admitted pass) {
        admitted = pass;
        List<AuditEvent> events = new ArrayList<>(2);
        pass.inspite().ifPresent(problem -> events.add(refusal(problem, true)));
        events.add(new AuditEvent.Spent(
                began,
                number,
                tokenId(pass),
                pass.route().name(),
                pass.asked(),
                peer.describe(),
                pass.claim().rule()));
        desk.recorder()
                .spend(
                        pass,
                        events,
                        refused -> refusal(problem(pass, refused), true),
                        client.loop(),
                        () -> spent(pass),
                        refused -> deny(problem(pass, refused)));
    }

    private void spent(Decision.Admitted pass) {
        spent = true;
        if (stage == Stage.DONE) {
            // The client went meanwhile, and every call that is on the record has its end there.
            recordAnswered();
        } else if (pass.route().credential() instanceof Credential.Placeholder) {
            answerItself(pass);
        } else if (!pass.claim().earnsCredential()) {
            connect(pass, false);
        } else {
            authorize(pass);
        }
    }

    /** Says what an upstream could have said. */
    private void answerItself(Decision.Admitted pass) {
        byte[] json;
        try {
            json = PlaceholderKeys.json(
                    pass.route().identity() instanceof Identity.ByToken byToken
                            ? TokenSource.find(
                                    head.fields(),
                                    byToken.headers(),
                                    pass.route().credential())
                            : Asked.NO_TOKEN,
                    pass.claim() instanceof Decision.Spender spender ? spender.expiry() : Instant.MAX,
                    desk.clock().instant());
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        HttpHeaders fields = new DefaultHttpHeaders()
                .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        stage = Stage.FORWARDING;
        upstreamHead(new ResponseHead(HttpResponseStatus.OK.code(), fields, json.length));
        upstreamBody(Unpooled.wrappedBuffer(json));
        upstreamEnd(EmptyHttpHeaders.INSTANCE);
    }

    private void authorize(Decision.Admitted pass) {
        client.limit(desk.limits().answer(), () -> fail(Failure.UPSTREAM_TIMEOUT, "no credential in time"));
        desk.authorizers()
                .of(pass.route())
                .authorize(
                        pass,
                        peer,
                        client.loop(),
                        with -> {
                            authorization = with;
                            connect(pass, false);
                        },
                        refused -> fail(refused.failure(), refused.why()));
    }

    /** Searches answers for what this request was authorized with. */
    private CredentialSearch secrets(Route route) {
        return authorization == null ? desk.authorizers().of(route).search() : authorization.search();
    }

    private static Problem problem(Decision.Admitted pass, RefusedException refused) {
        List<Prohibition> prohibitions = refused.failure() == Failure.CAVEAT_NOT_CLEARED
                ? List.of(new Prohibition("max-calls", "all calls are spent"))
                : List.of();
        return new Problem(
                refused.failure(),
                refused.why(),
                pass.route().name(),
                pass.asked(),
                tokenId(pass),
                prohibitions,
                !prohibitions.isEmpty());
    }

    private boolean flows() {
        return stage == Stage.FORWARDING || stage == Stage.OPEN;
    }

    private static String tokenId(Decision.Admitted pass) {
        return pass.claim().tokenId();
    }

    private AuditEvent refusal(Problem problem, boolean letThrough) {
        return new AuditEvent.RefusedRequest(
                began,
                problem.tokenId(),
                problem.route(),
                problem.asked(),
                problem.failure(),
                problem.why(),
                peer.describe(),
                letThrough);
    }

    /** Records a refusal and answers it; where it cannot be recorded, the client hears that instead. */
    private void deny(Problem problem) {
        if (stage == Stage.DONE) {
            return;
        }
        desk.recorder()
                .record(
                        refusal(problem, false),
                        client.loop(),
                        () -> answer(problem),
                        unrecorded -> answer(Problem.of(unrecorded.failure(), unrecorded.why())));
    }

    private void answer(Problem problem) {
        if (stage != Stage.DONE) {
            stage = Stage.DONE;
            desk.metrics().refused(problem);
            client.answer(problem, this);
        }
    }

    private void connect(Decision.Admitted pass, boolean fresh) {
        if (stage == Stage.DONE) {
            return;
        }
        client.limit(desk.limits().connect(), () -> fail(Failure.UPSTREAM_TIMEOUT, "no connection in time"));
        desk.upstreams()
                .acquire(
                        new Upstreams.Demand(
                                pass.route(),
                                client.loop(),
                                fresh,
                                pass.webSocket().isPresent()),
                        side -> forward(pass, side),
                        refused -> fail(refused.failure(), refused.why()));
    }

    private void forward(Decision.Admitted pass, UpstreamSide side) {
        if (stage == Stage.DONE) {
            side.done(true);
            return;
        }
        stage = Stage.FORWARDING;
        upstream = side;
        side.serve(this);
        UpstreamRequest request = UpstreamRequest.of(head, pass.route(), pass.target());
        pass.webSocket().ifPresent(request::open);
        try {
            Departure leaving = authorization == null ? Departure.of(request) : authorization.depart(head, request);
            departure = leaving;
            leaving.begin(requestComplete, side::write);
            if (leaving.waitsForTheBody()) {
                goOn();
            }
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        side.flush();
        if (upstream != side) {
            return;
        }
        limitForwarding();
        client.setReading(true);
        if (!requestComplete) {
            client.readBody();
            side.flush();
        }
    }

    /** Whoever we wait for next is the one who must move. */
    private void limitForwarding() {
        UpstreamSide side = upstream;
        if (side == null || !flows()) {
            return;
        }
        Limits limits = desk.limits();
        if (status != 0) {
            Duration limit = client.isWritable() ? limits.stream() : limits.slowReader();
            client.limit(limit, () -> fail(Failure.UPSTREAM_TIMEOUT, "the answer came to a halt"));
        } else if (requestComplete || !side.isWritable()) {
            // The head of an answer of gRPC may wait for its first message.
            Duration limit = head.isConversation() ? limits.stream() : limits.answer();
            client.limit(limit, () -> fail(Failure.UPSTREAM_TIMEOUT, "no answer in time"));
        } else {
            Duration limit = head.isConversation() ? limits.stream() : limits.body();
            client.limit(limit, () -> fail(Failure.REQUEST_TOO_SLOW, "the request's body came to a halt"));
        }
    }

    /** A piece of the request's body; the last one may have trailers. */
    void clientContent(HttpContent content) {
        if (content instanceof LastHttpContent) {
            requestComplete = true;
        }
        UpstreamSide side = upstream;
        Departure leaving = departure;
        Decision.Admitted pass = admitted;
        if (side == null || leaving == null || pass == null || stage == Stage.DONE) {
            content.release();
            return;
        }
        requestBytes += content.content().readableBytes();
        try {
            leaving.content(forUpstream(content, pass.route()), side::write);
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        if (!side.isWritable()) {
            client.setReading(false);
        }
        limitForwarding();
    }

    private static HttpContent forUpstream(HttpContent content, Route route) {
        return content instanceof LastHttpContent last
                        && !last.trailingHeaders().isEmpty()
                ? new DefaultLastHttpContent(
                        last.content(),
                        HeaderRules.trailersToUpstream(last.trailingHeaders(), route.headersWithSecrets()))
                : content;
    }

    void clientReadComplete() {
        if (upstream != null && flows()) {
            upstream.flush();
        }
    }

    void clientWritable(boolean writable) {
        if (upstream != null && flows()) {
            upstream.setReading(writable);
            limitForwarding();
        }
    }

    /** The client went away: nothing more is sent to the upstream, and its answer is not waited for. */
    void clientGone() {
        if (stage == Stage.DONE) {
            return;
        }
        stage = Stage.DONE;
        dropUpstream();
        if (spent) {
            recordAnswered();
        }
    }

    /** Too many clients take their answers slowly, and this one is the slowest. */
    void giveWay() {
        fail(Failure.BUSY, "too many clients do not take their answers");
    }

    /** The client broke the protocol in the middle of a body. */
    void clientBroken(RefusedException refused) {
        fail(refused.failure(), refused.why());
    }

    void upstreamWritable(boolean writable) {
        if (flows()) {
            client.setReading(writable);
            limitForwarding();
        }
    }

    /** A piece of what the client says through a WebSocket. */
    void clientRaw(ByteBuf bytes) {
        UpstreamSide side = upstream;
        if (side == null || stage != Stage.OPEN) {
            bytes.release();
            return;
        }
        requestBytes += bytes.readableBytes();
        side.writeRaw(bytes);
        if (!side.isWritable()) {
            client.setReading(false);
        }
        limitForwarding();
    }

    /** A piece of what the upstream says through a WebSocket. */
    void upstreamRaw(ByteBuf bytes) {
        BodySearch frames = search;
        UpstreamSide side = upstream;
        if (stage != Stage.OPEN || frames == null || side == null) {
            bytes.release();
            return;
        }
        try {
            ByteBuf go = frames.admit(bytes, false);
            responseBytes += go.readableBytes();
            client.writeRaw(go);
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        if (!client.isWritable()) {
            side.setReading(false);
        }
        limitForwarding();
    }

    private void open(ResponseHead response, Decision.Admitted pass, WebSocketHandshake handshake) {
        ResponseHead consent;
        try {
            searchFields(response.fields(), "headers", pass.route());
            consent = handshake.accepted(response);
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        search = new FramedBody(secrets(pass.route()));
        stage = Stage.OPEN;
        status = response.status();
        headPassed = true;
        client.open(consent);
        limitForwarding();
        clientReadComplete();
    }

    /** An answer before the answer. */
    void upstreamInformational(ResponseHead response) {
        anythingCame = true;
        Decision.Admitted pass = admitted;
        if (response.status() == ResponseHead.SWITCHING_PROTOCOLS) {
            if (pass != null && pass.webSocket().isPresent()) {
                open(response, pass, pass.webSocket().get());
            } else {
                fail(Failure.UPSTREAM_FAILED, "the upstream changes to a protocol that nobody asked for");
            }
        } else if (response.status() == HttpResponseStatus.CONTINUE.code() && status == 0) {
            goOn();
        }
    }

    /** Tells a client that waits to be told so to send its body. */
    private void goOn() {
        if (head.expectsContinue()) {
            client.goOn();
        }
    }

    void upstreamHead(ResponseHead response) {
        Decision.Admitted pass = admitted;
        if (pass == null || stage != Stage.FORWARDING) {
            return;
        }
        anythingCame = true;
        if (response.status() == HttpResponseStatus.UNAUTHORIZED.code() && authorization != null) {
            authorization.refused();
        }
        try {
            searchFields(response.fields(), "headers", pass.route());
            String coding = response.hasBody(head.method())
                    ? String.join(",", response.fields().getAll(HttpHeaderNames.CONTENT_ENCODING))
                    : "";
            search = BodySearch.of(secrets(pass.route()), coding, desk.collectedBytes());
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        status = response.status();
        HttpHeaders fields = new DefaultHttpHeaders();
        HeaderRules.copyToClient(response.fields(), fields);
        if (client.takesTrailers(head)) {
            fields.set(HttpHeaderNames.TRAILER, response.fields().getAll(HttpHeaderNames.TRAILER));
        }
        waitingHead = new ResponseHead(status, fields, response.contentLengthBytes());
        limitForwarding();
    }

    private void searchFields(HttpHeaders fields, String where, Route route) throws RefusedException {
        CredentialSearch credential = secrets(route);
        for (Map.Entry<String, String> field : fields) {
            if (credential.isIn(field.getKey()) || credential.isIn(field.getValue())) {
                throw new RefusedException(Failure.RESPONSE_BLOCKED, "the answer's " + where + " hold the credential");
            }
        }
    }

    /** A piece of the answer's body. */
    void upstreamBody(ByteBuf bytes) {
        BodySearch body = search;
        if (stage != Stage.FORWARDING || body == null) {
            bytes.release();
            return;
        }
        try {
            pass(body.admit(bytes, false));
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        UpstreamSide side = upstream;
        if (side != null && !client.isWritable()) {
            side.setReading(false);
        }
        limitForwarding();
    }

    /** The answer has come whole. */
    void upstreamEnd(HttpHeaders trailers) {
        BodySearch body = search;
        Decision.Admitted pass = admitted;
        if (stage != Stage.FORWARDING || body == null || pass == null) {
            return;
        }
        try {
            searchFields(trailers, "trailers", pass.route());
            pass(body.admit(Unpooled.EMPTY_BUFFER, true));
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        finish(
                trailers.isEmpty() || !client.takesTrailers(head)
                        ? EmptyHttpHeaders.INSTANCE
                        : HeaderRules.trailersToClient(trailers));
    }

    private void pass(ByteBuf bytes) {
        int length = bytes.readableBytes();
        if (length == 0) {
            bytes.release();
            return;
        }
        passHead(false);
        responseBytes += length;
        client.body(bytes);
    }

    private void passHead(boolean whole) {
        ResponseHead answer = waitingHead;
        if (answer != null) {
            waitingHead = null;
            headPassed = true;
            client.head(answer, this, whole);
        }
    }

    void upstreamReadComplete() {
        if (stage == Stage.FORWARDING && search != null && !search.waitsForTheEnd()) {
            ResponseHead answer = waitingHead;
            // Of a stream the client wants to know that it begins; what has a length is followed by its body.
            if (answer != null && answer.contentLengthBytes() < 0) {
                passHead(false);
            }
        }
        client.flush();
    }

    /** @param why the connection is of no more use */
    void upstreamBroken(String why) {
        UpstreamSide side = upstream;
        if (stage == Stage.OPEN) {
            // However it ends: the close frames, if there were any, have passed.
            stage = Stage.DONE;
            dropUpstream();
            recordAnswered();
            client.endAfterWrites();
            return;
        }
        // A kept connection that the upstream closed while our request was under way: it has not seen the request.
        boolean unseen = side != null && side.used() && SAFE_TO_REPEAT.contains(head.method());
        repeatOrFail(unseen, why);
    }

    /** @param why the upstream says that it has done nothing about the request, and will not */
    void upstreamRefused(String why) {
        repeatOrFail(true, why);
    }

    /** A body is sent as it comes, and cannot be sent again. */
    private void repeatOrFail(boolean unseen, String why) {
        Decision.Admitted pass = admitted;
        if (stage != Stage.FORWARDING || upstream == null || pass == null) {
            return;
        }
        if (unseen && !anythingCame && !head.hasBody() && repeats < MAX_REPEATS) {
            repeats++;
            dropUpstream();
            stage = Stage.DECIDING;
            connect(pass, true);
            return;
        }
        fail(Failure.UPSTREAM_FAILED, pass.route().upstream().authority() + ": " + why);
    }

    private void fail(Failure failure, String why) {
        if (stage == Stage.DONE) {
            return;
        }
        boolean forwarded = stage == Stage.FORWARDING;
        Decision.Admitted pass = admitted;
        failed = failure;
        dropUpstream();
        Problem problem = pass == null
                ? Problem.of(failure, why)
                : new Problem(failure, why, pass.route().name(), pass.asked(), tokenId(pass), List.of(), false);
        if (failure == Failure.RESPONSE_BLOCKED) {
            // The one failure of an upstream that somebody must look at, and that a status does not tell.
            desk.recorder().recordSoon(refusal(problem, false), client.loop());
        }
        if (headPassed) {
            // Half an answer is out: all that can still be said is that it is not whole.
            stage = Stage.DONE;
            recordAnswered();
            client.abort();
            return;
        }
        status = failure.httpStatus();
        stage = Stage.DONE;
        if (forwarded || pass != null) {
            recordAnswered();
        }
        client.answer(problem, this);
    }

    private void dropUpstream() {
        UpstreamSide side = upstream;
        upstream = null;
        endBodies();
        if (side != null) {
            side.close();
        }
    }

    private void endBodies() {
        if (departure != null) {
            departure.release();
            departure = null;
        }
        if (search != null) {
            search.release();
            search = null;
        }
    }

    private void finish(HttpHeaders trailers) {
        stage = Stage.DONE;
        UpstreamSide side = upstream;
        upstream = null;
        if (side != null) {
            side.done(requestComplete);
        }
        endBodies();
        recordAnswered();
        if (waitingHead != null && trailers.isEmpty()) {
            passHead(true);
        } else {
            passHead(false);
            client.end(trailers);
        }
        client.finished(this);
    }

    private void recordAnswered() {
        Decision.Admitted pass = admitted;
        if (pass == null) {
            return;
        }
        Instant now = desk.clock().instant();
        AuditEvent answered = new AuditEvent.Answered(
                now,
                number,
                tokenId(pass),
                pass.route().name(),
                status,
                requestBytes,
                responseBytes,
                Duration.between(began, now));
        desk.metrics()
                .answered(pass.route(), status, failed, requestBytes, responseBytes, Duration.between(began, now));
        // The answer is under way: where this cannot be written, the next request will not be forwarded.
        desk.recorder().recordSoon(answered, client.loop());
    }
}
