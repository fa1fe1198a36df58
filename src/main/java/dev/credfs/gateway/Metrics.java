package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway counts, for Prometheus. Labels are names of the configuration, statuses and kinds of problems: nothing that
 * a client writes, no path and no token id, so their number is bounded and none holds a secret.
 */
final class Metrics {
    static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private static final double[] BOUNDS_SECONDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60
    };

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Counter requests = Counter.builder()
            .name("credfs_gateway_requests_total")
            .help("Requests that are over, by what the client was answered; status 0: it went before that")
            .labelNames("route", "status", "reason")
            .withoutExemplars()
            .register(registry);
    private final Histogram seconds = Histogram.builder()
            .name("credfs_gateway_request_duration_seconds")
            .help("From the head of a forwarded request to the end of its answer")
            .unit(Unit.SECONDS)
            .labelNames("route")
            .classicOnly()
            .classicUpperBounds(BOUNDS_SECONDS)
            .withoutExemplars()
            .register(registry);
    private final Counter bytes = Counter.builder()
            .name("credfs_gateway_body_bytes_total")
            .help("Bytes of bodies, as forwarded")
            .labelNames("route", "direction")
            .withoutExemplars()
            .register(registry);
    private final CounterDataPoint auditFailures = Counter.builder()
            .name("credfs_gateway_audit_failures_total")
            .help("Records that could not be written; their requests were not forwarded")
            .withoutExemplars()
            .register(registry);

    /**
     * Counters at nought.
     *
     * @param connections how many clients are connected
     * @param revocations how many are in force; not a number where that cannot be told, and then nothing is honoured
     */
    Metrics(DoubleSupplier connections, DoubleSupplier revocations) {
        GaugeWithCallback.builder()
                .name("credfs_gateway_connections")
                .help("Clients that are connected")
                .callback(gauge -> gauge.call(connections.getAsDouble()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("credfs_gateway_revocations")
                .help("Revocations in force; NaN where the list cannot be read, and then no token is honoured")
                .callback(gauge -> gauge.call(revocations.getAsDouble()))
                .register(registry);
    }

    /** A request that was not forwarded. */
    void refused(Problem problem) {
        requests.labelValues(problem.route(), status(problem.failure().httpStatus()), Problem.kind(problem.failure()))
                .inc();
    }

    /**
     * A forwarded request that is over.
     *
     * @param failure what ended it before its end, or null
     */
    void answered(
            Route route, int status, @Nullable Failure failure, long requestBytes, long responseBytes, Duration took) {
        requests.labelValues(route.name(), status(status), failure == null ? "" : Problem.kind(failure))
                .inc();
        bytes.labelValues(route.name(), "request").inc(requestBytes);
        bytes.labelValues(route.name(), "response").inc(responseBytes);
        seconds.labelValues(route.name()).observe(took.toNanos() / 1e9);
    }

    /** An upstream says what it likes; a label has only what is a status. */
    private static String status(int status) {
        return status >= 0 && status < 600 ? Integer.toString(status) : "other";
    }

    void auditFailed() {
        auditFailures.inc();
    }

    /** All of it, in the text format of Prometheus. */
    byte[] text() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(text, registry.scrape(), EscapingScheme.DEFAULT);
        } catch (IOException e) {
            throw new IllegalStateException("an array takes every write", e);
        }
        return text.toByteArray();
    }
}
