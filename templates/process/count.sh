#!/bin/sh
# The request body comes on standard input; what is printed is the response.
wc -w | tr -d " "
