/*
 * The pipe's descriptor as Windows has it: made of descriptor.c's text, judged again in the form
 * that the system will go by, and compared with what a new pipe really has.
 */
#ifndef ETWRELAY_DESCRIPTOR_WIN_H
#define ETWRELAY_DESCRIPTOR_WIN_H

#include <windows.h>

#include "service/pipe/descriptor.h"
#include "service/pipe/listener.h"

struct pipe_descriptor {
    PSECURITY_DESCRIPTOR descriptor; /* NULL: none */
    struct descriptor_owner owner;
};

/* ETWR_OK, ETWR_E_INVALID_ARGUMENT (what the config says would not do), ETWR_E_NO_MEMORY,
 * ETWR_E_IO; `message` says what to do. */
enum etwr_status pipe_descriptor_init(const struct listener_access *access,
                                      struct pipe_descriptor *descriptor,
                                      char message[LISTENER_MESSAGE_BYTES]);
void pipe_descriptor_clear(struct pipe_descriptor *descriptor);

/* Has the pipe the owner and the list that it was made with? ETWR_OK or ETWR_E_ACCESS_DENIED. */
enum etwr_status pipe_descriptor_verify(const struct pipe_descriptor *descriptor, HANDLE pipe,
                                        char message[LISTENER_MESSAGE_BYTES]);

#endif
