"""The files of a user: found, looked into and read, whatever they are and wherever they lie."""
