package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A problem as its client can show it to a person.
 *
 * @param contentType of {@code text}
 * @param text ASCII
 * @param challenge for {@code WWW-Authenticate}; empty for a problem that no other token would solve
 */
record ProblemDocument(String contentType, String text, String challenge) {
    private static final String JSON = "application/problem+json";
    private static final String BEARER = "bearer ";

    /** For whoever sent something that could not be read. */
    static ProblemDocument of(Problem problem) {
        return new ProblemDocument(JSON, problem.json(), "");
    }

    /** For whoever sent {@code request}. */
    static ProblemDocument of(Problem problem, RequestHead request) {
        // git prints what comes as text/plain, each line after "remote: ", and of any other answer the status alone.
        boolean git = request.isOfGit();
        return new ProblemDocument(
                git ? HttpHeaderValues.TEXT_PLAIN.toString() : JSON,
                git ? problem.text() : problem.json(),
                problem.failure() == Failure.TOKEN_REJECTED ? challenge(request.fields()) : "");
    }

    /**
     * In the scheme that the client used, and Basic where it used none: git and curl answer to that alone, and a client of an
     * OCI registry takes the realm of a Bearer challenge for the URL to get a token from.
     */
    private static String challenge(HttpHeaders fields) {
        String authorization = fields.get(HttpHeaderNames.AUTHORIZATION, "").toLowerCase(Locale.ROOT);
        return authorization.startsWith(BEARER)
                ? "Bearer realm=\"credfs\", error=\"invalid_token\""
                : "Basic realm=\"credfs\"";
    }

    byte[] bytes() {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Says of what kind the document is, and what a client may try instead. */
    void describe(HttpHeaders answer) {
        answer.set(HttpHeaderNames.CONTENT_TYPE, contentType)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        if (!challenge.isEmpty()) {
            answer.set(HttpHeaderNames.WWW_AUTHENTICATE, challenge);
        }
    }
}
