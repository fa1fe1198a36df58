package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.Locale;
import java.util.OptionalInt;

/** How a connection came to the gateway: what was said on it before its first request. */
sealed interface Approach {
    /**
     * Where {@code request} goes.
     *
     * @throws RefusedException where it goes elsewhere than its connection
     */
    Asked asked(RequestHead request) throws RefusedException;

    /**
     * Nothing was said: HTTP on a listener.
     *
     * @param proxies whether a request may name another host than the gateway
     */
    record Open(boolean proxies) implements Approach {
        private static final String HTTP = "http://";
        private static final String HTTPS = "https://";

        @Override
        public Asked asked(RequestHead request) throws RefusedException {
            String target = request.target();
            boolean tls = target.startsWith(HTTPS);
            if (!proxies || !(tls || target.startsWith(HTTP))) {
                return new Asked(true, false, host(request), target, Asked.NO_TOKEN);
            }
            String rest = target.substring(tls ? HTTPS.length() : HTTP.length());
            int end = 0;
            while (end < rest.length() && rest.charAt(end) != '/' && rest.charAt(end) != '?') {
                end++;
            }
            String authority = rest.substring(0, end).toLowerCase(Locale.ROOT);
            String path = rest.substring(end);
            Asked asked = new Asked(
                    true,
                    tls,
                    authority,
                    path.startsWith("/") ? path : "/" + path,
                    TokenSource.ofProxy(request.fields()));
            Authority named = Authority.parse(authority, asked.usualPort());
            if (!Authority.parse(host(request), asked.usualPort()).equals(named)) {
                throw misdirected("the Host field names another host than the request line");
            }
            return asked;
        }
    }

    /**
     * A CONNECT, and then HTTP without TLS.
     *
     * @param authority that it named
     * @param token that it carried, for every request that follows; empty where it carried none
     */
    record Connected(Authority authority, byte[] token) implements Approach {
        @Override
        public Asked asked(RequestHead request) throws RefusedException {
            Authority named = Authority.parse(host(request), Authority.HTTP_PORT);
            if (!named.equals(authority)) {
                throw misdirected("the Host field names another host than the CONNECT");
            }
            return inside(request, false, named, token);
        }

        @Override
        public String toString() {
            return "Connected[" + authority + "]";
        }
    }

    /**
     * TLS, ended here.
     *
     * @param host whose certificate was shown: that of SNI, or of a CONNECT without SNI in it
     * @param port that a CONNECT named; without one the {@code Host} field says it
     * @param token as in {@link Connected}
     */
    record Intercepted(String host, OptionalInt port, byte[] token) implements Approach {
        @Override
        public Asked asked(RequestHead request) throws RefusedException {
            Authority named = Authority.parse(Approach.host(request), Authority.HTTPS_PORT);
            if (!named.host().equals(host) || named.port() != port.orElse(named.port())) {
                throw misdirected("the Host field names another host than the connection was made to");
            }
            return inside(request, true, named, token);
        }

        @Override
        public String toString() {
            return "Intercepted[" + host + "]";
        }
    }

    /**
     * TLS to one host inside of a CONNECT to another: nothing goes anywhere.
     *
     * @param why one line
     */
    record Misdirected(String why) implements Approach {
        @Override
        public Asked asked(RequestHead request) throws RefusedException {
            throw misdirected(why);
        }
    }

    private static Asked inside(RequestHead request, boolean tls, Authority authority, byte[] token)
            throws RefusedException {
        if (!request.target().startsWith("/")) {
            throw new RefusedException(
                    Failure.REQUEST_MALFORMED, "the request target begins with '/' where the connection says the host");
        }
        return new Asked(false, tls, authority.toString(), request.target(), token);
    }

    private static String host(RequestHead request) {
        return String.valueOf(request.fields().get(HttpHeaderNames.HOST)).toLowerCase(Locale.ROOT);
    }

    private static RefusedException misdirected(String why) {
        return new RefusedException(Failure.REQUEST_MISDIRECTED, why);
    }
}
