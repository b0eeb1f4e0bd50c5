/*
 * verdict_print.h - a verdict for people and as JSON: what was decided and, on request, why.
 */
#ifndef TRUSTCTL_VERDICT_PRINT_H
#define TRUSTCTL_VERDICT_PRINT_H

#include "common/scan/scan.h"
#include "trustctl/print.h"

/**
 * Prints it; with `explain` also the evidence, whose word counted and the arithmetic.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int verdict_print(const struct print *p, const struct verdict *v, bool explain);

#endif
