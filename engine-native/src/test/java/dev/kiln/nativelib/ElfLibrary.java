package dev.kiln.nativelib;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The dynamic section of a 64-bit ELF shared library (System V ABI, chapters 4 and 5).
 *
 * @param machine the architecture, as in {@link #X86_64}
 * @param needed libraries that the dynamic loader must find
 * @param runPaths directories in which it searches for them
 * @param exports names of the symbols it defines
 */
record ElfLibrary(int machine, List<String> needed, List<String> runPaths, Set<String> exports) {
  static final int X86_64 = 62;
  static final int AARCH64 = 183;

  private static final int SHT_DYNAMIC = 6;
  private static final int SHT_DYNSYM = 11;
  private static final int DT_NEEDED = 1;
  private static final int DT_RPATH = 15;
  private static final int DT_RUNPATH = 29;

  static ElfLibrary read(byte[] bytes) {
    ByteBuffer file = ByteBuffer.wrap(bytes);
    if (bytes.length < 64 || file.getInt(0) != 0x7f454c46 || file.get(4) != 2) {
      throw new IllegalArgumentException("not a 64-bit ELF file");
    }
    file.order(file.get(5) == 1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    List<String> needed = new ArrayList<>();
    List<String> runPaths = new ArrayList<>();
    Set<String> exports = new TreeSet<>();
    for (int i = 0; i < file.getShort(60); i++) {
      ByteBuffer section = section(file, i);
      int type = section.getInt(4);
      if (type != SHT_DYNAMIC && type != SHT_DYNSYM) {
        continue;
      }
      ByteBuffer entries = contents(file, section);
      ByteBuffer names = contents(file, section(file, section.getInt(40)));
      if (type == SHT_DYNAMIC) {
        for (int at = 0; at < entries.limit(); at += 16) {
          long tag = entries.getLong(at);
          if (tag == DT_NEEDED) {
            needed.add(name(names, (int) entries.getLong(at + 8)));
          } else if (tag == DT_RPATH || tag == DT_RUNPATH) {
            runPaths.add(name(names, (int) entries.getLong(at + 8)));
          }
        }
      } else {
        for (int at = 0; at < entries.limit(); at += 24) {
          boolean defined = entries.getShort(at + 6) != 0;
          if (defined) {
            exports.add(name(names, entries.getInt(at)));
          }
        }
      }
    }
    return new ElfLibrary(file.getShort(18), needed, runPaths, exports);
  }

  private static ByteBuffer section(ByteBuffer file, int index) {
    int size = file.getShort(58);
    return file.slice((int) file.getLong(40) + index * size, size).order(file.order());
  }

  private static ByteBuffer contents(ByteBuffer file, ByteBuffer section) {
    return file.slice((int) section.getLong(24), (int) section.getLong(32)).order(file.order());
  }

  private static String name(ByteBuffer names, int start) {
    int end = start;
    while (names.get(end) != 0) {
      end++;
    }
    byte[] name = new byte[end - start];
    names.get(start, name);
    return new String(name, StandardCharsets.US_ASCII);
  }
}
