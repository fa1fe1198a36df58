import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** {@code Request URL [METHOD]}: one request by HttpClient; its answer on stdout, and exit status 1 where it is not 2xx. */
public final class Request {
    public static void main(String[] arguments) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .method(arguments.length > 1 ? arguments[1] : "GET", HttpRequest.BodyPublishers.noBody())
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.version() + " " + answer.body());
        System.exit(answer.statusCode() / 100 == 2 ? 0 : 1);
    }
}
