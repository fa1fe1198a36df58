/**
 * The commands, the configuration and the wiring: the only package that knows all others.
 *
 * <p>{@link dev.credfs.cli.Main} takes its streams and returns an exit status. Data goes to stdout, {@code credfs: message} to
 * stderr: one line that says what, where and what to do, lower case, without a full stop. Every command that reads has {@code
 * --json}, whose document names its {@code schema}. Exit statuses are those of {@link dev.credfs.policy.Failure}.
 *
 * <p><b>Secrets never reach argv.</b> Keys and masters are named by file, tokens come on stdin; there is no option that takes
 * one as its value. A file that holds a secret must belong to whoever runs credfs, or to root, and be closed to everybody else
 * ({@code SecretFile}).
 *
 * <p><b>A running mount</b> answers for itself ({@code Daemon}): {@code status}, {@code reload} and {@code explain} ask it through
 * {@code ControlSocket}, which prints its answer as if it were their own. {@code explain} without a mount runs the same
 * {@code Explainer} over a mint that has just begun.
 *
 * <p><b>The configuration</b> is YAML 1.2 read strictly: an unknown key, a duplicate one, a tag, an anchor or an alias is an
 * error with line and column. {@code ConfigurationReader} turns text into a {@code Configuration} without touching anything
 * else on the machine; what is read from masters' files comes after that.
 */
@NullMarked
package dev.credfs.cli;

import org.jspecify.annotations.NullMarked;
