/*
 * Bytes as commented hex: "12 34 ; what these are" a line. For tables of expected bytes.
 */
#ifndef ETWRELAY_TESTS_ETL_HEX_H
#define ETWRELAY_TESTS_ETL_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Read hex digits up to the end of the text; from ';' to a line's end is comment. Returns the
 * bytes; fails the test when there is no room or a digit is missing. */
size_t hex_read(const char *text, uint8_t *bytes, size_t capacity);

/* Fail the test at the first byte that differs from the table's. */
void hex_check(const char *table, const void *bytes, size_t size);

#endif
