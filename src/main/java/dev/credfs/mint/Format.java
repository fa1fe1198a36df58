package dev.credfs.mint;

import java.util.List;
import java.util.Locale;

/**
 * The formats that real clients read a token in. {@link #RAW} ends without a newline, because AWS SDKs, botocore and the
 * Kubernetes node client send the whole content; every format made of lines ends with exactly one.
 */
public enum Format {
    RAW(Scope.FILE, "${token}"),
    LINE(Scope.FILE, "${token}\n"),
    /** For {@code curl -H @file}. */
    HEADER(Scope.FILE, "Authorization: Bearer ${token}\n"),
    /** For {@code curl --netrc-file}, Python's requests, pip. */
    NETRC(Scope.EACH_HOST, "machine ${hostname}\nlogin ${login}\npassword ${token}\n"),
    /** For {@code curl -K file}. */
    CURLRC(Scope.FILE, "header = \"Authorization: Bearer ${token}\"\n"),
    /** For {@code include.path} in a git configuration. */
    GIT_CONFIG(Scope.EACH_HOST, "[http \"https://${host}/\"]\n\textraHeader = Authorization: Basic ${basic}\n"),
    /** For {@code credential.helper = store --file}. */
    GIT_CREDENTIALS(Scope.EACH_HOST, "https://${login}:${token}@${host}\n"),
    /** For {@code NPM_CONFIG_USERCONFIG}. */
    NPMRC(Scope.EACH_HOST, "//${host}/:_authToken=${token}\n"),
    /** For {@code hosts.yml} below {@code GH_CONFIG_DIR}. */
    GH_HOSTS(Scope.EACH_HOST, "${host}:\n    oauth_token: ${token}\n    user: ${login}\n    git_protocol: https\n"),
    /** For {@code config.json} below {@code DOCKER_CONFIG}. */
    DOCKER_CONFIG(Scope.ONE_HOST, "{\"auths\":{\"${host}\":{\"auth\":\"${basic}\"}}}\n"),
    /** For {@code set -a; . file} and {@code --env-file}. */
    ENV(Scope.FILE, "${variable}=${token}\n"),
    JSON(Scope.FILE, "{\"token\":\"${token}\",\"token_type\":\"Bearer\",\"expires_at\":\"${expires}\"}\n"),
    /** For {@code credential_process} of the AWS SDKs: the token travels as the session token. */
    AWS_PROCESS(
            Scope.FILE,
            "{\"Version\":1,\"AccessKeyId\":\"${login}\",\"SecretAccessKey\":\"${jti}\",\"SessionToken\":\"${token}\","
                    + "\"Expiration\":\"${expires}\"}\n"),
    /** For {@code exec} in a kubeconfig, with {@code cat} as its command. */
    KUBE_EXEC(
            Scope.FILE,
            "{\"apiVersion\":\"client.authentication.k8s.io/${exec-version}\",\"kind\":\"ExecCredential\","
                    + "\"status\":{\"token\":\"${token}\",\"expirationTimestamp\":\"${expires}\"}}\n");

    /** How often the text stands in a file. */
    private enum Scope {
        FILE,
        EACH_HOST,
        ONE_HOST
    }

    private final Scope scope;
    private final String text;

    Format(Scope scope, String text) {
        this.scope = scope;
        this.text = text;
    }

    /** As a configuration names it: {@code git-config}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether it is written for named hosts, so that a file without any cannot have it. */
    public boolean namesHosts() {
        return scope != Scope.FILE;
    }

    /** Whether it can name one host and no more. */
    public boolean namesOneHost() {
        return scope == Scope.ONE_HOST;
    }

    /**
     * The template, once for each host where the format names hosts.
     *
     * @param hosts exact hosts, {@code name} or {@code name:port}
     */
    public String text(List<String> hosts) {
        if (scope == Scope.FILE) {
            return text;
        }
        StringBuilder all = new StringBuilder();
        for (String host : hosts) {
            int colon = host.indexOf(':');
            String hostname = colon < 0 ? host : host.substring(0, colon);
            all.append(text.replace("${host}", host).replace("${hostname}", hostname));
        }
        return all.toString();
    }
}
