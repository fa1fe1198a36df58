import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Scanner;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads {@code args[0]} in each way that Java has, and writes what it got to the directory {@code args[1]}. */
final class Readers {
    private interface Reader {
        byte[] read(Path file) throws IOException;
    }

    private static final Map<String, Reader> READERS = Map.of(
            "readString", file -> Files.readString(file).getBytes(StandardCharsets.UTF_8),
            "readAllBytes", Files::readAllBytes,
            "copy", Readers::copy,
            "lines", Readers::lines,
            "newBufferedReader", Readers::bufferedReader,
            "RandomAccessFile", Readers::randomAccessFile,
            "FileChannel.size", Readers::channel,
            "FileInputStream", Readers::stream,
            "File.length", Readers::length,
            "Scanner", Readers::scanner);

    public static void main(String[] args) throws IOException {
        for (Map.Entry<String, Reader> reader : READERS.entrySet()) {
            Files.write(Path.of(args[1], "java-" + reader.getKey()), reader.getValue().read(Path.of(args[0])));
        }
    }

    private static byte[] copy(Path file) throws IOException {
        Path target = Files.createTempDirectory("copy").resolve("copy");
        Files.copy(file, target);
        byte[] content = Files.readAllBytes(target);
        Files.delete(target);
        Files.delete(target.getParent());
        return content;
    }

    private static byte[] lines(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.collect(Collectors.joining("\n")).getBytes(StandardCharsets.UTF_8);
        }
    }

    private static byte[] bufferedReader(Path file) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            return reader.readLine().getBytes(StandardCharsets.UTF_8);
        }
    }

    private static byte[] randomAccessFile(Path file) throws IOException {
        try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "r")) {
            byte[] content = new byte[(int) random.length()];
            random.readFully(content);
            return content;
        }
    }

    private static byte[] channel(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer content = ByteBuffer.allocateDirect((int) channel.size());
            while (content.hasRemaining() && channel.read(content) >= 0) {}
            byte[] copy = new byte[content.flip().remaining()];
            content.get(copy);
            return copy;
        }
    }

    private static byte[] stream(Path file) throws IOException {
        try (InputStream in = new FileInputStream(file.toFile())) {
            return in.readAllBytes();
        }
    }

    private static byte[] length(Path file) throws IOException {
        File old = file.toFile();
        try (InputStream in = new FileInputStream(old)) {
            return in.readNBytes((int) old.length());
        }
    }

    private static byte[] scanner(Path file) throws IOException {
        try (Scanner scanner = new Scanner(file)) {
            return scanner.nextLine().getBytes(StandardCharsets.UTF_8);
        }
    }
}
