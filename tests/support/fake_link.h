/*
 * What a fake service listens and talks through: a Unix socket or a named pipe. Every failure that
 * is not a result fails the test. -1 stands for none.
 */
#ifndef ETWRELAY_TESTS_FAKE_LINK_H
#define ETWRELAY_TESTS_FAKE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_PATH_BYTES 108

/* A path that nobody else uses; forget it, with what was made for it. */
void fake_link_make_path(char path[FAKE_PATH_BYTES]);
void fake_link_forget_path(const char *path);

intptr_t fake_link_listen(const char *path);
void fake_link_stop_listening(intptr_t listener, const char *path);
bool fake_link_is_called(intptr_t listener, int timeout_ms);
/* There must be a call. A pipe's listener becomes the connection, so there is another one then. */
intptr_t fake_link_accept(intptr_t *listener, const char *path);
/* Both ends of a connection: the fake service's, and one that can be adopted. */
intptr_t fake_link_make_pair(intptr_t *client);
void fake_link_close(intptr_t link);

/* Some bytes, at least 1; 0 at the end of the stream, -1 when none come in time. */
long fake_link_receive(intptr_t link, void *bytes, size_t size, int timeout_ms);
void fake_link_send(intptr_t link, const void *bytes, size_t size);

/* Of any handle or descriptor of this process. */
bool fake_link_is_open(intptr_t handle);
bool fake_link_is_inherited(intptr_t handle);

/* A variable of this process's environment; NULL: not set. */
void fake_environment(const char *name, const char *value);

#endif
