#pragma once

#include <cstdarg>
#include <cstdio>

#include "tiles.h"

namespace kiln {

/* Why a call fails: thrown internally, returned to the caller as status and message. */
struct Fault {
  kiln_status status;
  char message[KILN_MESSAGE_SIZE];

  [[gnu::format(printf, 3, 4)]] Fault(kiln_status why, const char* format, ...) : status(why) {
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
  }
};

}  // namespace kiln
