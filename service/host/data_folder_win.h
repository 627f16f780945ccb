/*
 * %ProgramData%\etwrelay: the configuration, and a folder `logs` which is all that the service may
 * write to.
 */
#ifndef ETWRELAY_DATA_FOLDER_WIN_H
#define ETWRELAY_DATA_FOLDER_WIN_H

#include <stdbool.h>
#include <windows.h>

#define DATA_FOLDER_CHARACTERS 512

struct data_folder {
    wchar_t path[DATA_FOLDER_CHARACTERS];
    wchar_t logs[DATA_FOLDER_CHARACTERS];
    wchar_t config[DATA_FOLDER_CHARACTERS];
    bool made_path, made_logs, made_config; /* by data_folder_make() */
};

/* Where they are. False: GetLastError(). */
bool data_folder_find(struct data_folder *folder);

/* Make what is missing, with its access list. A folder that is there already must belong to the
 * administrators, the system or this process's user, or it is refused with ERROR_INVALID_OWNER:
 * whoever owns it could change the access list again. False: GetLastError(). */
bool data_folder_make(struct data_folder *folder);

/* Take away what data_folder_make() has made. */
void data_folder_undo(const struct data_folder *folder);

/* Has the folder the access list that it was made with? False: ERROR_SUCCESS when it has another.
 */
bool data_folder_holds(const wchar_t *path, bool is_logs);

#endif
