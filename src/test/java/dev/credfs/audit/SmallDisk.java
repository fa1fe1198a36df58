package dev.credfs.audit;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A real filesystem of a few pages, which can be filled, frozen and taken away; needs root. */
final class SmallDisk implements AutoCloseable {
    private final Path root;

    private SmallDisk(Path root) {
        this.root = root;
    }

    static SmallDisk tmpfs(Path directory, int kibibytes) throws IOException {
        Path root = Files.createDirectory(directory.resolve("disk"));
        run("mount", "-t", "tmpfs", "-o", "mode=0700,size=" + kibibytes + "k", "tmpfs", root.toString());
        return new SmallDisk(root);
    }

    /** An ext4 in a file, which knows attributes (chattr) and can be frozen. */
    static SmallDisk ext4(Path directory, int kibibytes) throws IOException {
        Path image = directory.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(kibibytes * 1024L);
        }
        run("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", "-O", "^has_journal", image.toString());
        Path root = Files.createDirectory(directory.resolve("disk"));
        run("mount", "-o", "loop", image.toString(), root.toString());
        return new SmallDisk(root);
    }

    Path resolve(String name) {
        return root.resolve(name);
    }

    /** Takes all the space there is. */
    void fill() throws IOException {
        int size = 64 * 1024;
        try (RandomAccessFile file = new RandomAccessFile(resolve("filler").toFile(), "rw")) {
            while (size > 0) {
                try {
                    file.write(new byte[size]);
                } catch (IOException e) {
                    size /= 2;
                }
            }
        }
    }

    void free() throws IOException {
        Files.delete(resolve("filler"));
    }

    /** From here on every write(2) hangs. */
    void freeze() throws IOException {
        run("fsfreeze", "--freeze", root.toString());
    }

    void thaw() throws IOException {
        run("fsfreeze", "--unfreeze", root.toString());
    }

    void attribute(String change, Path file) throws IOException {
        run("chattr", change, file.toString());
    }

    @Override
    public void close() throws IOException {
        run("umount", root.toString());
    }

    static void run(String... command) throws IOException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": " + said);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
