/* There is no Event Tracing for Windows here; see etw_api.h. */
#include "service/sink/etw_api.h"

const struct etw_api *etw_api_system(void)
{
    return NULL;
}
