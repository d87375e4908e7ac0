package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Redirects must not lead from a web server into the network of the machine. */
class InternalHostsTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, true",
    "localhost, true",
    "169.254.169.254, true",
    "10.1.2.3, true",
    "172.16.0.1, true",
    "192.168.1.1, true",
    "0.0.0.0, true",
    "[::1], true",
    "[fe80::1], true",
    "[fd00:ec2::254], true",
    "93.184.215.14, false",
    "172.32.0.1, false",
    "[2606:4700::1], false",
    "does-not-exist.invalid, false"
  })
  void addressesOfPrivateNetworks(String host, boolean internal) {
    assertThat(InternalHosts.contains(host)).isEqualTo(internal);
  }
}
