#include "directory.h"

#include <cinttypes>
#include <optional>

#include "fault.h"

namespace kiln {
namespace {

enum Tag : uint16_t {
  image_width = 256,
  image_length = 257,
  bits_per_sample = 258,
  compression = 259,
  photometric_interpretation = 262,
  fill_order = 266,
  orientation = 274,
  samples_per_pixel = 277,
  planar_configuration = 284,
  predictor = 317,
  tile_width = 322,
  tile_length = 323,
  tile_offsets = 324,
  tile_byte_counts = 325,
  sample_format = 339,
  image_depth = 32997,
  tile_depth = 32998,
};

/* As libtiff: a directory with more entries is not one. */
constexpr uint64_t max_entries = 4096;

/* Width in bytes of a field type for whole numbers; 0 for any other. */
unsigned number_width(uint64_t type) {
  switch (type) {
    case 1:  // BYTE
      return 1;
    case 3:  // SHORT
      return 2;
    case 4:  // LONG
      return 4;
    case 16:  // LONG8
      return 8;
    default: return 0;
  }
}

/* The fields of the first directory. */
class Fields {
 public:
  explicit Fields(Bytes& file) : file_(file) {
    const uint8_t* order = file.range(0, 2);
    if (order == nullptr || order[0] != order[1] || (order[0] != 'I' && order[0] != 'M')) {
      throw Fault(KILN_UNSUPPORTED, "not a TIFF");
    }
    file.set_big_endian(order[0] == 'M');
    auto version = file.number(2, 2);
    if (version != 42 && version != 43) {
      throw Fault(KILN_UNSUPPORTED, "not a TIFF");
    }
    big_ = version == 43;
    if (big_ && (file.number(4, 2) != 8 || file.number(6, 2) != 0)) {
      throw Fault(KILN_UNSUPPORTED, "a BigTIFF with other than 8-byte offsets");
    }
    auto directory = big_ ? file.number(8, 8) : file.number(4, 4);
    auto count = directory ? file.number(*directory, big_ ? 8 : 2) : std::nullopt;
    if (!count || *count > max_entries) {
      throw Fault(KILN_UNSUPPORTED, "no directory where the header says");
    }
    first_ = *directory + (big_ ? 8 : 2);
    count_ = *count;
    if (file.range(first_, count_ * entry_bytes()) == nullptr) {
      throw Fault(KILN_UNSUPPORTED, "the directory is cut off");
    }
  }

  bool has(Tag tag) const { return entry(tag).has_value(); }

  /* The numbers of a field; nothing if it is absent, not of whole numbers or not in the file. */
  std::optional<NumberArray> find(Tag tag) const {
    auto at = entry(tag);
    return at ? numbers(*at) : std::nullopt;
  }

  /*
   * The one value of a field, which all its elements have if it has one a band; `absent` if there is
   * no such field.
   */
  uint64_t value(Tag tag, const char* name, std::optional<uint64_t> absent) const {
    if (absent && !has(tag)) {
      return *absent;
    }
    auto field = find(tag);
    if (!field || field->count < 1 || field->count > UINT16_MAX) {
      throw Fault(KILN_UNSUPPORTED, "no %s", name);
    }
    uint64_t first = field->number(file_, 0);
    for (uint64_t i = 1; i < field->count; i++) {
      if (field->number(file_, i) != first) {
        throw Fault(KILN_UNSUPPORTED, "bands that differ in %s", name);
      }
    }
    return first;
  }

  uint32_t size(Tag tag, const char* name, uint32_t most, std::optional<uint64_t> absent) const {
    uint64_t size = value(tag, name, absent);
    if (size < 1 || size > most) {
      throw Fault(KILN_UNSUPPORTED, "%s %" PRIu64, name, size);
    }
    return static_cast<uint32_t>(size);
  }

  /* Refuses a field with any other value than the one that it has when absent. */
  void expect(Tag tag, const char* name, uint64_t expected) const {
    uint64_t found = value(tag, name, expected);
    if (found != expected) {
      throw Fault(KILN_UNSUPPORTED, "%s %" PRIu64, name, found);
    }
  }

 private:
  /* Where the first entry of a field begins. */
  std::optional<uint64_t> entry(Tag tag) const {
    for (uint64_t i = 0; i < count_; i++) {
      uint64_t at = first_ + i * entry_bytes();
      if (file_.number(at, 2) == tag) {
        return at;
      }
    }
    return std::nullopt;
  }

  std::optional<NumberArray> numbers(uint64_t entry) const {
    unsigned value_bytes = big_ ? 8 : 4;
    uint64_t value_at = entry + 4 + value_bytes;
    NumberArray numbers;
    numbers.width = number_width(*file_.number(entry + 2, 2));
    numbers.count = *file_.number(entry + 4, value_bytes);
    if (numbers.width == 0 || numbers.count > file_.size() / numbers.width) {
      return std::nullopt;
    }
    uint64_t bytes = numbers.count * numbers.width;
    numbers.at = bytes <= value_bytes ? value_at : *file_.number(value_at, value_bytes);
    return file_.range(numbers.at, bytes) == nullptr ? std::nullopt : std::optional(numbers);
  }

  unsigned entry_bytes() const { return big_ ? 20 : 12; }

  const Bytes& file_;
  bool big_ = false;
  uint64_t first_ = 0;
  uint64_t count_ = 0;
};

void read_pixel_type(const Fields& fields, Directory& d) {
  uint64_t bits = fields.value(bits_per_sample, "bits per sample", 1);
  uint64_t format = fields.value(sample_format, "sample format", 1);
  if (format == 1 && bits == 8) {
    d.pixel_type = KILN_UINT8;
  } else if (format == 1 && bits == 16) {
    d.pixel_type = KILN_UINT16;
  } else if (format == 2 && bits == 16) {
    d.pixel_type = KILN_INT16;
  } else if (format == 3 && bits == 32) {
    d.pixel_type = KILN_FLOAT32;
  } else {
    throw Fault(KILN_UNSUPPORTED, "samples of %" PRIu64 " bits in sample format %" PRIu64, bits, format);
  }
  d.sample_bytes = static_cast<uint32_t>(bits / 8);
}

Compression read_compression(const Fields& fields) {
  uint64_t scheme = fields.value(compression, "compression", 1);
  switch (scheme) {
    case 1: return Compression::none;
    case 8:      // Adobe's
    case 32946:  // the older number for the same
      return Compression::deflate;
    case 50000: return Compression::zstd;
    default:
      const char* name = scheme == 5 ? " (LZW)" : scheme == 7 ? " (JPEG)" : "";
      throw Fault(KILN_UNSUPPORTED, "compression %" PRIu64 "%s", scheme, name);
  }
}

Predictor read_predictor(const Fields& fields, const Directory& d) {
  // libtiff looks at the predictor only where there is a compression.
  uint64_t kind = d.compression == Compression::none ? 1 : fields.value(predictor, "predictor", 1);
  if (kind == 1) {
    return Predictor::none;
  } else if (kind == 2) {
    return Predictor::horizontal;
  } else if (kind == 3 && d.pixel_type == KILN_FLOAT32) {
    return Predictor::floating_point;
  }
  throw Fault(KILN_UNSUPPORTED, "predictor %" PRIu64 " of samples of %u bytes", kind, d.sample_bytes);
}

void read_tiles(const Fields& fields, Directory& d) {
  d.tile_width = fields.size(tile_width, "tile width", INT32_MAX, std::nullopt);
  d.tile_height = fields.size(tile_length, "tile height", INT32_MAX, std::nullopt);
  uint64_t pixels = uint64_t{d.tile_width} * d.tile_height;
  if (pixels > Directory::max_tile_bytes / (uint64_t{d.samples()} * d.sample_bytes)) {
    throw Fault(KILN_UNSUPPORTED, "tiles of more than %" PRIu64 " MiB", Directory::max_tile_bytes >> 20);
  }
  auto offsets = fields.find(tile_offsets);
  auto byte_counts = fields.find(tile_byte_counts);
  uint64_t planes = d.interleaved ? 1 : d.bands;
  // A product could wrap around.
  if (!offsets || !byte_counts || offsets->count / planes < d.tiles_in_plane() ||
      byte_counts->count / planes < d.tiles_in_plane()) {
    throw Fault(KILN_UNSUPPORTED, "fewer tile offsets or byte counts than tiles");
  }
  d.offsets = *offsets;
  d.byte_counts = *byte_counts;
}

}  // namespace

Directory read_directory(Bytes& file) {
  Fields fields(file);
  if (!fields.has(tile_width)) {
    throw Fault(KILN_UNSUPPORTED, "strips instead of tiles");
  }
  uint64_t photometric = fields.value(photometric_interpretation, "photometric interpretation", std::nullopt);
  if (photometric != 1 && photometric != 2) {  // grey or RGB
    throw Fault(KILN_UNSUPPORTED, "photometric interpretation %" PRIu64, photometric);
  }
  uint64_t planar = fields.value(planar_configuration, "planar configuration", 1);
  if (planar != 1 && planar != 2) {
    throw Fault(KILN_UNSUPPORTED, "planar configuration %" PRIu64, planar);
  }
  fields.expect(fill_order, "fill order", 1);
  fields.expect(orientation, "orientation", 1);
  fields.expect(image_depth, "image depth", 1);
  fields.expect(tile_depth, "tile depth", 1);

  Directory d;
  d.width = fields.size(image_width, "width", INT32_MAX, std::nullopt);
  d.height = fields.size(image_length, "height", INT32_MAX, std::nullopt);
  d.bands = fields.size(samples_per_pixel, "samples per pixel", UINT16_MAX, 1);
  d.interleaved = d.bands > 1 && planar == 1;
  d.swapped = file.swapped();
  read_pixel_type(fields, d);
  d.compression = read_compression(fields);
  d.predictor = read_predictor(fields, d);
  read_tiles(fields, d);
  return d;
}

}  // namespace kiln
