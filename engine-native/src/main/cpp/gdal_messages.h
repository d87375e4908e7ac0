/*
 * A handler of GDAL's messages that prints nothing and counts those that report damage. GDAL's own threads do not
 * return the warnings and errors of what they decode, and a handler written in Java would be called by them.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "cpl_error.h"

static long kilnCountOfAll = 0;
static __thread long kilnCountOfThread = 0;
static __thread char kilnLastReport[512] = "";

/* Decoders warn about damaged pixels in these words, and then go on. */
static inline int kilnReportsDamage(const char* text) {
  static const char* const words[] = {"orrupt",     "remature",  "xtraneous",     "Not enough",
                                      "Discarding", "truncated", "nexpected end", "nvalid code"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strstr(text, words[i]) != NULL) {
      return 1;
    }
  }
  return 0;
}

static inline void CPL_STDCALL kilnCountMessage(CPLErr severity, CPLErrorNum number, const char* text) {
  (void)number;
  if (severity >= CE_Failure || (severity == CE_Warning && kilnReportsDamage(text))) {
    __atomic_fetch_add(&kilnCountOfAll, 1, __ATOMIC_RELAXED);
    kilnCountOfThread++;
    snprintf(kilnLastReport, sizeof kilnLastReport, "%s", text);
  }
}

/* Installs the handler for all threads. */
static inline void kilnCountMessages(void) { CPLSetErrorHandler(kilnCountMessage); }

/* Returns how many errors, and warnings of damage, all threads have had so far. */
static inline long kilnMessages(void) { return __atomic_load_n(&kilnCountOfAll, __ATOMIC_RELAXED); }

/* Returns how many of them this thread has had so far. */
static inline long kilnOwnMessages(void) { return kilnCountOfThread; }

/* Returns the last of them on this thread. */
static inline const char* kilnOwnMessage(void) { return kilnLastReport; }
