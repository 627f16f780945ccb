/*
 * A service whose worker hangs at HELLO: opening a FIFO for reading waits until the test opens it
 * for writing. The linker puts this in the function's place.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "service/relay.h"

enum etwr_reason __real_relay_handle_hello(struct session *session,
                                           const struct request_hello *hello);
enum etwr_reason __wrap_relay_handle_hello(struct session *session,
                                           const struct request_hello *hello);

enum etwr_reason __wrap_relay_handle_hello(struct session *session,
                                           const struct request_hello *hello)
{
    const char *path = getenv("STUCK_UNTIL_WRITTEN");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) (void)close(fd);
    return __real_relay_handle_hello(session, hello);
}
