/*
 * FORMAT_LIKE(n, m): lets compilers that can compare a printf format (parameter n) with its
 * arguments (from m on). By C's rules: gcc's plain "printf" means Microsoft's old ones where it
 * builds for Windows.
 */
#ifndef ETWRELAY_FORMAT_H
#define ETWRELAY_FORMAT_H

#if defined(__GNUC__) && !defined(__clang__)
#define FORMAT_LIKE(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define FORMAT_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define FORMAT_LIKE(text, first)
#endif

#endif
