/*===- OtherLibrary.c - a shared library that is no compiled model --------===*\
|* For the test that opens it.
\*===----------------------------------------------------------------------===*/

int other_library(void) { return 1; }
