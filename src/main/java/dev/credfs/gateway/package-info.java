/**
 * The gateway: a client sends a token, the upstream gets the credential.
 *
 * <p>No API in the world accepts our macaroons. The gateway makes them useful for any of them: it reads a request,
 * <em>verifies</em> the chain of the token in it, <em>clears</em> its caveats against what is really about to be done, puts it
 * on record, takes the token out, puts the <em>credential</em> in and forwards. The client never sees the credential; the
 * upstream never sees the token.
 *
 * <p><b>Words.</b> A <em>route</em> is a name, an <em>upstream</em> and the <em>credential</em> for it; a client
 * reaches it under {@code http://gateway/<route>/…}, and where the gateway <em>intercepts</em> under the upstream's own host
 * as well. An <em>approach</em> is how a connection came to us, and a <em>way</em> where it then leads: <em>inside</em>, to be
 * read here, or <em>past</em> us as a <em>tunnel</em>. An <em>authorizer</em> is a credential at work: it gives each request an
 * <em>authorization</em>, and that the <em>departure</em> by which head and body leave. What it fetches for that, an access
 * token or an installation token, is from a <em>token server</em>. A <em>peer</em> is who sits at the other end of a connection. A
 * <em>decision</em> admits or denies one request; what is denied is answered with a <em>problem</em> (RFC 9457). An
 * <em>exchange</em> is one request and its answer.
 *
 * <p><b>Ways in.</b> One byte tells TLS from HTTP ({@link dev.credfs.gateway.Preamble}). TLS is ended here with a certificate of
 * our own authority, if it names a host with a route ({@link dev.credfs.gateway.Handshake}); what is spoken in it begins in one
 * place ({@link dev.credfs.gateway.Negotiation}). A CONNECT begins the connection anew, in which the same holds. From there on
 * every request is the same as one for {@code http://gateway/<route>/…}, under the same rules and limits.
 *
 * <p><b>Invariants.</b>
 *
 * <ul>
 *   <li>A name that a connection was made to (CONNECT, SNI) and the one that a request on it has are the same, or nothing goes
 *       anywhere; TLS is never ended here for a host that is reached in the clear.
 *   <li>Who gets a credential shows a token that clears, or is a process that the route's rules name, as the kernel sees it
 *       ({@link dev.credfs.gateway.Identity}).
 *   <li>Scheme, host, port and placement come from the configuration. Nothing of a request chooses where a credential goes,
 *       and there is no fallback from TLS to anything.
 *   <li>The path that caveats are cleared against is, byte for byte, the path that is sent; a path that two servers could
 *       read differently is refused ({@link dev.credfs.caveat.RequestPath}), and so is a request that they could count
 *       differently ({@link dev.credfs.gateway.RequestDecoder}).
 *   <li>Of the client's headers none that carries a credential, belongs to the connection, or speaks of another host, path,
 *       method or client goes on ({@link dev.credfs.gateway.HeaderRules}); then exactly one credential is set.
 *   <li>Decided, recorded, connected, sent: in this order. What cannot be recorded is not sent.
 *   <li>Addresses are resolved here and connected to as resolved; private ones only where the route says so, link-local ones
 *       (cloud metadata) never. Redirects are returned to the client.
 *   <li>What is decided, searched and recorded knows no version of HTTP: an exchange has two sides ({@link
 *       dev.credfs.gateway.ClientSide}, {@link dev.credfs.gateway.UpstreamSide}), and each frames for itself. What one version
 *       could not say is refused where it comes in by the other, so that none of it becomes a second request behind us. Fields
 *       after a body (trailers) pass by the rules of those before it, and are searched like them.
 *   <li>Both directions stream. Whoever is slow stops the reading of the other side; nothing is collected but what must be
 *       whole before it can be searched or signed, and that has a bound.
 *   <li>What AWS is sent is signed as it is sent, after everything that changes a request; of the client's signature only the
 *       scope and the names of headers are kept ({@link dev.credfs.gateway.AwsRequest}).
 *   <li>A token is fetched once however many wait for it, and can be searched for before it can be sent
 *       ({@link dev.credfs.gateway.FetchedToken}). Only a refresh token that was replaced is written, to the state directory.
 *   <li>An answer that holds the credential, as it is or in base64, hex or percent escapes, is cut off before its bytes pass
 *       ({@link dev.credfs.gateway.CredentialSearch}); one that is compressed is searched unpacked and passed as it came
 *       ({@link dev.credfs.gateway.BodySearch}), and one that cannot be unpacked does not pass.
 * </ul>
 *
 * <p><b>What this package does not do.</b> It cannot keep an upstream that works against us from telling the credential in a
 * form that the search does not know (encrypted, reversed, in a zip file, one byte per answer, a range at a time); it passes
 * no upgrade but to a WebSocket, which HTTP/1.1 alone carries and through which a client can say what no caveat limits. The
 * peer of a unix socket is the process that connected: one that passes its descriptor on speaks for whoever holds it. It does
 * not search requests, nor look into tunnels. Clients that ignore name constraints in a certificate that they trust by itself
 * would believe its key about any host.
 *
 * <p><b>What the caller must still do.</b> Read root keys and credentials from files that only their owner can read, keep this
 * process apart from the mounting one, and give the socket's directory to the group of those who may ask.
 */
@NullMarked
package dev.credfs.gateway;

import org.jspecify.annotations.NullMarked;
