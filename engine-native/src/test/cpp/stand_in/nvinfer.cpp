// The stand-in's libnvinfer.so.11. A plan is a text that describes the network's inputs and outputs. Its execution
// computes the product of two matrices, or, for an encoder, numbers that depend on every input: the first patch value,
// the sum of the time's, the sum of the location's, and the gsd.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "matrix.h"
#include "tensorrt.h"

#define LOCK std::lock_guard<std::recursive_mutex> lock(stand_in::mutex())

using stand_in::Dims;
using stand_in::entry;
using stand_in::Network;
using stand_in::Object;
using stand_in::of;
using stand_in::Table;
using stand_in::Tensor;

namespace {

constexpr int VERSION = 110201;  // of the headers that JavaCPP's binding was compiled with
constexpr int SEVERITY_ERROR = 1;
constexpr int SEVERITY_WARNING = 2;
constexpr int SEVERITY_INFO = 3;
constexpr int KERNEL_SELECTORS = 3;  // smallest, usual and largest size
constexpr int MAX_EFFORT = 5;
constexpr std::int64_t ACTIVATIONS = 1 << 16;  // bytes, of an encoder
constexpr const char* MAGIC = "stand-in plan\n";
constexpr const char* TIMINGS = "stand-in timings\n";

void* logger = nullptr;

void log(int severity, const std::string& message) {
  if (logger != nullptr) {
    using Log = void (*)(void*, int, const char*);
    auto* functions = *static_cast<const stand_in::Function**>(logger);
    // After the functions of a versioned interface: language, name, two of the destructor.
    reinterpret_cast<Log>(functions[4])(logger, severity, message.c_str());
  }
}

// What the linker's symbol would be in TensorRT: no function that Kiln calls.
std::intptr_t unsupported_function(void*) {
  stand_in::violation("TensorRT: a function that the stand-in does not have");
  return 0;
}

bool dynamic(const Dims& shape) { return std::count(shape.sizes, shape.sizes + shape.count, -1) > 0; }

std::int64_t elements(const Dims& shape) {
  std::int64_t product = 1;
  for (int i = 0; i < shape.count; i++) {
    product *= shape.sizes[i];
  }
  return product;
}

std::int64_t bytes(int type, const Dims& shape) { return elements(shape) * (type == stand_in::FLOAT32 ? 4 : 2); }

// ---- Memory of the host ------------------------------------------------------------------------

struct HostMemory : Object {
  std::string content;

  explicit HostMemory(const std::string& content);
};

void* memory_data(void* self) {
  LOCK;
  stand_in::enter("IHostMemory.data");
  return of<HostMemory>(self)->content.data();
}

std::size_t memory_size(void* self) {
  LOCK;
  stand_in::enter("IHostMemory.size");
  return of<HostMemory>(self)->content.size();
}

const Table& memory_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[2] = entry(memory_data);
    all[3] = entry(memory_size);
    return all;
  }();
  return table;
}

HostMemory::HostMemory(const std::string& content)
    : Object("TensorRT memory", memory_functions(), nullptr), content(content) {}

// ---- Networks ----------------------------------------------------------------------------------

void tensor_set_name(void* self, const char* name) {
  LOCK;
  stand_in::enter("ITensor.setName");
  of<Tensor>(self)->name = name;
}

const Table& tensor_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[2] = entry(tensor_set_name);
    return all;
  }();
  return table;
}

struct Layer : Object {
  Tensor* output;

  Layer(Object* network, Tensor* output);
};

Object* layer_output(void* self, int index) {
  LOCK;
  return stand_in::fails("ILayer.getOutput") || index != 0 ? nullptr : of<Layer>(self)->output;
}

const Table& layer_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[8] = entry(layer_output);
    return all;
  }();
  return table;
}

Layer::Layer(Object* network, Tensor* output) : Object("TensorRT layer", layer_functions(), network), output(output) {}

Object* network_input(void* self, const char* name, int type, const Dims& shape) {
  LOCK;
  if (stand_in::fails("INetworkDefinition.addInput")) {
    return nullptr;
  }
  auto* network = of<Network>(self);
  network->inputs.push_back(new Tensor(network, name, type, shape));
  return network->inputs.back();
}

void network_output(void* self, Tensor& tensor) {
  LOCK;
  stand_in::enter("INetworkDefinition.markOutput");
  of<Network>(self)->outputs.push_back(&tensor);
}

Object* network_product(void* self, Tensor& left, int left_form, Tensor& right, int right_form) {
  LOCK;
  if (stand_in::fails("INetworkDefinition.addMatrixMultiply")) {
    return nullptr;
  }
  bool valid = left.shape.count == 2 && right.shape.count == 2 && left.shape.sizes[1] == right.shape.sizes[0] &&
               left_form == 0 && right_form == 0 && left.type == right.type;
  if (!valid) {
    stand_in::log_error("addMatrixMultiply: the matrices do not fit");
    return nullptr;
  }
  auto* network = of<Network>(self);
  auto* product = new Tensor(network, "", left.type, Dims{2, {left.shape.sizes[0], right.shape.sizes[1]}});
  network->layers.push_back(product);
  network->layers.push_back(new Layer(network, product));
  return network->layers.back();
}

const Table& network_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[2] = entry(network_input);
    all[3] = entry(network_output);
    all[22] = entry(network_product);
    return all;
  }();
  return table;
}

// ---- Compiling ---------------------------------------------------------------------------------

struct Profile : Object {
  std::map<std::string, std::array<Dims, KERNEL_SELECTORS>> shapes;
  std::map<std::string, int> set;

  explicit Profile(Object* builder);
};

bool profile_shape(void* self, const char* input, int which, const Dims& shape) {
  LOCK;
  if (stand_in::fails("IOptimizationProfile.setDimensions")) {
    return false;
  }
  auto* profile = of<Profile>(self);
  profile->shapes[input][which] = shape;
  profile->set[input] |= 1 << which;
  return true;
}

const Table& profile_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[2] = entry(profile_shape);
    return all;
  }();
  return table;
}

Profile::Profile(Object* builder) : Object("TensorRT profile", profile_functions(), builder) {}

struct Builder;

struct Timings : Object {
  std::string content = TIMINGS;
  int users = 0;  // builders that are not deleted yet

  Timings();
  ~Timings() override {
    if (users > 0) {
      stand_in::violation("TensorRT timings: deleted before a builder that uses them");
    }
  }
};

Object* timings_serialize(void* self) {
  LOCK;
  return stand_in::fails("ITimingCache.serialize") ? nullptr : new HostMemory(of<Timings>(self)->content);
}

const Table& timings_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[2] = entry(timings_serialize);
    return all;
  }();
  return table;
}

Timings::Timings() : Object("TensorRT timings", timings_functions(), nullptr) {}

struct Builder : Object {
  std::vector<Profile*> profiles;
  std::vector<Timings*> timings;

  Builder();
  ~Builder() override {
    for (Profile* profile : profiles) {
      delete profile;
    }
    for (Timings* each : timings) {
      each->users--;
    }
  }
};

struct Config : Object {
  Builder* builder;
  const Profile* profile = nullptr;
  Timings* timings = nullptr;

  explicit Config(Builder* builder);
};

void config_memory(void* self, int pool, std::size_t bytes) {
  LOCK;
  stand_in::enter("IBuilderConfig.setMemoryPoolLimit");
  if (of<Config>(self) == nullptr || pool != 0 || bytes == 0) {
    stand_in::violation("setMemoryPoolLimit: expected bytes of the workspace, found %zu of pool %d", bytes, pool);
  }
}

void config_verbosity(void*, int verbosity) {
  LOCK;
  stand_in::enter("IBuilderConfig.setProfilingVerbosity");
  if (verbosity < 0 || verbosity > 2) {
    stand_in::violation("setProfilingVerbosity: %d", verbosity);
  }
}

void config_effort(void*, int level) {
  LOCK;
  stand_in::enter("IBuilderConfig.setBuilderOptimizationLevel");
  if (level < 0 || level > MAX_EFFORT) {
    stand_in::violation("setBuilderOptimizationLevel: %d", level);
  }
}

bool config_streams(void*, int count) {
  LOCK;
  return !stand_in::fails("IBuilderConfig.setMaxAuxStreams") && count >= 0;
}

int config_profile(void* self, const Object* profile) {
  LOCK;
  if (stand_in::fails("IBuilderConfig.addOptimizationProfile")) {
    return -1;
  }
  of<Config>(self)->profile = static_cast<const Profile*>(profile);
  return 0;
}

Object* config_create_timings(void*, const void* content, std::size_t size) {
  LOCK;
  if (stand_in::fails("IBuilderConfig.createTimingCache")) {
    return nullptr;
  }
  auto* timings = new Timings;
  if (size > 0) {
    timings->content.assign(static_cast<const char*>(content), size);
  }
  return timings;
}

bool config_timings(void* self, Object& timings, bool) {
  LOCK;
  if (stand_in::fails("IBuilderConfig.setTimingCache")) {
    return false;
  }
  auto* config = of<Config>(self);
  config->timings = static_cast<Timings*>(&timings);
  config->timings->users++;
  config->builder->timings.push_back(config->timings);
  return config->timings->content.rfind(TIMINGS, 0) == 0;
}

const Table& config_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[23] = entry(config_profile);
    all[25] = entry(config_verbosity);
    all[29] = entry(config_create_timings);
    all[30] = entry(config_timings);
    all[32] = entry(config_memory);
    all[36] = entry(config_effort);
    all[43] = entry(config_streams);
    return all;
  }();
  return table;
}

Config::Config(Builder* builder) : Object("TensorRT configuration", config_functions(), builder), builder(builder) {}

// Returns whether the profile has shapes, in order and of the right form, for an input of dynamic shape.
bool covers(const Profile* profile, const Tensor* input) {
  if (profile == nullptr || profile->set.count(input->name) == 0 || profile->set.at(input->name) != 7) {
    return false;
  }
  auto& shapes = profile->shapes.at(input->name);
  for (int i = 0; i < input->shape.count; i++) {
    for (int which = 0; which < KERNEL_SELECTORS; which++) {
      std::int64_t size = shapes[which].sizes[i];
      bool fits = shapes[which].count == input->shape.count && size >= 1 &&
                  (input->shape.sizes[i] == -1 || input->shape.sizes[i] == size) &&
                  (which == 0 || shapes[which - 1].sizes[i] <= size);
      if (!fits) {
        return false;
      }
    }
  }
  return true;
}

void write(std::ostringstream& plan, const char* role, const Tensor* tensor, std::int64_t largest) {
  plan << role << ' ' << tensor->name << ' ' << tensor->type << ' ' << largest << ' ' << tensor->shape.count;
  for (int i = 0; i < tensor->shape.count; i++) {
    plan << ' ' << tensor->shape.sizes[i];
  }
  plan << '\n';
}

Object* builder_build(void* self, Network& network, Object& config) {
  LOCK;
  if (stand_in::fails("IBuilder.buildSerializedNetwork")) {
    return nullptr;
  }
  // TensorRT compiles with several threads, all of which write to the log.
  std::thread([] { log(SEVERITY_INFO, "compiling"); }).join();
  const Profile* profile = static_cast<Config&>(config).profile;
  if (network.parent != of<Builder>(self) || config.parent != of<Builder>(self)) {
    stand_in::violation("buildSerializedNetwork: network and configuration of another builder");
  }
  if (network.outputs.empty()) {
    stand_in::log_error("the network has no output");
    return nullptr;
  }
  std::ostringstream plan;
  plan << MAGIC << (network.layers.empty() ? "encoder" : "product") << ' ' << network.attention << '\n';
  for (const Tensor* input : network.inputs) {
    if (dynamic(input->shape) && !covers(profile, input)) {
      stand_in::log_error("input " + input->name + " has a dynamic shape and no valid profile");
      return nullptr;
    }
    write(plan, "input", input, dynamic(input->shape) ? profile->shapes.at(input->name)[2].sizes[0] : 0);
  }
  for (const Tensor* output : network.outputs) {
    write(plan, "output", output, 0);
  }
  if (Timings* timings = static_cast<Config&>(config).timings) {
    timings->content += "measured\n";
  }
  log(SEVERITY_WARNING, "compiled by a stand-in");
  return new HostMemory(plan.str());
}

Object* builder_network(void* self, unsigned flags) {
  LOCK;
  if (stand_in::fails("IBuilder.createNetworkV2") || flags != 0) {
    return nullptr;
  }
  return new Network(of<Builder>(self), network_functions());
}

Object* builder_config(void* self) {
  LOCK;
  return stand_in::fails("IBuilder.createBuilderConfig") ? nullptr : new Config(of<Builder>(self));
}

Object* builder_profile(void* self) {
  LOCK;
  if (stand_in::fails("IBuilder.createOptimizationProfile")) {
    return nullptr;
  }
  auto* builder = of<Builder>(self);
  builder->profiles.push_back(new Profile(nullptr));
  return builder->profiles.back();
}

const Table& builder_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[5] = entry(builder_config);
    all[6] = entry(builder_network);
    all[7] = entry(builder_profile);
    all[11] = entry(builder_build);
    return all;
  }();
  return table;
}

Builder::Builder() : Object("TensorRT builder", builder_functions(), nullptr) {}

// ---- Running -----------------------------------------------------------------------------------

struct Binding {
  std::string name;
  int type;
  std::int64_t largest;  // first size of a dynamic shape
  Dims shape;
  bool input;
};

struct Engine : Object {
  bool product = false;
  int attention = 0;
  std::vector<Binding> bindings;

  explicit Engine(Object* runtime);

  const Binding* find(const char* name) const {
    for (const Binding& binding : bindings) {
      if (binding.name == name) {
        return &binding;
      }
    }
    return nullptr;
  }
};

struct Context : Object {
  const Engine* engine;
  bool own_memory;
  std::map<std::string, void*> addresses;
  std::map<std::string, Dims> shapes;
  void* memory = nullptr;
  std::int64_t memory_bytes = 0;

  Context(Engine* engine, bool own_memory);
};

float element(const void* data, int type, std::int64_t at) {
  if (type != stand_in::FLOAT16) {
    return stand_in::load(data, type == stand_in::BF16 ? stand_in::BFLOAT16 : stand_in::FLOAT, at);
  }
  std::uint32_t bits = static_cast<const std::uint16_t*>(data)[at];
  // Subnormal numbers become 0.
  std::uint32_t wide = (bits & 0x7C00u) == 0 ? 0 : ((bits & 0x7FFFu) << 13) + (112u << 23);
  wide |= (bits & 0x8000u) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

void encode(const std::map<std::string, void*>& data, int patch_type, std::int64_t chips, std::int64_t chip_length,
            std::int64_t dim) {
  auto floats = [&data](const char* name) { return static_cast<const float*>(data.at(name)); };
  auto* out = static_cast<float*>(data.at("embedding"));
  for (std::int64_t chip = 0; chip < chips; chip++) {
    float* row = out + chip * dim;
    std::fill(row, row + dim, 0.0f);
    row[0] = element(data.at("patches"), patch_type, chip * chip_length);
    for (int i = 0; i < 4; i++) {
      row[1] += floats("time")[4 * chip + i];
      row[2] += floats("latlon")[4 * chip + i];
    }
    row[3] = floats("gsd")[0];
  }
}

void context_memory(void* self, void* memory, std::int64_t size) {
  LOCK;
  stand_in::enter("IExecutionContext.setDeviceMemoryV2");
  auto* context = of<Context>(self);
  stand_in::require_device("activations", memory, static_cast<std::size_t>(size));
  context->memory = memory;
  context->memory_bytes = size;
}

bool context_address(void* self, const char* name, void* address) {
  LOCK;
  if (stand_in::fails("IExecutionContext.setTensorAddress")) {
    return false;
  }
  auto* context = of<Context>(self);
  if (context->engine->find(name) == nullptr) {
    stand_in::log_error(std::string("the plan has no tensor ") + name);
    return false;
  }
  context->addresses[name] = address;
  return true;
}

bool context_shape(void* self, const char* name, const Dims& shape) {
  LOCK;
  if (stand_in::fails("IExecutionContext.setInputShape")) {
    return false;
  }
  auto* context = of<Context>(self);
  const Binding* binding = context->engine->find(name);
  bool fits = binding != nullptr && binding->input && shape.count == binding->shape.count;
  for (int i = 0; fits && i < shape.count; i++) {
    std::int64_t expected = binding->shape.sizes[i];
    fits = expected == -1 ? shape.sizes[i] >= 1 && shape.sizes[i] <= binding->largest : shape.sizes[i] == expected;
  }
  if (!fits) {
    stand_in::log_error(std::string("shape of ") + name + " is outside the profile");
    return false;
  }
  context->shapes[name] = shape;
  return true;
}

bool context_enqueue(void* self, void* stream) {
  LOCK;
  if (stand_in::fails("IExecutionContext.enqueueV3")) {
    return false;
  }
  auto* context = of<Context>(self);
  const Engine* engine = context->engine;
  if (!context->own_memory && context->memory_bytes < ACTIVATIONS && !engine->product) {
    stand_in::log_error("expected memory for the activations");
    return false;
  }
  std::int64_t chips = 0;
  Dims patches{};
  for (const Binding& binding : engine->bindings) {
    Dims shape = binding.shape;
    if (binding.input && dynamic(shape)) {
      auto set = context->shapes.find(binding.name);
      if (set == context->shapes.end() || (chips != 0 && chips != set->second.sizes[0])) {
        stand_in::log_error("shape of " + binding.name + " is not set, or of another batch");
        return false;
      }
      shape = set->second;
      chips = shape.sizes[0];
      patches = binding.name == "patches" ? shape : patches;
    } else if (dynamic(shape)) {
      shape.sizes[0] = chips;
    }
    auto address = context->addresses.find(binding.name);
    if (address == context->addresses.end()) {
      stand_in::log_error("address of " + binding.name + " is not set");
      return false;
    }
    stand_in::require_device(binding.name.c_str(), address->second,
                             static_cast<std::size_t>(bytes(binding.type, shape)));
  }
  std::map<std::string, void*> data = context->addresses;
  if (engine->product) {
    const Binding& c = *engine->find("c");
    std::int64_t inner = engine->find("a")->shape.sizes[1];
    stand_in::enqueue(stream, "enqueueV3", stand_in::COMPUTE, 1,
                      [=, rows = c.shape.sizes[0], columns = c.shape.sizes[1]] {
                        // Row-major, so the other way round column by column.
                        stand_in::Matrix left{stand_in::BFLOAT16, columns, inner, columns};
                        stand_in::Matrix right{stand_in::BFLOAT16, inner, rows, inner};
                        stand_in::Matrix result{stand_in::BFLOAT16, columns, rows, columns};
                        stand_in::multiply(left, data.at("b"), right, data.at("a"), 0, result, nullptr, nullptr, result,
                                           data.at("c"));
                      });
  } else {
    int type = engine->find("patches")->type;
    std::int64_t dim = engine->find("embedding")->shape.sizes[1];
    std::int64_t length = patches.sizes[1] * patches.sizes[2];
    stand_in::enqueue(stream, "enqueueV3", stand_in::COMPUTE, 1, [=] { encode(data, type, chips, length, dim); });
  }
  return true;
}

const Table& context_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[20] = entry(context_shape);
    all[23] = entry(context_address);
    all[36] = entry(context_enqueue);
    all[48] = entry(context_memory);
    return all;
  }();
  return table;
}

Context::Context(Engine* engine, bool own_memory)
    : Object("TensorRT context", context_functions(), engine), engine(engine), own_memory(own_memory) {}

struct Inspector : Object {
  std::string report;

  explicit Inspector(Engine* engine);
};

const char* inspector_report(void* self, int format) {
  LOCK;
  if (stand_in::fails("IEngineInspector.getEngineInformation")) {
    return nullptr;
  }
  if (format != 1) {
    stand_in::violation("getEngineInformation: format %d, expected JSON", format);
  }
  return of<Inspector>(self)->report.c_str();
}

const Table& inspector_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[6] = entry(inspector_report);
    return all;
  }();
  return table;
}

// Every attention is one kernel.
Inspector::Inspector(Engine* engine) : Object("TensorRT inspector", inspector_functions(), engine) {
  report = "{\"Layers\": [";
  for (int i = 0; i < engine->attention; i++) {
    report += std::string(i == 0 ? "" : ", ") + "{\"Name\": \"_gemm_mha_v2_myl0_" + std::to_string(i) + "\"}";
  }
  report += "]}";
}

Object* engine_context(void* self, int strategy) {
  LOCK;
  return stand_in::fails("ICudaEngine.createExecutionContext") ? nullptr : new Context(of<Engine>(self), strategy != 2);
}

Object* engine_inspector(void* self) {
  LOCK;
  return stand_in::fails("ICudaEngine.createEngineInspector") ? nullptr : new Inspector(of<Engine>(self));
}

Dims engine_shape(void* self, const char* name) {
  LOCK;
  stand_in::enter("ICudaEngine.getTensorShape");
  const Binding* binding = of<Engine>(self)->find(name);
  return binding == nullptr ? Dims{-1, {}} : binding->shape;
}

std::int64_t engine_memory(void* self) {
  LOCK;
  stand_in::enter("ICudaEngine.getDeviceMemorySizeV2");
  return of<Engine>(self)->product ? 0 : ACTIVATIONS;
}

const Table& engine_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[5] = entry(engine_context);
    all[14] = entry(engine_inspector);
    all[15] = entry(engine_shape);
    all[44] = entry(engine_memory);
    return all;
  }();
  return table;
}

Engine::Engine(Object* runtime) : Object("TensorRT engine", engine_functions(), runtime) {}

struct Runtime : Object {
  Runtime();
};

Object* runtime_load(void* self, const void* plan, std::size_t size) {
  LOCK;
  if (stand_in::fails("IRuntime.deserializeCudaEngine")) {
    return nullptr;
  }
  std::istringstream in(std::string(static_cast<const char*>(plan), size));
  std::string line;
  std::getline(in, line);
  if (line + '\n' != MAGIC) {
    stand_in::log_error("this is no plan of this version");
    return nullptr;
  }
  auto* engine = new Engine(of<Runtime>(self));
  std::string role;
  in >> role >> engine->attention;
  engine->product = role == "product";
  while (in >> role) {
    Binding binding;
    binding.input = role == "input";
    in >> binding.name >> binding.type >> binding.largest >> binding.shape.count;
    for (int i = 0; i < binding.shape.count; i++) {
      in >> binding.shape.sizes[i];
    }
    engine->bindings.push_back(binding);
  }
  return engine;
}

const Table& runtime_functions() {
  static const Table table = [] {
    Table all = stand_in::unsupported();
    all[3] = entry(runtime_load);
    return all;
  }();
  return table;
}

Runtime::Runtime() : Object("TensorRT runtime", runtime_functions(), nullptr) {}

// Returns whether an object may be created.
bool begins(const char* function, void* log, int version) {
  logger = log;
  if (stand_in::fails(function)) {
    return false;
  }
  if (version != VERSION) {
    stand_in::violation("%s: version %d, expected %d", function, version, VERSION);
  }
  return true;
}

}  // namespace

namespace stand_in {

Table unsupported() {
  Table table;
  table.fill(entry(unsupported_function));
  return table;
}

// The tables live as long as the process.
Object::Object(const char* kind, const Table& functions, Object* parent)
    : implementation(&own), own{functions.data(), this}, kind(kind), parent(parent) {
  created(kind, this);
  if (parent != nullptr) {
    parent->children++;
  }
}

Object::~Object() {
  LOCK;
  destroyed(kind, this);
  if (children > 0) {
    violation("%s: deleted before %d of its parts", kind, children);
  }
  if (parent != nullptr) {
    parent->children--;
  }
}

Tensor::Tensor(Object* network, const std::string& name, int type, const Dims& shape)
    : Object("TensorRT tensor", tensor_functions(), network), name(name), type(type), shape(shape) {}

Network::~Network() {
  for (auto* part : inputs) {
    delete part;
  }
  for (auto* part : parsed) {
    delete part;
  }
  for (auto* part : layers) {
    delete part;
  }
}

void log_error(const std::string& message) { log(SEVERITY_ERROR, message); }

bool fails(const char* function) {
  if (enter(function) == 0) {
    return false;
  }
  log_error(std::string(function) + " was told to fail");
  return true;
}

}  // namespace stand_in

extern "C" {

int getInferLibMajorVersion() {
  LOCK;
  stand_in::enter("nvinfer.getInferLibMajorVersion");
  return 11;
}

int getInferLibMinorVersion() {
  LOCK;
  stand_in::enter("nvinfer.getInferLibMinorVersion");
  return 2;
}

int getInferLibPatchVersion() {
  LOCK;
  stand_in::enter("nvinfer.getInferLibPatchVersion");
  return 1;
}

int getInferLibBuildVersion() {
  LOCK;
  stand_in::enter("nvinfer.getInferLibBuildVersion");
  return 2;
}

void* createInferBuilder_INTERNAL(void* log, int version) {
  LOCK;
  return begins("nvinfer.createInferBuilder", log, version) ? new Builder : nullptr;
}

void* createInferRuntime_INTERNAL(void* log, int version) {
  LOCK;
  return begins("nvinfer.createInferRuntime", log, version) ? new Runtime : nullptr;
}

}  // extern "C"
