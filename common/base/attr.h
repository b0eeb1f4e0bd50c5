/*
 * attr.h - compiler attributes used all over the tree.
 */
#ifndef COMMON_BASE_ATTR_H
#define COMMON_BASE_ATTR_H

/** The result carries an error that must not be dropped. */
#define NODISCARD __attribute__((warn_unused_result))

/** Argument `fmt` is a printf format whose values start at argument `first`. */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/** Number of elements of an array (not of a pointer). */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
