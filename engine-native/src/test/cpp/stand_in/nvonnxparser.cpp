// The stand-in's libnvonnxparser.so.11: reads inputs and outputs of an ONNX file into a network, and counts operations
// of attention. Of protocol buffers it knows as much as that needs.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "tensorrt.h"

#define LOCK std::lock_guard<std::recursive_mutex> lock(stand_in::mutex())

using stand_in::Dims;
using stand_in::entry;
using stand_in::Network;
using stand_in::Table;
using stand_in::Tensor;

namespace {

constexpr int VERSION = 200;  // of the parser, not of TensorRT
constexpr int WARNING = 2;

// One field of a message: its number, and its value or bytes.
struct Field {
  int number;
  std::uint64_t value;
  std::string bytes;
};

std::uint64_t varint(const std::string& message, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0; at < message.size(); shift += 7) {
    auto byte = static_cast<unsigned char>(message[at++]);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      break;
    }
  }
  return value;
}

std::vector<Field> fields(const std::string& message) {
  std::vector<Field> found;
  for (std::size_t at = 0; at < message.size();) {
    std::uint64_t key = varint(message, at);
    Field field{static_cast<int>(key >> 3), 0, ""};
    switch (key & 7) {
      case 0: field.value = varint(message, at); break;
      case 1: at += 8; break;
      case 2: {
        std::uint64_t size = varint(message, at);
        field.bytes = message.substr(std::min<std::size_t>(at, message.size()), size);
        at += size;
        break;
      }
      case 5: at += 4; break;
      default: return found;
    }
    found.push_back(field);
  }
  return found;
}

// Returns the bytes of the first field of this number.
std::string part(const std::string& message, int number) {
  for (const Field& field : fields(message)) {
    if (field.number == number) {
      return field.bytes;
    }
  }
  return "";
}

// From the numbers of ONNX.
int type_of(std::uint64_t onnx) {
  return onnx == 16 ? stand_in::BF16 : onnx == 10 ? stand_in::FLOAT16 : stand_in::FLOAT32;
}

Tensor* tensor(Network* network, const std::string& description) {
  std::string name = part(description, 1);
  std::string type = part(part(description, 2), 1);
  int element = stand_in::FLOAT32;
  Dims shape{};
  for (const Field& field : fields(type)) {
    if (field.number == 1) {
      element = type_of(field.value);
    } else if (field.number == 2) {
      for (const Field& dimension : fields(field.bytes)) {
        auto of = fields(dimension.bytes);
        bool fixed = !of.empty() && of[0].number == 1;
        shape.sizes[shape.count++] = fixed ? static_cast<std::int64_t>(of[0].value) : -1;
      }
    }
  }
  return new Tensor(network, name, element, shape);
}

// Its virtual functions are those of the interface; the destructor is between them.
struct Parser {
  const stand_in::Function* functions;
  Network* network;
};

bool parse_file(Parser* self, const char* file, int verbosity) {
  LOCK;
  if (stand_in::fails("IParser.parseFromFile")) {
    return false;
  }
  if (verbosity != WARNING) {
    stand_in::violation("parseFromFile: verbosity %d, expected that of warnings", verbosity);
  }
  std::ifstream in(file, std::ios::binary);
  std::string model((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (const Field& field : fields(part(model, 7))) {
    if (field.number == 1 && part(field.bytes, 4) == "Attention") {
      self->network->attention++;
    } else if (field.number == 11) {
      self->network->inputs.push_back(tensor(self->network, field.bytes));
    } else if (field.number == 12) {
      self->network->outputs.push_back(tensor(self->network, field.bytes));
      self->network->parsed.push_back(self->network->outputs.back());
    }
  }
  if (self->network->inputs.empty()) {
    stand_in::log_error(std::string(file) + " is no ONNX model");
    return false;
  }
  return true;
}

void end(Parser*) { stand_in::violation("IParser: destroyed but not freed"); }

void destroy(Parser* self) {
  LOCK;
  stand_in::destroyed("TensorRT parser", self);
  if (!stand_in::exists("TensorRT network", self->network)) {
    stand_in::violation("TensorRT parser: deleted after its network");
  }
  delete self;
}

const Table& parser_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[1] = entry(parse_file);
    all[6] = entry(end);
    all[7] = entry(destroy);
    return all;
  }();
  return table;
}

}  // namespace

extern "C" void* createNvOnnxParser_INTERNAL(Network* network, void*, int version) {
  LOCK;
  if (stand_in::fails("nvonnxparser.createParser")) {
    return nullptr;
  }
  if (version != VERSION || !stand_in::require("TensorRT network", network)) {
    stand_in::violation("createParser: version %d, expected %d", version, VERSION);
  }
  auto* parser = new Parser{parser_functions().data(), network};
  stand_in::created("TensorRT parser", parser);
  return parser;
}
