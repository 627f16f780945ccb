/*
 * IPv4, IPv6 and socket addresses. A sockaddr's family is in the writer's byte order and of its
 * system: 23 is AF_INET6 on Windows, 10 on Linux, and neither means anything else that is written
 * as a socket address.
 */
#include "protocol/tracelogging/format_address.h"

#include <string.h>

#include "protocol/wire/reader.h"

#define FAMILY_INET        2
#define FAMILY_INET6       23
#define FAMILY_INET6_LINUX 10
#define IPV6_GROUPS        8

void text_put_ipv4(struct text *text, const uint8_t address[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0) text_put_char(text, '.');
        text_put_u64(text, address[i]);
    }
}

struct run {
    unsigned start, length;
};

/* The first longest run of at least two zero groups; of length 0 when there is none. */
static struct run longest_zeros(const uint16_t groups[IPV6_GROUPS])
{
    struct run best = {0, 0};
    struct run run = {0, 0};

    for (unsigned i = 0; i < IPV6_GROUPS; i++) {
        run.length = groups[i] == 0 ? run.length + 1 : 0;
        if (run.length == 1) run.start = i;
        if (run.length > best.length) best = run;
    }
    if (best.length < 2) best.length = 0;
    return best;
}

static void put_groups(struct text *text, const uint16_t groups[IPV6_GROUPS])
{
    struct run zeros = longest_zeros(groups);
    unsigned i = 0;

    while (i < IPV6_GROUPS) {
        if (zeros.length > 0 && i == zeros.start) {
            text_put_string(text, "::");
            i += zeros.length;
            continue;
        }
        if (i > 0 && !(zeros.length > 0 && i == zeros.start + zeros.length))
            text_put_char(text, ':');
        text_put_hex_padded(text, groups[i], 1);
        i++;
    }
}

void text_put_ipv6(struct text *text, const uint8_t address[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    uint16_t groups[IPV6_GROUPS];

    if (memcmp(address, mapped, sizeof mapped) == 0) {
        text_put_string(text, "::ffff:");
        text_put_ipv4(text, address + sizeof mapped);
        return;
    }
    for (unsigned i = 0; i < IPV6_GROUPS; i++)
        groups[i] = (uint16_t)(address[2 * i] << 8 | address[2 * i + 1]);
    put_groups(text, groups);
}

static uint16_t read_port(struct reader *reader)
{
    uint16_t high = read_u8(reader);

    return (uint16_t)(high << 8 | read_u8(reader));
}

static bool put_inet(struct text *text, struct reader *reader)
{
    uint16_t port = read_port(reader);
    const uint8_t *address = read_bytes(reader, 4);

    if (!address) return false;
    text_put_ipv4(text, address);
    text_put_char(text, ':');
    text_put_u64(text, port);
    return true;
}

static bool put_inet6(struct text *text, struct reader *reader)
{
    uint16_t port = read_port(reader);
    const uint8_t *address;
    uint32_t scope;

    read_u32(reader); /* flow information */
    address = read_bytes(reader, 16);
    scope = read_u32(reader);
    if (reader->failed) return false;
    text_put_char(text, '[');
    text_put_ipv6(text, address);
    if (scope != 0) {
        text_put_char(text, '%');
        text_put_u64(text, scope);
    }
    text_put_string(text, "]:");
    text_put_u64(text, port);
    return true;
}

bool text_put_socket_address(struct text *text, struct etwr_bytes address)
{
    struct reader reader;

    reader_init(&reader, address.data, address.size);
    switch (read_u16(&reader)) {
    case FAMILY_INET:
        return put_inet(text, &reader);
    case FAMILY_INET6:
    case FAMILY_INET6_LINUX:
        return put_inet6(text, &reader);
    default:
        return false;
    }
}
