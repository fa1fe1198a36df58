import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * {@code Aws FILE [ENDPOINT]}: with the AWS SDK for Java and the credentials of its surroundings, puts FILE as it is and as a
 * stream, and reads both back; at Amazon's own endpoint, if no other is given.
 */
final class Aws {
    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[0]);
        byte[] content = Files.readAllBytes(file);
        try (S3Client s3 = S3Client.builder()
                .endpointOverride(arguments.length > 1 ? URI.create(arguments[1]) : null)
                .forcePathStyle(true)
                .region(Region.EU_WEST_1)
                .httpClient(UrlConnectionHttpClient.create())
                .build()) {
            Map<String, RequestBody> bodies = Map.of(
                    "java/as it is", RequestBody.fromBytes(content),
                    "java/as+a=stream", RequestBody.fromInputStream(new ByteArrayInputStream(content), content.length));
            for (var body : bodies.entrySet()) {
                String key = body.getKey();
                s3.putObject(request -> request.bucket("bucket").key(key), body.getValue());
                byte[] back =
                        s3.getObjectAsBytes(request -> request.bucket("bucket").key(key)).asByteArray();
                if (!Arrays.equals(back, content)) {
                    throw new IllegalStateException("another content of " + key);
                }
            }
        }
    }
}
