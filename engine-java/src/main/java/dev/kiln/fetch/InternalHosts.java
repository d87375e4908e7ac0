package dev.kiln.fetch;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Hosts of the machine or its own network, such as the metadata service of a cloud. Web servers
 * outside must not lead there by a redirect.
 */
final class InternalHosts {
  private static final int UNIQUE_LOCAL = 0xfc;
  private static final int UNIQUE_LOCAL_MASK = 0xfe;
  private static final int IPV6_BYTES = 16;

  private InternalHosts() {}

  /**
   * Returns whether a host has an address of the machine or of a private network; false if its name
   * cannot be resolved.
   */
  static boolean contains(String host) {
    if (host == null) {
      return false;
    }
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        byte[] bytes = address.getAddress();
        boolean uniqueLocal =
            bytes.length == IPV6_BYTES && (bytes[0] & UNIQUE_LOCAL_MASK) == UNIQUE_LOCAL;
        if (address.isLoopbackAddress()
            || address.isLinkLocalAddress()
            || address.isSiteLocalAddress()
            || address.isAnyLocalAddress()
            || uniqueLocal) {
          return true;
        }
      }
      return false;
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
