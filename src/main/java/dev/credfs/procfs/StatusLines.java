package dev.credfs.procfs;

import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;

/**
 * What {@code /proc/<tid>/status} says.
 *
 * @param process {@code Tgid}
 * @param fileSystemUid fourth number of {@code Uid}
 * @param fileSystemGid fourth number of {@code Gid}
 * @param tracer {@code TracerPid}; 0 for none that our pid namespace sees
 * @param contextSwitches how often it has left a processor, of its own will or not
 */
record StatusLines(Pid process, long fileSystemUid, long fileSystemGid, long tracer, long contextSwitches) {

    /** Reads the whole file. The kernel escapes newlines of the name here, so that a line is a line. */
    static StatusLines parse(String content) throws RefusedException {
        if (!content.endsWith("\n")) {
            throw Doubt.because("its status file is cut off");
        }
        return new StatusLines(
                process(value(content, "Tgid")),
                fileSystemId(value(content, "Uid")),
                fileSystemId(value(content, "Gid")),
                Decimal.parse(value(content, "TracerPid"), "status"),
                Decimal.parse(value(content, "voluntary_ctxt_switches"), "status")
                        + Decimal.parse(value(content, "nonvoluntary_ctxt_switches"), "status"));
    }

    private static String value(String content, String key) throws RefusedException {
        String start = "\n" + key + ":\t";
        int at = content.indexOf(start);
        if (at < 0) {
            throw Doubt.because("its status file has no line " + key);
        }
        int from = at + start.length();
        int end = content.indexOf('\n', from);
        if (content.indexOf(start, end) >= 0) {
            throw Doubt.because("its status file has two lines " + key);
        }
        return content.substring(from, end);
    }

    private static Pid process(String text) throws RefusedException {
        long number = Decimal.parse(text, "status");
        if (number == 0 || number > Integer.MAX_VALUE) {
            throw Doubt.because("its status file is not understood");
        }
        return new Pid((int) number);
    }

    private static long fileSystemId(String fourIds) throws RefusedException {
        String[] ids = fourIds.split("\t", -1);
        if (ids.length != 4) {
            throw Doubt.because("its status file is not understood");
        }
        return Decimal.parse(ids[3], "status");
    }
}
