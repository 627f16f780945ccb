/*
 * What a console program of this tree does first in main(), so that it then behaves as on any other
 * system.
 */
#ifndef ETWRELAY_WINDOWS_START_H
#define ETWRELAY_WINDOWS_START_H

/*
 * DLLs come from System32 only; standard streams carry bytes as they are, and a console shows them
 * as UTF-8 until the program ends; the arguments become UTF-8, whatever the machine's code page.
 * They live as long as the process. Where there is no memory for them, main()'s own stay.
 */
void windows_start(int *argc, char ***argv);

#endif
