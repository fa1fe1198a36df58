package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * The request line and the fields of one request, as strictly as they were read.
 *
 * @param method upper-case letters and {@code -}
 * @param target as written: printable ASCII without {@code #}
 * @param fields in their order; values without blanks around them
 * @param contentLengthBytes of the body, or -1 where no length is given
 * @param chunked whether a body follows that ends by its own end: chunks, or the end of a stream
 */
record RequestHead(String method, String target, HttpHeaders fields, long contentLengthBytes, boolean chunked) {
    static final int MAX_FIELDS = 100;
    private static final int MAX_LENGTH_DIGITS = 18;
    private static final int MAX_METHOD = 32;
    private static final String VERSION = "HTTP/1.1";
    private static final String OLD_VERSION = "HTTP/1.0";
    private static final String CONNECT = "CONNECT";
    private static final String TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

    /**
     * Reads a head.
     *
     * @param head lines that end with CR LF, the last one empty
     * @param connects whether it may be a CONNECT
     */
    static RequestHead parse(byte[] head, boolean connects) throws RefusedException {
        int lineEnd = lineEnd(head, 0);
        String line = new String(head, 0, lineEnd, StandardCharsets.ISO_8859_1);
        int methodEnd = line.indexOf(' ');
        int targetEnd = line.lastIndexOf(' ');
        if (methodEnd <= 0 || targetEnd <= methodEnd + 1) {
            throw malformed("the request line is a method, a path and HTTP/1.1, with one blank between");
        }
        String method = line.substring(0, methodEnd);
        boolean connect = connects && method.equals(CONNECT);
        checkMethod(method, connect);
        String target = line.substring(methodEnd + 1, targetEnd);
        checkTarget(target);
        String version = line.substring(targetEnd + 1);
        // Python's http.client says the older one in a CONNECT, and no Host.
        if (!version.equals(VERSION) && !(connect && version.equals(OLD_VERSION))) {
            throw malformed("the version is not HTTP/1.1");
        }
        HttpHeaders fields = parseFields(head, lineEnd + 2);
        int hosts = fields.getAll(HttpHeaderNames.HOST).size();
        if (hosts != 1 && !(connect && hosts == 0)) {
            throw malformed("a request has exactly one Host field");
        }
        boolean chunked = chunked(fields.getAll(HttpHeaderNames.TRANSFER_ENCODING));
        long contentLength = contentLength(fields.getAll(HttpHeaderNames.CONTENT_LENGTH));
        if (chunked && contentLength >= 0) {
            throw malformed("Content-Length beside Transfer-Encoding");
        }
        if (connect && (chunked || contentLength >= 0)) {
            throw malformed("a CONNECT has no body");
        }
        return new RequestHead(method, target, fields, contentLength, chunked);
    }

    /** Whether it calls itself git, as programs do that speak its protocol by a library of their own. */
    boolean isOfGit() {
        return fields.get(HttpHeaderNames.USER_AGENT, "").startsWith("git/");
    }

    static void checkMethod(String method, boolean connect) throws RefusedException {
        for (int i = 0; i < method.length(); i++) {
            char c = method.charAt(i);
            if (!(c >= 'A' && c <= 'Z') && !(c == '-' && i > 0)) {
                throw malformed("a method is upper-case letters");
            }
        }
        if (method.isEmpty() || method.length() > MAX_METHOD) {
            throw malformed("a method has one to " + MAX_METHOD + " letters");
        }
        if ((method.equals(CONNECT) && !connect) || method.equals("TRACE")) {
            throw malformed(method + " is not forwarded");
        }
    }

    static void checkTarget(String target) throws RefusedException {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c > '~' || c == '#') {
                throw malformed("a character in the request target that is no URL character");
            }
        }
    }

    static HttpHeaders parseFields(byte[] block, int from) throws RefusedException {
        HttpHeaders fields = new DefaultHttpHeaders();
        int start = from;
        int count = 0;
        while (true) {
            int end = lineEnd(block, start);
            if (end == start) {
                return fields;
            }
            if (++count > MAX_FIELDS) {
                throw malformed("a request has at most " + MAX_FIELDS + " fields");
            }
            parseField(new String(block, start, end - start, StandardCharsets.ISO_8859_1), fields);
            start = end + 2;
        }
    }

    private static void parseField(String line, HttpHeaders fields) throws RefusedException {
        if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
            throw malformed("a folded header line");
        }
        int colon = line.indexOf(':');
        if (colon < 0) {
            throw malformed("a header line without a name");
        }
        String name = line.substring(0, colon);
        String value = line.substring(colon + 1);
        checkName(name);
        checkValue(value);
        fields.add(name, value.strip());
    }

    static void checkName(String name) throws RefusedException {
        if (name.isEmpty()) {
            throw malformed("a header line without a name");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!isAlphanumeric(c) && TOKEN_PUNCTUATION.indexOf(c) < 0) {
                throw malformed("a character in a header name that is not of a name");
            }
        }
    }

    static void checkValue(String value) throws RefusedException {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c > '~') {
                throw malformed("a header value is printable ASCII");
            }
        }
    }

    private static boolean chunked(List<String> values) throws RefusedException {
        if (values.isEmpty()) {
            return false;
        }
        if (values.size() > 1 || !values.get(0).equalsIgnoreCase("chunked")) {
            throw malformed("the one transfer coding accepted is 'chunked'");
        }
        return true;
    }

    /** Bytes, or -1 where there is no value. */
    static long contentLength(List<String> values) throws RefusedException {
        if (values.isEmpty()) {
            return -1;
        }
        String value = values.get(0);
        boolean digits = values.size() == 1 && !value.isEmpty() && value.length() <= MAX_LENGTH_DIGITS;
        for (int i = 0; i < value.length(); i++) {
            digits &= value.charAt(i) >= '0' && value.charAt(i) <= '9';
        }
        if (!digits || (value.length() > 1 && value.charAt(0) == '0')) {
            throw malformed("Content-Length is one decimal number");
        }
        return Long.parseLong(value);
    }

    private static boolean isAlphanumeric(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    boolean isConnect() {
        return method.equals(CONNECT);
    }

    /** Whether a body follows: also an announced one of no bytes. */
    boolean hasBody() {
        return chunked || contentLengthBytes > 0;
    }

    /** Whether both sides may speak at once and fall silent for minutes, as calls of gRPC do. */
    boolean isConversation() {
        String type = fields.get(HttpHeaderNames.CONTENT_TYPE);
        return type != null && type.toLowerCase(Locale.ROOT).startsWith("application/grpc");
    }

    boolean expectsContinue() {
        return "100-continue".equalsIgnoreCase(fields.get(HttpHeaderNames.EXPECT));
    }

    private static int lineEnd(byte[] block, int from) {
        int i = from;
        while (block[i] != '\r') {
            i++;
        }
        return i;
    }

    private static RefusedException malformed(String why) {
        return new RefusedException(Failure.REQUEST_MALFORMED, why);
    }

    /** The method and nothing else: a target or a field may hold a secret. */
    @Override
    public String toString() {
        return "RequestHead[" + method + "]";
    }
}
