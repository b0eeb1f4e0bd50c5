/*
 * mail_checks.h - what must hold for any input of the mail parsers.
 *
 * Each function parses arbitrary bytes and asserts what the module's header promises: results lie
 * within the input, what is canonical stays as it is, failures leave nothing behind. Unit tests
 * feed them near misses, fuzz targets whatever the fuzzer finds.
 */
#ifndef TESTS_SUPPORT_MAIL_CHECKS_H
#define TESTS_SUPPORT_MAIL_CHECKS_H

#include "common/base/slice.h"

void check_domain(struct slice in);
void check_address(struct slice in);
void check_address_list(struct slice in);
void check_header(struct slice in);
void check_received(struct slice in);
void check_auth_results(struct slice in);
void check_dkim_signature(struct slice in);

#endif
