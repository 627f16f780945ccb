/* The system's own functions: see the header. */
#include "service/pipe/pipe_calls_win.h"

#include <stdlib.h>
#include <sddl.h>
#include <uv.h>

static int open_descriptor(HANDLE pipe)
{
    return uv_open_osfhandle(pipe);
}

/* At once and without another step: nothing more may run as whoever this thread is now. */
static void end_process(void)
{
    RaiseFailFastException(NULL, NULL, 0);
    abort();
}

const struct pipe_calls pipe_calls_system = {
    .create_named_pipe = CreateNamedPipeW,
    .connect_named_pipe = ConnectNamedPipe,
    .disconnect_named_pipe = DisconnectNamedPipe,
    .get_client_process_id = GetNamedPipeClientProcessId,
    .convert_descriptor = ConvertStringSecurityDescriptorToSecurityDescriptorW,
    .get_security_info = GetSecurityInfo,
    .open_descriptor = open_descriptor,
    .impersonate_client = ImpersonateNamedPipeClient,
    .open_thread_token = OpenThreadToken,
    .revert_to_self = RevertToSelf,
    .get_token_information = GetTokenInformation,
    .end_process = end_process,
};

const struct pipe_calls *pipe_calls = &pipe_calls_system;
