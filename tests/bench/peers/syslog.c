/*
 * Writes the reference event as a line of text to a syslog socket, one send() each:
 * bench_syslog SOCKET EVENTS. Prints the seconds that took. A full socket is waited for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int socket_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    unsigned long count;
    double start;

    if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path || socket_fd < 0) return 2;
    memcpy(address.sun_path, argv[1], strlen(argv[1]) + 1);
    if (connect(socket_fd, (const struct sockaddr *)&address, sizeof address) != 0) return 1;
    count = strtoul(argv[2], NULL, 10);
    start = now();
    for (unsigned long i = 0; i < count; i++) {
        char line[256];
        int size = snprintf(line, sizeof line,
                            "<134>relay_bench: RequestDone status=200 bytes=%lu ms=1.25 "
                            "path=/api/v1/items/0123456789 "
                            "request=78563412-bc9a-f0de-0fed-cba987654321 ok=true",
                            5120 + i);

        if (send(socket_fd, line, (size_t)size, 0) != size) return 1;
    }
    printf("%.6f\n", now() - start);
    return 0;
}
