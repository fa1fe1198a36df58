package dev.credfs.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.crypto.SecretBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Signatures as AWS has published them, of requests and of chunks. */
final class SignatureV4Test {
    private static final int CHUNK = 64 * 1024;

    /** One case of the file of published requests. */
    private record Published(String name, List<String> lines) {
        String line(int fromTheEnd) {
            return lines.get(lines.size() - fromTheEnd);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static List<Published> published() throws IOException {
        List<Published> all = new ArrayList<>();
        for (String text : Files.readString(Path.of("src/test/resources/dev/credfs/gateway/sigv4-requests"))
                .split("\n\n", -1)) {
            List<String> lines =
                    text.lines().filter(line -> !line.startsWith("#")).toList();
            if (!lines.isEmpty()) {
                all.add(new Published(lines.get(0), lines.subList(1, lines.size())));
            }
        }
        return all;
    }

    @Test
    void everyPublishedCaseIsThere() throws IOException {
        assertThat(published()).hasSize(22);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("published")
    void publishedRequestHasItsPublishedSignature(Published published) {
        String[] scope = published.line(published.lines().size()).split(" ", -1);
        String[] request = published.lines().get(1).split(" ", 2);
        Map<String, List<String>> fields = new TreeMap<>();
        for (String field : published.lines().subList(2, published.lines().size() - 2)) {
            String name = field.substring(0, field.indexOf(':')).toLowerCase(Locale.ROOT);
            fields.computeIfAbsent(name, key -> new ArrayList<>()).add(field.substring(field.indexOf(':') + 1));
        }
        TreeMap<String, String> signed = new TreeMap<>();
        fields.forEach((name, values) -> signed.put(name, SignatureV4.value(values)));
        int question = request[1].indexOf('?');
        String path = question < 0 ? request[1] : request[1].substring(0, question);
        String query = question < 0 ? "" : request[1].substring(question + 1);
        assertThat(new SignatureV4(secret(scope[0]), Instant.parse(scope[1]), scope[2], scope[3])
                        .ofRequest(request[0], path, query, signed, published.line(2)))
                .isEqualTo(published.line(1));
    }

    private static SecretBytes secret(String text) {
        return SecretBytes.copyOf(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static SignatureV4 ofTheReference() {
        return new SignatureV4(
                secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                Instant.parse("2013-05-24T00:00:00Z"),
                "us-east-1",
                "s3");
    }

    private static String seed(String payload, Map<String, String> more) {
        TreeMap<String, String> signed = new TreeMap<>(Map.of(
                "content-encoding", "aws-chunked",
                "host", "s3.amazonaws.com",
                "x-amz-content-sha256", payload,
                "x-amz-date", "20130524T000000Z",
                "x-amz-decoded-content-length", "66560",
                "x-amz-storage-class", "REDUCED_REDUNDANCY"));
        signed.putAll(more);
        return ofTheReference().ofRequest("PUT", "/examplebucket/chunkObject.txt", "", signed, payload);
    }

    private static byte[] letters(int length) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) 'a');
        return data;
    }

    /** "Transferring payload in multiple chunks", of the Amazon S3 API reference. */
    @Test
    void chunksGoOnFromTheRequestAndFromOneAnother() {
        String seed = seed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", Map.of("content-length", "66824"));
        assertThat(seed).isEqualTo("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
        String first = ofTheReference().ofChunk(seed, letters(CHUNK));
        assertThat(first).isEqualTo("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648");
        String second = ofTheReference().ofChunk(first, letters(1024));
        assertThat(second).isEqualTo("0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497");
        assertThat(ofTheReference().ofChunk(second, letters(0)))
                .isEqualTo("b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9");
    }

    /** "Including trailing headers", of the Amazon S3 API reference. */
    @Test
    void trailerGoesOnFromTheLastChunk() {
        String seed =
                seed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", Map.of("x-amz-trailer", "x-amz-checksum-crc32c"));
        assertThat(seed).isEqualTo("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
        String last = ofTheReference()
                .ofChunk(
                        ofTheReference().ofChunk(ofTheReference().ofChunk(seed, letters(CHUNK)), letters(1024)),
                        letters(0));
        assertThat(last).isEqualTo("2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
        assertThat(ofTheReference().ofTrailer(last, "x-amz-checksum-crc32c:sOO8/Q==\n"))
                .isEqualTo("d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
    }
}
