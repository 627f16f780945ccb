/*
 * Sessions: four clients, two sinks and a clock, all moved by the input; see world.h.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    (void)world_run(bytes, size);
    return 0;
}
