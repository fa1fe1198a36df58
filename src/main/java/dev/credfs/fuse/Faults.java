package dev.credfs.fuse;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Throwables to be thrown inside callbacks, so that tests of the packaged program can see what the kernel is answered.
 */
public final class Faults {
    /** No fault: what a daemon in service runs with. */
    public static final Faults NONE = new Faults(new EnumMap<>(Operation.class));

    private final Map<Operation, Class<? extends Throwable>> thrown;

    private Faults(Map<Operation, Class<? extends Throwable>> thrown) {
        this.thrown = thrown;
    }

    /** Faults that are looked up in {@code thrown} each time, so that they can change while the mount stands. */
    static Faults of(Map<Operation, Class<? extends Throwable>> thrown) {
        return new Faults(thrown);
    }

    /**
     * Reads faults written as {@code operation=class}, for example {@code open=java.lang.StackOverflowError}.
     *
     * @throws IllegalArgumentException naming the text that is no fault
     */
    public static Faults parse(List<String> texts) {
        Map<Operation, Class<? extends Throwable>> thrown = new EnumMap<>(Operation.class);
        for (String text : texts) {
            int equals = text.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("a fault is operation=class, not '" + text + "'");
            }
            try {
                Operation operation =
                        Operation.valueOf(text.substring(0, equals).toUpperCase(Locale.ROOT));
                thrown.put(operation, Class.forName(text.substring(equals + 1)).asSubclass(Throwable.class));
            } catch (IllegalArgumentException | ClassNotFoundException | ClassCastException e) {
                throw new IllegalArgumentException("no such operation or class of throwable in '" + text + "'", e);
            }
        }
        return new Faults(thrown);
    }

    void strike(Operation operation) {
        Class<? extends Throwable> fault = thrown.get(operation);
        if (fault != null) {
            Faults.<RuntimeException>raise(fault);
        }
    }

    /**
     * Throws unchecked whatever it is: a callback must survive checked exceptions that no signature announced as well.
     */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void raise(Class<? extends Throwable> fault) throws T {
        Throwable instance;
        try {
            instance = fault.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot make a " + fault.getName(), e);
        }
        throw (T) instance;
    }
}
