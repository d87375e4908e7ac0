package dev.kiln.testing;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.KeyValue;
import org.apache.parquet.format.Util;

/** Changes the footers of Parquet files. */
public final class Footers {
  /** Length of the footer and {@code PAR1}. */
  private static final int TAIL_BYTES = 8;

  private Footers() {}

  /**
   * Adds a key without a value, which the format allows and no writer of this project makes.
   *
   * @param file bytes of a Parquet file
   * @param key to add
   * @return the bytes of the changed file
   */
  public static byte[] withKeyWithoutValue(byte[] file, String key) throws IOException {
    ByteBuffer tail =
        ByteBuffer.wrap(file, file.length - TAIL_BYTES, TAIL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int start = file.length - TAIL_BYTES - tail.getInt();
    FileMetaData footer =
        Util.readFileMetaData(new ByteArrayInputStream(file, start, file.length - start));
    footer.addToKey_value_metadata(new KeyValue(key));
    ByteArrayOutputStream changed = new ByteArrayOutputStream();
    changed.write(file, 0, start);
    Util.writeFileMetaData(footer, changed);
    ByteBuffer end = ByteBuffer.allocate(TAIL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    end.putInt(changed.size() - start).put(file, file.length - 4, 4);
    changed.write(end.array());
    return changed.toByteArray();
  }
}
