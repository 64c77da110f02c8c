#!/bin/bash
# Halves a picture; with ?percent=25 quarters it. The kind is found out here and told to convert:
# of the others that it knows, some can name files and addresses for it to read.
percent=50
[[ $Http_Query =~ ^percent=([1-9][0-9]{0,2})$ ]] && percent=${BASH_REMATCH[1]}

refuse() {
  echo "$1"
  exit 1
}

# The file has no name while it is used, so that nothing is left of it however this ends.
file=$(mktemp) || exit
exec 3> "$file" 4< "$file" 5< "$file"
rm "$file"
cat >&3
case $(head -c 12 <&4 | od -An -tx1 | tr -d ' \n') in
  89504e470d0a1a0a*) kind=png ;;
  ffd8ff*) kind=jpeg ;;
  474946383?61*) kind=gif ;;
  52494646????????57454250) kind=webp ;;
  *) refuse 'Send a picture: PNG, JPEG, GIF or WebP.' ;;
esac
convert -limit memory 128MiB -limit map 128MiB -limit disk 512MiB \
  "$kind:-" -resize "$percent%" "$kind:-" <&5 || refuse 'The picture cannot be read.'
