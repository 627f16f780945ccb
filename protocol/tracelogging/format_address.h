/*
 * Network addresses as text. All bytes are in network order, as ETW keeps them.
 */
#ifndef ETWRELAY_FORMAT_ADDRESS_H
#define ETWRELAY_FORMAT_ADDRESS_H

#include <etwrelay/types.h>

#include "protocol/text.h"

void text_put_ipv4(struct text *text, const uint8_t address[4]);

/* As RFC 5952 has it: the longest run of zeros left out, IPv4 addresses mapped into IPv6 with their
 * dots. */
void text_put_ipv6(struct text *text, const uint8_t address[16]);

/* "192.0.2.1:80", "[2001:db8::1%3]:443", from a sockaddr_in or sockaddr_in6; false, and nothing
 * put, for any other. */
bool text_put_socket_address(struct text *text, struct etwr_bytes address);

#endif
