#!/bin/sh
# Parameters come as environment variables, checked against the contract.
echo "Hello, $FUNCATRON_PARAM_PATH_NAME!"
