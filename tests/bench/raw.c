/*
 * What the machine gives without us: the same bytes, in 64 KiB pieces, through the same kind of
 * socket, or into a file of the same disk.
 *
 *     bench_raw socket MEGABYTES
 *     bench_raw file PATH MEGABYTES
 *
 * One JSON line. The file is removed; its bytes go to the page cache, as the relay's do.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/statistics.h"

#define PIECE_BYTES ((size_t)65536)
#define MEGABYTE    ((size_t)1048576)

static uint8_t piece[PIECE_BYTES];

static bool write_all(int fd, size_t bytes)
{
    while (bytes > 0) {
        ssize_t count = write(fd, piece, bytes < PIECE_BYTES ? bytes : PIECE_BYTES);

        if (count <= 0) return false;
        bytes -= (size_t)count;
    }
    return true;
}

static bool read_all(int fd, size_t bytes)
{
    while (bytes > 0) {
        ssize_t count = read(fd, piece, PIECE_BYTES);

        if (count <= 0) return false;
        bytes -= (size_t)count;
    }
    return true;
}

/* A child reads, as the service does; timed until it has read all. */
static bool run_socket(size_t bytes)
{
    int pair[2], status = 1;
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return false;
    child = fork();
    if (child < 0) return false;
    if (child == 0) {
        close(pair[0]);
        _exit(read_all(pair[1], bytes) ? 0 : 1);
    }
    close(pair[1]);
    if (!write_all(pair[0], bytes)) return false;
    return waitpid(child, &status, 0) == child && status == 0;
}

static bool run_file(const char *path, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_done;

    if (fd < 0) return false;
    is_done = write_all(fd, bytes);
    close(fd);
    unlink(path);
    return is_done;
}

int main(int argc, char **argv)
{
    bool is_socket = argc == 3 && strcmp(argv[1], "socket") == 0;
    bool is_file = argc == 4 && strcmp(argv[1], "file") == 0;
    size_t bytes;
    uint64_t start;
    double seconds;

    if (!is_socket && !is_file) {
        fputs("usage: bench_raw socket MEGABYTES\n       bench_raw file PATH MEGABYTES\n", stderr);
        return 2;
    }
    bytes = (size_t)strtoul(argv[argc - 1], NULL, 10) * MEGABYTE;
    memset(piece, 0x5A, sizeof piece);
    start = bench_now_ns();
    if (is_socket ? !run_socket(bytes) : !run_file(argv[2], bytes)) {
        perror("bench_raw");
        return 1;
    }
    seconds = (double)(bench_now_ns() - start) / 1e9;
    printf("{\"bench\":\"raw\",\"kind\":\"%s\",\"bytes\":%zu,\"bytes_per_second\":%.0f}\n", argv[1],
           bytes, (double)bytes / seconds);
    return 0;
}
