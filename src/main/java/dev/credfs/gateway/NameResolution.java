package dev.credfs.gateway;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Finds the addresses of a host; {@code InetAddress::getAllByName} is one. */
@FunctionalInterface
public interface NameResolution {
    /** At least one address. */
    InetAddress[] resolve(String host) throws UnknownHostException;
}
