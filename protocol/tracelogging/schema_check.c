/*
 * The value check that every relayed event passes, and the compiler of its programs.
 *
 * Values carry no types of their own, so the schema decides how many bytes come next. Most of that
 * is known beforehand: neighbouring values of fixed size, whatever struct or constant array they
 * stand in, melt into one operation, one comparison with the bytes that are left. Only lengths that
 * stand in the values cost more.
 *
 * Cost: every operation but the two of a loop takes at least a byte or fails, and every turn of a
 * loop holds such an operation, since elements that take no bytes do not exist (schema_walk.h). So
 * a check is linear in the values, whatever the metadata.
 */
#include "protocol/tracelogging/schema.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/packed.h"
#include "protocol/tracelogging/schema_value.h"
#include "protocol/tracelogging/schema_walk.h"

/* Fixed sizes stop growing here: more than any event holds, and far from overflow when two are
 * added. */
#define FIXED_MAX_BYTES (4u * ETWR_DATA_MAX_BYTES)

/* An array of variable elements makes three: begin, element, end. */
#define OPS_MAX (3 * ETWR_FIELDS_MAX)

/* Arrays of structs inside each other, and an array as the innermost one's member. */
#define LOOPS_MAX (ETWR_ARRAY_DEPTH_MAX + 1)

enum op_code {
    OP_FIXED,          /* `size` bytes */
    OP_COUNTED,        /* u16 byte count, bytes; check_usual() takes what stands up to here */
    OP_FIXED_SEQUENCE, /* u16 count, so often `size` bytes */
    OP_ZSTR16,
    OP_ZSTR8,
    OP_COUNTED16, /* the same, of an even size */
    OP_SID,
    OP_LOOP_ARRAY,    /* `count` times what stands before its OP_LOOP_END, which is at `size` */
    OP_LOOP_SEQUENCE, /* u16 count, then as OP_LOOP_ARRAY */
    OP_LOOP_END       /* its OP_LOOP_* is at `size` */
};

struct op {
    uint8_t code;
    uint16_t count;
    uint32_t size;
};

struct schema {
    size_t op_count;
    struct op ops[];
};

/* ---- compiling */

struct compiler {
    struct op ops[OPS_MAX];
    size_t count;
    unsigned depth;
    size_t loops[SCHEMA_DEPTH_MAX + 1]; /* the OP_LOOP_* of each open struct, or NO_LOOP */
    bool failed;                        /* more fields than any canonical event has */
};

#define NO_LOOP SIZE_MAX

static void emit(struct compiler *compiler, enum op_code code, uint16_t count, size_t size)
{
    struct op *op = &compiler->ops[compiler->count];

    if (compiler->count == OPS_MAX) {
        compiler->failed = true;
        return;
    }
    op->code = (uint8_t)code;
    op->count = count;
    op->size = (uint32_t)size;
    compiler->count++;
}

static uint32_t saturate(uint64_t size)
{
    return size < FIXED_MAX_BYTES ? (uint32_t)size : FIXED_MAX_BYTES;
}

/* Melts into the operation before, which a loop's begin or end never is. */
static void emit_fixed(struct compiler *compiler, uint64_t size)
{
    struct op *last = compiler->count > 0 ? &compiler->ops[compiler->count - 1] : NULL;

    if (last && last->code == OP_FIXED) {
        last->size = saturate(last->size + size);
    } else {
        emit(compiler, OP_FIXED, 0, saturate(size));
    }
}

static void begin_loop(struct compiler *compiler, uint8_t array, uint16_t count)
{
    size_t loop = NO_LOOP;

    if (array != 0) {
        loop = compiler->count;
        emit(compiler, array == ETWR_IN_SEQUENCE ? OP_LOOP_SEQUENCE : OP_LOOP_ARRAY, count, 0);
    }
    compiler->loops[compiler->depth++] = loop;
}

/* A loop over nothing but one fixed size needs no turns: it is that size so many times. */
static void replace_loop(struct compiler *compiler, const struct op *loop, uint32_t size)
{
    bool is_sequence = loop->code == OP_LOOP_SEQUENCE;
    uint64_t all = (uint64_t)loop->count * size;

    compiler->count -= 2;
    if (is_sequence) {
        emit(compiler, OP_FIXED_SEQUENCE, 0, size);
    } else {
        emit_fixed(compiler, all);
    }
}

static void end_loop(struct compiler *compiler)
{
    size_t at = compiler->loops[--compiler->depth];
    struct op *body;

    if (at == NO_LOOP || compiler->failed) return;
    body = &compiler->ops[at + 1];
    if (compiler->count == at + 2 && body->code == OP_FIXED) {
        replace_loop(compiler, body - 1, body->size);
        return;
    }
    compiler->ops[at].size = (uint32_t)compiler->count;
    emit(compiler, OP_LOOP_END, 0, at);
}

static void emit_value(struct compiler *compiler, uint8_t base)
{
    switch (base) {
    case ETWR_IN_ZSTR16:
        emit(compiler, OP_ZSTR16, 0, 0);
        return;
    case ETWR_IN_ZSTR8:
        emit(compiler, OP_ZSTR8, 0, 0);
        return;
    case ETWR_IN_STR16:
        emit(compiler, OP_COUNTED16, 0, 0);
        return;
    case ETWR_IN_STR8:
    case ETWR_IN_BINARY:
    case ETWR_IN_CBINARY:
        emit(compiler, OP_COUNTED, 0, 0);
        return;
    case ETWR_IN_SID:
        emit(compiler, OP_SID, 0, 0);
        return;
    default:
        emit_fixed(compiler, packed_fixed_bytes(base));
        return;
    }
}

static void compile_field(struct compiler *compiler, const struct schema_field *field)
{
    if (schema_field_is_custom(field)) {
        emit(compiler, OP_COUNTED, 0, 0);
        return;
    }
    begin_loop(compiler, field->in & ETWR_IN_ARRAY_MASK, field->count);
    if (schema_field_is_struct(field)) return; /* SCHEMA_END ends it */
    emit_value(compiler, field->in & ETWR_IN_TYPE_MASK);
    end_loop(compiler);
}

static enum etwr_status compile(struct compiler *compiler, struct schema_walk *walk)
{
    struct schema_field field;

    for (;;) {
        if (compiler->failed) return ETWR_E_MALFORMED;
        switch (schema_walk_next(walk, &field)) {
        case SCHEMA_FIELD:
            compile_field(compiler, &field);
            break;
        case SCHEMA_END:
            end_loop(compiler);
            break;
        case SCHEMA_DONE:
            return ETWR_OK;
        case SCHEMA_MALFORMED:
        default:
            return ETWR_E_MALFORMED;
        }
    }
}

enum etwr_status schema_create(const void *metadata, size_t size, struct schema **schema)
{
    struct compiler compiler;
    struct schema_walk walk;
    struct schema *made;

    compiler.count = 0;
    compiler.depth = 0;
    compiler.failed = false;
    if (schema_walk_open(&walk, metadata, size) != ETWR_OK) return ETWR_E_MALFORMED;
    if (compile(&compiler, &walk) != ETWR_OK) return ETWR_E_MALFORMED;
    made = malloc(sizeof *made + compiler.count * sizeof compiler.ops[0]);
    if (!made) return ETWR_E_NO_MEMORY;
    made->op_count = compiler.count;
    memcpy(made->ops, compiler.ops, compiler.count * sizeof compiler.ops[0]);
    *schema = made;
    return ETWR_OK;
}

void schema_destroy(struct schema *schema)
{
    free(schema);
}

size_t schema_memory_bytes(const struct schema *schema)
{
    return sizeof *schema + schema->op_count * sizeof schema->ops[0];
}

/* ---- checking */

struct checker {
    struct reader values;
    unsigned depth;
    uint16_t turns_left[LOOPS_MAX]; /* of each open loop, innermost last */
};

/* Half a UTF-16 unit at the end is what no encoder makes. */
static void check_counted16(struct reader *values)
{
    if (schema_read_counted(values).size % 2 != 0) values->failed = true;
}

static void check_fixed_sequence(struct reader *values, uint32_t element_bytes)
{
    uint64_t size = (uint64_t)read_u16(values) * element_bytes;

    if (size > reader_left(values)) values->failed = true;
    read_bytes(values, (size_t)size);
}

/* One operation that is no loop's. */
static void check_value(struct reader *values, const struct op *op)
{
    switch (op->code) {
    case OP_FIXED:
        read_bytes(values, op->size);
        return;
    case OP_FIXED_SEQUENCE:
        check_fixed_sequence(values, op->size);
        return;
    case OP_ZSTR16:
        schema_read_value(values, ETWR_IN_ZSTR16);
        return;
    case OP_ZSTR8:
        schema_read_value(values, ETWR_IN_ZSTR8);
        return;
    case OP_COUNTED:
        schema_read_counted(values);
        return;
    case OP_COUNTED16:
        check_counted16(values);
        return;
    default:
        schema_read_value(values, ETWR_IN_SID);
        return;
    }
}

/* The operation after a loop's begin: its first one, or the one behind its end if it has no turns.
 */
static size_t enter_loop(struct checker *checker, const struct op *op, size_t at)
{
    uint16_t turns = op->count;

    if (op->code == OP_LOOP_SEQUENCE) turns = read_u16(&checker->values);
    if (turns == 0) return (size_t)op->size + 1;
    checker->turns_left[checker->depth++] = turns;
    return at + 1;
}

static size_t turn_loop(struct checker *checker, const struct op *op, size_t at)
{
    if (--checker->turns_left[checker->depth - 1] > 0) return (size_t)op->size + 1;
    checker->depth--;
    return at + 1;
}

/* One operation, whatever it is; returns the next one's place. */
static size_t check_any(struct checker *checker, const struct op *op, size_t at)
{
    if (op->code < OP_LOOP_ARRAY) {
        check_value(&checker->values, op);
        return at + 1;
    }
    return op->code == OP_LOOP_END ? turn_loop(checker, op, at) : enter_loop(checker, op, at);
}

/* Runs of fixed size and counted values are nearly all there is: they are checked here, on a cursor
 * that stays in registers. Stops at the first operation of another kind, or that fails. */
static const struct op *check_usual(const struct op *op, const struct op *end,
                                    struct reader *values)
{
    const uint8_t *at = values->at;
    size_t left = reader_left(values);

    for (; op < end && op->code <= OP_COUNTED; op++) {
        size_t size = op->size;

        if (op->code == OP_COUNTED) {
            if (left < 2) break;
            size = 2u + (size_t)(at[0] | at[1] << 8);
        }
        if (size > left) break;
        at += size;
        left -= size;
    }
    values->at = at;
    return op;
}

enum etwr_status schema_check(const struct schema *schema, const void *values, size_t size)
{
    const struct op *end = schema->ops + schema->op_count;
    const struct op *op = schema->ops;
    struct checker checker;

    if (size > ETWR_DATA_MAX_BYTES) return ETWR_E_BAD_VALUE;
    reader_init(&checker.values, values, size);
    checker.depth = 0;
    while ((op = check_usual(op, end, &checker.values)) < end && !checker.values.failed)
        op = schema->ops + check_any(&checker, op, (size_t)(op - schema->ops));
    return reader_finish(&checker.values) ? ETWR_OK : ETWR_E_BAD_VALUE;
}
