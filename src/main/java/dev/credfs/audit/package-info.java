/**
 * The record: what was given to whom.
 *
 * <p><b>No audit record, no token.</b> {@link dev.credfs.audit.AuditLog#append} returns when the record is in the file; only
 * then are bytes handed out, and where it cannot be written nothing is. An <em>event</em> holds ids, fingerprints and facts
 * about callers. None holds a token, a master or a key, nor the message of an exception, which may quote one.
 *
 * <p><b>The words.</b> A <em>record</em> is one line of JSON with one event; its <em>number</em> ({@code seq}) counts from 1
 * and is never used twice. It carries its own <em>hash</em> and that of the record before it; together they are the
 * <em>chain</em>, which goes on through renamed files and restarts. The <em>signed head</em> says at a period how far the
 * chain had come. The form is laid down in {@code src/docs/audit-log.md}; the bytes a line is made of are the business of
 * {@code LineBuffer} and {@code RawLine} alone.
 *
 * <p><b>Invariants.</b>
 *
 * <ul>
 *   <li>Every event for which {@code append} returned is a whole line of the file, in the order of the chain.
 *   <li>Who waits for {@code append} while another writes is answered within the deadline, whatever the disk does. The one in
 *       the write returns when the disk answers, and is refused if that was too late: whoever it works for has to be answered
 *       by somebody else, as {@code LastResort} does for readers and {@code Recorder} for requests. What was given up while it
 *       was being written and reaches the file later is {@code withdrawn}.
 *   <li>One write(2) holds all events that waited. No append waits for an fsync; one follows each write within 30 ms, and when
 *       the disk has not confirmed for two seconds, or refused to, nothing more is taken.
 *   <li>Before each write the file is looked at: another inode at the path, or another length than we left, begins with a
 *       record that says so. The file is only appended to, and cut only to take back a write that failed halfway.
 *   <li>One process writes a log; the lock ends with it.
 *   <li>A head names only what the disk has confirmed, so a power failure is not taken for a cut tail.
 * </ul>
 *
 * <p><b>What it cannot show.</b> Whoever may write the log and read its key can write another log that is intact: then only a
 * head kept on another machine tells. Records after the last head (10 s at most) can be cut off unseen, and so can records
 * that are cut together with a rolled-back head. Between the look at the file and the write there is a moment in which a
 * deletion takes that one write along.
 *
 * <p><b>What it costs</b>, measured on two busy cores and ext4: of an append the write takes 4 µs, the look at the file 3, the
 * JSON 3; handing it to a thread that writes took 16 to 23 in all, which is why none does. A million records (800 MB) are
 * verified in 1.5 s.
 */
@NullMarked
package dev.credfs.audit;

import org.jspecify.annotations.NullMarked;
