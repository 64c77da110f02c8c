#!/bin/sh
# Nobody gets here without a key: the contract says so, and the platform sees to it.
echo "Unlocked the function! $FUNCATRON_AUTH"
