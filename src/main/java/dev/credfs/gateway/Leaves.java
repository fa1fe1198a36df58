package dev.credfs.gateway;

import dev.credfs.policy.RefusedException;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What each intercepted host's clients are shown: made when it is first asked for, kept for half its life. */
final class Leaves {
    private static final Duration KEPT = CertificateAuthority.LEAF_LIFE.dividedBy(2);

    private final CertificateAuthority authority;
    private final InstantSource clock;
    private final Map<String, Shown> byHost = new ConcurrentHashMap<>();

    private record Shown(SslContext context, Instant until) {}

    Leaves(CertificateAuthority authority, InstantSource clock) {
        this.authority = authority;
        this.clock = clock;
    }

    /** @param host one of the intercepted ones */
    SslContext of(String host) throws RefusedException, SSLException {
        @Nullable Shown shown = byHost.get(host);
        Instant now = clock.instant();
        if (shown == null || now.isAfter(shown.until())) {
            // Two loops may make one each: both are good.
            shown = new Shown(context(authority.leafFor(host)), now.plus(KEPT));
            byHost.put(host, shown);
        }
        return shown.context();
    }

    private static SslContext context(CertificateAuthority.Leaf leaf) throws SSLException {
        return SslContextBuilder.forServer(leaf.key(), leaf.certificate())
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2")
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        Negotiation.OFFERED))
                .build();
    }
}
