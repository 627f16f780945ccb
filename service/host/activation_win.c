/* Windows' service manager passes no pipes. */
#include "service/host/activation.h"

#include <string.h>

enum etwr_status activation_take(struct activation *activation, char message[HOST_MESSAGE_BYTES])
{
    (void)message;
    memset(activation, 0, sizeof *activation);
    return ETWR_OK;
}
