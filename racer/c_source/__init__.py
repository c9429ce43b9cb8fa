"""C as it was posted or merged: where it is read from, which functions it has, and the threads that
it becomes."""
