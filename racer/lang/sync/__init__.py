"""What threads wait for each other with, each a cell with operations of its own.

None of them holds who waits: what a thread has to know to be woken it keeps itself, as a number
that its own step gave it. So copies of a thread stay interchangeable, and nothing of the search
knows of any of this. Where stores are buffered, each step on one is a locked operation.
"""
