package dev.credfs.policy;

/** One thing that a rule asks of a caller. */
public sealed interface Condition {

    /** Whether it holds. */
    boolean holds(Caller caller);

    /** The condition as a configuration writes it, for {@code explain} and the audit log. */
    String text();

    /**
     * What there is to know of the caller where this condition looks, such as {@code the caller's uid is 1000}: with {@link
     * #holds} it is the reason for a tick or a cross.
     */
    String fact(Caller caller);

    /** {@code any: true}: every caller that could be identified. */
    record Any() implements Condition {
        @Override
        public boolean holds(Caller caller) {
            return true;
        }

        @Override
        public String text() {
            return "any: true";
        }

        @Override
        public String fact(Caller caller) {
            return "the caller is known";
        }
    }

    /** {@code uid: 1000}: also of a process in a container, whose uid is taken as the host sees it. */
    record HasUid(Uid uid) implements Condition {
        @Override
        public boolean holds(Caller caller) {
            return caller.uid().equals(uid);
        }

        @Override
        public String text() {
            return "uid: " + uid;
        }

        @Override
        public String fact(Caller caller) {
            return "the caller's uid is " + caller.uid();
        }
    }

    /** {@code gid: 1000}: the group that the process acts as. Its supplementary groups are not asked. */
    record HasGid(Gid gid) implements Condition {
        @Override
        public boolean holds(Caller caller) {
            return caller.gid().equals(gid);
        }

        @Override
        public String text() {
            return "gid: " + gid;
        }

        @Override
        public String fact(Caller caller) {
            return "the caller's gid is " + caller.gid();
        }
    }

    /** {@code container: "agent-*"}: a container of that id. A process of the host is in none, and no glob covers it. */
    record InContainer(ContainerGlob glob) implements Condition {
        @Override
        public boolean holds(Caller caller) {
            return !caller.container().isHost()
                    && glob.covers(caller.container().id());
        }

        @Override
        public String text() {
            return "container: \"" + glob + '"';
        }

        @Override
        public String fact(Caller caller) {
            return caller.container().isHost()
                    ? "the caller is a process of the host"
                    : "the caller's container is " + caller.container();
        }
    }

    /**
     * {@code exe: /usr/bin/gh} of a rule for containers: the path alone, as the caller's mount namespace has it. Whoever
     * builds the container's image, or is root in it, decides what stands there.
     */
    record RunsPath(String path) implements Condition {
        @Override
        public boolean holds(Caller caller) {
            return caller.executable().path().equals(path);
        }

        @Override
        public String text() {
            return "exe: " + path;
        }

        @Override
        public String fact(Caller caller) {
            return "the caller runs " + caller.executable().path();
        }
    }

    /**
     * {@code exe: /usr/bin/gh} of a rule for the host: the very file that stood there when the configuration was read. A path
     * alone would not do, since {@code unshare --user --mount} lets anybody put anything at it.
     */
    record RunsFile(Executable file) implements Condition {
        @Override
        public boolean holds(Caller caller) {
            return caller.executable().equals(file);
        }

        @Override
        public String text() {
            return "exe: " + file.path();
        }

        @Override
        public String fact(Caller caller) {
            Executable running = caller.executable();
            if (!running.path().equals(file.path()) || running.equals(file)) {
                return "the caller runs " + running.path();
            }
            return "the caller runs another file called " + running.path()
                    + " than the one there when the configuration was read (after an upgrade: reload)";
        }
    }
}
