/*
 * Fields and values that follow them, of every type in every array form. Fields are written as in
 * canonical metadata: name "f" (66 00), in type, what belongs to it.
 */
#ifndef ETWRELAY_TESTS_SCHEMA_SAMPLES_H
#define ETWRELAY_TESTS_SCHEMA_SAMPLES_H

struct sample {
    const char *fields; /* hexadecimal, for metadata_from_fields() */
    const char *values; /* hexadecimal */
};

/* One value of each base type. */
extern const struct sample sample_scalars[];
extern const int sample_scalar_count;

/* Sequences, constant arrays, structs, arrays of structs, custom fields. */
extern const struct sample sample_compounds[];
extern const int sample_compound_count;

#endif
