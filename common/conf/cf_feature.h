/*
 * cf_feature.h - what we say when a .cf file asks which SpamAssassin it is read by.
 *
 * We stand in for spamd 4.0.1, so rule files must take the same branches: version, Perl
 * version, and the features has() and can() ask for.
 */
#ifndef COMMON_CONF_CF_FEATURE_H
#define COMMON_CONF_CF_FEATURE_H

#include "common/base/slice.h"

/** SpamAssassin 4.0.1 as `version` and `require_version` see it. */
#define CF_VERSION_TEXT   "4.000001"
#define CF_VERSION_NUMBER 4.000001

/** Perl 5.36, which Debian 12 runs the original with. */
#define CF_PERL_VERSION_NUMBER 5.036000

/** Is it a feature of the original's core (Mail::SpamAssassin::Conf::feature_...)? */
bool cf_feature_is_known(struct slice name);

/** The plugin a feature belongs to (NAME of NAME::has_x); empty for those of the core. */
struct slice cf_feature_plugin(struct slice name);

#endif
