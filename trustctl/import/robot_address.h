/*
 * robot_address.h - addresses that no person reads, told by their spelling.
 */
#ifndef TRUSTCTL_IMPORT_ROBOT_ADDRESS_H
#define TRUSTCTL_IMPORT_ROBOT_ADDRESS_H

#include "common/base/slice.h"

/**
 * True for no-reply and bounce addresses, mail system accounts, mailing lists' commands and
 * list hosts.
 */
bool robot_address(struct slice address);

#endif
