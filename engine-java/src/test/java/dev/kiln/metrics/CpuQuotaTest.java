package dev.kiln.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class CpuQuotaTest {
  @TempDir private Path directory;

  private Path write(String path, String text) throws IOException {
    Path file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private CpuQuota quota(String membership) throws IOException {
    return new CpuQuota(write("cgroup", membership), directory.resolve("mount"));
  }

  @Test
  void readsVersionTwoAndTheLowestQuotaOfTheParents() throws IOException {
    write("mount/jobs/cpu.max", "150000 100000\n");
    write("mount/jobs/cpu.stat", "usage_usec 5\nnr_throttled 4\nthrottled_usec 2000000\n");
    write("mount/jobs/one/cpu.max", "max 100000\n");
    CpuQuota quota = quota("0::/jobs/one\n");
    assertThat(quota.cpus()).hasValue(1.5);
    assertThat(quota.throttledSeconds()).hasValue(0);
    write("mount/jobs/cpu.stat", "usage_usec 9\nthrottled_usec 5500000\n");
    assertThat(quota.throttledSeconds()).hasValue(3.5);
  }

  @Test
  void readsVersionOneInAContainerThatSeesItsGroupAtTheRoot() throws IOException {
    write("mount/cpu,cpuacct/cpu.cfs_quota_us", "50000\n");
    write("mount/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    write("mount/cpu,cpuacct/cpu.stat", "nr_periods 1\nthrottled_time 1000000000\n");
    CpuQuota quota = quota("5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n");
    assertThat(quota.cpus()).hasValue(0.5);
    write("mount/cpu,cpuacct/cpu.stat", "throttled_time 3000000000\n");
    assertThat(quota.throttledSeconds()).hasValue(2);
  }

  @Test
  void isEmptyWithoutAQuota() throws IOException {
    write("mount/cpu/cpu.cfs_quota_us", "-1\n");
    write("mount/cpu/cpu.cfs_period_us", "100000\n");
    assertThat(quota("1:cpu:/\n0::/\n").cpus()).isEmpty();
    assertThat(quota("1:cpu:/\n").throttledSeconds()).isEmpty();
    assertThat(quota("nonsense").cpus()).isEmpty();
    assertThat(new CpuQuota(directory.resolve("absent"), directory).cpus()).isEmpty();
  }

  @Test
  void warnsOnceWhereTheQuotaHoldsTheRunBack() throws IOException {
    write("mount/cpu.max", "150000 100000\n");
    write("mount/cpu.stat", "throttled_usec 0\n");
    CpuQuota quota = quota("0::/\n");
    Logger logger = (Logger) LoggerFactory.getLogger(CpuQuota.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try {
      write("mount/cpu.stat", "throttled_usec 5000000\n");
      quota.check(20);
      quota.check(60);
      assertThat(lines.list).isEmpty();
      quota.check(40);
      quota.check(40);
      assertThat(lines.list).hasSize(1);
      assertThat(lines.list.get(0).getFormattedMessage())
          .contains("cpuQuota=1.50 throttledSeconds=5 of=40: the CPU quota of the container");
    } finally {
      logger.detachAppender(lines);
    }
  }
}
