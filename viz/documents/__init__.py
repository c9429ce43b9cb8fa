"""What is printed for programs to read: one JSON document for each kind of answer."""
