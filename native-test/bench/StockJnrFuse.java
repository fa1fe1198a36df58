import com.github.nitram509.jmacaroons.Macaroon;
import com.github.nitram509.jmacaroons.MacaroonsSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import jnr.ffi.Pointer;
import ru.serce.jnrfuse.ErrorCodes;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.FuseStubFS;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/**
 * What credfs is measured against: {@code github/token} on jnr-fuse as it comes, with its own mount, session loop and
 * threads. An open mints with the caveats that credfs would add, a read serves from the handle. There is no policy, no
 * identity of the caller, no limit and no audit log.
 *
 * <p>{@code StockJnrFuse MOUNTPOINT MASTER} serves until SIGTERM; MASTER is a file as {@code credfs issue} writes it.
 */
public final class StockJnrFuse extends FuseStubFS {
    private static final String DIRECTORY = "/github";
    private static final String FILE = "/github/token";
    private static final String CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final int TTL_SECONDS = 300;

    private final Macaroon master;
    private final SecureRandom random = new SecureRandom();
    private final AtomicLong lastHandle = new AtomicLong();
    private final Map<Long, byte[]> opened = new ConcurrentHashMap<>();
    private final int lengthBytes;

    private StockJnrFuse(Macaroon master) {
        this.master = master;
        this.lengthBytes = mint().length;
    }

    public static void main(String[] args) throws IOException {
        Macaroon master =
                MacaroonsSerializer.V2.deserialize(Files.readString(Path.of(args[1])).strip());
        new StockJnrFuse(master).mount(Path.of(args[0]), true, false, new String[] {"-o", "ro,direct_io"});
    }

    @Override
    public int getattr(String path, FileStat stat) {
        switch (path) {
            case "/", DIRECTORY -> {
                stat.st_mode.set(FileStat.S_IFDIR | 0555);
                stat.st_nlink.set(2);
            }
            case FILE -> {
                stat.st_mode.set(FileStat.S_IFREG | 0444);
                stat.st_nlink.set(1);
                stat.st_size.set(lengthBytes);
            }
            default -> {
                return -ErrorCodes.ENOENT();
            }
        }
        return 0;
    }

    @Override
    public int readdir(String path, Pointer buffer, FuseFillDir filler, long offset, FuseFileInfo info) {
        filler.apply(buffer, ".", null, 0);
        filler.apply(buffer, "..", null, 0);
        filler.apply(buffer, path.equals("/") ? "github" : "token", null, 0);
        return 0;
    }

    @Override
    public int open(String path, FuseFileInfo info) {
        if (!path.equals(FILE)) {
            return -ErrorCodes.ENOENT();
        }
        long handle = lastHandle.incrementAndGet();
        opened.put(handle, mint());
        info.fh.set(handle);
        return 0;
    }

    @Override
    public int read(String path, Pointer buffer, long size, long offset, FuseFileInfo info) {
        byte[] content = opened.get(info.fh.get());
        if (content == null) {
            return -ErrorCodes.EIO();
        }
        int length = (int) Math.max(0, Math.min(size, content.length - offset));
        buffer.put(0, content, (int) offset, length);
        return length;
    }

    @Override
    public int release(String path, FuseFileInfo info) {
        opened.remove(info.fh.get());
        return 0;
    }

    private byte[] mint() {
        Instant now = Instant.now();
        return Macaroon.builder(master)
                .addCaveat("jti = " + ulid(now))
                .addCaveat("aud = gateway.local")
                .addCaveat("host = api.github.com")
                .addCaveat("method = GET,HEAD")
                .addCaveat("path = /repos/acme/** /user")
                .addCaveat("time < " + now.truncatedTo(ChronoUnit.SECONDS).plusSeconds(TTL_SECONDS))
                .build()
                .serialize(MacaroonsSerializer.V2)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private String ulid(Instant now) {
        char[] text = new char[26];
        write(now.toEpochMilli(), text, 0, 10);
        write(random.nextLong(), text, 10, 8);
        write(random.nextLong(), text, 18, 8);
        return new String(text);
    }

    private static void write(long bits, char[] text, int from, int characters) {
        for (int i = from + characters - 1; i >= from; i--) {
            text[i] = CROCKFORD.charAt((int) (bits & 31));
            bits >>>= 5;
        }
    }
}
