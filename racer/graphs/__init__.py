"""What pictures of graphs are drawn from: data only, with exact counts and with what was cut.

data      the state graph, and one thread's automaton, as nodes and edges to be drawn
merging   states into nodes: ends that show the same become one, chains become one edge
states    which part of a state graph is drawn
threads   one thread's automaton
"""
