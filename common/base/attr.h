/*
 * attr.h - compiler attributes, and what else the language lacks, used all over the tree.
 */
#ifndef COMMON_BASE_ATTR_H
#define COMMON_BASE_ATTR_H

/** The result carries an error that must not be dropped. */
#define NODISCARD __attribute__((warn_unused_result))

/** Argument `fmt` is a printf format whose values start at argument `first`. */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/**
 * A large local that is written before it is read: spares it the zeroes that the build gives
 * every other (-ftrivial-auto-var-init), where a function runs for every message.
 */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#else
#define UNINITIALIZED
#endif

/**
 * For a few lines that become a constant or nothing where they are used, which the inliner
 * cannot foresee.
 */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/** For what is rare and takes much stack, which whoever calls it would have to touch as well. */
#define NOINLINE __attribute__((noinline))

/** For interfaces of others that only read what they get and lack the const. */
static inline void *
attr_without_const(const void *p)
{
	union {
		const void *in;
		void *out;
	} same = {.in = p};

	return same.out;
}

/** Number of elements of an array (not of a pointer). */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
