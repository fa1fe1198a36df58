package dev.credfs.gateway;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.Prohibition;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
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
 * One request and its answer, between a client and an upstream of the same event loop.
 *
 * <p>Its order is the gateway's promise: decided, recorded, and only then connected and sent. What flows afterwards flows
 * both ways at once; whoever is slow stops the reading of the other side.
 */
final class Exchange {
    private static final Set<String> SAFE_TO_REPEAT = Set.of("GET", "HEAD", "OPTIONS");

    private enum Stage {
        DECIDING,
        FORWARDING,
        /** A WebSocket is open, and what passes is bytes. */
        OPEN,
        DONE
    }

    private final ClientConnection client;
    private final Desk desk;
    private final RequestHead head;
    private final Peer peer;
    private final Instant began;
    private final long number;

    private Stage stage = Stage.DECIDING;
    private Decision.@Nullable Admitted admitted;
    private @Nullable UpstreamConnection upstream;
    private @Nullable Authorization authorization;
    private @Nullable Departure departure;
    private @Nullable BodySearch search;
    /** The head of the answer while it waits for the first bytes: an answer that is blocked in time is a whole 502. */
    private @Nullable HttpResponse waitingHead;

    private boolean requestComplete;
    private boolean informational;
    private boolean upstreamKeepsAlive;
    private boolean headPassed;
    private boolean spent;
    private int status;
    private @Nullable Failure failed;
    private long requestBytes;
    private long responseBytes;

    Exchange(ClientConnection client, Desk desk, RequestHead head, Peer peer) {
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
        DefaultHttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON)
                .set(HttpHeaderNames.CONTENT_LENGTH, json.length)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        stage = Stage.FORWARDING;
        upstreamHead(response);
        upstreamContent(new DefaultLastHttpContent(Unpooled.wrappedBuffer(json)));
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
                refused.failure(), refused.why(), pass.route().name(), pass.asked(), tokenId(pass), prohibitions);
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
                        pass.route(),
                        client.loop(),
                        fresh,
                        connection -> forward(pass, connection),
                        refused -> fail(refused.failure(), refused.why()));
    }

    private void forward(Decision.Admitted pass, UpstreamConnection connection) {
        if (stage == Stage.DONE) {
            desk.upstreams().release(pass.route(), client.loop(), connection);
            return;
        }
        stage = Stage.FORWARDING;
        upstream = connection;
        connection.serve(this);
        UpstreamRequest request = UpstreamRequest.of(head, pass.route(), pass.target());
        pass.webSocket().ifPresent(request::open);
        try {
            Departure leaving = authorization == null ? Departure.of(request) : authorization.depart(head, request);
            departure = leaving;
            leaving.begin(requestComplete, connection::write);
            if (leaving.waitsForTheBody()) {
                goOn();
            }
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        connection.flush();
        limitForwarding();
        client.setReading(true);
        if (!requestComplete) {
            client.readBody();
            connection.flush();
        }
    }

    /** Whoever we wait for next is the one who must move. */
    private void limitForwarding() {
        UpstreamConnection connection = upstream;
        if (connection == null || !flows()) {
            return;
        }
        Limits limits = desk.limits();
        if (status != 0) {
            Duration limit = client.isWritable() ? limits.stream() : limits.slowReader();
            client.limit(limit, () -> fail(Failure.UPSTREAM_TIMEOUT, "the answer came to a halt"));
        } else if (requestComplete || !connection.isWritable()) {
            client.limit(limits.answer(), () -> fail(Failure.UPSTREAM_TIMEOUT, "no answer in time"));
        } else {
            client.limit(limits.body(), () -> fail(Failure.REQUEST_TOO_SLOW, "the request's body came to a halt"));
        }
    }

    /** A piece of the request's body. */
    void clientContent(HttpContent content) {
        UpstreamConnection connection = upstream;
        Departure leaving = departure;
        if (content instanceof LastHttpContent) {
            requestComplete = true;
        }
        if (connection == null || leaving == null || stage == Stage.DONE) {
            content.release();
            return;
        }
        requestBytes += content.content().readableBytes();
        try {
            leaving.content(content, connection::write);
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        if (!connection.isWritable()) {
            client.setReading(false);
        }
        limitForwarding();
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
    void clientBytes(ByteBuf bytes) {
        UpstreamConnection connection = upstream;
        if (connection == null || stage != Stage.OPEN) {
            bytes.release();
            return;
        }
        requestBytes += bytes.readableBytes();
        connection.writeRaw(bytes);
        if (!connection.isWritable()) {
            client.setReading(false);
        }
        limitForwarding();
    }

    /** A piece of what the upstream says through a WebSocket. */
    void upstreamBytes(ByteBuf bytes) {
        BodySearch frames = search;
        UpstreamConnection connection = upstream;
        if (stage != Stage.OPEN || frames == null || connection == null) {
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
            connection.setReading(false);
        }
        limitForwarding();
    }

    private void open(HttpResponse response, Decision.Admitted pass, WebSocketHandshake handshake) {
        FullHttpResponse consent;
        try {
            searchHeaders(response, pass.route());
            consent = handshake.accepted(response);
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        search = new FramedBody(secrets(pass.route()));
        stage = Stage.OPEN;
        status = response.status().code();
        headPassed = true;
        client.write(consent);
        client.flush();
        limitForwarding();
        client.endHttp();
        clientReadComplete();
    }

    void upstreamHead(HttpResponse response) {
        int code = response.status().code();
        if (code == 101 && admitted != null && admitted.webSocket().isPresent()) {
            open(response, admitted, admitted.webSocket().get());
            return;
        }
        if (code < 200) {
            informational = true;
            if (code == 100 && status == 0) {
                goOn();
            } else if (code == 101) {
                fail(Failure.UPSTREAM_FAILED, "the upstream changes to a protocol that nobody asked for");
            }
            return;
        }
        Decision.Admitted pass = admitted;
        if (pass == null) {
            return;
        }
        if (code == 401 && authorization != null) {
            authorization.refused();
        }
        try {
            search = searchThrough(response, pass.route());
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        }
        status = code;
        upstreamKeepsAlive = HttpUtil.isKeepAlive(response);
        waitingHead = forClient(response);
        limitForwarding();
    }

    /** Tells a client that waits to be told so to send its body. */
    private void goOn() {
        if (head.expectsContinue()) {
            client.write(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
            client.flush();
        }
    }

    private BodySearch searchThrough(HttpResponse response, Route route) throws RefusedException {
        searchHeaders(response, route);
        List<String> transfer = response.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (transfer.size() > 1
                || (transfer.size() == 1 && !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(transfer.get(0)))) {
            throw new RefusedException(Failure.UPSTREAM_FAILED, "the answer has a transfer coding other than chunked");
        }
        String coding = String.join(",", response.headers().getAll(HttpHeaderNames.CONTENT_ENCODING));
        return BodySearch.of(secrets(route), hasBody(response) ? coding : "", desk.collectedBytes());
    }

    private void searchHeaders(HttpResponse response, Route route) throws RefusedException {
        CredentialSearch credential = secrets(route);
        for (Map.Entry<String, String> field : response.headers()) {
            if (credential.isIn(field.getKey()) || credential.isIn(field.getValue())) {
                throw new RefusedException(Failure.RESPONSE_BLOCKED, "the answer's headers hold the credential");
            }
        }
    }

    private boolean hasBody(HttpResponse response) {
        int code = response.status().code();
        return !head.method().equals("HEAD")
                && code != 204
                && code != 304
                && !response.headers().contains(HttpHeaderNames.CONTENT_LENGTH, "0", false);
    }

    private HttpResponse forClient(HttpResponse response) {
        // Only the number: the upstream's own words for it are one more place for an echo.
        HttpResponseStatus known = HttpResponseStatus.valueOf(response.status().code());
        DefaultHttpResponse answer = new DefaultHttpResponse(HttpVersion.HTTP_1_1, known);
        HeaderRules.copyToClient(response.headers(), answer.headers());
        String length = response.headers().get(HttpHeaderNames.CONTENT_LENGTH);
        boolean chunked = HttpUtil.isTransferEncodingChunked(response);
        int code = known.code();
        if (code == 204 || code == 304) {
            if (code == 304 && length != null) {
                answer.headers().set(HttpHeaderNames.CONTENT_LENGTH, length);
            }
        } else if (length != null && !chunked) {
            answer.headers().set(HttpHeaderNames.CONTENT_LENGTH, length);
        } else if (!head.method().equals("HEAD") || chunked) {
            answer.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        if (!client.keepsAlive(this)) {
            answer.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        return answer;
    }

    void upstreamContent(HttpContent content) {
        boolean last = content instanceof LastHttpContent;
        try {
            if (informational) {
                informational = !last;
                return;
            }
            BodySearch body = search;
            if (stage != Stage.FORWARDING || body == null) {
                return;
            }
            pass(body.admit(content.content().retain(), last));
        } catch (RefusedException e) {
            fail(e.failure(), e.why());
            return;
        } finally {
            content.release();
        }
        if (last) {
            finish();
        } else {
            UpstreamConnection connection = upstream;
            if (connection != null && !client.isWritable()) {
                connection.setReading(false);
            }
            limitForwarding();
        }
    }

    private void pass(ByteBuf bytes) {
        int length = bytes.readableBytes();
        if (length == 0) {
            bytes.release();
            return;
        }
        passHead();
        responseBytes += length;
        client.write(new DefaultHttpContent(bytes));
    }

    private void passHead() {
        HttpResponse answer = waitingHead;
        if (answer != null) {
            waitingHead = null;
            headPassed = true;
            client.write(answer);
        }
    }

    void upstreamReadComplete() {
        if (stage == Stage.FORWARDING && search != null && !search.waitsForTheEnd()) {
            HttpResponse answer = waitingHead;
            // Of a stream the client wants to know that it begins; what has a length is followed by its body.
            if (answer != null && HttpUtil.isTransferEncodingChunked(answer)) {
                passHead();
            }
        }
        client.flush();
    }

    /** @param why the connection is of no more use */
    void upstreamBroken(String why) {
        UpstreamConnection connection = upstream;
        Decision.Admitted pass = admitted;
        if (stage == Stage.OPEN) {
            // However it ends: the close frames, if there were any, have passed.
            stage = Stage.DONE;
            dropUpstream();
            recordAnswered();
            client.endAfterWrites();
            return;
        }
        if (stage != Stage.FORWARDING || connection == null || pass == null) {
            return;
        }
        boolean nothingCame = status == 0 && !informational;
        if (nothingCame && connection.used() && !head.hasBody() && SAFE_TO_REPEAT.contains(head.method())) {
            // A kept connection that the upstream closed while our request was under way: it has not seen the request.
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
                : new Problem(failure, why, pass.route().name(), pass.asked(), tokenId(pass), List.of());
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
        UpstreamConnection connection = upstream;
        upstream = null;
        endBodies();
        if (connection != null) {
            connection.close();
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

    private void finish() {
        stage = Stage.DONE;
        UpstreamConnection connection = upstream;
        Decision.Admitted pass = admitted;
        upstream = null;
        if (connection != null && pass != null) {
            if (upstreamKeepsAlive && requestComplete) {
                desk.upstreams().release(pass.route(), client.loop(), connection);
            } else {
                connection.close();
            }
        }
        endBodies();
        recordAnswered();
        passHead();
        client.write(LastHttpContent.EMPTY_LAST_CONTENT);
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
