package dev.credfs.cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * What the process does when it is sent a signal.
 *
 * <p>{@code sun.misc.Signal} is the JDK's supported way (module jdk.unsupported, JEP 260): a shutdown hook cannot tell SIGHUP
 * from SIGTERM, nor end with another exit status than 128 plus the signal's number. It is reached by reflection, because the
 * compiler's warning about the name cannot be answered for and ours are errors.
 */
final class Signals {
    private Signals() {}

    /**
     * Runs {@code action} on a thread of its own, each time the process is sent {@code SIG<name>}.
     *
     * @param name such as {@code TERM}
     */
    static void on(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object ours = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        action.run();
                        return null;
                    });
            Method handle = signal.getMethod("handle", signal, handler);
            handle.invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java cannot handle signals", e);
        }
    }
}
