# cmake -DNM=... -DOBJECT=... -DDEF=... -P make_def.cmake: what the DLL exports is what the sealed object shows.
execute_process(COMMAND ${NM} -g --defined-only ${OBJECT} OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "etwr_[a-z0-9_]+" names "${names}")
list(JOIN names "\n    " names)
file(WRITE ${DEF} "EXPORTS\n    ${names}\n")
