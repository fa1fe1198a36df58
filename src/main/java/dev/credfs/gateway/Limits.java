package dev.credfs.gateway;

import java.time.Duration;

/**
 * How long the gateway waits, and how much it holds.
 *
 * @param head from the first byte of a request, or the first moment of a connection, to the end of the head
 * @param idle between two requests of a connection
 * @param body without a byte of a request's body
 * @param connect to find, reach and greet an upstream
 * @param answer from the end of a request to the head of its answer
 * @param stream without a byte of an answer's body
 * @param slowReader without a client taking a byte of what waits for it
 * @param connections open at once; more are closed as they come
 * @param slowReaders at once; of more the slowest is closed
 */
public record Limits(
        Duration head,
        Duration idle,
        Duration body,
        Duration connect,
        Duration answer,
        Duration stream,
        Duration slowReader,
        int connections,
        int slowReaders) {
    public static final Limits DEFAULT = new Limits(
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofMinutes(5),
            Duration.ofSeconds(60),
            16_384,
            512);
}
