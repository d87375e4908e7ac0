// The stand-in's libnvidia-ml.so.1.
#include <cstdio>
#include <cstring>

#include "stand_in.h"

#define LOCK std::lock_guard<std::recursive_mutex> lock(stand_in::mutex())
#define START \
  LOCK;       \
  if (int code = stand_in::enter(__func__)) return code

namespace {

constexpr int UNINITIALIZED = 1;
constexpr int NOT_FOUND = 6;
constexpr int INVALID_ARGUMENT = 2;

int sessions;
int device;
unsigned long long millijoules = 1'000'000;

int require_device(const void* handle) {
  return sessions == 0 ? UNINITIALIZED : handle == &device ? 0 : INVALID_ARGUMENT;
}

}  // namespace

struct Utilization {
  unsigned gpu;
  unsigned memory;
};

extern "C" {

const char* nvmlErrorString(int code) {
  LOCK;
  stand_in::enter(__func__);
  return code == 0 ? "Success" : code == 3 ? "Not Supported" : "Unknown Error";
}

int nvmlInit_v2() {
  START;
  // Sessions of earlier tests do not count.
  sessions = stand_in::exists("NVML session", &sessions) ? sessions + 1 : 1;
  stand_in::created("NVML session", &sessions);
  return 0;
}

int nvmlShutdown() {
  START;
  if (sessions == 0) {
    return UNINITIALIZED;
  }
  return --sessions == 0 && !stand_in::destroyed("NVML session", &sessions) ? UNINITIALIZED : 0;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char* bus, void** handle) {
  START;
  *handle = &device;
  return sessions == 0 ? UNINITIALIZED : std::strcmp(bus, "0000:01:00.0") == 0 ? 0 : NOT_FOUND;
}

int nvmlDeviceGetTotalEnergyConsumption(void* handle, unsigned long long* energy) {
  START;
  *energy = millijoules += 500;
  return require_device(handle);
}

int nvmlDeviceGetUtilizationRates(void* handle, Utilization* rates) {
  START;
  *rates = Utilization{75, 25};
  return require_device(handle);
}

int nvmlSystemGetDriverVersion(char* version, unsigned length) {
  START;
  std::snprintf(version, length, "580.00.stand-in");
  return sessions == 0 ? UNINITIALIZED : 0;
}

}  // extern "C"
