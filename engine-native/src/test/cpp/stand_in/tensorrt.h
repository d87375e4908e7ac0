// What the stand-in's libnvinfer.so.11 and libnvonnxparser.so.11 share.
//
// TensorRT's headers consist of inline functions that call an object's implementation through its table of virtual
// functions; JavaCPP's JNI library contains these functions, compiled. The stand-in uses no headers of TensorRT: it
// builds such tables itself, with only the functions that Kiln calls. Their positions follow from the order of the
// declarations in TensorRT's headers, after the two entries of a virtual destructor. A call of any other function is a
// violation.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "stand_in.h"

namespace stand_in {

struct Dims {
  std::int32_t count;
  std::int64_t sizes[8];
};

// Values of nvinfer1::DataType.
enum ElementType { FLOAT32 = 0, FLOAT16 = 1, BF16 = 7 };

using Function = void (*)();

// A table of virtual functions, larger than any of TensorRT.
using Table = std::array<Function, 128>;

// Returns a table in which every function is a violation.
Table unsupported();

template <typename F>
Function entry(F* function) {
  return reinterpret_cast<Function>(function);
}

struct Object;

struct Implementation {
  const Function* functions;
  Object* object;
};

// An object of TensorRT's interface: its own virtual functions are only the destructor, and the pointer behind them
// leads to the implementation.
struct Object {
  Implementation* implementation;
  Implementation own;
  const char* kind;
  Object* parent;  // null, or an object that must be deleted after this one
  int children = 0;

  Object(const char* kind, const Table& functions, Object* parent);
  virtual ~Object();
};

template <typename T>
T* of(void* implementation) {
  return static_cast<T*>(static_cast<Implementation*>(implementation)->object);
}

// A tensor of a network; -1 in its shape is a size that is not fixed.
struct Tensor : Object {
  std::string name;
  int type;
  Dims shape;

  Tensor(Object* network, const std::string& name, int type, const Dims& shape);
};

struct Network : Object {
  std::vector<Tensor*> inputs;
  std::vector<Tensor*> outputs;
  std::vector<Tensor*> parsed;  // outputs that come from a file
  std::vector<Object*> layers;  // of products, with their results
  int attention = 0;            // operations of that name

  Network(Object* builder, const Table& functions) : Object("TensorRT network", functions, builder) {}
  ~Network() override;
};

// Sends an error to the log that the last object was created with.
void log_error(const std::string& message);

// Records a call of TensorRT. Returns whether it must fail, which it has logged.
bool fails(const char* function);

}  // namespace stand_in
