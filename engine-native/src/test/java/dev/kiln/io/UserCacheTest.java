package dev.kiln.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserCacheTest {
  @TempDir Path directory;

  @Test
  void isWhereTheVariableSays() {
    Path found =
        UserCache.directory(
            Map.of("XDG_CACHE_HOME", "/var/cache/me"), directory.toString(), "/tmp", "me");
    assertThat(found).isEqualTo(Path.of("/var/cache/me/kiln"));
  }

  @Test
  void isInTheHomeDirectoryIfThatCanBeWritten() {
    Path found =
        UserCache.directory(Map.of("XDG_CACHE_HOME", ""), directory.toString(), "/tmp", "me");
    assertThat(found).isEqualTo(directory.resolve(".cache/kiln"));
  }

  @Test
  void usersWithoutAHomeDoNotShareOne() throws Exception {
    Path file = Files.write(directory.resolve("file"), new byte[1]);
    for (String home : new String[] {null, "?", file.toString()}) {
      assertThat(UserCache.directory(Map.of(), home, "/tmp", "me"))
          .as("home %s", home)
          .isEqualTo(Path.of("/tmp/kiln-me"));
    }
    assertThat(UserCache.directory(Map.of(), "?", "/tmp", "../x"))
        .isEqualTo(Path.of("/tmp/kiln-.._x"));
  }
}
