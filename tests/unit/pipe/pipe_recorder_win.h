/*
 * The table of what the acceptor asks of Windows, with a recorder in between: it keeps arguments
 * and can have calls fail. All else is the system's.
 */
#ifndef ETWRELAY_PIPE_RECORDER_WIN_H
#define ETWRELAY_PIPE_RECORDER_WIN_H

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#define RECORDED_MAX 16384

struct recorded_create {
    DWORD open_mode, pipe_mode, instances;
    bool has_descriptor, is_inherited;
};

enum recorded_step { STEP_IMPERSONATE, STEP_OPEN, STEP_REVERT, STEP_QUERY };

struct pipe_recorder {
    struct recorded_create creates[RECORDED_MAX];
    size_t create_count;
    size_t disconnects;

    /* The error that the call gives instead of being made; 0: it is made. */
    DWORD create_error, connect_error, disconnect_error, pid_error, convert_error, security_error;
    size_t fail_creates_from; /* create_error holds from this call on */
    size_t connect_errors;    /* so many times */
    size_t disconnect_errors;
    bool lacks_descriptors;
    bool gives_other_list; /* the pipe seems to have got another list than it was made with */

    DWORD impersonate_error, open_error, revert_error;
    TOKEN_INFORMATION_CLASS query_fails; /* 0: none */
    bool is_anonymous, is_contained, is_low;
    enum recorded_step steps[64];
    size_t step_count;
    bool has_ended; /* the process would have */
};

extern struct pipe_recorder recorder;

/* From now on calls go through a recorder without anything in it. */
void pipe_recorder_start(void);
void pipe_recorder_stop(void);

#endif
