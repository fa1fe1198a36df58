package dev.credfs.audit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Another process that opens a log and appends to it until it is killed, saying each time that it has. */
final class AppendingProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;

    private AppendingProcess(Process process) {
        this.process = process;
        this.out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    static AppendingProcess on(Path log) throws IOException {
        return new AppendingProcess(new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AppendingProcess.class.getName(),
                        log.toString())
                .redirectErrorStream(true)
                .start());
    }

    /** The next line it said. */
    String next() throws IOException {
        return String.valueOf(out.readLine());
    }

    long pid() {
        return process.pid();
    }

    /** Kills it with SIGKILL, and answers the last thing it had said. */
    String kill() throws IOException, InterruptedException {
        // Process.destroyForcibly would close the stream as well.
        process.toHandle().destroyForcibly();
        process.waitFor();
        String last = "";
        String line;
        while ((line = out.readLine()) != null) {
            last = line;
        }
        return last;
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        out.close();
    }

    public static void main(String[] args) {
        try (FileAuditLog log = FileAuditLog.open(Path.of(args[0]), FileAuditLogTest.OPTIONS)) {
            for (int i = 1; ; i++) {
                log.append(Events.minted(i));
                System.out.println(i);
            }
        } catch (AuditUnavailableException e) {
            System.out.println(e.getMessage());
        }
    }
}
