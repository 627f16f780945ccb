/* etwrelayd: the command line, then the service. Everything else is in its stage's folder; relay.h
 * is the place to start. */
#include <stdio.h>
#include <stdlib.h>

#include "protocol/text.h"
#include "service/host/host.h"
#include "service/options.h"
#include "service/relay.h"

static int check_config(const char *path)
{
    struct text errors;
    struct config *config = NULL;
    text_init(&errors);
    enum etwr_status status = config_load(path, &config, &errors);
    if (status != ETWR_OK && errors.size == 0) text_put_string(&errors, etwr_status_text(status));
    if (status == ETWR_OK)
        printf("%s: good\n", path);
    else
        fprintf(stderr, "etwrelayd: %s has errors\n%.*s\n", path, (int)errors.size,
                errors.data == NULL ? "" : errors.data);
    config_unref(config);
    text_clear(&errors);
    return status == ETWR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    struct options options;
    host_prepare(&argc, &argv);
    options_parse(argc, argv, &options);
    switch (options.command) {
    case OPTIONS_RUN:
        return host_run(relay_run, &options);
    case OPTIONS_CHECK_CONFIG:
        return check_config(options.config_path);
    case OPTIONS_SERVICE:
        return host_service_command(&options);
    case OPTIONS_HELP:
        fputs(options_help(), stdout);
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        printf("etwrelayd %s\n", ETWR_VERSION);
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        break;
    }
    fprintf(stderr, "etwrelayd: %s. Try etwrelayd --help\n", options.message);
    return 2;
}
